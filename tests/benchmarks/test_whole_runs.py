"""Whole runs, drawing and engine and metrics, in ratios of one run: ``pytest tests/benchmarks/test_whole_runs.py -s``.

The scenarios are those of ``lambdasim doctor --bench``; each side is the least of several runs, taken in turns.
"""

import time
from collections.abc import Callable

import plain_c
import plans
import pytest

from lambdasim.cli.bench import _timed, many_functions, one_function
from lambdasim.experiment import Experiment

pytest.importorskip("numba")

SECONDS = 10_000
ROUNDS = 3


def ns(experiment: Experiment, engine: str) -> float:
    return 1_000 * _timed("", experiment, engine, "").us_per_request


def least(*sides: Callable[[], float]) -> list[float]:
    """Return the least time of each side."""
    rounds = [[side() for side in sides] for _ in range(ROUNDS)]
    return [min(times) for times in zip(*rounds, strict=True)]


@pytest.fixture(scope="module")
def one() -> Experiment:
    ns(one_function(1), "compiled")  # compiles, or loads what was compiled
    return one_function(SECONDS)


@pytest.mark.benchmark
def test_ratio_to_the_simpy_engine(benchmark, one) -> None:
    few = one_function(60)
    simpy, fast = least(lambda: ns(few, "simpy"), lambda: ns(one, "compiled"))
    benchmark.extra_info["SimPy engine / compiled, whole runs"] = round(simpy / fast, 1)
    print(
        f"\none-function: {fast:.0f} ns per request against {simpy:,.0f}: {simpy / fast:.0f} times (goal: at least 40)"
    )
    benchmark.pedantic(lambda: ns(few, "compiled"), rounds=1)


@pytest.mark.benchmark
@pytest.mark.parametrize("seconds", [SECONDS, 3_000])
def test_rate_of_an_account(benchmark, one, seconds) -> None:
    account = many_functions(seconds)
    fast, slower = least(lambda: ns(one, "compiled"), lambda: ns(account, "compiled"))
    benchmark.extra_info["account, of one-function's rate"] = round(fast / slower, 2)
    print(f"\naccount, {seconds:,} s: {slower:.0f} ns per request against {fast:.0f}: {fast / slower:.0%} (goal: 70 %)")
    benchmark.pedantic(lambda: ns(one_function(60), "compiled"), rounds=1)


@pytest.mark.benchmark
@pytest.mark.skipif(plain_c.compiler() is None, reason="this system has no C compiler")
def test_ratio_to_a_plain_c_loop_that_counts(benchmark, one, tmp_path) -> None:
    drawn = plans.one_function(1_000_000)

    def in_c() -> float:
        chunks, plain = list(drawn.chunks()), plain_c.PlainLoop(drawn, tmp_path, counts=True)
        begin = time.process_time_ns()
        for chunk in chunks:
            plain.advance(chunk)
        return (time.process_time_ns() - begin) / len(drawn)

    fast, plain = least(lambda: ns(one, "compiled"), in_c)
    benchmark.extra_info["drawing + engine + metrics / plain C loop that counts"] = round(fast / plain, 2)
    print(f"\none-function: {fast:.0f} ns per request against {plain:.0f} in C: {fast / plain:.2f} (goal: at most 2.2)")
    benchmark.pedantic(in_c, rounds=1)
