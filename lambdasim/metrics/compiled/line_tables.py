"""What the loop that writes lines of ``timeseries.csv`` reads, and what it leaves to others. Data only; numpy only."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.metrics.cells import Int64

SMALLEST: Final = 1e-30
BEYOND: Final = 1e10
"""Numbers from the one to before the other are written here, and 0; the others' texts are given."""
MOST_DIGITS: Final = 40
"""A number takes fewer bytes, with zeros that do not stay: a sign, ten digits, a point and 24 digits."""
CHUNK: Final = 16
"""So many bytes are copied at a time."""
SPARE: Final = 4 * CHUNK
"""So many bytes follow each text and where texts go."""
POWERS: Final = 48
"""How many powers of ten make all those numbers whole, from 1 on."""
SIZE_BITS: Final = 16
"""So many tell how long the text of a number is."""
ALIKE: Final = 3
"""Of so many other parts the values are looked at, whether they are the same."""

OWNERS, FIRST_KEY, FIRST_WORD, PERIODS, FIRST_END, LONGEST, NEXT, LACKS = range(8)
"""The places of numbers: how many owners there are, the key and the word of the first one, how many periods there are,
the number of the first word that ends lines, 0 where there is none, how long a line may be, the owner to begin with,
and 1 if texts are needed for it that were not given. The words of periods come first."""


class Lines(NamedTuple):
    """Rows of some owners in parts, the words that lines are made of, and where their text goes."""

    numbers: Int64
    """See :data:`OWNERS` and those below it."""
    metric: Int64
    """By part: the word of its metric and statistic together."""
    alike: Int64
    """By part: :data:`ALIKE` parts before it whose values may well be the same as its own, or one that has no rows."""
    bounds: Int64
    """By part and owner: where the owner's rows begin, and at the end where the last one's end. Behind the last part
    stands one more, of no rows, here and below."""
    keys: Int64
    """By part: where its keys are in memory, which are integers of 64 bits."""
    values: Int64
    """The same of its values, which are floats of 64 bits."""
    before: Int64
    """By part: how many rows there are in those before it."""
    begin: Int64
    """Where each word begins, and the last one ends."""
    words: NDArray[np.uint8]
    powers: Int64
    """By power of ten: the high and the low half of its leading 128 bits."""
    prefix: NDArray[np.uint8]
    """Room for the words of an owner and a metric."""
    text: Int64
    """By part: the number of its first text; in each, texts are counted from there by the row of an owner."""
    texts: Int64
    """Room, by text, for where it begins, and in the last :data:`SIZE_BITS` how long it is."""
    into: NDArray[np.uint8]
    odd: Int64
    """The rows whose value's text is given, ascending; counted through all parts. None as long as none is known to be
    needed."""
    given_begin: Int64
    """Where each of those texts begins, and the last one ends."""
    given: NDArray[np.uint8]


def powers_of_ten() -> Int64:
    """Return :attr:`Lines.powers`."""
    scaled = [(10**power << 128) >> (10**power).bit_length() for power in range(POWERS)]
    halves = [half for one in scaled for half in (one >> 64, one & (1 << 64) - 1)]
    return np.array(halves, np.uint64).view(np.int64)


def is_odd(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Say of which values the texts are to be given."""
    size = np.abs(values)
    odd: NDArray[np.bool_] = ~((size >= SMALLEST) & (size < BEYOND) | (size == 0.0) & ~np.signbit(values))
    return odd
