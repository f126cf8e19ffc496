"""Settings of mappings and rates that change at a time: each takes effect then, of every source that has it."""

from typing import Any

import pytest

import lambdasim as ls
from lambdasim.simulate import simulate

QUEUE = {"type": "sqs", "function": "api", "visibility_timeout": "2min"}
FIFO = QUEUE | {"type": "sqs-fifo", "batch_size": 1}
STREAM = {"type": "kinesis", "function": "api", "backoff": "exponential(base=1s, max=1s, jitter=none)"}
POISONED = STREAM | {"poison": 0.2}
STAGE = {"type": "apigateway-rest", "function": "api", "latency": "constant(0s)"}
POLLERS = QUEUE | {"batch_size": 1, "provisioned_pollers": {"minimum": 2, "maximum": 200}}
TOPIC = {"type": "kafka", "function": "api", "partitions": 8, "provisioned_pollers": {"minimum": 2, "maximum": 8}}

LEVELS = ("ConcurrentExecutions", "ProvisionedPollers")
FUNCTION = {"duration": "constant(100ms)", "init": "constant(0s)", "timeout": "20s", "idle_timeout": "constant(1h)"}
LOAD = {"target": "s", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "10/s",
        "duration": "2min"}  # fmt: skip


def told(source: dict[str, Any], values: dict[str, Any], metric: str, function: dict[str, Any]) -> list[float]:
    """Return a metric's sum, or a level's maximum, in the minute before a change and from 10 s after it on."""
    sets = {path if path.startswith("account.") else f"source.s.{path}": value for path, value in values.items()}
    experiment = ls.Experiment(
        functions={"api": FUNCTION | function, "other": FUNCTION}, sources={"s": source}, loads=[LOAD],
        account={"concurrency": 5_000},
        change=[{"time": "1min", "set": sets}], simulation={"engine": "simpy", "duration": "2min"},
        output={"period": "10s"},
    )  # fmt: skip
    frame = simulate(experiment.config, 1).measured.timeseries()
    owner = "api" if metric in ("Invocations", "ConcurrentExecutions", "Throttles", "Errors") else "s"
    of = frame[(frame.metric == metric) & (frame.function == owner)]
    of = of[of.statistic == ("Maximum" if metric in LEVELS else "Sum")]
    parts = (of[of.time < 60].value, of[of.time >= 70].value)
    return [float(part.max() if metric in LEVELS else part.sum()) for part in parts]


SLOW = {"duration": "constant(5s)"}


