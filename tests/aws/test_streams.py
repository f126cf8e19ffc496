"""Streams and brokers through a whole experiment: AWS's own examples of concurrency, batches, retries and ages."""

from typing import Any

import pytest
from replay import values

import lambdasim as ls

PLAIN = {"init": "constant(0ms)", "timeout": "1min", "idle_timeout": "constant(1h)", "max_lifetime": "none"}
STEADY = {"target": "s", "executor": "constant-arrival-rate", "process": "deterministic"}


def run(source: dict[str, Any], rate: str, duration: str, handler: str = "constant(100ms)", **tables: Any) -> ls.Result:
    function = PLAIN | {"duration": handler} | tables.pop("function", {})
    return ls.Experiment(
        functions={"f": function},
        sources={"s": {"function": "f", **source}},
        loads=[STEADY | {"rate": rate, "duration": duration}],
        **tables,
    ).run()


def test_a_hundred_shards_with_a_factor_of_two_have_a_concurrency_of_200() -> None:
    """GS-20, DG:with-kinesis: "100 shards x 2 = 200", however far the function is behind."""
    source = {"type": "kinesis", "shards": 100, "parallelization_factor": 2, "batch_size": 10, "write_limit": False}
    function = run(source, "2000/s", "20s", "constant(2s)").summary["functions"]["f"]
    assert function["concurrency"]["max"] == 200
    assert function["invocations"] > 4_000


@pytest.mark.parametrize(("engine", "concurrency"), [("activemq", 5), ("rabbitmq", 1)])
def test_the_concurrency_of_amazon_mq(engine: str, concurrency: int) -> None:
    """Facts 4.7, DG:with-mq: 5 for ActiveMQ, 1 for RabbitMQ, whatever the backlog."""
    source = {"type": "mq", "engine": engine, "batch_size": 10}
    function = run(source, "200/s", "10s", "constant(1s)").summary["functions"]["f"]
    assert function["concurrency"]["max"] == concurrency
    assert function["invocations"] == 200


def test_a_kafka_topic_starts_with_one_consumer_and_has_one_for_each_partition_at_most() -> None:
    """Facts 4.6.1, DG:kafka-scaling-modes."""
    source = {"type": "kafka", "partitions": 4, "batch_size": 10, "batching_window": "0s"}
    result = run(source, "100/s", "12min", "constant(1s)", simulation={"duration": "12min"})
    concurrency = values(result, "ConcurrentExecutions", "Maximum", "f")
    assert [concurrency[60.0 * minute] for minute in range(12)] == [1, 1, 1, 2, 2, 4, 4, 4, 4, 4, 4, 4]


def test_provisioned_pollers_of_kafka_are_billed_and_five_batches_of_each_run_at_once() -> None:
    """Facts 4.6.2: 10 pollers make an event poller unit, so that 12 are 2, also with 20 partitions."""
    source = {"type": "kafka", "partitions": 20, "batch_size": 1, "provisioned_pollers": {"minimum": 2, "maximum": 2}}
    one = run(source, "50/s", "60s", "constant(5s)", simulation={"duration": "1h"})
    assert one.summary["functions"]["f"]["concurrency"]["max"] == 10
    twelve = run(source | {"partitions": 3, "provisioned_pollers": {"minimum": 12}}, "1/s", "60s",
                 simulation={"duration": "1h"})  # fmt: skip
    assert twelve.summary["sources"]["s"]["pollers"] == {"max": 12, "mean": 12}
    usd = [result.cost.query("of == 'run'").set_index("item").usd["event-poller-kafka"] for result in (one, twelve)]
    assert usd[1] == pytest.approx(2 * usd[0])


def test_per_record_lengthens_the_billed_duration_of_a_batch() -> None:
    """100 records a second on one shard: a batch of each second's read has what a poll finds."""
    source = {"type": "kinesis", "batching_window": "10s", "batch_size": 1_000}
    result = run(source, "100/s", "1min", "constant(50ms)", function={"per_record": "1ms"})
    function = result.summary["functions"]["f"]
    assert function["duration"]["mean"] * function["invocations"] == pytest.approx(
        50 * function["invocations"] + 6_000, abs=1
    )


