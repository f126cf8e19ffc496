"""Intervals of a summary cover what is known of the model: 95 of 100, over hundreds of tiny experiments.

Requests are Poisson and Lambda's default limits never bind, so each finds an environment (M/G/infinity): the number of
requests has mean rate x time, durations are independent and exponential, an invocation fails with the given
probability. Four standard errors of a binomial share are allowed.
"""

import math

import pytest
from support import experiment

from lambdasim.metrics.inference.merging import merged
from lambdasim.planning.executors import Task, measure, run_all
from lambdasim.planning.replicate import replication_seed

CASES = 200
REPLICATIONS = 3


@pytest.fixture(scope="module")
def summaries() -> list[dict[str, object]]:
    """A summary of three replications for each of many seeds."""
    loaded = experiment(
        {"duration": "exponential(mean=100ms)", "init": "constant(0ms)", "errors": 0.3, "memory": "512 MB"},
        {"executor": "poisson", "rate": "25/s", "duration": "5s"},
        output={"period": "10s"},
    )._loaded
    seeds = [replication_seed(case, i) for case in range(CASES) for i in range(REPLICATIONS)]
    each = run_all([Task(loaded, seed) for seed in seeds], None, measure)
    return [merged(each[i : i + REPLICATIONS], 0.95)["functions"]["f"] for i in range(0, len(each), REPLICATIONS)]


@pytest.mark.parametrize(
    ("path", "truth"),
    [(("requests",), 125.0), (("duration", "mean"), 100.0), (("error_rate",), 0.3)],
    ids=["count", "mean", "rate"],
)
def test_coverage(summaries, path: tuple[str, ...], truth: float) -> None:
    covered = 0
    for summary in summaries:
        for key in path:
            summary = summary[key]
        low, high = summary["ci"]
        covered += low <= truth <= high
    assert covered / CASES == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / CASES))
