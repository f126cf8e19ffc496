"""What breaks for a while: a function whose handler fails in a share of its invocations."""

from lambdasim.model.events import Status
from lambdasim.model.rules import jitter24, jitter_index

_SUCCESS, _ERROR = int(Status.SUCCESS), int(Status.ERROR)


def suffered(outcome: int, share_q24: int, u24: int) -> int:
    """Return how a handler ends that returns an error in a share of its invocations, beside those that do anyway.

    ``u24`` is drawn for the attempt: uniform on 0 .. 2**24 - 1.
    """
    return _ERROR if outcome == _SUCCESS and u24 < share_q24 else outcome


def fault_u24(key: int, request: int, attempt: int) -> int:
    """Return the draw of an attempt, by the number of its request; it does not depend on when, or what, is broken."""
    return jitter24(key, jitter_index(request, attempt & 127))
