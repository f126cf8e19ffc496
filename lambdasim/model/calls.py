"""Synchronous calls of other functions from inside a handler."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallLaw:
    """One call in a handler, made after its own work, one after the other if there are several."""

    number: int
    """Its place among all calls of the account."""
    whole: int = 1
    """How often it is made in each invocation, at least."""
    part_24: int = 0
    """How often it is one more, in units of 2**-24."""
    must_succeed: bool = True
    """Whether the handler returns an error when the call fails."""


def times(law: CallLaw, u24: int) -> int:
    """Return how often a call is made; ``u24`` is uniform on 0 .. 2**24 - 1."""
    return law.whole + (u24 < law.part_24)
