"""The concurrency of an event source mapping: how many batches of a queue are processed at once.

It grows while messages wait, is given up step by step while the function fails or is throttled, and falls back when it
is not used (Developer Guide, services-sqs-scaling and services-sqs-errorhandling, 2026). By how much it shrinks and how
it grows within a minute AWS does not say: those are parameters. This module knows no clock and no queue.
"""

from dataclasses import dataclass

from lambdasim.model import rules


@dataclass(frozen=True, slots=True)
class PollingLaw:
    """The concurrency of one event source mapping, in batches."""

    initial: int = rules.SQS_INITIAL
    maximum: int = rules.SQS_MAXIMUM
    amount: int = 1
    """What is added at a time."""
    unit: int = 1
    """It is a multiple of this."""
    every_ns: int = rules.MINUTE_NS // rules.SQS_PER_MINUTE
    """Time between two additions."""
    floor: int = rules.SQS_INITIAL
    """Errors and throttles do not push it below."""
    shrink_permille: int = 500
    """What is left of it after a minute with errors or throttles."""

    def grown(self, target: int) -> int:
        """Return the concurrency after one addition."""
        return min(self.maximum, target + self.amount)

    def reviewed(self, target: int, peak: int, has_failed: bool, has_backlog: bool) -> int:
        """Return the concurrency after a minute in which at most ``peak`` batches were processed at once."""
        if has_failed:
            shrunk = target * self.shrink_permille // 1_000
            return max(min(self.floor, target), shrunk - shrunk % self.unit)
        if has_backlog:
            return target
        return max(self.initial, min(target, -(-peak // self.unit) * self.unit))


DEFAULT_POLLING = PollingLaw()
"""AWS's numbers, one batch at a time."""
