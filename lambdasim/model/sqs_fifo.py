"""SQS FIFO queues: which message group a message belongs to, and how many batches are processed at once.

Read it beside the Developer Guide's pages services-sqs-scaling and services-sqs-errorhandling (2026): there are never
more batches than groups with messages, nor than the maximum concurrency.
"""

from bisect import bisect_right
from dataclasses import dataclass

from lambdasim.model import rules
from lambdasim.model.sqs import SqsSpec


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

    def sees(self, messages: int) -> bool:
        """Say whether another message is seen behind so many that have not left the queue."""
        return messages < self.look_ahead

    def group(self, event: int, u24: int) -> int:
        """Return the group of a message; ``u24`` is uniform on 0 .. 2**24 - 1."""
        if not self.groups:
            return event
        if self.bounds_q24:
            return min(bisect_right(self.bounds_q24, u24), self.groups - 1)
        return u24 * self.groups >> 24
