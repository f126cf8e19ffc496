"""The concurrency of an event source mapping: how many batches of a queue are processed at once.

It grows while messages wait, is given up step by step while the function fails or is throttled, and falls back when it
is not used (Developer Guide, services-sqs-scaling and services-sqs-errorhandling, 2026). By how much it shrinks and how
it grows within a minute AWS does not say: those are parameters. A record with the fields of
:class:`PollingLaw` and of :class:`PollingState` serves as both. This module knows no clock and no queue.
"""

from dataclasses import dataclass

from lambdasim.model import rules
from lambdasim.model.rules import MINUTE_NS


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


DEFAULT_POLLING = PollingLaw()
"""AWS's numbers, one batch at a time."""


@dataclass(slots=True)
class PollingState:
    """The concurrency of one mapping, now."""

    target: int
    """How many batches may be processed at once."""
    busy: int = 0
    """Batches being processed."""
    peak: int = 0
    """The most of them since the last review."""
    has_failed: bool = False
    """Whether there was an error or a throttle since the last review."""
    is_held: bool = False
    """It does not grow until a minute has passed without a failure."""
    review_ns: int = -1
    """When the next review is due, -1 for none."""
    is_disabled: bool = False
    """Whether the mapping is: no poller receives then, and what was received is processed to its end."""


def began(state: PollingState) -> None:
    """Count a batch that is being processed from now on."""
    state.busy += 1
    state.peak = max(state.peak, state.busy)


def ended(state: PollingState) -> None:
    """Count a batch that no longer is."""
    state.busy -= 1


def failed(state: PollingState) -> bool:
    """Take note of an error or a throttle; say whether it is the first since the last review."""
    if state.has_failed:
        return False
    state.has_failed = state.is_held = True
    return True


def may_grow(law: PollingLaw, state: PollingState) -> bool:
    """Say whether waiting messages could bring more concurrency."""
    return state.target < law.maximum


def grown(law: PollingLaw, state: PollingState) -> int:
    """Return the concurrency after one addition, which there is none of while it is held."""
    return state.target if state.is_held else min(law.maximum, state.target + law.amount)


def is_reviewed(law: PollingLaw, state: PollingState) -> bool:
    """Say whether a minute can bring any change."""
    return state.target != law.initial or state.is_held


def next_review_ns(state: PollingState, now: int) -> int:
    """Return when the next review is due: as it was set, or a minute from now."""
    return now + MINUTE_NS if state.review_ns < now else state.review_ns


def reviewed(law: PollingLaw, state: PollingState, now: int, has_backlog: bool) -> int:
    """Close a minute, now; return the concurrency after it.

    A minute with failures shrinks it; one without waiting messages lets go what was not used.
    """
    target = state.target
    if state.has_failed:
        shrunk = target * law.shrink_permille // 1_000
        target = max(min(law.floor, target), shrunk - shrunk % law.unit)
    elif not has_backlog:
        target = max(law.initial, min(target, -(-state.peak // law.unit) * law.unit))
    state.is_held, state.has_failed = state.has_failed, False
    state.peak = state.busy
    state.review_ns = now + MINUTE_NS if state.is_held or target != law.initial else -1
    return target


def pollers(target: int, per_poller: int) -> int:
    """Return how many pollers a concurrency means: provisioned ones process ``per_poller`` batches each."""
    return target // per_poller if per_poller else target
