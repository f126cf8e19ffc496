"""The concurrency of an event source mapping: how many batches of a queue are processed at once.

It grows while messages wait, gives up a share for each batch that fails or is throttled, and falls back when
it is not used (Developer Guide, services-sqs-scaling and services-sqs-errorhandling, 2026). By how much it shrinks and
how it grows within a minute AWS does not say: those are parameters. A record with the fields of
:class:`PollingSpec` and of :class:`PollingState` serves as both. This module knows no clock and no queue.
"""

from dataclasses import dataclass
from typing import Final

from lambdasim.model import rules
from lambdasim.model.rules import MINUTE_NS

MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class PollingSpec:
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
    decrease_ppm: int = 40_000
    """What each batch that fails or is throttled takes from what is above the floor, in millionths."""


DEFAULT_POLLING = PollingSpec()
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
    owed: int = 0
    """Millionths of a batch that failures have taken and that do not make a unit yet."""
    review_ns: int = -1
    """When the next review is due, -1 for none."""
    is_disabled: bool = False
    """Whether the mapping is: no poller receives then, and what was received is processed to its end."""
    maximum_now: int = rules.SQS_MAXIMUM
    """The most that it may become: the maximum of its spec, until that is changed."""
    rests_at: int = rules.SQS_INITIAL
    """What it is when nothing comes: its beginning, or less where the maximum is lower now."""

    @classmethod
    def of(cls, spec: PollingSpec) -> "PollingState":
        """Return the state of a mapping at the start."""
        return cls(spec.initial, maximum_now=spec.maximum, rests_at=spec.initial)


def began(state: PollingState) -> None:
    """Count a batch that is being processed from now on."""
    state.busy += 1
    state.peak = max(state.peak, state.busy)


def ended(state: PollingState) -> None:
    """Count a batch that no longer is."""
    state.busy -= 1


def failed(spec: PollingSpec, state: PollingState) -> int:
    """Take note of a batch that failed or was throttled; return the concurrency after it.

    Each takes the same share of what is above the floor, and growth is steady; so failures per minute settle at about
    the same number, whatever part of the batches fails (measured by rehanvdm.com, 2026: of 60 batches at once 25 were
    left with 1 % errors and 13 with 10 %, which is nearer to this than to a share of all).
    """
    state.owed += max(state.target - spec.floor, 0) * spec.decrease_ppm
    units = state.owed // (spec.unit * MILLION)
    state.owed -= units * spec.unit * MILLION
    return max(min(spec.floor, state.target), state.target - units * spec.unit)


def may_grow(state: PollingState) -> bool:
    """Say whether waiting messages could bring more concurrency."""
    return state.target < state.maximum_now


def grown(spec: PollingSpec, state: PollingState) -> int:
    """Return the concurrency after one addition."""
    return min(state.maximum_now, state.target + spec.amount)


def limited(spec: PollingSpec, state: PollingState, maximum: int) -> int:
    """Let a mapping process so many batches at once at most; return the concurrency after it. What runs goes on."""
    state.maximum_now, state.rests_at = maximum, min(spec.initial, maximum)
    return min(state.target, maximum)


def held_up(state: PollingState, minimum: int) -> int:
    """Let a mapping never process fewer batches at once than so many; return the concurrency after it."""
    state.rests_at = min(minimum, state.maximum_now)
    return max(state.target, state.rests_at)


def is_reviewed(state: PollingState) -> bool:
    """Say whether a minute can bring any change."""
    return state.target != state.rests_at


def next_review_ns(state: PollingState, now: int) -> int:
    """Return when the next review is due: as it was set, or a minute from now."""
    return now + MINUTE_NS if state.review_ns < now else state.review_ns


def reviewed(spec: PollingSpec, state: PollingState, now: int, has_backlog: bool) -> int:
    """Close a minute, now; return the concurrency after it: one without waiting messages lets go what was not used."""
    target = state.target
    if not has_backlog:
        target = max(state.rests_at, min(target, -(-state.peak // spec.unit) * spec.unit))
    state.peak = state.busy
    state.review_ns = now + MINUTE_NS if target != state.rests_at else -1
    return target


def pollers(target: int, per_poller: int) -> int:
    """Return how many pollers a concurrency means: provisioned ones process ``per_poller`` batches each."""
    return target // per_poller if per_poller else target
