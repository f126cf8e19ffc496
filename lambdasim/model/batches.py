"""Batches of records: when one is sent to its function, and what becomes of the records when it ends.

Streams and brokers share this. A batch is tried again, whole, split in two or from the record that the function
reported, until nothing of it is left; nothing behind it is processed meanwhile (Developer Guide,
invocation-eventsourcemapping and kinesis-on-failure-destination, 2026). How long Lambda waits before it tries again is
not published: those numbers are arguments.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple, Protocol

from lambdasim.model import rules
from lambdasim.model.aliases import is_elsewhere
from lambdasim.model.control import Control
from lambdasim.model.events import NEVER_NS, Destination, Fate, Status
from lambdasim.model.rules import backoff_ns, jittered_ns, repeated_outcome

# plain integers, of which the compiled engine makes code
_SUCCESS, _ERROR = int(Status.SUCCESS), int(Status.ERROR)
_STAYS, _EXHAUSTED = int(Fate.STAYS), int(Fate.EXHAUSTED)
_NOWHERE, _DELIVERED = int(Destination.NONE), int(Destination.DELIVERED)

SETTINGS: Final = {
    Control.BATCH_SIZE: "size",
    Control.BATCHING_WINDOW: "window_ns",
    Control.REPORTS: "reports",
    Control.RETRY_ATTEMPTS: "max_retries",
    Control.RECORD_AGE: "max_age_ns",
    Control.BISECTS: "bisects",
    Control.DESTINATION: "has_destination",
}
"""What rows of the control table change of :class:`BatchSpec` (API UpdateEventSourceMapping, 2026)."""

Record = tuple[int, int, int]
"""An event: its request key, when its source took it in (ns), and the hop of the request that sent it."""


class Chances(Protocol):
    """What is known of the records that a function cannot process: the spec of a source."""

    @property
    def poison_q24(self) -> int:
        """Share of records that fail each time, in units of 2**-24."""

    @property
    def record_errors_q24(self) -> int:
        """Chance of each other record to fail, each time it is delivered, in the same units."""


class Gathered(Protocol):
    """A batch that is being gathered, or what says of its mapping how large such are."""

    @property
    def size(self) -> int:
        """Records of it at most."""


class Ended(NamedTuple):
    """What becomes of a batch whose invocation has ended."""

    processed: int
    """How many of its records, from the first on, are done."""
    first: int
    """Size of the batch that the next of the others are tried in; 0 when they are given up, or there are none."""
    second: int
    """Size of the batch after that, of what is left then; 0 for none."""
    failures: int
    """Retries of the first of these that have been used up, plus one."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which a mapping is disabled."""

    from_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class BatchSpec:
    """How an event source mapping gathers batches and how patient it is with them."""

    size: int = 100
    """Records of a batch at most, the payload limit considered."""
    window_ns: int = 0
    max_retries: int = -1
    """-1: until success or expiry."""
    max_age_ns: int = NEVER_NS
    retention_ns: int = NEVER_NS
    bisects: bool = False
    reports: bool = False
    """Whether the function names the records that failed (ReportBatchItemFailures)."""
    has_destination: bool = False
    backoff_base_ns: int = rules.BATCH_BACKOFF_BASE_NS
    backoff_cap_ns: int = rules.BATCH_BACKOFF_CAP_NS
    full_jitter: bool = False
    poison_q24: int = 0
    """Share of records that fail each time, in units of 2**-24."""
    record_errors_q24: int = 0
    """Chance of each other record to fail, each time it is delivered, in the same units."""
    pauses: tuple[Pause, ...] = ()
    """When the mapping is disabled, in order, without overlaps."""


@dataclass(frozen=True, slots=True)
class BrokerSpec:
    """A broker (Amazon MQ, DocumentDB's change stream) and its mapping, with a fixed number of batches at a time.

    Its batching window begins at the first record.
    """

    name: str
    function: int
    """Index of the function."""
    concurrency: int
    batches: BatchSpec = field(default_factory=BatchSpec)
    has_iterator_age: bool = False


def adjusted(batches: BatchSpec, kind: int, value: int) -> BatchSpec:
    """Return a mapping's batches with a setting that a row of the control table changes; the same where it has none."""
    changed: dict[str, Any] = {SETTINGS[Control(kind)]: value} if kind in SETTINGS else {}
    return replace(batches, **changed)


def is_full(batch: Gathered, records: int) -> bool:
    """Say whether no more records go into a batch than the so many there are."""
    return records >= batch.size


def is_too_old(batches: BatchSpec, sent_ns: int, now: int) -> bool:
    """Say whether a record is not delivered any more: its own age limit or its source's retention is over."""
    return sent_ns <= now - min(batches.max_age_ns, batches.retention_ns)


