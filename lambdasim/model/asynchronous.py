"""Asynchronous invocation: what Lambda's internal queue does with an event, and for how long it keeps trying.

Function errors and throttles are retried differently: the first a few times at fixed intervals, the second with
growing intervals until the event is too old (Developer Guide, invocation-async-error-handling, 2026).
"""

from dataclasses import dataclass

from lambdasim.model import rules
from lambdasim.model.events import Destination


@dataclass(frozen=True, slots=True)
class AsynchronousLaw:
    """How a function is invoked asynchronously: its event invoke configuration."""

    max_retries: int = rules.ASYNC_MAX_RETRIES
    max_age_ns: int = rules.ASYNC_MAX_AGE_NS
    dequeue_ns: int = 0
    """From the acceptance of an event to its first attempt, if nothing holds it up."""
    backoff_base_ns: int = rules.ASYNC_BACKOFF_BASE_NS
    backoff_cap_ns: int = rules.ASYNC_BACKOFF_CAP_NS
    destinations: int = 0
    """How many of a dead-letter queue and an on-failure destination there are."""
    delivery_failures_24: int = 0
    """Share of failed deliveries to those, in units of 2**-24."""
    duplicates_24: int = 0
    """Share of events that are processed twice, in units of 2**-24."""

    def retry_delay_ns(self, failures: int) -> int | None:
        """Return how long to wait after the ``failures``-th function error (1 for the first), or None to give up."""
        return rules.ASYNC_RETRY_NS[failures - 1] if failures <= self.max_retries else None

    def backoff_ns(self, throttles: int, jitter: int) -> int:
        """Return how long to wait after the ``throttles``-th throttle; ``jitter`` is uniform on 0 .. 2**24 - 1."""
        return rules.spread_ns(rules.backoff_ns(throttles - 1, self.backoff_base_ns, self.backoff_cap_ns), jitter)

    def destination(self, jitter: int) -> Destination:
        """Return what becomes of an event that was not processed; ``jitter`` as above."""
        if not self.destinations:
            return Destination.NONE
        return Destination.FAILED if jitter < self.delivery_failures_24 else Destination.DELIVERED


ASYNCHRONOUS = AsynchronousLaw()
"""AWS's defaults."""


@dataclass(frozen=True, slots=True)
class AsynchronousSource:
    """A source whose events invoke a function asynchronously: S3, SNS, EventBridge, a schedule, or an SDK."""

    name: str
    function: int
    """Index of the function."""
