"""Estimates of one statistic: what the summary of the same replications says."""

import pytest
from support import experiment

from lambdasim.config.slo import place
from lambdasim.metrics.estimate import estimate


@pytest.fixture(scope="module")
def result():
    exp = experiment(
        {"duration": "exponential(mean=100ms)", "init": "constant(200ms)", "errors": 0.1, "reserved_concurrency": 3},
        {"executor": "poisson", "rate": "20/s", "duration": "10s", "name": "web"},
        simulation={"replications": 3},
        billing={"repeats": "1/min"},
    )
    return exp.run()


@pytest.mark.parametrize(
    ("path", "statistic"),
    [
        ("f.latency", "p99.9"),
        ("f.throttles", "rate"),
        ("f.errors", "rate"),
        ("f.errors", "count"),
        ("web.latency", "mean"),
        ("account.concurrency", "max"),
        ("account.cost.monthly", "mean"),
    ],
)
def test_an_estimate_is_that_of_the_summary(result, path: str, statistic: str) -> None:
    found = estimate(path, statistic, result.replications, 0.95)
    told, keys = place(path, statistic, result.summary)
    for key in keys:
        told = told[key]
    assert found is not None
    assert found.to_json() == told


def test_a_functions_cost_is_the_sum_of_its_lines(result) -> None:
    found = estimate("f.cost", "mean", result.replications, 0.95)
    assert found is not None
    assert found.mean == pytest.approx(result.summary["account"]["cost"]["total"]["mean"])
    assert found.low < found.mean < found.high


def test_what_was_not_measured_has_no_estimate(result) -> None:
    assert estimate("f.latency", "p99", [], 0.95) is None
    assert estimate("f.latency", "p99", result.replications[:1], 0.95) is None
    assert estimate("other.duration", "p99", result.replications, 0.95) is None
