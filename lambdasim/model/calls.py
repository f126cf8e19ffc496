"""Synchronous calls of other functions from inside a handler."""

from dataclasses import dataclass


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
