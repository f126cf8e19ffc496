"""What breaks for a while: a function whose handler fails in a share of its invocations."""

from lambdasim.model.events import Status
from lambdasim.model.rules import jitter24

_SUCCESS, _ERROR = int(Status.SUCCESS), int(Status.ERROR)

ATTEMPTS_BITS = 5
"""So many bits of an attempt's number tell its draw from those of the others."""


def suffered(outcome: int, share_q24: int, key: int, request: int, attempt: int) -> int:
    """Return how a handler ends that returns an error in a share of its invocations beside those that do anyway.

    ``request`` is the number of its request; what it draws does not depend on when, or on what else, is broken.
    """
    if share_q24 > 0 and outcome == _SUCCESS:
        index = request << ATTEMPTS_BITS | attempt & ((1 << ATTEMPTS_BITS) - 1)
        if int(jitter24(key, index)) < share_q24:
            return _ERROR
    return outcome