def test_a_million_records_in_batches_of_a_hundred_are_ten_thousand_invocations() -> None:
    """A tenth of it: every batch is full while the function is behind."""
    source = {"type": "kinesis", "shards": 10, "write_limit": False, "payload": "100 B"}
    function = run(source, "50000/s", "2s", "constant(1s)").summary["functions"]["f"]
    assert 1_000 <= function["invocations"] <= 1_020


def test_a_record_that_is_poison_in_a_stream_keeps_being_invoked_for_a_day() -> None:
    """Facts 4.5.3: by default until it expires; the retries of one bad batch alone are more than 1,400 invocations."""
    source = {"type": "dynamodb", "poison": 1.0}
    function = run(source, "1/s", "1s").summary["functions"]["f"]
    assert function["errors"] == function["invocations"]
    assert 1_440 <= function["invocations"] <= 1_460


def test_the_same_seed_gives_the_same_records() -> None:
    source = {"type": "kinesis", "shards": 3, "partition_keys": 50, "skew": 1.1, "record_errors": 0.01}
    options = {"bisect_batch_on_function_error": True, "maximum_retry_attempts": 2, "on_failure": "elsewhere"}
    one, other = (run(source | options, "200/s", "30s").summary for _ in range(2))
    one.pop("wall_s"), other.pop("wall_s")
    assert one == other


@pytest.mark.parametrize(
    "source",
    [
        {"type": "kinesis", "shards": 2, "record_errors": 0.02, "partial_batch_response": True},
        {"type": "dynamodb", "shards": 2, "tumbling_window": "10s", "batching_window": "3s"},
        {"type": "kafka", "partitions": 3, "provisioned_pollers": {"minimum": 2}, "maximum_retry_attempts": 1},
        {"type": "mq", "engine": "activemq", "disabled": [{"from": "5s", "until": "20s"}]},
        {"type": "documentdb"},
    ],
    ids=lambda source: source["type"],
)
def test_the_exact_laws_hold_with_errors_throttles_and_a_cut(source: dict[str, Any]) -> None:
    """A run checks conservation, Little's law and busy time of its records itself, and would fail."""
    function = {"errors": 0.05, "crashes": 0.02, "init": "constant(300ms)"}
    account = {"concurrency": 1, "scaling": {"environments": 1, "per": "10s"}}
    for duration in (None, "25s"):
        simulation = {"duration": duration} if duration else {}
        result = run(source, "50/s", "40s", "exponential(mean=80ms)", function=function, account=account,
                     simulation=simulation)  # fmt: skip
        assert result.summary["functions"]["f"]["invocations"] > 10


RETRIES = "DG:kinesis-on-failure-destination, read 2026-11-23"
PARTIAL = "DG:services-kinesis-batchfailurereporting, read 2026-11-23"


@pytest.mark.parametrize(
    ("options", "invocations", "page"),
    [
        ({"maximum_retry_attempts": 0}, 1, RETRIES + ": no retry, the batch is given up"),
        ({"maximum_retry_attempts": 2}, 3, RETRIES + ": the batch is retried as often"),
        # 4 -> 2 + 2 -> 1 + 1 and 1 + 1: each record alone is tried once, and the splits have used up no retry
        ({"maximum_retry_attempts": 0, "bisect_batch_on_function_error": True}, 7, RETRIES + ": a split is no retry"),
        ({"maximum_retry_attempts": 1, "bisect_batch_on_function_error": True}, 11, RETRIES + ": a split is no retry"),
        # every record fails, so that the lowest failure is always the first
        ({"maximum_retry_attempts": 1, "partial_batch_response": True}, 2, PARTIAL + ": from the lowest failure on"),
    ],
)
def test_how_often_a_batch_of_four_bad_records_is_tried(options: dict[str, Any], invocations: int, page: str) -> None:
    source = {"type": "kinesis", "poison": 1.0, "batch_size": 4, "batching_window": "5s"} | options
    function = run(source, "40/s", "100ms").summary["functions"]["f"]
    assert function["invocations"] == invocations, page
