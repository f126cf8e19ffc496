"""Numbers as text: the text that pyarrow writes of a float64.

That is the shortest text that reads back as the same number and, of those, the nearest to it. The arithmetic is R.
Giulietti's ("The Schubfach way to render doubles", 2022): whole numbers alone, for the powers of ten that are needed
here fit in 128 bits. Eight digits at a time are made in one integer, a byte for each.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.machine_code.jit import double_bits, kernel, rounded_to_odd, store_8, trailing_zeros
from lambdasim.metrics.cells import Int64

MILLION: Final = 1e6
MILLIONTH: Final = 1e-6
"""Smaller numbers have an exponent."""
MOST_MILLIONTHS: Final = 1e8
"""A smaller whole number of millionths, as times in ms are, has at most 15 digits, and so no shorter text."""
SIGNIFICAND: Final = 52
BIAS: Final = 1_075
MINUS, POINT, ZERO, EXPONENT = ord("-"), ord("."), ord("0"), ord("e")
EIGHT: Final = 10**8
"""Numbers below it have eight digits or fewer."""
ZEROS: Final = 0x3030303030303030
LAST: Final = 1 << 56
"""The lowest bit of the last of eight bytes."""


@kernel
def number(powers: Int64, value: float, into: NDArray[np.uint8], at: int) -> int:
    """Write a number from ``SMALLEST`` to before ``BEYOND``, or 0, or one that is negative; return where it ends."""
    if value < 0.0:
        into[at] = MINUS
        at += 1
        value = -value
    begin, whole = at, int(value)
    at = whole_number(whole, into, at)
    if value == whole:
        return at
    into[at] = POINT
    at += 1
    digits = int(value * MILLION + 0.5)
    if value < MOST_MILLIONTHS and digits / MILLION == value:
        store_8(eight(digits - whole * 1_000_000) >> 16 | ZEROS, into, at)
        at += 6
    else:
        digits, exponent = shortest(powers, double_bits(value))
        if value < MILLIONTH:
            return with_exponent(digits, exponent, into, begin)
        at = last_digits(digits, -exponent, into, at)
    while into[at - 1] == ZERO:
        at -= 1
    return at


@kernel
def with_exponent(digits: int, exponent: int, into: NDArray[np.uint8], at: int) -> int:
    """Write a number below a millionth and return where it ends."""
    while digits % 10 == 0:
        digits //= 10
        exponent += 1
    count, beyond = 1, 10
    while digits >= beyond:
        count += 1
        beyond *= 10
    end = last_digits(digits, count, into, at + 1)
    into[at], into[at + 1] = into[at + 1], POINT
    if count == 1:
        end = at + 1
    into[end], into[end + 1] = EXPONENT, MINUS
    exponent = 1 - count - exponent
    if exponent >= 10:
        into[end + 2] = ZERO + exponent // 10
        end += 1
    into[end + 2] = ZERO + exponent % 10
    return end + 3


@kernel
def whole_number(whole: int, into: NDArray[np.uint8], at: int) -> int:
    """Write a number from 0 to before 10**10; return where it ends."""
    if whole < 10:  # as most counts are
        into[at] = ZERO + whole
        return at + 1
    if whole >= EIGHT:
        high = whole // EIGHT
        at = whole_number_of_eight(high, into, at)
        store_8(eight(whole - high * EIGHT) | ZEROS, into, at)
        return at + 8
    return whole_number_of_eight(whole, into, at)


@kernel
def whole_number_of_eight(whole: int, into: NDArray[np.uint8], at: int) -> int:
    """Write a number of at most eight digits, without zeros before it; return where it ends."""
    word = eight(whole)
    zeros: int = trailing_zeros(word | LAST) >> 3
    store_8((word | ZEROS) >> 8 * zeros, into, at)
    return at + 8 - zeros


@kernel
def eight(number: int) -> int:
    """Return eight digits of a number, a byte for each, the first digit in the lowest byte."""
    high = number * 109_951_163 >> 40  # of 10_000
    fours = high | number - high * 10_000 << 32
    high = fours * 10_486 >> 20 & 0x7F0000007F  # of 100
    twos = high | fours - high * 100 << 16
    high = twos * 103 >> 10 & 0xF000F000F000F  # of 10
    return high | twos - high * 10 << 8


@kernel
def last_digits(digits: int, count: int, into: NDArray[np.uint8], at: int) -> int:
    """Write the last so many digits of a number below 10**17, with zeros before them; at most 24. Return where they
    end."""
    high = digits // EIGHT
    highest = high // EIGHT
    middle, last = eight(high - highest * EIGHT) | ZEROS, eight(digits - high * EIGHT) | ZEROS
    if count > 16:
        store_8((highest << 56 | ZEROS) >> 8 * (24 - count), into, at)
        store_8(middle, into, at + count - 16)
        store_8(last, into, at + count - 8)
    elif count > 8:
        store_8(middle >> 8 * (16 - count), into, at)
        store_8(last, into, at + count - 8)
    else:
        store_8(last >> 8 * (8 - count), into, at)
    return at + count


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
    below, above, half = int(lower <= 4 * digits), int(4 * digits + 4 <= upper), 4 * digits + 2
    nearest = int(middle > half) | int(middle == half) & digits
    alone = below ^ above  # without a branch, for which of them it is nobody can guess
    return digits + (alone & above | (1 - alone) & nearest & 1), ten
