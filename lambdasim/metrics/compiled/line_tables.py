"""What the loop that writes lines of ``timeseries.csv`` reads, and what it leaves to others. Data only; numpy only."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.metrics.cells import Int64

SMALLEST: Final = 1e-6
BEYOND: Final = 1e10
"""Numbers from the one to before the other are written here, and 0; the others' texts are given."""
MOST_DIGITS: Final = 24
"""A number takes fewer bytes: a sign, seventeen digits, and ``0.00000`` before them."""
POWERS: Final = 24
"""How many powers of ten make all those numbers whole, from 1 on."""


class Lines(NamedTuple):
    """Rows in order, the words they are made of, and where their text goes."""

    period: Int64
    owner: Int64
    metric: Int64
    """The number of the row's metric and statistic together."""
    value: NDArray[np.float64]
    odd: Int64
    """The rows whose value's text is given, ascending, and one past all rows."""
    given_begin: Int64
    """Where each of those texts begins, and the last one ends."""
    given: NDArray[np.uint8]
    first: Int64
    """The numbers of the first word of owners, of metrics, and of ends of lines, 0 where these have none; those of
    periods come first."""
    begin: Int64
    """Where each word begins, and the last one ends."""
    words: NDArray[np.uint8]
    powers: Int64
    """By power of ten: the high and the low half of its leading 128 bits."""
    into: NDArray[np.uint8]


def powers_of_ten() -> Int64:
    """Return :attr:`Lines.powers`."""
    scaled = [10**power << 128 - (10**power).bit_length() for power in range(POWERS)]
    halves = [half for one in scaled for half in (one >> 64, one & (1 << 64) - 1)]
    return np.array(halves, np.uint64).view(np.int64)


def is_odd(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say of which values the texts are to be given."""
    size = np.abs(values)
    odd: NDArray[np.bool_] = ~((size >= SMALLEST) & (size < BEYOND) | (size == 0.0) & ~np.signbit(values))
    return odd