@pytest.mark.parametrize(
    ("source", "values", "metric", "function", "before", "after"),
    [
        # windows of a second or two, in which five pollers at most gather
        (QUEUE | {"batch_size": 1, "batching_window": "1s"}, {"batch_size": 10}, "Invocations", {}, 600, 228),
        (QUEUE, {"batching_window": "2s"}, "Invocations", {}, 600, 120),
        # 500 come for the first time; 400 that were received from 60 s on come back after 20 s, and 200 of them again
        (QUEUE | {"batch_size": 1}, {"visibility_timeout": "20s"}, "NumberOfMessagesReceived", {"errors": 1.0},
         600, 1_100),
        (QUEUE | {"batching_window": "1s", "record_errors": 0.5}, {"partial_batch_response": True}, "Errors", {},
         208, 0),
        # what runs goes on; then two at once take 5 s each
        (FIFO, {"maximum_concurrency": 2}, "Invocations", SLOW, 600, 20),
        (FIFO, {"enabled": False}, "Invocations", {}, 600, 0),
        (POLLERS, {"provisioned_pollers.minimum": 50}, "ProvisionedPollers", {}, 2, 50),
        (POLLERS, {"provisioned_pollers.maximum": 3}, "ProvisionedPollers", {"duration": "constant(15s)"}, 16, 3),
        # a shard is polled every second and has 10 records; a lane that is free again reads five times a second
        (STREAM, {"batch_size": 1}, "Invocations", {}, 300, 500),
        (STREAM, {"batching_window": "10s"}, "Invocations", {}, 300, 5),
        (STREAM | {"batching_window": "10s"}, {"tumbling_window": "1s"}, "Invocations", {}, 6, 105),
        # a batch with a record that always fails blocks its shard until it may be given up, split or told apart
        (POISONED, {"maximum_retry_attempts": 0}, "DroppedEventCount", {}, 0, 172),
        (POISONED, {"maximum_record_age": "1min"}, "DroppedEventCount", {}, 0, 494),
        (POISONED, {"bisect_batch_on_function_error": True, "maximum_retry_attempts": 0}, "DroppedEventCount", {},
         0, 91),
        (POISONED, {"partial_batch_response": True, "maximum_retry_attempts": 0}, "Errors", {}, 55, 0),
        # a shard with a batch at once every 250 ms, and one in each of ten lanes
        (STREAM | {"batch_size": 1}, {"parallelization_factor": 10}, "Invocations", SLOW, 12, 100),
        (STREAM | {"batch_size": 1, "parallelization_factor": 10}, {"parallelization_factor": 1}, "Invocations", SLOW,
         120, 10),
        (STREAM | {"enabled": False}, {"enabled": True}, "Invocations", {}, 0, 250),
        (STREAM | {"type": "dynamodb"}, {"enabled": False}, "Invocations", {}, 600, 0),
        ({"type": "kafka", "function": "api"}, {"batch_size": 1}, "Invocations", {}, 100, 500),
        (TOPIC, {"provisioned_pollers.minimum": 5}, "ProvisionedPollers", {}, 2, 5),
        (TOPIC, {"provisioned_pollers.minimum": 1, "provisioned_pollers.maximum": 1}, "ProvisionedPollers", {}, 2, 1),
        ({"type": "kafka", "function": "api"}, {"enabled": False}, "Invocations", {}, 100, 0),
        ({"type": "mq", "engine": "rabbitmq", "function": "api"}, {"batch_size": 1}, "Invocations", {}, 100, 500),
        ({"type": "documentdb", "function": "api"}, {"batching_window": "5s"}, "Invocations", {}, 100, 10),
        # later attempts go to the other function, which does not fail: of a stream that of the batch which blocks it
        (QUEUE | {"batch_size": 1}, {"function": "other"}, "Invocations", {}, 600, 0),
        (FIFO, {"function": "other"}, "Invocations", {}, 600, 0),
        (STREAM, {"function": "other"}, "Errors", {"errors": 1.0}, 56, 0),
        (STREAM | {"type": "dynamodb"}, {"function": "other"}, "Errors", {"errors": 1.0}, 56, 0),
        ({"type": "kafka", "function": "api"}, {"function": "other"}, "Invocations", {}, 100, 0),
        ({"type": "mq", "engine": "rabbitmq", "function": "api"}, {"function": "other"}, "Invocations", {}, 100, 0),
        ({"type": "documentdb", "function": "api"}, {"function": "other"}, "Invocations", {}, 100, 0),
        # 5 requests a second pass, and as many at once
        (STAGE | {"rate_limit": "5/s", "burst_limit": 5}, {"rate_limit": "100/s", "burst_limit": 100}, "4XXError", {},
         296, 0),
        (STAGE, {"account.api_gateway.rate_limit": "5/s", "account.api_gateway.burst_limit": 5}, "4XXError", {},
         0, 250),
        # 100 environments are needed every 10 s, of which 5 may be added, until the first are free again at 100 s
        ({"type": "invoke", "function": "api"}, {"account.scaling.environments": 5}, "Throttles",
         {"duration": "constant(100s)", "timeout": "3min"}, 0, 285),
    ],
)  # fmt: skip
def test_it_takes_effect(
    source: dict[str, Any], values: dict[str, Any], metric: str, function: dict[str, Any], before: float, after: float
) -> None:
    assert told(source, values, metric, function) == [before, after]
