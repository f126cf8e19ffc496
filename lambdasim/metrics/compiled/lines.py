"""Lines of ``timeseries.csv``, from numbers of words and from values: the text that pyarrow writes of a float64.

That is the shortest text that reads back as the same number and, of those, the nearest to it. The arithmetic is R.
Giulietti's ("The Schubfach way to render doubles", 2022): whole numbers alone, for the powers of ten that are needed
here fit in 128 bits.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.machine_code.jit import copy_16, double_bits, kernel, rounded_to_odd
from lambdasim.metrics.cells import Int64
from lambdasim.metrics.compiled.line_tables import BEYOND, CHUNK, SMALLEST, Lines

MILLION: Final = 1e6
MOST_MILLIONTHS: Final = 1e8
"""A smaller whole number of millionths, as times in ms are, has at most 15 digits, and so no shorter text."""
SIGNIFICAND: Final = 52
BIAS: Final = 1_075
MINUS, POINT, NEWLINE, ZERO = ord("-"), ord("."), ord("\n"), np.uint64(ord("0"))


@kernel
def write(lines: Lines) -> int:
    """Write all rows, owner after owner; return how many bytes that took."""
    at = 0
    owners, base, word, periods, ends = (
        lines.numbers[0], lines.numbers[1], lines.numbers[2], lines.numbers[3], lines.numbers[4]
    )  # fmt: skip
    for owner in range(owners):
        row = before = end_before = 0
        for part in range(len(lines.metric)):
            row = lines.bounds[part * (owners + 1) + owner]
            end = lines.bounds[part * (owners + 1) + owner + 1]
            if row < end:
                at = write_part(
                    lines, lines.metric[part], word + owner, (base, ends), (row, end, before, end_before), at
                )
                before, end_before = row, end
        base += periods
    return at


@kernel
def write_part(
    lines: Lines, metric: int, owner: int, bases: tuple[int, int], rows: tuple[int, int, int, int], at: int
) -> int:
    """Write the rows of one owner in one part; return where they end."""
    base, ends = bases
    row, end, before, end_before = rows
    size = copied(lines.begin, lines.words, owner, lines.prefix, 0)
    size = copied(lines.begin, lines.words, metric, lines.prefix, size)
    for i in range(row, end):
        period = lines.key[i] - base
        at = copied(lines.begin, lines.words, period, lines.into, at)
        at = moved(lines.prefix, 0, size, lines.into, at)
        place, other = 2 * (i - row), before + i - row
        bits = double_bits(lines.value[i])
        if other < end_before and lines.key[other] == lines.key[i] and double_bits(lines.value[other]) == bits:
            first, last = lines.texts[place], lines.texts[place + 1]  # it has the text that the part before has
            lines.texts[place], lines.texts[place + 1] = at, at + last - first
            at = moved(lines.into, first, last - first, lines.into, at)
        else:
            lines.texts[place] = at
            at = written(lines, i, at)
            lines.texts[place + 1] = at
        if ends > 0:
            at = copied(lines.begin, lines.words, ends + period, lines.into, at)
        lines.into[at] = NEWLINE
        at += 1
    return at


@kernel
def written(lines: Lines, row: int, at: int) -> int:
    """Write a row's value and return where it ends."""
    value = lines.value[row]
    if SMALLEST <= value < BEYOND or double_bits(value) == 0 or -BEYOND < value <= -SMALLEST:
        return number(lines.powers, value, lines.into, at)
    low, high = 0, len(lines.odd)
    while low + 1 < high:
        middle = (low + high) >> 1
        if lines.odd[middle] <= row:
            low = middle
        else:
            high = middle
    return copied(lines.given_begin, lines.given, low, lines.into, at)


@kernel
def copied(begin: Int64, words: NDArray[np.uint8], which: int, into: NDArray[np.uint8], at: int) -> int:
    """Copy a word and return where it ends."""
    return moved(words, begin[which], begin[which + 1] - begin[which], into, at)


@kernel
def moved(text: NDArray[np.uint8], first: int, size: int, into: NDArray[np.uint8], at: int) -> int:
    """Copy so many bytes, and perhaps some that follow them; return where they end."""
    for i in range(0, size, CHUNK):
        copy_16(text, first + i, into, at + i)
    return at + size


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
