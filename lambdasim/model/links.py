"""Links: what sends an event on when an invocation ends or an event is given up, and how long a loop may go round.

A link knows what triggers it and how many events it sends; where they go is data.
"""

from dataclasses import dataclass
from enum import IntEnum

from lambdasim.model.events import NEVER_NS, Status


class Trigger(IntEnum):
    """What a link waits for; ``subjects`` say of whom."""

    LOAD = 0  # an invocation ends that a request of this load made
    SOURCE = 1  # an invocation ends that this source made
    FUNCTION = 2  # any invocation of this function ends
    DEAD_LETTER = 3  # this source gives up an event
    ASYNC_FAILURE = 4  # an event that invoked this function asynchronously is given up
    ASYNC_SUCCESS = 5  # such an event has been processed


class After(IntEnum):
    """After which ends of an invocation a link sends events."""

    ANY = 0
    SUCCESS = 1
    FAILURE = 2  # an error, crash, out of memory or timeout of the function


# plain integers, of which the compiled engine makes code
_ANY, _SUCCESSES, _SUCCESS = int(After.ANY), int(After.SUCCESS), int(Status.SUCCESS)


@dataclass(frozen=True, slots=True)
class LinkSpec:
    """One link. Its events are the requests of the load ``load``."""

    load: int
    trigger: Trigger
    subjects: tuple[int, ...]
    """Indices of the loads, source or function that trigger it."""
    after: After = After.ANY
    base_count: int = 1
    """Events sent each time, at least."""
    extra_probability_q24: int = 0
    """How often it is one more, in units of 2**-24."""
    loops: bool = False
    """Whether it is part of a loop."""
    longest_loop: int = 0
    """Invocations after which AWS stops a loop at this link; 0 when it does not."""
    most_hops: int = NEVER_NS
    """Invocations of a loop after which its function sends nothing on here."""
    is_enabled: bool = True
    """Whether it sends anything now: a destination may be another one later."""


def goes_on(link: LinkSpec, chain_depth: int) -> bool:
    """Say whether something is sent on after the ``chain_depth``-th invocation of a loop (0 for the first).

    After an event that AWS has stopped, which counts as ``NEVER_NS``, nothing is that is of a loop.
    """
    return link.is_enabled and (not link.loops or chain_depth < link.most_hops)


def next_depth(link: LinkSpec, chain_depth: int) -> int:
    """Return the depth of what is sent on after the ``chain_depth``-th invocation of a loop."""
    return chain_depth + 1 if link.loops else 0


def is_stopped(link: LinkSpec, chain_depth: int) -> bool:
    """Say whether AWS stops an event that would be the ``chain_depth``-th invocation of its loop."""
    return 0 < link.longest_loop <= chain_depth


def follows(link: LinkSpec, status: int) -> bool:
    """Say whether a link sends events after an invocation that ended with ``status``."""
    return link.after == _ANY or (link.after == _SUCCESSES) == (status == _SUCCESS)


def count(link: LinkSpec, u24: int) -> int:
    """Return how many events a link sends; ``u24`` is uniform on 0 .. 2**24 - 1."""
    return link.base_count + (u24 < link.extra_probability_q24)
