"""The laws of streams and brokers, from their tables."""

from itertools import accumulate
from typing import Final

from lambdasim.config.sources.batches import NO_LIMIT
from lambdasim.config.sources.brokers import RETENTION, BrokerSource
from lambdasim.config.sources.kafka import KafkaSource
from lambdasim.config.sources.streams import StreamSource
from lambdasim.model import rules
from lambdasim.model.batches import BatchSpec, BrokerSpec, Pause
from lambdasim.model.events import NEVER_NS
from lambdasim.model.pollers import PollerSpec
from lambdasim.model.streams import StreamSpec
from lambdasim.units import share_q24

Patient = StreamSource | KafkaSource
"""What is told how patient to be with records."""

CONCURRENCY: Final = {"activemq": rules.ACTIVEMQ_CONCURRENCY, "rabbitmq": rules.RABBITMQ_CONCURRENCY}


def stream_spec(name: str, table: StreamSource, function: int) -> StreamSpec:
    """Return the spec of a stream of Kinesis or DynamoDB."""
    is_kinesis = table.type == "kinesis"
    limited = is_kinesis and table.write_limit
    poll_ns = rules.KINESIS_POLL_NS if is_kinesis else rules.DYNAMODB_POLL_NS
    return StreamSpec(
        name,
        function,
        _batches(table, table.retention if is_kinesis else rules.DYNAMODB_RETENTION_NS),
        shards=table.shards,
        lanes=table.parallelization_factor,
        keys_q24=_keys_q24(table.partition_keys, table.skew),
        poll_ns=0 if table.enhanced_fan_out else poll_ns,
        least_poll_ns=rules.KINESIS_LEAST_POLL_NS if is_kinesis else 0,
        push_ns=table.push_latency if table.enhanced_fan_out else 0,
        tumbling_ns=table.tumbling_window,
        payload=table.payload,
        write_records=rules.SHARD_WRITE_RECORDS if limited else 0,
        write_bytes=rules.SHARD_WRITE_BYTES if limited else 0,
        read_bytes=rules.SHARD_READ_BYTES if is_kinesis else 0,
    )


def kafka_spec(name: str, table: KafkaSource, function: int) -> StreamSpec:
    """Return the spec of a topic of Kafka."""
    provisioned, batches = table.provisioned_pollers, _batches(table, table.retention)
    most = table.partitions
    if provisioned is None:
        pollers = PollerSpec(min(table.initial_pollers, most), 1, most, 1, batches.size, table.scaling_delay)
    else:
        least = provisioned.minimum  # billed, also those beyond the partitions, which have nothing to do
        most = max(least, min(provisioned.maximum, most))
        pollers = PollerSpec(least, least, most, rules.KAFKA_POLLER_INVOKES, batches.size, table.scaling_delay)
    return StreamSpec(
        name,
        function,
        batches,
        shards=table.partitions,
        keys_q24=_keys_q24(table.partition_keys, table.skew),
        payload=table.payload,
        read_bytes=rules.KAFKA_POLLER_BYTES if provisioned else 0,
        has_iterator_age=False,
        pollers=pollers,
    )


def broker_spec(name: str, table: BrokerSource, function: int) -> BrokerSpec:
    """Return the spec of a broker."""
    concurrency = CONCURRENCY.get(table.engine or "", rules.DOCUMENTDB_CONCURRENCY)
    retention_ns = RETENTION[table.type] if table.retention is None else table.retention
    return BrokerSpec(name, function, concurrency, _batches(table, retention_ns), table.type == "documentdb")


def batch_spec(table: Patient | BrokerSource) -> BatchSpec:
    """Return how the mapping of a source gathers batches and how patient it is, whatever its records' retention."""
    return _batches(table, NEVER_NS)


def _batches(table: Patient | BrokerSource, retention_ns: int) -> BatchSpec:
    patient = table if isinstance(table, Patient) else None
    retries = patient.maximum_retry_attempts if patient else NO_LIMIT
    age_ns = patient.maximum_record_age if patient else NO_LIMIT
    return BatchSpec(
        size=min(table.batch_size, rules.BATCH_BYTES // table.payload),
        window_ns=table.batching_window,
        max_retries=retries,
        max_age_ns=NEVER_NS if age_ns == NO_LIMIT else age_ns,
        retention_ns=retention_ns,
        bisects=patient is not None and patient.bisect_batch_on_function_error,
        reports=patient is not None and patient.partial_batch_response,
        has_destination=patient is not None and patient.on_failure is not None,
        backoff_base_ns=table.backoff.base,
        backoff_cap_ns=table.backoff.max,
        full_jitter=table.backoff.jitter == "full",
        poison_q24=share_q24(table.poison),
        record_errors_q24=share_q24(table.record_errors),
        pauses=tuple(Pause(pause.from_, pause.until) for pause in table.disabled),
    )


def _keys_q24(keys: int | None, skew: float) -> tuple[int, ...]:
    """Return the shares of records with partition keys up to each, in units of 2**-24; key k has 1/k^skew."""
    if keys is None:
        return ()
    total = sum((k + 1) ** -skew for k in range(keys))
    return tuple(share_q24(share) for share in accumulate((k + 1) ** -skew / total for k in range(keys)))
