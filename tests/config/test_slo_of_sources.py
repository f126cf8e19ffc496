"""Objectives of event sources: what can be asked of which kind, and where the summary holds it."""

import re

import pytest

from lambdasim.config.slo import OF_KINDS, SloExpression, find_metric
from lambdasim.config.source_kinds import GATEWAYS, KINDS, MAPPINGS
from lambdasim.config.sources import SOURCES
from lambdasim.metrics.judging import judge

TYPES = {
    "jobs": "sqs",
    "clicks": "kinesis",
    "topic": "kafka",
    "http": "apigateway-http",
    "sdk": "invoke",
    "odd": "sqss",
}


@pytest.mark.parametrize(
    ("path", "text", "threshold"),
    [
        ("jobs.age", "max < 10min", 600_000.0),
        ("jobs.backlog", "max < 1000", 1000.0),
        ("jobs.dead_lettered", "count == 0", 0.0),
        ("jobs.dropped", "rate < 0.1%", 0.001),
        ("clicks.iterator_age", "p99 < 1min", 60_000.0),
        ("topic.offset_lag", "max < 5000", 5000.0),
        ("http.answers.5xx", "rate < 1%", 0.01),
        ("http.latency", "p99 < 1s", 1000.0),
        ("jobs.throttles", "rate < 1%", 0.01),
        ("odd.age", "max < 1s", 1000.0),
        ("odd.iterator_age", "max < 1s", 1000.0),
    ],
)
def test_paths(path: str, text: str, threshold: float) -> None:
    assert SloExpression.parse(text, find_metric(path, (), TYPES, TYPES)).threshold == threshold


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("jobs.iterator_age", "a queue has no 'iterator_age'; did you mean 'age'?"),
        ("clicks.offset_lag", "a stream has no 'offset_lag'; did you mean 'backlog'?"),
        ("http.age", "an API has no 'age'; did you mean 'latency'?"),
        (
            "sdk.dead_lettered",
            "a direct call has no 'dead_lettered'; the nearest are: 'delivered', 'filtered', 'exhausted', 'failed'",
        ),
        ("jobs.ages", "a queue has no metric 'ages'; did you mean 'age'?"),
        ("http.answers.2xx", "an API has no metric 'answers.2xx'; did you mean 'answers.5xx'?"),
    ],
)
def test_metrics_that_a_source_does_not_have(path: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        find_metric(path, (), TYPES, TYPES)


def test_every_type_has_a_kind_that_can_be_asked() -> None:
    assert set(SOURCES) <= set(KINDS)
    assert set(KINDS.values()) == set(OF_KINDS)
    assert {*GATEWAYS, *MAPPINGS} < set(OF_KINDS)


@pytest.mark.parametrize(
    ("path", "text", "observed"),
    [
        ("jobs.age", "max < 10min", 601_000.0),
        ("jobs.backlog", "max < 10", 12.0),
        ("jobs.dead_lettered", "rate < 1%", 0.02),
        ("http.answers.5xx", "count < 1", 3.0),
    ],
)
def test_they_are_judged_by_what_was_observed(path: str, text: str, observed: float) -> None:
    summary = {
        "sources": {
            "jobs": {
                "age": {"max": 601_000.0},
                "backlog": {"max": 12},
                "received": 100,
                "dead_lettered": 2,
                "dead_lettered_rate": 0.02,
            },
            "http": {"answers_5xx": 3},
        }
    }
    [one] = judge({path: (SloExpression.parse(text, find_metric(path, (), TYPES, TYPES)),)}, [summary], 0.95)
    assert (one.number, one.verdict) == (observed, "fails")
