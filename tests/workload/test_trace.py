"""Traces of real traffic, where they lie next to the checkout: every request arrives, in its minute or at its time."""

import csv
import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from lambdasim.config.traffic import LoadConfig
from lambdasim.workload.trace import open_trace

DATA = Path(__file__).parents[2].parent / "shared" / "data"
MIN = 60_000_000_000

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared/data next to the checkout")


def opened(folder, file, seed=1, **trace):
    paths = {key: str(DATA / folder / trace.pop(key)) for key in ("durations", "memory") if key in trace}
    config = LoadConfig(name="real", trace={"file": str(DATA / folder / file), **paths, **trace})
    return open_trace(config, None, seed)


def table(folder, file):
    opener = gzip.open if file.endswith(".gz") else open
    with opener(DATA / folder / file, "rt", newline="") as rows:
        yield from csv.DictReader(rows)


@pytest.mark.parametrize("within_bin", ["poisson", "uniform", "even"])
@pytest.mark.parametrize(
    ("folder", "name", "first"),
    [("trace-azure2019-invitro1250", "function", 1), ("trace-azure2019-dirigent500", "HashFunction", 480)],
)
def test_an_hour_of_azure2019(folder, name, first, within_bin):
    load = opened(
        folder,
        "invocations_per_minute.csv.gz",
        format="azure2019",
        until="1h",
        within_bin=within_bin,
        durations="durations_ms.csv.gz",
        memory="memory_mb.csv.gz",
    )
    expected = Counter()
    for row in table(folder, "invocations_per_minute.csv.gz"):
        expected.update({(minute, row[name]): int(row[str(first + minute)]) for minute in range(60)})
    found = Counter()
    for block in load.blocks():
        minutes = (block.arrival_ns // MIN).tolist()
        found.update(zip(minutes, (load.functions[f] for f in block.function), strict=True))
    assert found == +expected
    assert set(load.function_overrides) == set(load.functions)
    assert all(128 <= known["memory"] <= 10_240 for known in load.function_overrides.values())


def test_azure2021():
    load = opened("trace-azure2021-first998", "invocations.csv", format="azure2021")
    rows = list(table("trace-azure2021-first998", "invocations.csv"))
    blocks = list(load.blocks())
    starts = np.concatenate([block.arrival_ns for block in blocks])
    durations = np.concatenate([block.duration_ns for block in blocks])
    functions = [load.functions[f] for block in blocks for f in block.function]
    assert starts.tolist() == [round(float(row["start_s"]) * 1e9) for row in rows]
    assert durations.tolist() == [round(float(row["duration_s"]) * 1e9) for row in rows]
    assert functions == [row["func"] for row in rows]
