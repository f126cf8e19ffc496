"""``type = "kinesis"`` and ``"dynamodb"``: streams whose shards are read and processed in order."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import StrictBool

from lambdasim.config import quotas
from lambdasim.config.evidence import NEUTRAL, measured, official
from lambdasim.config.function import FunctionConfig
from lambdasim.config.positions import Path
from lambdasim.config.quantity import Duration, Fraction, duration, whole
from lambdasim.config.sources.base import SourceTable
from lambdasim.config.sources.batches import (
    BATCH_BACKOFF,
    LIMIT,
    NO_LIMIT,
    BatchBackoff,
    BatchingWindow,
    BatchSize,
    PartitionKeys,
    Pauses,
    RecordAge,
    RecordSize,
    RetryAttempts,
    Shards,
    Skew,
    backoff_complaints,
    key_complaints,
    pause_complaints,
    second_complaints,
)
from lambdasim.units import NS_PER_MS, NS_PER_S


class StreamSource(SourceTable):
    """``[source.NAME]`` of one of these types: a stream with its event source mapping."""

    type: Literal["kinesis", "dynamodb"]
    shards: Annotated[Shards, NEUTRAL] = 1
    """Shards of the stream; DynamoDB has one for each partition of the table."""
    parallelization_factor: Annotated[
        int, whole(1, quotas.PARALLELIZATION.value, LIMIT), official(quotas.PARALLELIZATION.source)
    ] = 1
    """Batches of a shard that are processed at once; the order of each partition key is kept. Where a change sets
    another one, each shard is done with its batches in flight first (ours: AWS does not say)."""
    batch_size: Annotated[BatchSize, official(quotas.STREAM_BATCH_DEFAULT.source)] = quotas.STREAM_BATCH_DEFAULT.value
    """Most records of a batch."""
    batching_window: Annotated[BatchingWindow, official(quotas.STREAM_WINDOW.source)] = 0
    """How long a batch waits to be full, from the completion of the one before."""
    tumbling_window: Annotated[
        int, duration(0, quotas.TUMBLING_WINDOW.value, LIMIT), official(quotas.TUMBLING_WINDOW.source)
    ] = 0
    """Batches do not cross the borders of these windows; 0: none."""
    maximum_retry_attempts: Annotated[RetryAttempts, official(quotas.RECORD_RETRIES.source)] = NO_LIMIT
    """Retries of a batch that failed; -1: until its records expire."""
    maximum_record_age: Annotated[RecordAge, official(quotas.RECORD_AGE.source)] = NO_LIMIT
    """How old a record may become before it is given up; -1: as old as the retention allows."""
    bisect_batch_on_function_error: Annotated[StrictBool, official(f"AWS, {quotas.MAPPING}, {quotas.DATE}")] = False
    """Whether a batch that failed is split in two before it is tried again."""
    partial_batch_response: Annotated[StrictBool, official(f"AWS, {quotas.MAPPING}, {quotas.DATE}")] = False
    """ReportBatchItemFailures: a failure is retried from the lowest record that the function names."""
    on_failure: str | None = None
    """Destination of batches that are given up: the name of a source or function, or of something outside. Where a
    change sets another one, or "none", it counts for what is given up from then on."""
    retention: Annotated[
        int,
        duration(
            quotas.KINESIS_RETENTION_MIN.value,
            quotas.KINESIS_RETENTION_MAX.value,
            f"AWS's retentions: {quotas.KINESIS_RETENTION_MAX.page}",
            3_600 * NS_PER_S,
        ),
        official(quotas.KINESIS_RETENTION_MIN.source),
    ] = quotas.KINESIS_RETENTION_MIN.value
    """How long a record can be read; DynamoDB's is 24 h."""
    partition_keys: PartitionKeys | None = None
    """How many partition keys there are; None: every record has its own."""
    skew: Annotated[Skew, NEUTRAL] = 0.0
    """Exponent of Zipf's law over the keys; 0: all are equally frequent."""
    payload: Annotated[RecordSize, NEUTRAL] = 1024
    """Size of a record."""
    write_limit: Annotated[StrictBool, official("AWS, Kinesis Developer Guide, quotas, 2026-11-23")] = True
    """Whether a shard refuses more than 1 MB or 1,000 records in a second."""
    enhanced_fan_out: Annotated[StrictBool, official("AWS, Kinesis Developer Guide, consumers, 2026-11-23")] = False
    """Whether records are pushed, not polled for."""
    push_latency: Annotated[
        Duration,
        measured(
            "latency of enhanced fan-out",
            "AWS's typical latency of enhanced fan-out, DG:with-kinesis, 2026-11-23",
            low="20ms",
            high="200ms",
        ),
    ] = 70 * NS_PER_MS
    """How long a push takes (AWS: "typically 70 ms")."""
    poison: Annotated[Fraction, NEUTRAL] = 0.0
    """Fraction of records that the function can never process."""
    record_errors: Annotated[Fraction, NEUTRAL] = 0.0
    """Chance of each other record to fail, at each delivery."""
    backoff: BatchBackoff = BATCH_BACKOFF
    """Wait before a batch is tried again, but for the first retry after an error, which is at once."""
    enabled: Annotated[StrictBool, official(f"AWS, {quotas.MAPPING}, {quotas.DATE}")] = True
    """Whether the event source mapping is enabled; while it is not, records wait."""
    disabled: Annotated[Pauses, NEUTRAL] = ()
    """When the mapping is disabled."""

    carries_durations = False

    def dead_letters(self) -> str | None:
        """Return the on-failure destination."""
        return self.on_failure

    def unused_keys(self) -> frozenset[str]:
        """Return what DynamoDB has not, or the latency of pushes that do not happen."""
        if self.type == "dynamodb":
            return frozenset({"retention", "write_limit", "enhanced_fan_out", "push_latency"})
        return frozenset() if self.enhanced_fan_out else frozenset({"push_latency"})

    def reason_unused(self) -> str:
        """Return why."""
        return f"with the type '{self.type}'" if self.type == "dynamodb" else "without enhanced_fan_out"

    def complaints(self, function: FunctionConfig) -> Iterator[tuple[Path, str]]:
        """Yield what is wrong with several keys."""
        yield from second_complaints(self, ("batching_window", "tumbling_window"))
        yield from key_complaints(self.partition_keys, self.skew)
        yield from pause_complaints(self.disabled)
        yield from backoff_complaints(self.backoff)
