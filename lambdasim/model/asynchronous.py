"""Asynchronous invocation: what Lambda's internal queue does with an event, and for how long it keeps trying.

Function errors and throttles are retried differently: the first a few times at fixed intervals, the second with
growing intervals until the event is too old (Developer Guide, invocation-async-error-handling, 2026).
"""

from dataclasses import dataclass

from lambdasim.model import rules
from lambdasim.model.events import Destination, Fate, Status
from lambdasim.model.request_rate import RequestRate, allows
from lambdasim.model.rules import ASYNC_RETRY_NS, backoff_ns, repeated_outcome, spread_ns

# plain integers, of which the compiled engine makes code
_SUCCESS = int(Status.SUCCESS)
_STAYS, _DONE, _EXHAUSTED = int(Fate.STAYS), int(Fate.DONE), int(Fate.EXHAUSTED)
_NOWHERE, _DELIVERED = int(Destination.NONE), int(Destination.DELIVERED)
_NOT_DELIVERED = int(Destination.FAILED)


@dataclass(frozen=True, slots=True)
class AsynchronousSpec:
    """How a function is invoked asynchronously: its event invoke configuration."""

    max_retries: int = rules.ASYNC_MAX_RETRIES
    max_age_ns: int = rules.ASYNC_MAX_AGE_NS
    dequeue_ns: int = 0
    """From the acceptance of an event to its first attempt, if nothing holds it up."""
    backoff_base_ns: int = rules.ASYNC_BACKOFF_BASE_NS
    backoff_cap_ns: int = rules.ASYNC_BACKOFF_CAP_NS
    destinations: int = 0
    """How many of a dead-letter queue and an on-failure destination there are at the start."""
    delivery_failures_q24: int = 0
    """Share of failed deliveries to those, in units of 2**-24."""
    duplicates_q24: int = 0
    """Share of events that are processed twice, in units of 2**-24."""


ASYNCHRONOUS = AsynchronousSpec()
"""AWS's defaults."""


@dataclass(frozen=True, slots=True)
class AsynchronousSource:
    """A source whose events invoke a function asynchronously: S3, SNS, EventBridge, a schedule, or an SDK."""

    name: str
    function: int
    """Index of the function."""
    calls_per_s: int = 0
    """How many calls of an SDK Lambda takes in each whole second, 0 for all. AWS's own sources are not metered."""


def calls_of(source: AsynchronousSource) -> RequestRate:
    """Return the calls of a source, as they are counted from the start on."""
    calls = RequestRate(0, whole_seconds=True)
    calls.quota = source.calls_per_s
    return calls


def is_taken(source: AsynchronousSource, calls: RequestRate, now: int) -> bool:
    """Say whether Lambda takes a call that a source makes now (HTTP 202, else 429), and count it then.

    AWS documents a quota of requests per second, 10 times the concurrency, for synchronous invocations only (Developer
    Guide, gettingstarted-limits, 2026); that asynchronous calls are metered as they are accepted is a choice.
    """
    if source.calls_per_s == 0:
        return True
    if not allows(calls, now):
        return False
    calls.admitted += 1
    return True


def is_refused(reserved: int) -> bool:
    """Say whether an event is sent away as soon as it is accepted: its function has no concurrency at all
    (Developer Guide, configuration-concurrency, 2026)."""
    return reserved == 0


def is_doubled(spec: AsynchronousSpec, u24: int) -> bool:
    """Say whether an event is processed twice; ``u24`` is uniform on 0 .. 2**24 - 1."""
    return u24 < spec.duplicates_q24


def is_too_old(spec: AsynchronousSpec, sent_ns: int, at_ns: int) -> bool:
    """Say whether an event is not tried any more at some time."""
    return at_ns >= sent_ns + spec.max_age_ns


def leaves_ns(spec: AsynchronousSpec, sent_ns: int, now: int) -> int:
    """Return when an event leaves that would be too old when it is tried again."""
    return max(sent_ns + spec.max_age_ns, now)


def throttle_delay_ns(spec: AsynchronousSpec, throttles: int, jitter: int) -> int:
    """Return how long to wait after the ``throttles``-th throttle; ``jitter`` is uniform on 0 .. 2**24 - 1."""
    return spread_ns(backoff_ns(throttles - 1, spec.backoff_base_ns, spec.backoff_cap_ns), jitter)


def fate(spec: AsynchronousSpec, status: int, failures: int) -> int:
    """Return the ``Fate`` of an event after an attempt that ended with ``status``, the ``failures``-th if it failed."""
    if status == _SUCCESS:
        return _DONE
    return _STAYS if failures <= spec.max_retries else _EXHAUSTED


def retry_delay_ns(failures: int) -> int:
    """Return how long to wait after the ``failures``-th function error (1 for the first)."""
    return ASYNC_RETRY_NS[failures - 1]


def outcome(first: int, failures: int, u24: int, errors_q24: int, crashes_q24: int) -> int:
    """Return how the handler of an attempt ends: as drawn for the first, and by chance after ``failures``."""
    return repeated_outcome(first, u24, errors_q24, crashes_q24) if failures else first


def is_last(spec: AsynchronousSpec, sent_ns: int, status: int, failures: int, end_ns: int, horizon_ns: int) -> bool:
    """Say whether no attempt follows one that ends with ``status``, the ``failures``-th if it failed."""
    if fate(spec, status, failures) != _STAYS:
        return True
    again_ns = end_ns + retry_delay_ns(failures)
    return is_too_old(spec, sent_ns, again_ns) or again_ns >= horizon_ns


def destination(spec: AsynchronousSpec, destinations: int, u24: int) -> int:
    """Return the ``Destination`` of an event that was not processed, of which there are so many then.

    ``u24`` is uniform on 0 .. 2**24 - 1. Where an event goes is decided as it is given up (a choice: AWS documents that
    the configuration can be updated, API PutFunctionEventInvokeConfig, 2026, and nothing of what is on the way).
    """
    if destinations == 0:
        return _NOWHERE
    return _NOT_DELIVERED if u24 < spec.delivery_failures_q24 else _DELIVERED
