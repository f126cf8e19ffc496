"""Synchronous calls of other functions from inside a handler."""

from dataclasses import dataclass

from lambdasim.model.events import Status

# plain integers, of which the compiled engine makes code
_SUCCESS, _ERROR = int(Status.SUCCESS), int(Status.ERROR)
_TIMEOUT, _LOST = int(Status.TIMEOUT), int(Status.LOST)


@dataclass(frozen=True, slots=True)
class CallSpec:
    """One call in a handler, made after its own work, one after the other if there are several."""

    number: int
    """Its place among all calls of the account."""
    base_count: int = 1
    """How often it is made in each invocation, at least."""
    extra_probability_q24: int = 0
    """How often it is one more, in units of 2**-24."""
    must_succeed: bool = True
    """Whether the handler returns an error when the call fails."""


def times(spec: CallSpec, u24: int) -> int:
    """Return how often a call is made; ``u24`` is uniform on 0 .. 2**24 - 1."""
    return spec.base_count + (u24 < spec.extra_probability_q24)


def stops(timeout_ns: int, began_ns: int, lost_ns: int) -> tuple[int, int]:
    """Return when a handler that began at ``began_ns`` is stopped, and how it ends then: by its timeout, unless its
    environment is lost before."""
    late_ns = began_ns + timeout_ns
    return (lost_ns, _LOST) if lost_ns < late_ns else (late_ns, _TIMEOUT)


def answered(call: CallSpec, status: int) -> int:
    """Return the status of a handler after a call of it that ended with ``status``."""
    return _ERROR if call.must_succeed and status != _SUCCESS else _SUCCESS


def ended_by(left_ns: int, stopped: int, duration_ns: int, status: int) -> tuple[int, int]:
    """Return what a handler takes and how it ends that takes ``duration_ns`` unless it is stopped after ``left_ns``,
    with the status ``stopped``."""
    return (left_ns, stopped) if duration_ns > left_ns else (duration_ns, status)
