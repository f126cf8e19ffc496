"""A sweep on one core and on two: ``pytest tests/benchmarks/test_sweep_speed.py -s``.

50 points of 10 replications of 100,000 requests. The goals are under 60 s on two cores, and 1.8 times as fast as on
one. Wall time is that of the machine as it is; the CPU time of this process and its workers says what it would be
on a quiet one.
"""

import os
import time

import pytest

import lambdasim as ls
from lambdasim.planning.executors import local_executor

POINTS, REPLICATIONS = 50, 10


def experiment() -> ls.Experiment:
    return ls.Experiment(
        functions={
            "api": {
                "memory": "1024 MB",
                "duration": "lognormal(p50=80ms, p99=600ms)",
                "init": "lognormal(p50=450ms, p99=1.2s)",
            }
        },
        loads=[{"target": "api", "executor": "poisson", "rate": "200/s", "duration": "500s"}],
        simulation={"replications": REPLICATIONS},
        slo={"api.latency": ["p99 < 800ms"], "api.throttles": ["rate < 0.1%"]},
        sweep={"over": {"account.concurrency": {"from": 20, "to": 20 + POINTS - 1, "step": 1}}},
    )


def measured(jobs: int) -> tuple[ls.SweepResult, float, float]:
    """Return the sweep by so many processes, its wall time and the CPU time of all of them."""
    before, wall = os.times(), time.perf_counter()
    if jobs == 1:
        swept = experiment().sweep()
    else:
        with local_executor(jobs) as pool:
            swept = experiment().sweep(executor=pool)
    after = os.times()
    return swept, time.perf_counter() - wall, sum(after[:4]) - sum(before[:4])


@pytest.mark.benchmark
def test_fifty_points_on_one_core_and_on_two(benchmark) -> None:
    experiment().sweep({"account.concurrency": [20, 21]})  # compiles, and loads what a process loads once
    (one, one_s, one_cpu_s), (two, two_s, two_cpu_s) = measured(1), measured(2)
    assert one.points.equals(two.points)
    print(
        f"\n{len(one.points)} points x {REPLICATIONS}: {one_s:.1f} s on one core ({one_cpu_s:.1f} s CPU), "
        f"{two_s:.1f} s on two ({two_cpu_s:.1f} s CPU): {one_s / two_s:.2f} times as fast, "
        f"{2 * one_cpu_s / two_cpu_s:.2f} by CPU time"
    )
    benchmark.extra_info["one core / two"] = round(one_s / two_s, 2)
    benchmark.pedantic(lambda: experiment().sweep({"account.concurrency": [20, 21]}), rounds=1)
