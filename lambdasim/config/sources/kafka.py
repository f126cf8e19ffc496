"""``type = "kafka"``: a topic of Amazon MSK or of a self-managed cluster."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import StrictBool

from lambdasim.config import quotas
from lambdasim.config.evidence import NEUTRAL, neutral, official, ours
from lambdasim.config.function import FunctionConfig
from lambdasim.config.positions import Path
from lambdasim.config.quantity import ConfigTable, Duration, Fraction, PositiveDuration, whole
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
    timeout_complaints,
)
from lambdasim.model import rules
from lambdasim.units import NS_PER_S

PROVISIONED_ONLY: Final = (
    "maximum_retry_attempts",
    "maximum_record_age",
    "bisect_batch_on_function_error",
    "partial_batch_response",
)


class KafkaPollers(ConfigTable):
    """``provisioned_pollers = {...}``: provisioned mode."""

    minimum: Annotated[
        int, whole(1, quotas.KAFKA_MINIMUM_POLLERS.value, LIMIT), official(f"AWS, {quotas.MAPPING}, {quotas.DATE}")
    ] = 1
    """Event pollers that are always there."""
    maximum: Annotated[
        int, whole(1, quotas.KAFKA_MAXIMUM_POLLERS.value, LIMIT), official(quotas.KAFKA_MAXIMUM_POLLERS_DEFAULT.source)
    ] = quotas.KAFKA_MAXIMUM_POLLERS_DEFAULT.value
    """Most event pollers."""


class KafkaSource(SourceTable):
    """``[source.NAME]`` with ``type = "kafka"``: a topic with its event source mapping."""

    type: Literal["kafka"]
    partitions: Annotated[Shards, NEUTRAL] = 1
    """Partitions of the topic."""
    batch_size: Annotated[BatchSize, official(quotas.STREAM_BATCH_DEFAULT.source)] = quotas.STREAM_BATCH_DEFAULT.value
    """Most records of a batch."""
    batching_window: Annotated[BatchingWindow, official(quotas.BROKER_WINDOW_DEFAULT.source)] = (
        quotas.BROKER_WINDOW_DEFAULT.value
    )
    """How long a batch waits to be full, from the completion of the one before."""
    provisioned_pollers: KafkaPollers | None = None
    """Provisioned mode; None: on demand."""
    initial_pollers: Annotated[
        int, whole(1, 10_000, "this simulator's own limit"), official("AWS, DG:kafka-scaling-modes, 2026-11-23")
    ] = 1
    """Pollers at the start, on demand."""
    scaling_delay: Annotated[
        Duration,
        ours(
            "delay of Kafka's pollers",
            'our model of "within three minutes", DG:kafka-scaling-modes, 2026-11-23',
            low="0s",
            high="3min",
        ),
    ] = rules.KAFKA_SCALING_NS - rules.KAFKA_EVALUATION_NS
    """From the minute's look at the lag to more or fewer pollers: within three minutes in all."""
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
    retention: Annotated[PositiveDuration, neutral("Kafka's log.retention.hours")] = 7 * 86_400 * NS_PER_S
    """How long the topic keeps records (Kafka's log.retention.hours is 168)."""
    partition_keys: PartitionKeys | None = None
    """How many keys there are; None: every record goes to any partition."""
    skew: Annotated[Skew, NEUTRAL] = 0.0
    """Exponent of Zipf's law over the keys; 0: all are equally frequent."""
    payload: Annotated[RecordSize, NEUTRAL] = 1024
    """Size of a record."""
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

    def pays_for_pollers(self) -> bool:
        """Say whether Lambda bills its pollers."""
        return self.provisioned_pollers is not None

    def unused_keys(self) -> frozenset[str]:
        """Return what the other mode has."""
        return frozenset({"initial_pollers"} if self.provisioned_pollers else PROVISIONED_ONLY)

    def reason_unused(self) -> str:
        """Return why."""
        if self.provisioned_pollers:
            return "with provisioned_pollers, whose minimum are there at the start"
        return "without provisioned_pollers: AWS has it in provisioned mode only (DG:kafka-scaling-modes)"

    def complaints(self, function: FunctionConfig) -> Iterator[tuple[Path, str]]:
        """Yield what is wrong with several keys, or with them and the function."""
        pollers = self.provisioned_pollers
        if pollers is not None and pollers.minimum > pollers.maximum:
            at = ("provisioned_pollers", "minimum")
            yield at, f"{pollers.minimum} is above the maximum of {pollers.maximum}, which AWS refuses ({LIMIT})"
        yield from second_complaints(self, ["batching_window"], quotas.BROKER_WINDOW_DEFAULT.value)
        yield from key_complaints(self.partition_keys, self.skew)
        yield from pause_complaints(self.disabled)
        yield from backoff_complaints(self.backoff)
        yield from timeout_complaints(self.type, function)
