"""The pollers of a Kafka mapping: how many there are, by the offset lag.

AWS says when it looks (each minute), when it acts (within three) and between which numbers (Developer Guide,
kafka-scaling-modes, 2026), not by how much: doubling while the lag grows is our model.
"""

from dataclasses import dataclass

from lambdasim.model import rules


@dataclass(frozen=True, slots=True)
class PollerSpec:
    """How a mapping scales its pollers."""

    initial: int = 1
    minimum: int = 1
    maximum: int = 1
    invokes: int = 1
    """Concurrent invocations of one poller."""
    batch: int = 100
    """Records of a batch."""
    delay_ns: int = rules.KAFKA_SCALING_NS - rules.KAFKA_EVALUATION_NS
    """From a decision to its effect."""


def wanted(spec: PollerSpec, pollers: int, lag: int, lag_before: int, was_throttled: bool) -> int:
    """Return how many pollers there should be; ``lag_before`` is the lag a minute ago.

    Twice as many when there is more than they hold and it does not become less; one less when half of them could
    hold it; half when the function was throttled.
    """
    held = pollers * spec.invokes * spec.batch
    if was_throttled:
        return max(spec.minimum, pollers // 2)
    if lag > held and lag >= lag_before:
        return min(spec.maximum, 2 * pollers)
    return max(spec.minimum, pollers - 1) if 2 * lag < held else pollers


def rested(spec: PollerSpec, pollers: int, looked_ns: int, now: int) -> int:
    """Return how many pollers there are after a time without lag: one fewer for each look that nobody took."""
    idle = now // rules.KAFKA_EVALUATION_NS - looked_ns // rules.KAFKA_EVALUATION_NS
    return max(spec.minimum, pollers - idle)


def within_bounds(spec: PollerSpec, pollers: int) -> int:
    """Return the number of pollers nearest to so many that the bounds allow."""
    return min(max(pollers, spec.minimum), spec.maximum)


def next_look_ns(now: int) -> int:
    """Return when the lag is looked at next."""
    return now - now % rules.KAFKA_EVALUATION_NS + rules.KAFKA_EVALUATION_NS


def has_room(spec: PollerSpec, busy: int) -> bool:
    """Say whether a poller that has so many batches can take another one."""
    return busy < spec.invokes


def poller_of(partition: int, pollers: int) -> int:
    """Return the poller that serves a partition."""
    return partition % pollers
