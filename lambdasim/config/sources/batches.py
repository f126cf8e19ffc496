"""What the tables of streams and brokers share: kinds of keys, AWS's ranges, and rules between them."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field

from lambdasim.config import quotas
from lambdasim.config.evidence import ours
from lambdasim.config.function import FunctionConfig
from lambdasim.config.positions import Path
from lambdasim.config.quantity import (
    Backoff,
    BackoffText,
    ConfigTable,
    Duration,
    Quantity,
    duration,
    number,
    size,
    whole,
)
from lambdasim.model import rules
from lambdasim.units import NS_PER_S, format_duration

LIMIT: Final = f"AWS's limit: {quotas.MAPPING}"
NO_LIMIT: Final = -1

BatchSize = Annotated[int, whole(1, quotas.STREAM_BATCH.value, LIMIT)]
BatchingWindow = Annotated[int, duration(0, quotas.STREAM_WINDOW.value, LIMIT)]
RetryAttempts = Annotated[int, whole(NO_LIMIT, quotas.RECORD_RETRIES.value, LIMIT)]
"""MaximumRetryAttempts; -1 for as many as there is time for."""
PartitionKeys = Annotated[int, whole(1, 100_000, "this simulator's own limit")]
Shards = Annotated[int, whole(1, 10_000, "this simulator's own limit")]
Skew = Annotated[float, number(0, 10)]
RecordSize = Annotated[
    int, size(1, quotas.BATCH_PAYLOAD.value, f"AWS's payload limit of an invocation: {quotas.BATCH_PAYLOAD.page}")
]

_age = duration(quotas.RECORD_AGE_MIN.value, quotas.RECORD_AGE.value, LIMIT, NS_PER_S)


def _parse_age(value: object) -> int:
    return NO_LIMIT if value == NO_LIMIT and not isinstance(value, bool) else _age.parse(value)


RecordAge = Annotated[
    int,
    Quantity(
        _parse_age,
        lambda ns: NO_LIMIT if ns == NO_LIMIT else _age.write(ns),
        {"anyOf": [{"const": NO_LIMIT}, _age.json]},
    ),
]
"""MaximumRecordAgeInSeconds in ns; -1 for no limit."""

BATCH_BACKOFF: Final = Backoff.parse(
    f"exponential(base={format_duration(rules.BATCH_BACKOFF_BASE_NS)}, "
    f"max={format_duration(rules.BATCH_BACKOFF_CAP_NS)}, jitter=none)"
)
"""Wait before a batch is tried again (our model: AWS does not say)."""

BatchBackoff = Annotated[
    BackoffText,
    ours(
        "back-off of a failed batch",
        "AWS does not say",
        low="exponential(base=50ms, max=10s, jitter=none)",
        high="exponential(base=1s, max=5min, jitter=none)",
    ),
]


class Pause(ConfigTable):
    """A time in which an event source mapping is disabled."""

    model_config = ConfigDict(populate_by_name=True)

    from_: Duration = Field(alias="from")
    """When it begins, from the start of the experiment."""
    until: Duration
    """When it ends."""


Pauses = tuple[Pause, ...]


def pause_complaints(pauses: Pauses) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with the times in which a mapping is disabled."""
    end = 0
    for number_, pause in enumerate(pauses):
        if pause.until <= pause.from_:
            yield ("disabled", str(number_), "until"), "must be after 'from'"
        elif pause.from_ < end:
            yield ("disabled", str(number_), "from"), "is before the end of the pause before; put them in order of time"
        end = max(end, pause.until)


def backoff_complaints(backoff: Backoff) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with the wait before a batch is tried again."""
    if not backoff.base:
        yield ("backoff",), "base must be above 0s: a throttled batch would be tried without end at one instant"


def second_complaints(table: ConfigTable, keys: Iterable[str], but_ns: int = 0) -> Iterator[tuple[Path, str]]:
    """Yield which of some keys are no whole seconds, as AWS wants them; ``but_ns`` is allowed too."""
    for key in keys:
        ns: Any = getattr(table, key)
        if ns % NS_PER_S and ns != but_ns:
            yield (key,), f"{format_duration(ns)} is not a whole number of seconds, as AWS wants it ({quotas.MAPPING})"


def key_complaints(partition_keys: int | None, skew: float) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with partition keys and their skew."""
    if skew and partition_keys is None:
        yield ("skew",), "has no meaning without partition_keys, the number of keys; every record has its own"


def timeout_complaints(kind: str, function: FunctionConfig) -> Iterator[tuple[Path, str]]:
    """Yield whether the function's timeout is too long for a type of source."""
    longest = quotas.BROKER_TIMEOUT
    if function.timeout > longest.value:
        yield (
            ("function",),
            f"has a timeout of {format_duration(function.timeout)}; behind a source of type '{kind}' AWS allows at "
            f"most {format_duration(longest.value)} ({longest.page})",
        )
