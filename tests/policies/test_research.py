"""The research policies: each by its paper's own rule, and all of them on one trace."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lambdasim as ls
from lambdasim.policies import Draw, EnvironmentSeen, FunctionSeen, GreedyDual, HybridHistogram, PreWarmer

MINUTE = 60 * 10**9
DRAW = Draw(0, 0)
TRACE = Path(__file__).parents[2] / "workloads" / "friday.csv"


def state(gaps: list[int]) -> FunctionSeen:
    return FunctionSeen(0, "f", 512, 1, 0, 1, len(gaps) + 1, gaps)


def test_a_histogram_that_says_something_gives_its_99th_percentile() -> None:
    gaps = [(3 * MINUTE) + n for n in range(98)] + [7 * MINUTE, 7 * MINUTE]
    kept = HybridHistogram().idle_timeout(state(gaps), DRAW)
    worst = sorted(gaps)[math.ceil(0.99 * len(gaps)) - 1]
    assert kept == int((worst // MINUTE + 1) * MINUTE * 1.1)


@pytest.mark.parametrize(
    "gaps",
    [
        [3 * MINUTE] * 9,  # too few
        [300 * MINUTE] * 50 + [MINUTE] * 49,  # most are out of bounds
        [n * MINUTE for n in range(240)],  # flat: every minute as often
    ],
)
def test_a_histogram_that_says_nothing_gives_a_fixed_time(gaps: list[int]) -> None:
    assert HybridHistogram().idle_timeout(state(gaps), DRAW) == 10 * MINUTE


def environment(number: int, idle_s: float, uses: int, init_s: float, memory_mb: int = 1024) -> EnvironmentSeen:
    return EnvironmentSeen(number, "f", memory_mb, 0, int(idle_s * 1e9), uses, int(init_s * 1e9))


def test_greedy_dual_keeps_what_is_used_much_dear_small_and_recent() -> None:
    policy = GreedyDual(memory_mb=2048)
    idle = [
        environment(0, 0, 1, 1.0),  # rare
        environment(1, 0, 5, 1.0),
        environment(2, 0, 1, 5.0),
        environment(3, 0, 1, 1.0, 256),
        environment(4, 600 * 4, 1, 1.0),
    ]
    assert [policy.priority(one) for one in idle] == [1.0, 5.0, 5.0, 4.0, 5.0]
    assert list(policy.evict(state([]), idle, 2048, DRAW)) == []
    assert list(policy.evict(state([]), idle, 2049, DRAW)) == [0]
    assert list(policy.evict(state([]), idle, 2048 + 1024 + 1, DRAW)) == [0, 3]


def test_harmonics_carry_a_wave_on() -> None:
    warmer = PreWarmer("f", harmonics=3)
    warmer._demand = [round(50 + 30 * math.sin(2 * math.pi * n / 12)) for n in range(48)]
    for ahead in range(1, 12):
        expected = 50 + 30 * math.sin(2 * math.pi * (47 + ahead) / 12)
        assert warmer.forecast(ahead) == pytest.approx(expected, abs=1)
    warmer._demand = [7]
    assert warmer.forecast() == 7


def on_trace() -> ls.Experiment:
    function = {"duration": "exponential(mean=1s)", "init": "constant(2s)", "memory": "1024 MB"}
    function["idle_timeout"] = "uniform(5min, 7min)"
    return ls.Experiment(
        functions={"*": function},
        loads=[{"trace": {"file": str(TRACE), "format": "counts", "scale": 0.2}}],
        output={"series": "none"},
    )


def test_all_of_them_on_one_trace() -> None:
    """Each keeps its promise: less memory, fewer cold starts, or a bound of memory."""
    exp = on_trace()
    policies: dict[str, dict[str, Any]] = {
        "Lambda": {},
        "hybrid histogram": {"idle_timeout": HybridHistogram()},
        "greedy dual": {"idle_timeout": GreedyDual(8 * 1024), "eviction": GreedyDual(8 * 1024)},
        "pre-warmer": {"controller": lambda: PreWarmer("thumbnails")},
    }
    found = {name: (exp.with_policies(**own) if own else exp).run(engine="simpy") for name, own in policies.items()}
    of = {name: result.summary["account"] for name, result in found.items()}
    assert len({one["requests"] for one in of.values()}) == 1  # the same requests
    warmed = found["pre-warmer"].summary["functions"]["thumbnails"]
    assert warmed["provisioned"]["invocations"] > 0
    assert warmed["cold_starts"] < found["Lambda"].summary["functions"]["thumbnails"]["cold_starts"] / 2
    assert of["greedy dual"]["environments"]["mean"] <= of["Lambda"]["environments"]["mean"]
    assert np.isfinite([one["latency"]["p99"] for one in of.values()]).all()
