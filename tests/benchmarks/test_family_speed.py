"""Drawing and engine of one family each, compiled against SimPy: ``pytest tests/benchmarks/test_family_speed.py -s``.

Processor time per request, of a million compiled and of a few thousand through SimPy, in turns; no metrics.
"""

import statistics
import time

import pytest

import lambdasim as ls
from lambdasim.cli.bench import FAMILIES
from lambdasim.engine import Choice, build
from lambdasim.records import RecordChunk
from lambdasim.scenario import planned

pytest.importorskip("numba")

REQUESTS = 1_000_000
FEW = 20_000
PAIRS = 3


def us_per_request(exp: ls.Experiment, engine: str, requests: int) -> float:
    """Return the processor time of a request, in microseconds, of about so many."""
    begin = time.process_time()
    plan, workload = planned(exp.config, 0)
    running = build(Choice(engine, ""), plan)
    made = 0
    for chunk in workload.chunks(compiled=engine == "compiled"):
        made += rows(running.advance(chunk))
    made += rows(running.finish(plan.loads_end_ns))
    assert made > requests / 2
    return (time.process_time() - begin) / made * 1e6


def rows(records: RecordChunk) -> int:
    """Return the rows of what families are asked for: invocations, or events where these are several in each."""
    return max(len(records.invocations.rows), len(records.deliveries.rows))


@pytest.mark.benchmark
@pytest.mark.parametrize("family", FAMILIES)
def test_ratio_to_the_simpy_engine(benchmark, family: str) -> None:
    def compiled() -> float:
        return us_per_request(FAMILIES[family](REQUESTS), "compiled", REQUESTS)

    compiled()  # compiles
    pairs = [(us_per_request(FAMILIES[family](FEW), "simpy", FEW), compiled()) for _ in range(PAIRS)]
    ratio = statistics.median(a / b for a, b in pairs)
    benchmark.extra_info[family] = round(ratio, 1)
    spent = " against ".join(f"{statistics.median(column):,.2f} us" for column in zip(*pairs, strict=True))
    print(f"\n{family}: SimPy engine / compiled: {ratio:.0f} (goal: at least 30), {spent} per request")
    benchmark.pedantic(compiled, rounds=1)
