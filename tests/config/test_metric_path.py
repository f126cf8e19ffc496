"""Metrics by their path, with and without a statistic."""

import pytest

from lambdasim.config.metric_path import MetricPath


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("api.latency.p99.9", ("api.latency", "p99.9", "time", "api.latency.p99.9")),
        ("api.throttles", ("api.throttles", "rate", "events", "api.throttles.rate")),
        ("api.throttles.count", ("api.throttles", "count", "events", "api.throttles.count")),
        ("api.requests", ("api.requests", "count", "count", "api.requests.count")),
        ("account.cost.monthly", ("account.cost.monthly", "mean", "money", "account.cost.monthly")),
        ("account.cost", ("account.cost", "mean", "money", "account.cost")),
        ("account.concurrency.max", ("account.concurrency", "max", "level", "account.concurrency.max")),
        ("jobs.latency.max", ("jobs.latency", "max", "time", "jobs.latency.max")),
    ],
)
def test_paths(text: str, expected: tuple[str, ...]) -> None:
    metric = MetricPath.parse(text, ("api",), ("jobs",))
    assert (metric.path, metric.statistic, metric.kind, metric.text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("api.latency", "has several statistics; name one: api.latency.mean, api.latency.p50"),
        ("api.latency.p98", "has no statistic 'p98'"),
        ("apu.latency.p99", "did you mean 'api'"),
        ("api.latenzy.p99", "did you mean 'latency'"),
        ("latency", "is named 'latency'"),
    ],
)
def test_what_nothing_measures(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MetricPath.parse(text, ("api",), ("jobs",))


def test_a_value_is_read_from_a_summary() -> None:
    summary = {"functions": {"api": {"latency": {"p99": 7.0}, "throttle_rate": {"mean": 0.5, "ci": [0.4, 0.6]}}}}
    assert MetricPath.parse("api.latency.p99", ("api",), ()).value(summary) == 7.0
    assert MetricPath.parse("api.throttles", ("api",), ()).value(summary) == 0.5
    assert MetricPath.parse("api.latency.p50", ("api",), ()).value(summary) is None
