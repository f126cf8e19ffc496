"""Alarms on sources: which fire, when, and when they recover, as literal logs; and what no alarm can be on."""

from typing import Any

import pytest

from lambdasim.config import config_from_dict
from lambdasim.errors import InputError
from lambdasim.simulate import simulate

FUNCTION = {"duration": "constant(100ms)", "init": "constant(0s)", "timeout": "20s", "idle_timeout": "constant(1h)"}
LOAD = {"target": "s", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "2/s",
        "duration": "8min"}  # fmt: skip
STOPS = {"time": "2min", "until": "5min", "fault": {"source": "s", "disabled": True}}
FAILS = {"time": "2min", "until": "4min", "fault": {"function": "api", "errors": 1.0}}
PUSHED = {"type": "kinesis", "enhanced_fan_out": True, "push_latency": "0s", "batch_size": 1}
DIES = {"type": "sqs", "max_receive_count": 1, "visibility_timeout": "30s"}


def tree(source: dict[str, Any], alarm: dict[str, Any], *changes: dict[str, Any], **function: Any) -> dict[str, Any]:
    return {
        "function": {"api": FUNCTION | function}, "source": {"s": {"function": "api"} | source}, "load": [LOAD],
        "change": list(changes), "alarm": {"a": alarm}, "simulation": {"engine": "simpy"},
    }  # fmt: skip


def fired(raw: dict[str, Any]) -> list[tuple[float, str, Any]]:
    changes = simulate(config_from_dict(raw).config, 1).changes or ()
    return [(own["time_s"], own["status"], own["value"]) for own in changes if own["what"] == "alarm"]


@pytest.mark.parametrize(
    ("source", "change", "metric", "expression", "log"),
    [
        # 2 a second since 2 min; the minute that ends at 4 min has the first sample above
        ({"type": "sqs"}, STOPS, "backlog", "max > 200", [(270.0, "alarm", 240.0), (390.0, "ok", 0.0)]),
        ({"type": "sqs"}, STOPS, "age_of_oldest", "max > 90s", [(270.0, "alarm", 120_000.0), (390.0, "ok", 0.0)]),
        ({"type": "sqs-fifo"}, STOPS, "age_of_oldest", "max >= 1min", [(210.0, "alarm", 60_000.0), (390.0, "ok", 0.0)]),
        # a shard that is not read has no iterator age; the first batch afterwards has the oldest record
        (PUSHED, STOPS, "iterator_age", "max > 1min", [(390.0, "alarm", 180_000.0), (450.0, "ok", 0.0)]),
        ({"type": "kafka"}, STOPS, "offset_lag", "max > 200", [(270.0, "alarm", 241.0), (390.0, "ok", 1.0)]),
        # the messages of 2 to 4 min fail, and are in the dead-letter queue 30 s later, where they stay
        (DIES, FAILS, "dead_lettered", "count > 100", [(270.0, "alarm", 120.0), (330.0, "ok", 60.0)]),
        (DIES, FAILS, "dead_letters", "max > 200", [(330.0, "alarm", 240.0)]),
        (PUSHED | {"maximum_retry_attempts": 0}, FAILS, "dropped", "count > 100",
         [(210.0, "alarm", 120.0), (330.0, "ok", 0.0)]),
        ({"type": "apigateway-http", "latency": "constant(0s)"}, FAILS, "answers.5xx", "rate > 50%",
         [(210.0, "alarm", 1.0), (330.0, "ok", 0.0)]),
    ],
)  # fmt: skip
def test_alarms_on_sources(
    source: dict[str, Any], change: dict[str, Any], metric: str, expression: str, log: list[Any]
) -> None:
    assert fired(tree(source, {"metric": f"s.{metric}", "expression": expression}, change)) == log


def test_errors_of_lambdas_own_are_no_throttles() -> None:
    gateway, fails = {"type": "apigateway-http"}, FAILS | {"fault": {"lambda_errors": 1.0}}
    assert fired(tree(gateway, {"metric": "api.throttles", "expression": "count > 0"}, fails)) == []
    assert fired(tree(gateway, {"metric": "s.answers.5xx", "expression": "count > 0"}, fails)) != []


