"""Execution environments that are lost, as with an Availability Zone: a share of all that there are, at a time.

Which those are follows from their numbers, so an execution knows as it begins whether, and when, its environment will
be lost under it.
"""

from dataclasses import dataclass

from lambdasim.model.environment import Environment


@dataclass(frozen=True, slots=True)
class Loss:
    """A share of all execution environments that is lost at once."""

    at_ns: int
    share_q24: int
    """In units of 2**-24."""
    key: int
    """Of the draws which those are, by the numbers of environments."""


def is_struck(loss: Loss, u24: int) -> bool:
    """Say whether an environment is among those that are lost; ``u24``, uniform on 0 .. 2**24 - 1, is its draw."""
    return u24 < loss.share_q24


def is_cut(loss: Loss, began_ns: int, end_ns: int, u24: int) -> bool:
    """Say whether an execution is cut off, as its environment is lost under it.

    What ends at that time has ended, and what begins then begins in an environment that is left.
    """
    return began_ns < loss.at_ns < end_ns and is_struck(loss, u24)


def cut(loss: Loss, environment: Environment, began_ns: int, placement_ns: int, init_ns: int) -> tuple[int, int, int]:
    """Return placement, Init Duration and Duration of an execution that is cut off."""
    left_ns = loss.at_ns - began_ns
    placement_ns = min(placement_ns, left_ns)
    init_ns = min(init_ns, left_ns - placement_ns)
    environment.initialised_ns = min(environment.initialised_ns, loss.at_ns)
    return placement_ns, init_ns, left_ns - placement_ns - init_ns
