"""Aliases: the versions that a name leads to, by weights that change at times. Each request is drawn by itself.

The mapping of a source may lead to another function, version or alias from a time on (API UpdateEventSourceMapping,
FunctionName, 2026). AWS does not say what becomes of what is on the way. Here (a choice) an invocation that runs ends
where it began, and each attempt after that time goes to the new function: a batch that was tried before is handed over
anew, as a request of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WHOLE_Q24: Final = 1 << 24
"""What the weights of an alias add up to."""


@dataclass(frozen=True, slots=True)
class AliasSpec:
    """A name that does not lead to the same version throughout."""

    name: str
    versions: tuple[int, ...]
    """Indices of all to which it ever leads, in the order in which :func:`chosen` asks them."""
    weights: tuple[int, ...]
    """Of each at the start, in units of 2**-24."""


@dataclass(frozen=True, slots=True)
class Lead:
    """Where the mapping of a source leads from a time on."""

    from_ns: int
    function: int
    """Index of the function, or of one of the versions."""
    alias: int = -1
    """Index of the alias, -1 for one version throughout."""
    first: int = 0
    """Place of its first version among all of which the source has requests."""


def is_elsewhere(moves_ns: int, again_ns: int) -> bool:
    """Say whether the mapping of a batch leads elsewhere when that is tried again, as it does from ``moves_ns`` on."""
    return again_ns >= moves_ns


def chosen(weights: Sequence[int], first: int, count: int, u24: int) -> int:
    """Return which of ``count`` versions, whose weights begin at ``first``, a request goes to by its draw.

    AWS splits requests by chance alone, each independently (Developer Guide, configuration-aliases, 2026). Whose draw
    lies below the weight of the first goes there, so that more weight takes no request away from it.
    """
    for place in range(count - 1):
        u24 -= weights[first + place]
        if u24 < 0:
            return place
    return count - 1