def test_errors_of_lambdas_own() -> None:
    """120 requests are answered by Lambda itself; then three are lost with their environments."""
    api, fails = {"type": "invoke"}, {"time": "3min", "until": "4min", "fault": {"lambda_errors": 1.0}}
    alarm = {"metric": "api.service_errors", "expression": "Sum >= 120"}
    assert fired(tree(api, alarm, fails)) == [(270.0, "alarm", 120.0), (330.0, "ok", 0.0)]
    lost = {"time": "3min", "fault": {"environments_lost": 1.0}}
    fired_of_lost = fired(tree(api, alarm | {"expression": "Sum > 0"}, lost, duration="constant(2s)"))
    assert fired_of_lost == [(210.0, "alarm", 3.0), (270.0, "ok", 0.0)]


@pytest.mark.parametrize(
    ("metric", "expression", "value"),
    [
        ("errors", "rate > 20%", 0.5), ("errors", "Average > 0.2", 0.5), ("errors", "Sum >= 60", 60.0),
        ("errors", "count >= 60", 60.0), ("invocations", "Sum >= 120", 120.0), ("duration", "Average > 900ms", 1_000.0),
        ("duration", "Maximum >= 1s", 1_000.0), ("duration", "p50 >= 1s", 1_000.0), ("latency", "mean >= 1s", 1_000.0),
        ("concurrency", "Maximum >= 2", 2.0), ("timeouts", "count >= 0", 0.0), ("crashes", "count >= 0", 0.0),
        ("cold_starts", "count >= 1", 2.0), ("requests", "count >= 120", 120.0), ("init_duration", "max >= 0s", 0.0),
        ("throttles", "count >= 0", 0.0),
    ],
)  # fmt: skip
def test_statistics(metric: str, expression: str, value: float) -> None:
    """By CloudWatch's names, or ours; CloudWatch's Average of Errors is our rate."""
    fails = {"time": "30s", "until": "1min", "fault": {"function": "api", "errors": 1.0}}
    alarm = {"metric": f"api.{metric}", "expression": expression}
    raw = tree({"type": "invoke"}, alarm, fails, duration="constant(1s)")
    assert fired(raw)[:1] == [(90.0, "alarm", value)]


SOME = {"reserved_concurrency": 1, "duration": "constant(1s)"}
RETRIES = {"retries": 9, "backoff": "exponential(base=1.5s, max=1.5s, jitter=none)"}


@pytest.mark.parametrize(
    ("metric", "expression", "function", "log"),
    [
        ("timeouts", "Sum >= 120", {"duration": "constant(2s)", "timeout": "1s"}, [(90.0, "alarm", 120.0)]),
        ("timeouts", "Sum > 0", {"crashes": 1.0}, []),
        ("crashes", "Sum >= 120", {"crashes": 1.0}, [(90.0, "alarm", 120.0)]),
        ("crashes", "Sum > 0", {"duration": "constant(2s)", "timeout": "1s"}, []),
        # every other one is throttled, and tried again until its turn comes
        ("requests", "Sum > 120", SOME, []),
        ("throttles", "Sum > 120", SOME, [(90.0, "alarm", 879.0)]),
        ("latency", "Maximum > 1.5s", SOME, [(90.0, "alarm", 14_500.0)]),
    ],
)
def test_requests_that_end_otherwise(metric: str, expression: str, function: dict[str, Any], log: list[Any]) -> None:
    raw = tree({"type": "invoke", "client": RETRIES}, {"metric": f"api.{metric}", "expression": expression}, **function)
    assert fired(raw)[:1] == log


def test_concurrency_of_an_account_is_that_of_all_functions() -> None:
    raw = tree({"type": "invoke"}, {"metric": "account.concurrency", "expression": "Maximum >= 4"})
    raw["function"] = {name: FUNCTION | {"duration": "constant(1s)"} for name in ("api", "other")}
    raw["load"].append(LOAD | {"target": "other"})
    assert fired(raw) == [(90.0, "alarm", 4.0)]


def test_a_datapoint_of_five_minutes() -> None:
    alarm = {"metric": "api.invocations", "expression": "Sum >= 600", "period": "5min"}
    assert fired(tree({"type": "invoke"}, alarm))[:1] == [(330.0, "alarm", 600.0)]


