"""How long requests waited, as a table that a run can keep: the share of them above each latency.

Of the account (its name is empty) and of the functions with most requests, after warm and after cold starts apart.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from lambdasim.report.series import ACCOUNT, Floats, thin
from lambdasim.report.table import Table, Values
from lambdasim.units import NS_PER_MS

COLUMNS: Final = ("function", "start", "latency_ms", "share")
STARTS: Final = ("warm", "cold")
POINTS: Final = 500
"""At most so many points of each distribution are kept."""


def latencies(histograms: Mapping[str, Mapping[str, Any]], functions: Sequence[str]) -> Table:
    """Return the rows of :data:`COLUMNS` for the account and some functions, from their histograms."""
    parts = [
        (np.full(len(values), name, object), np.full(len(values), start, object), values, share)
        for name in (ACCOUNT, *functions)
        for start in STARTS
        for values, share in [_survival(histograms.get(name, {}).get(f"latency_{start}"))]
    ]
    return table(np.concatenate(column) for column in zip(*parts, strict=True))


def table(columns: Iterable[Values]) -> Table:
    """Return the values of :data:`COLUMNS` as a table with numbered rows."""
    found = dict(zip(COLUMNS, columns, strict=True))
    return Table(np.arange(len(found["share"])), found, "row")


def _survival(histogram: Any) -> tuple[Floats, Floats]:
    """Latencies in ms and the share of requests above each, from 1 down to the last that is above 0."""
    if histogram is None or not histogram.count:
        return np.zeros(0), np.zeros(0)
    values, share = histogram.survival()
    above = share > 0.5 / histogram.count
    return thin(np.append(histogram.minimum, values[above]) / NS_PER_MS, np.append(1.0, share[above]), POINTS)


def line(waits: Table, function: str, start: str) -> tuple[Floats, Floats]:
    """Return latencies in ms and the share of a function's requests above each; nothing where there was none."""
    rows = waits.rows((waits["function"] == function) & (waits["start"] == start))
    return rows["latency_ms"], rows["share"]


def median(waits: Table, function: str, start: str) -> float | None:
    """Return the latency (ms) that half of the requests did not exceed; None where there was none."""
    values, share = line(waits, function, start)
    if not len(values):
        return None
    low = np.flatnonzero(share <= 0.5)
    return float(values[low[0]] if len(low) else values[-1])


def save_latencies(waits: Table, path: Path) -> None:
    """Write the table as CSV; raises OSError when that cannot be done."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream, lineterminator="\n")
        lines.writerow(COLUMNS)
        lines.writerows(zip(*(waits[name].tolist() for name in COLUMNS), strict=True))
