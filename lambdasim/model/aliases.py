"""Aliases: the versions that a name leads to, by weights that change at times. Each request is drawn by itself."""

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
