"""SQS FIFO queues: which message group a message belongs to, and how many batches are processed at once.

Read it beside the Developer Guide's pages services-sqs-scaling and services-sqs-errorhandling (2026): there are never
more batches than groups with messages, nor than the maximum concurrency.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lambdasim.model import rules
from lambdasim.model.events import DeliveryOutcome
from lambdasim.model.rules import share_of
from lambdasim.model.sqs import SqsSpec

# plain integers, of which the compiled engine makes code
_SUCCEEDED, _FAILED = int(DeliveryOutcome.SUCCEEDED), int(DeliveryOutcome.FAILED)
_SKIPPED = int(DeliveryOutcome.SKIPPED)


@dataclass(frozen=True, slots=True)
class FifoSpec:
    """One FIFO queue; ``queue`` holds what it has in common with a standard one."""

    queue: SqsSpec
    groups: int = 0
    """Message groups; 0 for one for each message."""
    bounds_q24: tuple[int, ...] = ()
    """Upper bounds of the groups' shares of the messages in units of 2**-24; empty when they are even."""
    maximum: int = rules.SQS_MAXIMUM
    """Batches that are processed at once, at most."""
    look_ahead: int = rules.FIFO_LOOK_AHEAD
    """Messages among which groups are looked for."""

    @property
    def name(self) -> str:
        """Name of the source."""
        return self.queue.name

    @property
    def function(self) -> int:
        """Index of the function."""
        return self.queue.function


def sees(fifo: FifoSpec, messages: int) -> bool:
    """Say whether another message is seen behind so many that have not left the queue."""
    return messages < fifo.look_ahead


def group_of(fifo: FifoSpec, bounds_q24: Sequence[int], event: int, u24: int) -> int:
    """Return the group of a message; ``u24`` is uniform on 0 .. 2**24 - 1, ``bounds_q24`` as in :class:`FifoSpec`."""
    if not fifo.groups:
        return event
    if len(bounds_q24):
        return share_of(bounds_q24, u24)
    return u24 * fifo.groups >> 24


def is_open(waiting: int, taken: int) -> bool:
    """Say whether a group can be received from: it has messages, and none of it is in a batch or invisible."""
    return waiting > 0 and taken == 0


def outcome(has_failed: bool, is_failing: bool, is_stopped: bool) -> int:
    """Return the ``DeliveryOutcome`` of a message whose batch ends.

    ``has_failed`` says that the whole batch did, ``is_stopped`` that a message of the same group before it did: the
    function leaves the rest of that group untouched (Developer Guide, services-sqs-errorhandling, 2026).
    """
    if has_failed:
        return _FAILED
    if is_stopped:
        return _SKIPPED
    return _FAILED if is_failing else _SUCCEEDED


def settles(has_expired: bool) -> bool:
    """Say whether the end of a batch decides over its messages: a receipt handle past its visibility timeout deletes
    nothing in a FIFO queue (API of SQS, DeleteMessage, 2026)."""
    return not has_expired


def may_begin(fifo: FifoSpec, busy: int) -> bool:
    """Say whether one more poller may go to a group, beside so many that are busy."""
    return busy < fifo.maximum


def polls_at_rest(poller: int, is_enabled: bool) -> bool:
    """Say whether a poller that has nothing to do is in a long poll: the first ones of a mapping that is enabled."""
    return is_enabled and poller < rules.SQS_INITIAL
