"""Virtual users, who send a request, wait for its answer, think, and send the next one."""

from typing import Final

from lambdasim.model.rules import NS_PER_MS

MINIMUM_THINK_NS: Final = NS_PER_MS
"""A user's next request leaves at least this long after the last answer: one who is throttled would otherwise ask
without end at one instant."""


def sends_next_ns(answered_ns: int, think_ns: int) -> int:
    """Return when a user is done with thinking who had an answer then."""
    return answered_ns + max(think_ns, MINIMUM_THINK_NS)


def still_sends(stop_ns: int, at_ns: int) -> bool:
    """Say whether a user sends at some time: no request starts at or after the end of the load."""
    return at_ns < stop_ns
