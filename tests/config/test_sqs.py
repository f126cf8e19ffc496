"""``[source.NAME]`` of queues: AWS's ranges and cross-rules, each with its message, and what its keys come to."""

from typing import Any

import pytest

import lambdasim as ls
from lambdasim.errors import InputError
from lambdasim.model.sqs import SqsSpec
from lambdasim.model.sqs_fifo import FifoSpec
from lambdasim.scenario import planned


def queue(**keys: Any) -> ls.Experiment:
    source = {"type": "sqs", "function": "f"} | keys
    load = {"target": "jobs", "executor": "constant-arrival-rate", "rate": "20/s", "duration": "10s"}
    return ls.Experiment(
        functions={"f": {"duration": "constant(10ms)", "init": "constant(100ms)", "timeout": "20s"}},
        sources={"jobs": source},
        loads=[load],
    )


def spec(**keys: Any) -> SqsSpec | FifoSpec:
    return planned(queue(**keys).config, 0)[0].account.sources[0]


@pytest.mark.parametrize(
    ("keys", "path", "message"),
    [
        ({"batch_size": 11}, "batch_size", "needs a batching_window of at least 1s"),
        ({"batch_size": 10_001, "batching_window": "1s"}, "batch_size", "outside 1 to 10000"),
        ({"batching_window": "301s"}, "batching_window", "above 5min"),
        ({"maximum_concurrency": 1}, "maximum_concurrency", "outside 2 to 1000"),
        ({"maximum_concurrency": 1_001}, "maximum_concurrency", "outside 2 to 1000"),
        ({"visibility_timeout": "19s"}, "visibility_timeout", "shorter than the timeout of the function, 20s"),
        ({"visibility_timeout": "13h"}, "visibility_timeout", "above 12h"),
        ({"max_receive_count": 0}, "max_receive_count", "outside 1 to 1000"),
        ({"dead_letter_queue": "dead"}, "max_receive_count", "is missing"),
        ({"retention": "59s"}, "retention", "too short"),
        ({"retention": "15d"}, "retention", "above 14d"),
        ({"delay": "16min"}, "delay", "above 15min"),
        ({"payload": "2 MB"}, "payload", "outside 0 B to 1 MB"),
        ({"backoff": "exponential(base=0s, max=1s)"}, "backoff", "at least 1ms"),
        ({"scaling": {"policy": "fast"}}, "scaling.policy", "the values are: default, legacy"),
        ({"scaling": {"growth": "slow"}}, "scaling.growth", "continuous, step"),
        ({"provisioned_pollers": {"minimum": 1}}, "provisioned_pollers.minimum", "outside 2 to 200"),
        ({"provisioned_pollers": {"minimum": 9, "maximum": 8}}, "provisioned_pollers.maximum", "below minimum, 9"),
        ({"provisioned_pollers": {}, "maximum_concurrency": 5}, "provisioned_pollers", "excludes maximum_concurrency"),
        ({"provisioned_pollers": {}, "scaling": {"policy": "legacy"}}, "scaling", "has no effect"),
        ({"groups": 5}, "groups", "has no effect with the type 'sqs'"),
        ({"type": "sqs-fifo", "batching_window": "1s"}, "batching_window", "has no effect with the type 'sqs-fifo'"),
        ({"type": "sqs-fifo", "batch_size": 11}, "batch_size", "above 10, AWS's limit of FIFO queues"),
        ({"type": "sqs-fifo", "groups": 0}, "groups", "'inf'"),
        ({"type": "sqs-fifo", "group_skew": 1.0}, "groups", "needs a number of message groups"),
        ({"type": "sqs-fifo", "scaling": {"policy": "legacy"}}, "scaling", "has no effect"),
        ({"poison": 1.5}, "poison", "1.5"),
    ],
)
def test_what_aws_refuses_is_refused(keys: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        queue(**keys)
    found = [problem for problem in error.value.problems if str(problem).startswith(f"source.jobs.{path}")]
    assert found, error.value
    assert message in str(found[0])


def test_all_problems_are_said_at_once() -> None:
    with pytest.raises(InputError) as error:
        queue(batch_size=11, visibility_timeout="1s", delay="1h")
    assert len(error.value.problems) >= 2


def test_the_defaults_are_those_of_aws() -> None:
    found = spec()
    assert isinstance(found, SqsSpec)
    assert (found.batch_size, found.window_ns, found.visibility_ns) == (10, 0, 30 * 10**9)
    assert (found.polling.initial, found.polling.maximum, found.polling.every_ns) == (5, 1_250, 200_000_000)
    assert (found.retention_ns, found.max_receives, found.delay_ns) == (4 * 86_400 * 10**9, 0, 0)


def test_the_legacy_ramp_and_a_ramp_in_steps() -> None:
    polling = spec(scaling={"policy": "legacy"}).polling
    assert (polling.initial, polling.amount, polling.every_ns, polling.maximum) == (5, 1, 10**9, 1_000)
    polling = spec(scaling={"growth": "step", "per_minute": 100, "maximum": 50}).polling
    assert (polling.amount, polling.every_ns, polling.maximum) == (100, 60 * 10**9, 50)


def test_maximum_concurrency_bounds_the_start_too() -> None:
    polling = spec(maximum_concurrency=2).polling
    assert (polling.initial, polling.maximum, polling.floor) == (2, 2, 2)


def test_provisioned_pollers_invoke_ten_times_each_and_grow_by_a_thousand_a_minute() -> None:
    found = spec(provisioned_pollers={"minimum": 3, "maximum": 2_000})
    polling = found.polling
    assert (polling.initial, polling.maximum, polling.amount, polling.every_ns) == (30, 20_000, 10, 600_000_000)
    assert found.per_poller == 10


def test_message_groups() -> None:
    found = spec(type="sqs-fifo", groups=2, group_skew=1.0)
    assert isinstance(found, FifoSpec)
    assert found.bounds_q24 == (round(2 / 3 * (1 << 24)), 1 << 24)
    assert spec(type="sqs-fifo", groups="inf").groups == 0


@pytest.mark.parametrize("kind", ["sqs", "sqs-fifo"])
def test_a_queue_runs_from_end_to_end_and_is_written_back(kind: str, tmp_path: Any) -> None:
    exp = queue(type=kind, delay="1s", partial_batch_response=True, record_errors=0.1, max_receive_count=3)
    config = exp.config
    assert config.source["jobs"].delay_ == 10**9
    result = exp.run()
    assert 0 < result.summary["account"]["requests"] < 400


def test_provisioned_pollers_are_billed_for_the_run_and_all_month() -> None:
    """Two pollers for an hour, and for the 730 hours of a month that holds the run every two hours."""
    exp = queue(provisioned_pollers={"minimum": 2, "maximum": 2})
    exp = exp.with_({"simulation.duration": "1h", "billing.repeats": "12/day"})
    cost = exp.run().summary["cost"]
    pollers = next(line for line in cost["lines"] if line["item"] == "event-poller-sqs")
    assert (pollers["function"], pollers["quantity"], pollers["unit"]) == ("jobs", 2, "EPU-h")
    work = cost["total"] - pollers["usd"]
    assert cost["monthly"] == pytest.approx(365 * work + 730 * pollers["usd"], rel=1e-3)
