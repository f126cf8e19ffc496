"""Objectives: reading, and judging a summary."""

import re

import pytest

from lambdasim.config.slo import SCOPES, SloExpression, find_metric
from lambdasim.metrics.judging import judge

FUNCTIONS, OTHERS = ("api", "worker"), ("http", "morning")


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("api.latency", "p99 < 800ms", ("p99", "<", 800.0)),
        ("api.latency", "p99.9<=1.5s", ("p99.9", "<=", 1500.0)),
        ("api.duration", " mean  <  10min ", ("mean", "<", 600_000.0)),
        ("api.init_duration", "max < 2s", ("max", "<", 2000.0)),
        ("api.cold_starts", "rate < 1%", ("rate", "<", 0.01)),
        ("api.errors", "rate < 0.001", ("rate", "<", 0.001)),
        ("http.throttles", "rate < 0.1%", ("rate", "<", 0.001)),
        ("morning.timeouts", "count == 0", ("count", "==", 0.0)),
        ("api.requests", "count >= 1000", ("count", ">=", 1000.0)),
        ("api.concurrency", "max < 900", ("max", "<", 900.0)),
        ("api.environments", "mean < 12.5", ("mean", "<", 12.5)),
        ("account.cost.monthly", "mean < 2500 USD", ("mean", "<", 2500.0)),
        ("account.claimed_concurrency", "max <= 1000", ("max", "<=", 1000.0)),
        ("account.throttles", "count == 0", ("count", "==", 0.0)),
        ("api.cost", "mean < 0.5 USD", ("mean", "<", 0.5)),
    ],
)
def test_expression(path: str, text: str, expected: tuple[str, str, float]) -> None:
    expression = SloExpression.parse(text, find_metric(path, FUNCTIONS, OTHERS))
    assert (expression.statistic, expression.operator, expression.threshold) == expected
    assert SloExpression.parse(expression.text, find_metric(path, FUNCTIONS, OTHERS)) == expression


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("api.latency", "p99 < 800", "800 needs a number and a unit, such as '80ms', '1.5s' or '10min'"),
        ("api.latency", "p99 < -1s", "'-1s' is negative; give zero or more, such as '80ms', '1.5s' or '10min'"),
        ("api.latency", "p99", "'p99' is not an objective such as 'p99 < 800ms'"),
        ("api.latency", "p99 != 1s", "'p99 != 1s' is not an objective such as 'p99 < 800ms'"),
        ("api.latency", 3, "3 is not an objective such as 'p99 < 800ms'"),
        ("api.latency", "p98 < 1s", "no statistic 'p98' here; did you mean 'p99'?"),
        ("api.latency", "rate < 1%", "no statistic 'rate' here; there are: mean, p50, p90, p95, p99, p99.9, max"),
        ("api.throttles", "p99 < 1%", "no statistic 'p99' here; there are: rate, count"),
        ("api.throttles", "rate < 1s", "'1s' is not a fraction; give a number from 0 to 1 or a text such as '2%'"),
        ("api.throttles", "rate < 5", "5.0 is outside 0 to 1 (0% to 100%)"),
        ("api.throttles", "count < 1%", "'1%' is not a number as in 'rate < 0.1%'"),
        ("api.concurrency", "max < 900 USD", "'900 USD' is not a number as in 'max < 900'"),
        ("account.cost", "mean < 2500", "'2500' is not an amount as in 'mean < 2500 USD'"),
        ("account.cost", "mean < nan USD", "'nan USD' is not an amount as in 'mean < 2500 USD'"),
    ],
)
def test_expression_refused(path: str, text: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        SloExpression.parse(text, find_metric(path, FUNCTIONS, OTHERS))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("apo.latency", "no function, source or load is named 'apo'; did you mean 'api'?"),
        ("latency", "no function, source or load is named 'latency'; there are: api, worker, http, morning, account"),
        ("api.latencies", "a function has no metric 'latencies'; did you mean 'latency'?"),
        (
            "api.cost.yearly",
            "a function has no metric 'cost.yearly'; the nearest are: "
            "'cost.monthly', 'cost.uncertain', 'cold_starts', 'cost.uncertain_monthly'",
        ),
        (
            "account.age",
            "the account has no metric 'age'; the nearest are: 'latency', 'crashes', 'environments.created', 'drain.s'",
        ),
        (
            "http.age",
            "a source has no metric 'age'; the nearest are: 'latency', 'crashes', 'errors', 'retries'",
        ),
    ],
)
def test_path_refused(path: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        find_metric(path, FUNCTIONS, OTHERS)


def test_with_a_template_any_name_may_be_a_function_of_a_trace() -> None:
    assert find_metric("a1b2.duration", ("*",), ("http",)) is SCOPES["function"]["duration"]
    with pytest.raises(ValueError, match="a source has no metric 'duration'"):
        find_metric("http.duration", ("*",), ("http",))


FUNCTION = {
    "requests": 1000,
    "invocations": 990,
    "throttles": 10,
    "throttle_rate": 0.01,
    "errors": 2,
    "error_rate": 0.002,
    "timeouts": 0,
    "timeout_rate": 0.0,
    "cold_starts": 8,
    "cold_start_rate": {"mean": 0.008, "ci": [0.007, 0.009]},
    "latency": {"mean": 90.0, "p50": 80.0, "p90": 100.0, "p95": 200.0, "p99": 731.2, "p99.9": 900.0, "max": 1000.0},
    "duration": {"mean": {"mean": 85.0, "ci": [84.0, 86.0]}},
    "init_duration": {"p99": None},
    "concurrency": {"max": 12, "mean": 3.5},
    "cost": {"total": {"mean": 1.7, "ci": [1, 2]}, "monthly": 900.0},
    "environments": {"max": 14, "mean": 5.5, "created": 20},
}
IDLE = {"requests": 0, "errors": 0, "latency": {"p99": None}, "cold_start_rate": None}
SUMMARY = {
    "functions": {"api": FUNCTION, "idle": IDLE, "throttled": IDLE | {"requests": 9}},
    "sources": {"http": {"requests": 7}, "api": {"requests": 8}},
    "account": {"concurrency": {"max": 742}, "throttles": 10, "cost": {"total": 1.87, "monthly": 1365.1}},
}


@pytest.mark.parametrize(
    ("path", "text", "observed", "success"),
    [
        ("api.latency", "p99 < 800ms", 731.2, True),
        ("api.latency", "p99.9 < 900ms", 900.0, False),
        ("api.latency", "p99.9 <= 900ms", 900.0, True),
        ("api.latency", "max > 1s", 1000.0, False),
        ("api.latency", "max >= 1s", 1000.0, True),
        ("api.duration", "mean < 86ms", 85.0, True),
        ("api.cold_starts", "rate < 1%", 0.008, True),
        ("api.cold_starts", "count < 8", 8.0, False),
        ("api.throttles", "rate < 0.1%", 0.01, False),
        ("api.timeouts", "count == 0", 0.0, True),
        ("api.errors", "count == 0", 2.0, False),
        ("api.requests", "count > 999", 1000.0, True),
        ("api.invocations", "count > 999", 990.0, False),
        ("api.concurrency", "max < 12", 12.0, False),
        ("api.environments", "mean < 6", 5.5, True),
        ("api.cost", "mean < 2 USD", 1.7, True),
        ("api.cost.monthly", "mean < 800 USD", 900.0, False),
        ("http.requests", "count == 7", 7.0, True),
        ("account.concurrency", "max < 900", 742.0, True),
        ("account.throttles", "count == 0", 10.0, False),
        ("account.cost", "mean < 1 USD", 1.87, False),
        ("account.cost.monthly", "mean < 2500 USD", 1365.1, True),
        ("api.init_duration", "p99 < 1s", None, True),
        ("throttled.latency", "p99 < 1s", None, False),
        ("idle.latency", "p99 < 1s", None, None),
        ("idle.cold_starts", "rate < 1%", None, None),
        ("idle.errors", "rate < 1%", None, None),
        ("idle.errors", "count == 0", None, None),
        ("ghost.latency", "p99 < 1s", None, None),
    ],
)
def test_one_run_is_judged_by_what_it_observed(path: str, text: str, observed: float | None, success: bool) -> None:
    expression = SloExpression.parse(text, find_metric(path, ("api", "idle", "ghost", "throttled"), ("http",)))
    [one] = judge({path: (expression,)}, [SUMMARY], 0.95)
    verdict = "undecided" if success is None else "met" if success else "missed"
    expected = {"path": path, "expression": text, "observed": observed, "success": success, "verdict": verdict}
    found = one.to_dict()
    assert {key: found[key] for key in expected} == expected
    assert set(found) - set(expected) == (set() if success is not None else {"lacks"})


def test_rows_are_in_the_order_of_the_file() -> None:
    latency = SCOPES["function"]["latency"]
    slos = {"b.latency": (SloExpression.parse("p50 < 1s", latency), SloExpression.parse("p99 < 1s", latency))}
    slos["a.latency"] = (SloExpression.parse("p90 < 1s", latency),)
    assert [(one.path, one.expression.text) for one in judge(slos, [{}], 0.95)] == [
        ("b.latency", "p50 < 1s"),
        ("b.latency", "p99 < 1s"),
        ("a.latency", "p90 < 1s"),
    ]


@pytest.mark.parametrize(
    ("text", "inner", "share"),
    [
        ("P(max < 10min) >= 99%", "max < 10min", 0.99),
        (" P ( p99<=800ms )>= 0.9 ", "p99 <= 800ms", 0.9),
        ("max < 10min", "max < 10min", 0.9),
        ("p99 < 800ms", "p99 < 800ms", None),
    ],
)
def test_a_share_of_runs_can_be_asked_for(text: str, inner: str, share: float | None) -> None:
    latency = SCOPES["function"]["latency"]
    found, plain = SloExpression.parse(text, latency), SloExpression.parse(inner, latency)
    assert found.share_of_runs == share
    assert (found.statistic, found.operator, found.threshold) == (plain.statistic, plain.operator, plain.threshold)
    assert SloExpression.parse(found.text, latency) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("P(max < 10min) >= 100%", "100% of all runs is outside 50% to 99.9%"),
        ("P(max < 10min) >= 20%", "20% of all runs is outside 50% to 99.9%"),
        ("P(max < 10min) < 99%", "is not an objective such as"),
        ("P(P(max < 10min) >= 99%) >= 99%", "is not an objective such as"),
        ("P(rate < 1%) >= 99%", "no statistic 'rate' here"),
        ("P(max < 10min) >= often", "is not a fraction"),
    ],
)
def test_a_share_of_runs_that_cannot_be_asked_for(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        SloExpression.parse(text, SCOPES["function"]["latency"])