def destination_of_expired(batches: BatchSpec, attempt: int) -> int:
    """Return the ``Destination`` of records that are too old, after ``attempt`` deliveries.

    Those past MaximumRecordAgeInSeconds go to the on-failure destination, and those whose retention ends between two
    attempts; what is trimmed from the stream unread goes nowhere.
    """
    if batches.has_destination and (attempt > 0 or batches.max_age_ns <= batches.retention_ns):
        return _DELIVERED
    return _NOWHERE


def resumes_ns(pauses: Iterable[Pause], now: int) -> int:
    """Return ``now``, or when a mapping that is paused then is enabled again."""
    for pause in pauses:
        if pause.from_ns <= now < pause.until_ns:
            return pause.until_ns
    return now


def delay_ns(batches: BatchSpec, tries: int, is_throttle: bool, jitter: int) -> int:
    """Return the wait after the ``tries``-th vain attempt (1 for the first); ``jitter`` is uniform on 24 bits.

    A function that failed is invoked again at once, then after growing waits; one that is throttled waits always.
    """
    doublings = tries - 1 if is_throttle else tries - 2
    if doublings < 0:
        return 0
    full_ns = backoff_ns(doublings, batches.backoff_base_ns, batches.backoff_cap_ns)
    return jittered_ns(full_ns, jitter) if batches.full_jitter else full_ns


def is_failing(source: Chances, poison: int, error: int) -> bool:
    """Say whether the function cannot process a record, ever or this time; both draws are uniform on 24 bits."""
    return poison < source.poison_q24 or error < source.record_errors_q24


def attempt_outcome(first: int, tries: int, u24: int, errors_q24: int, crashes_q24: int) -> int:
    """Return how the handler of a batch ends the ``tries``-th time: as drawn the first time (1), and by chance then."""
    return first if tries == 1 else repeated_outcome(first, u24, errors_q24, crashes_q24)


def batch_outcome(reports: bool, drawn: int, has_failing: bool) -> int:
    """Return how the handler of a batch ends: in an error if it cannot process a record and does not report which."""
    return _ERROR if has_failing and not reports and drawn == _SUCCESS else drawn


def ended(batches: BatchSpec, size: int, failures: int, status: int, failing: int) -> Ended:
    """Return what becomes of a batch of ``size`` records after an invocation that ended with ``status``.

    ``failures`` is how often its first record has failed as the first, ``failing`` the place of the first record that
    the function cannot process, -1 for none; a function that succeeds names it. A split uses up no retry; once the
    records before a failure are done, that failure is the first of the rest.
    """
    if status == _SUCCESS and failing < 0:
        return Ended(size, 0, 0, 0)
    if status == _SUCCESS and failing > 0:
        failures, rest = failures if batches.bisects else 1, size - failing
        return Ended(failing, rest if may_fail(batches, failures) else 0, 0, failures)
    if batches.bisects and size > 1:
        return Ended(0, size // 2, size - size // 2, failures)
    failures += 1
    return Ended(0, size if may_fail(batches, failures) else 0, 0, failures)


def may_fail(batches: BatchSpec, failures: int) -> bool:
    """Say whether a batch is tried again whose first record has failed so often as the first."""
    return batches.max_retries < 0 or failures <= batches.max_retries


def stays_whole(after: Ended, size: int) -> bool:
    """Say whether all records of a batch of ``size`` are to be tried again as one."""
    return after.first == size


def is_last(batches: BatchSpec, sent_ns: int, again_ns: int, horizon_ns: int, moves_ns: int) -> bool:
    """Say whether a batch whose first record came at ``sent_ns`` will not be tried again, at ``again_ns``, as it is.

    Records expire before, which makes it another batch, its mapping has led to another function since ``moves_ns``, or
    the simulation ends.
    """
    return again_ns >= horizon_ns or is_elsewhere(moves_ns, again_ns) or is_too_old(batches, sent_ns, again_ns)


def untouched_from(size: int, status: int, failing: int) -> int:
    """Return the place from which on the records of a batch were left untouched, of which not all were processed.

    A function that names the first record that failed does nothing about those behind it.
    """
    return failing + 1 if status == _SUCCESS else size


def fate(after: Ended) -> int:
    """Return the ``Fate`` of the records of a batch that were not processed."""
    return _STAYS if after.first else _EXHAUSTED


def destination_of_exhausted(batches: BatchSpec) -> int:
    """Return the ``Destination`` of records that have failed too often."""
    return _DELIVERED if batches.has_destination else _NOWHERE
