"""What the loop that writes lines of ``timeseries.csv`` reads, and what it leaves to others. Data only; numpy only."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.metrics.cells import Int64

SMALLEST: Final = 1e-6
BEYOND: Final = 1e10
"""Numbers from the one to before the other are written here, and 0; the others' texts are given."""
MOST_DIGITS: Final = 24
"""A number takes fewer bytes: a sign, seventeen digits, and ``0.00000`` before them."""
CHUNK: Final = 16
"""So many bytes are copied at a time; so many follow each text and where texts go."""
POWERS: Final = 24
"""How many powers of ten make all those numbers whole, from 1 on."""


class Lines(NamedTuple):
    """Rows of some owners in parts, the words that lines are made of, and where their text goes."""

    numbers: Int64
    """How many owners there are, the first one's first key and word, how many periods there are, and the number of the
    first word that ends lines, 0 where there is none; the words of periods come first."""
    metric: Int64
    """By part: the word of its metric and statistic together."""
    bounds: Int64
    """By part and owner: where the owner's rows begin, and at the end where the last one's end."""
    key: Int64
    value: NDArray[np.float64]
    odd: Int64
    """The rows whose value's text is given, ascending."""
    given_begin: Int64
    """Where each of those texts begins, and the last one ends."""
    given: NDArray[np.uint8]
    begin: Int64
    """Where each word begins, and the last one ends."""
    words: NDArray[np.uint8]
    powers: Int64
    """By power of ten: the high and the low half of its leading 128 bits."""
    prefix: NDArray[np.uint8]
    """Room for the words of an owner and a metric."""
    texts: Int64
    """Room, by row of an owner in a part, for where the text of its value begins and ends."""
    into: NDArray[np.uint8]


def powers_of_ten() -> Int64:
    """Return :attr:`Lines.powers`."""
    scaled = [10**power << 128 - (10**power).bit_length() for power in range(POWERS)]
    halves = [half for one in scaled for half in (one >> 64, one & (1 << 64) - 1)]
    return np.array(halves, np.uint64).view(np.int64)


def is_odd(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Say of which values the texts are to be given."""
    size = np.abs(values)
    odd: NDArray[np.bool_] = ~((size >= SMALLEST) & (size < BEYOND) | (size == 0.0) & ~np.signbit(values))
    return odd
