"""Makes the traces of this folder, from seeds: ``python workloads/make.py``. Nothing here was recorded anywhere.

``friday.csv``: requests per minute of three functions over an hour of a working day: a daily rhythm that rises, a
promotion that doubles one function's traffic for ten minutes, a job every fifteen minutes, and Poisson noise.
``clicks.csv``: single events of two functions over one minute, with their durations.
"""

import csv
import math
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def friday() -> list[tuple[int, int, str]]:
    """Return ``(start of the minute in s, count, function)``."""
    rng = np.random.default_rng(20261127)
    rows = []
    for minute in range(60):
        rising = 1 + 0.5 * math.sin(math.pi * (minute - 15) / 90)
        promotion = 2.0 if 35 <= minute < 45 else 1.0
        means = {
            "storefront": 900 * rising * promotion,
            "search": 500 * rising,
            "thumbnails": 1_500 if minute % 15 == 0 else 40,
        }
        rows += [(60 * minute, int(rng.poisson(mean)), name) for name, mean in means.items()]
    return rows


def clicks() -> list[tuple[float, str, float]]:
    """Return ``(time in s, function, duration in s)``, in order of time."""
    rng = np.random.default_rng(1)
    times = np.sort(rng.uniform(0, 60, 600)).round(3)
    return [
        (float(at), "view" if rng.random() < 0.8 else "buy", round(float(rng.lognormal(-2.5, 0.6)), 4)) for at in times
    ]


def write(name: str, header: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    """Write a CSV file beside this one."""
    with (HERE / name).open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    write("friday.csv", ("time", "count", "function"), friday())
    write("clicks.csv", ("time", "function", "duration"), clicks())
