"""Lines of ``timeseries.csv``, from numbers of words and from values: the text that pyarrow writes of a float64.

That is the shortest text that reads back as the same number and, of those, the nearest to it. The arithmetic is R.
Giulietti's ("The Schubfach way to render doubles", 2022): whole numbers alone, for the powers of ten that are needed
here fit in 128 bits.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.machine_code.jit import double_bits, kernel, rounded_to_odd
from lambdasim.metrics.cells import Int64
from lambdasim.metrics.compiled.line_tables import Lines

MILLION: Final = 1e6
MOST_MILLIONTHS: Final = 1e8
"""A smaller whole number of millionths, as times in ms are, has at most 15 digits, and so no shorter text."""
SIGNIFICAND: Final = 52
BIAS: Final = 1_075
MINUS, POINT, NEWLINE, ZERO = ord("-"), ord("."), ord("\n"), np.uint64(ord("0"))


@kernel
def write(lines: Lines) -> int:
    """Write all rows; return how many bytes that took."""
    at = given = 0
    owners, metrics, ends = lines.first[0], lines.first[1], lines.first[2]
    for i in range(len(lines.value)):
        at = copied(lines.begin, lines.words, lines.period[i], lines.into, at)
        at = copied(lines.begin, lines.words, owners + lines.owner[i], lines.into, at)
        at = copied(lines.begin, lines.words, metrics + lines.metric[i], lines.into, at)
        if i == lines.odd[given]:
            at = copied(lines.given_begin, lines.given, given, lines.into, at)
            given += 1
        else:
            at = number(lines.powers, lines.value[i], lines.into, at)
        if ends > 0:
            at = copied(lines.begin, lines.words, ends + lines.period[i], lines.into, at)
        lines.into[at] = NEWLINE
        at += 1
    return at


@kernel
def copied(begin: Int64, words: NDArray[np.uint8], which: int, into: NDArray[np.uint8], at: int) -> int:
    """Copy a word and return where it ends."""
    first, end = begin[which], begin[which + 1]
    for i in range(first, end):
        into[at + i - first] = words[i]
    return at + int(end - first)


@kernel
def number(powers: Int64, value: float, into: NDArray[np.uint8], at: int) -> int:
    """Write a number and return where it ends."""
    if value < 0.0:
        into[at] = MINUS
        at += 1
        value = -value
    whole = int(value)
    if value == whole:
        return digits_of(whole, length_of(whole), into, at)
    digits, exponent = int(value * MILLION + 0.5), -6
    if value >= MOST_MILLIONTHS or digits / MILLION != value:
        digits, exponent = shortest(powers, double_bits(value))
    while digits % 10 == 0:
        digits //= 10
        exponent += 1
    length = length_of(digits)
    before = length + exponent  # the point
    if before > 0:
        end = digits_of(digits, length, into, at + 1)
        for i in range(at, at + before):
            into[i] = into[i + 1]
        into[at + before] = POINT
        return end
    into[at], into[at + 1] = ZERO, POINT
    for i in range(at + 2, at + 2 - before):
        into[i] = ZERO
    return digits_of(digits, length, into, at + 2 - before)


@kernel
def length_of(digits: int) -> int:
    """Return how many digits a number has, 0 having one."""
    length, power = 1, 10
    while digits >= power and length < 18:
        length += 1
        power *= 10
    return length


@kernel
def digits_of(digits: int, length: int, into: NDArray[np.uint8], at: int) -> int:
    """Write so many digits and return where they end."""
    end = at + length
    rest, hundred, ten = np.uint64(digits), np.uint64(100), np.uint64(10)  # divided faster than numbers with signs
    i = end - 2
    while i >= at:
        fewer = rest // hundred
        two = rest - fewer * hundred
        into[i], into[i + 1] = ZERO + two // ten, ZERO + two % ten
        rest = fewer
        i -= 2
    if i + 1 == at:
        into[at] = ZERO + rest
    return end


@kernel
def shortest(powers: Int64, bits: int) -> tuple[int, int]:
    """Return digits and the power of ten they are multiplied by, of a number from ``SMALLEST`` to before ``BEYOND``
    that is no integer. There may be zeros at the end of the digits.
    """
    fraction = bits & (1 << SIGNIFICAND) - 1
    significand, exponent = fraction | 1 << SIGNIFICAND, (bits >> SIGNIFICAND) - BIAS
    closer = int(fraction == 0)  # the next smaller number is half as far away as the next greater one
    # floor(log10(2**exponent)), or of three quarters of that
    ten = (exponent * 1_262_611 - closer * 524_031) >> 22
    # by so many bits, so that the product has them behind its point
    shift = exponent + (-ten * 1_741_647 >> 19) + 1
    high, low = powers[-2 * ten], powers[-2 * ten + 1]
    lower = rounded_to_odd(high, low, 4 * significand - 2 + closer << shift) + (significand & 1)
    middle = rounded_to_odd(high, low, 4 * significand << shift)
    upper = rounded_to_odd(high, low, 4 * significand + 2 << shift) - (significand & 1)
    digits = middle >> 2
    fewer = digits // 10
    below, above = int(lower <= 40 * fewer), int(40 * fewer + 40 <= upper)
    if below != above:
        return fewer + above, ten + 1
    below, above = int(lower <= 4 * digits), int(4 * digits + 4 <= upper)
    if below != above:
        return digits + above, ten
    half = 4 * digits + 2
    return digits + int(middle > half or (middle == half and digits & 1 == 1)), ten
