"""The compiled engine alone, in ratios of one run: ``pytest tests/benchmarks/test_compiled_speed.py -s``.

Processor time of drawn plans; each ratio is the median of several pairs, taken in turns.
"""

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import plain_c
import plans
import pytest
from by_hand import plan_of
from plans import Scenario

from lambdasim.engine.compiled.engine import CompiledEngine
from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.plan import PlanChunk

pytest.importorskip("numba")

ROWS = 1_000_000
PAIRS = 7


def ns_per_request(engine, chunks: Iterable[PlanChunk]) -> float:
    """Return the processor time per request, in ns, of an engine that was just built."""
    chunks = list(chunks)
    begin = time.process_time_ns()
    for chunk in chunks:
        engine.advance(chunk)
    return (time.process_time_ns() - begin) / sum(map(len, chunks))


def compiled(scenario: Scenario) -> float:
    return ns_per_request(CompiledEngine(plan_of(scenario.spec)), scenario.chunks())


def report(benchmark, name: str, goal: str, measured: Callable[[], float], base: Callable[[], float]) -> None:
    """Print and keep the median ratio of two ways to spend time."""
    pairs = [(measured(), base()) for _ in range(PAIRS)]
    ratio = statistics.median(a / b for a, b in pairs)
    benchmark.extra_info[name] = round(ratio, 2)
    spent = " against ".join(f"{statistics.median(column):,.0f} ns" for column in zip(*pairs, strict=True))
    print(f"\n{name}: {ratio:.2f} (goal: {goal}), {spent} per request")
    benchmark.pedantic(measured, rounds=1)


@pytest.fixture(scope="module")
def one() -> Scenario:
    return plans.one_function(ROWS)


@pytest.mark.benchmark
@pytest.mark.skipif(plain_c.compiler() is None, reason="this system has no C compiler")
@pytest.mark.parametrize("environments", [250, 1_200, 11_000, 100_000])
def test_ratio_to_a_plain_c_loop(benchmark, environments, tmp_path_factory) -> None:
    busy, folder = plans.busy(ROWS, environments), tmp_path_factory.getbasetemp()
    plain, engine = plain_c.PlainLoop(busy, folder), CompiledEngine(plan_of(busy.spec))
    for chunk in busy.chunks():
        assert (plain.advance(chunk) == engine.advance(chunk).invocations.rows).all()

    def in_c() -> float:
        return ns_per_request(plain_c.PlainLoop(busy, folder), busy.chunks())

    name = f"{environments:,} busy environments / plain C loop with a calendar"
    report(benchmark, name, "at most 1.3", lambda: compiled(busy), in_c)


@pytest.mark.benchmark
@pytest.mark.parametrize(
    ("name", "scenario", "goal"),
    [
        ("account", lambda: plans.account(ROWS), "at most 1.67"),
        ("account of 10,000 functions", lambda: plans.account(ROWS, 10_000), "cache effects only"),
        ("surge", lambda: plans.surge(ROWS), "at most 2"),
        ("waves", lambda: plans.waves(ROWS // 2), "none"),
    ],
)
def test_ratio_to_one_function(benchmark, one, name, scenario, goal) -> None:
    other = scenario()
    report(benchmark, f"{name} / one-function", goal, lambda: compiled(other), lambda: compiled(one))


@pytest.mark.benchmark
def test_ratio_to_the_simpy_engine(benchmark, one) -> None:
    few = replace(one, columns={name: column[:50_000] for name, column in one.columns.items()})

    def simpy() -> float:
        return ns_per_request(ReferenceEngine(plan_of(few.spec)), few.chunks())

    report(benchmark, "SimPy engine / one-function", "none", simpy, lambda: compiled(one))


@pytest.mark.benchmark
def test_ratio_to_the_simpy_engine_of_messages(benchmark) -> None:
    def drained(engine, messages: int) -> float:
        return ns_per_request(engine(plans.QUEUE), plans.messages(messages))

    def simpy() -> float:
        return drained(ReferenceEngine, 50_000)

    report(benchmark, "SimPy engine / messages of a queue", "none", simpy, lambda: drained(CompiledEngine, ROWS))
