"""Batches of records: when one is sent to its function, and what becomes of the records when it ends.

Streams and brokers share this. A batch is tried again, whole, split in two or from the record that the function
reported, until nothing of it is left; nothing behind it is processed meanwhile (Developer Guide,
invocation-eventsourcemapping and kinesis-on-failure-destination, 2026). How long Lambda waits before it tries again is
not published: those numbers are arguments.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lambdasim.model import rules
from lambdasim.model.events import NEVER_NS

Record = tuple[int, int, int]
"""An event: its request key, when its source took it in (ns), and the hop of the request that sent it."""


class Ended(NamedTuple):
    """What becomes of a batch whose invocation has ended."""

    processed: int
    """How many of its records, from the first on, are done."""
    parts: tuple[int, ...]
    """Sizes of the batches that the others are tried in, one after the other; empty when those are given up."""
    failures: int = 0
    """Retries of the first part that have been used up, plus one."""


@dataclass(frozen=True, slots=True)
class BatchSpec:
    """How an event source mapping gathers batches and how patient it is with them."""

    size: int = 100
    """Records of a batch at most, the payload limit considered."""
    window_ns: int = 0
    max_retries: int | None = None
    """None: until success or expiry."""
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
    pauses: tuple[tuple[int, int], ...] = ()
    """When the mapping is disabled: from and until, in order, without overlaps."""

    @property
    def oldest_ns(self) -> int:
        """Return the age from which on a record is not delivered."""
        return min(self.max_age_ns, self.retention_ns)

    def expired(self, records: Sequence[Record], now: int) -> int:
        """Return how many records, from the first on, are too old; they are in the order they came."""
        newest_ns = now - self.oldest_ns
        if not records or records[0][1] > newest_ns:
            return 0
        return bisect_right(records, newest_ns, key=_sent_ns)

    def notifies_of_expiry(self, attempt: int) -> bool:
        """Say whether records that are too old go to the destination, after ``attempt`` deliveries.

        Those past MaximumRecordAgeInSeconds do, and those whose retention ends between two attempts; what is trimmed
        from the stream unread goes nowhere.
        """
        return self.has_destination and (attempt > 0 or self.max_age_ns <= self.retention_ns)

    def resumes_ns(self, now: int) -> int:
        """Return ``now``, or when the mapping is enabled again."""
        for begin, end in self.pauses:
            if begin <= now < end:
                return end
        return now

    def delay_ns(self, tries: int, is_throttle: bool, jitter: int) -> int:
        """Return the wait after the ``tries``-th vain attempt (1 for the first); ``jitter`` is uniform on 24 bits.

        A function that failed is invoked again at once, then after growing waits; one that is throttled waits always.
        """
        doublings = tries - 1 if is_throttle else tries - 2
        if doublings < 0:
            return 0
        delay_ns = rules.backoff_ns(doublings, self.backoff_base_ns, self.backoff_cap_ns)
        return rules.jittered_ns(delay_ns, jitter) if self.full_jitter else delay_ns

    def ended(self, size: int, failures: int, succeeded: bool, reported: int | None) -> Ended:
        """Return what becomes of a batch of ``size`` records after an invocation.

        ``failures`` is how often its first record has failed as the first, ``reported`` the place of the lowest
        record that the function named. A split uses up no retry; once the records before a failure are done, that
        failure is the first of the rest.
        """
        if succeeded and reported is None:
            return Ended(size, ())
        if reported:
            failures, rest = (failures, size - reported) if self.bisects else (1, size - reported)
            return Ended(reported, (rest,) if self._may_fail(failures) else (), failures)
        if self.bisects and size > 1:
            return Ended(0, (size // 2, size - size // 2), failures)
        failures += 1
        return Ended(0, (size,) if self._may_fail(failures) else (), failures)

    def _may_fail(self, failures: int) -> bool:
        return self.max_retries is None or failures <= self.max_retries


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


def _sent_ns(record: Record) -> int:
    return record[1]