def test_two_of_three_datapoints() -> None:
    """Those of the third and of the fifth minute breach."""
    fails = [FAILS | {"time": f"{n}min", "until": f"{n + 1}min"} for n in (2, 4)]
    alarm = {"metric": "api.errors", "expression": "rate > 50%", "evaluation_periods": 3, "datapoints": 2}
    assert fired(tree({"type": "invoke"}, alarm, *fails)) == [(330.0, "alarm", 1.0), (390.0, "ok", 0.0)]


@pytest.mark.parametrize(
    ("missing", "log"),
    [
        ("notBreaching", [(210.0, "alarm", 1.0), (450.0, "ok", None)]),
        ("missing", [(210.0, "alarm", 1.0), (450.0, "insufficient_data", None)]),
        ("ignore", [(210.0, "alarm", 1.0)]),
        ("breaching", [(90.0, "alarm", None)]),
    ],
)
def test_an_alarm_on_a_version_without_traffic(missing: str, log: list[Any]) -> None:
    """Version 2 has requests from 2 to 4 min, and fails; CloudWatch looks back two more periods for a datapoint."""
    raw = tree({"type": "invoke"}, {"metric": "api:2.errors", "expression": "rate > 50%", "missing_data": missing})
    raw["function"]["api"] |= {"version": {"1": {}, "2": {"errors": 1.0}}, "alias": {"live": {"weights": {"1": 1.0}}}}
    raw["source"]["s"]["function"] = "api:live"
    raw["change"] = [{"time": "2min", "until": "4min", "set": {"function.api.alias.live.weights": {"2": 1.0}}}]
    assert fired(raw) == log


def test_a_deployment_rolls_back_on_a_queue() -> None:
    """The new version fails, messages come back and are never done; the oldest becomes too old."""
    raw = tree({"type": "sqs", "visibility_timeout": "30s"}, {"metric": "s.age_of_oldest", "expression": "max > 1min"})
    raw["function"]["api"] |= {"version": {"1": {}, "2": {"errors": 1.0}}, "alias": {"live": {"weights": {"1": 1.0}}}}
    raw["source"]["s"]["function"] = "api:live"
    deploy = {"alias": "api:live", "version": 2, "strategy": "Canary10Percent10Minutes", "alarm": "a"}
    raw["change"] = [{"name": "release", "time": "1min", "deploy": deploy}]
    raw["load"] = [LOAD | {"duration": "12min"}]
    run = simulate(config_from_dict(raw).config, 1)
    changes = run.changes or ()
    release = next(own for own in changes if own["what"] == "deploy")
    first = next(own["time_s"] for own in changes if own["what"] == "alarm" and own["status"] == "alarm")
    assert (release["status"], release["ended_s"]) == ("rolled_back", first)
    of_new = run.measured.timeseries().query("function == 'api:2' and metric == 'Invocations' and value > 0")
    assert 60 <= of_new.time.min() < of_new.time.max() <= first


@pytest.mark.parametrize(
    ("source", "metric", "message"),
    [
        ({"type": "sqs"}, "s.iterator_age", "a queue has no 'iterator_age'; did you mean 'age'?"),
        ({"type": "sqs"}, "s.age", "no alarm can be on 'age'; an alarm is on one of errors, "),
        ({"type": "sqs"}, "s.dead_letters", "'s' has no dead-letter queue; give it max_receive_count, such as 5"),
        ({"type": "sqs"}, "s.ApproximateAgeOfOldestMessage", "is CloudWatch's name; write 's.age_of_oldest'"),
        ({"type": "kinesis"}, "s.backlog", "no alarm can be on 'backlog'; an alarm is on one of errors, "),
        ({"type": "kinesis"}, "s.dead_letters", "a stream has no metric 'dead_letters'; did you mean 'dead_lettered'?"),
        ({"type": "sqs"}, "t.backlog", "no function, source or load is named 't'; there are: api, s, account"),
    ],
)  # fmt: skip
def test_what_no_alarm_can_be_on(source: dict[str, Any], metric: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        config_from_dict(tree(source, {"metric": metric, "expression": "max > 1"}))
    assert [own.path for own in error.value.problems] == ["alarm.a.metric"]
    assert message in error.value.problems[0].message
