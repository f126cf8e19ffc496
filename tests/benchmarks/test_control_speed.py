"""What controllers cost a long run, in ratios of CPU time: ``pytest tests/benchmarks/test_control_speed.py -s``.

Runs of ten million requests with and without, in turns, so that what else the machine does falls on both. A day of 86
million requests has as many minutes for each request as they have, or fewer.
"""

import time
from statistics import median

import pytest

from lambdasim.experiment import Experiment
from lambdasim.simulate import simulate

pytest.importorskip("numba")

PAIRS = 5
REQUESTS_S = 1_000
SPAN = "10000s"  # 10 M requests, 166 minutes
GOAL = 1.10
SCALING = {"min": 60, "max": 200, "target_utilization": 0.7}
WATCHED = {"late": {"metric": "api.latency", "expression": "p99 > 500ms"}}


def config(scaled: bool = False, watched: bool = False):
    provisioned = {"concurrency": 80} | ({"autoscaling": SCALING} if scaled else {})
    function = {"duration": "exponential(mean=50ms)", "init": "constant(300ms)", "provisioned": provisioned}
    load = {"target": "api", "executor": "poisson", "rate": f"{REQUESTS_S}/s", "duration": SPAN}
    return Experiment(
        functions={"api": function}, loads=[load], alarm=WATCHED if watched else {}, simulation={"engine": "compiled"},
        output={"period": "1min"},
    ).config  # fmt: skip


def timed(of) -> float:
    begin = time.process_time()
    simulate(of, 42, keep_requests=False)
    return time.process_time() - begin


@pytest.mark.benchmark
@pytest.mark.parametrize("controller", ["autoscaling every minute", "an alarm"])
def test_ratio_to_a_run_without(benchmark, controller: str) -> None:
    own = config(scaled=True) if controller == "autoscaling every minute" else config(watched=True)
    without = config()
    timed(without)  # loads, or compiles
    ratios = sorted(timed(own) / timed(without) for _ in range(PAIRS))
    benchmark.extra_info["ratio"] = round(median(ratios), 3)
    told = f"{median(ratios):.3f} (of {ratios[0]:.3f} to {ratios[-1]:.3f})"
    print(f"\n{controller}: {told} times the CPU time without (goal: {GOAL})")
    benchmark.pedantic(lambda: None, rounds=1)
