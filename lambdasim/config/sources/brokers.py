"""``type = "mq"`` and ``"documentdb"``: an Amazon MQ broker's queue, and the change stream of DocumentDB."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import StrictBool

from lambdasim.config import quotas
from lambdasim.config.evidence import NEUTRAL, official
from lambdasim.config.function import FunctionConfig
from lambdasim.config.positions import Path
from lambdasim.config.quantity import Fraction, PositiveDuration
from lambdasim.config.sources.base import SourceTable
from lambdasim.config.sources.batches import (
    BATCH_BACKOFF,
    BatchBackoff,
    BatchingWindow,
    BatchSize,
    Pauses,
    RecordSize,
    backoff_complaints,
    pause_complaints,
    second_complaints,
    timeout_complaints,
)
from lambdasim.units import NS_PER_S, format_duration

RETENTION: Final = {"mq": 14 * 86_400 * NS_PER_S, "documentdb": 3 * 3_600 * NS_PER_S}
"""How long records are kept, unless the file says otherwise: of MQ our model (a message has no end of its own), of
DocumentDB the default of ``change_stream_log_retention_duration`` (DocumentDB Developer Guide, change streams, 2026).
"""


def _is_kept(retention_ns: int) -> bool:
    """Say whether DocumentDB keeps a change stream for so long."""
    within = quotas.DOCUMENTDB_RETENTION_MIN.value <= retention_ns <= quotas.DOCUMENTDB_RETENTION_MAX.value
    return within and retention_ns % NS_PER_S == 0


class BrokerSource(SourceTable):
    """``[source.NAME]`` of one of these types, with its event source mapping."""

    type: Literal["mq", "documentdb"]
    engine: Literal["activemq", "rabbitmq"] | None = None
    """Of Amazon MQ: with ActiveMQ there are 5 batches at a time, with RabbitMQ 1."""
    batch_size: Annotated[BatchSize, official(quotas.STREAM_BATCH_DEFAULT.source)] = quotas.STREAM_BATCH_DEFAULT.value
    """Most messages of a batch."""
    batching_window: Annotated[BatchingWindow, official(quotas.BROKER_WINDOW_DEFAULT.source)] = (
        quotas.BROKER_WINDOW_DEFAULT.value
    )
    """How long a batch waits to be full, from its first record."""
    retention: PositiveDuration | None = None
    """When a record expires; None: after 14 days (mq) or 3 hours (documentdb)."""
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

    def unused_keys(self) -> frozenset[str]:
        """Return what DocumentDB has not."""
        return frozenset({"engine"} if self.type == "documentdb" else ())

    def complaints(self, function: FunctionConfig) -> Iterator[tuple[Path, str]]:
        """Yield what is wrong with several keys, or with them and the function."""
        if self.type == "mq" and self.engine is None:
            yield ("engine",), 'is missing; give engine = "activemq" or "rabbitmq", whose concurrency differs'
        if self.type == "documentdb" and self.retention is not None and not _is_kept(self.retention):
            yield (
                ("retention",),
                f"{format_duration(self.retention)} is not a whole number of seconds from "
                f"{format_duration(quotas.DOCUMENTDB_RETENTION_MIN.value)} to "
                f"{format_duration(quotas.DOCUMENTDB_RETENTION_MAX.value)} ({quotas.DOCUMENTDB_RETENTION_MAX.page})",
            )
        yield from second_complaints(self, ["batching_window"], quotas.BROKER_WINDOW_DEFAULT.value)
        yield from pause_complaints(self.disabled)
        yield from backoff_complaints(self.backoff)
        yield from timeout_complaints(self.type, function)
