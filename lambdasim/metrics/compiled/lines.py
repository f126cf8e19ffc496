"""Lines of ``timeseries.csv``, from numbers of words and from values."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.machine_code.jit import array_at, copy_16, double_bits, kernel, rare
from lambdasim.metrics.cells import Int64
from lambdasim.metrics.compiled.decimals import number
from lambdasim.metrics.compiled.line_tables import (
    ALIKE,
    BEYOND,
    CHUNK,
    FIRST_END,
    FIRST_KEY,
    FIRST_WORD,
    LACKS,
    LONGEST,
    NEXT,
    OWNERS,
    PERIODS,
    SIZE_BITS,
    SMALLEST,
    SPARE,
    Lines,
)

NEWLINE: Final = ord("\n")
KEY: Final = np.dtype(np.int64)
VALUE: Final = np.dtype(np.float64)
WIDTH: Final = 8
"""Bytes of each of them."""


@kernel
def write(lines: Lines) -> int:
    """Write the rows of an owner and of those that follow it, as long as there is room and no text is lacking, and say
    who is next; return how many bytes that took.
    """
    at, owner, owners = 0, lines.numbers[NEXT], lines.numbers[OWNERS]
    while owner < owners and at + room_of(lines, owner) <= len(lines.into):
        begin = at
        for part in range(len(lines.metric)):
            if rows_of(lines, owner, part)[1] > 0:
                at = write_part(lines, owner, part, at)
        if lines.numbers[LACKS]:
            at, owners = begin, owner
        else:
            owner += 1
    lines.numbers[NEXT] = owner
    return at


@kernel
def room_of(lines: Lines, owner: int) -> int:
    """Return how many bytes the rows of an owner may take, and what is copied behind them."""
    rows = 0
    for part in range(len(lines.metric)):
        rows += rows_of(lines, owner, part)[1]
    return rows * int(lines.numbers[LONGEST]) + SPARE


@kernel
def write_part(lines: Lines, owner: int, part: int, at: int) -> int:
    """Write the rows of one owner in one part; return where they end."""
    base, ends = lines.numbers[FIRST_KEY] + owner * lines.numbers[PERIODS], lines.numbers[FIRST_END]
    first, rows = rows_of(lines, owner, part)
    keys = array_at(lines.keys[part] + WIDTH * first, rows, KEY)
    values = array_at(lines.values[part] + WIDTH * first, rows, VALUE)
    one, two, three = lines.alike[ALIKE * part], lines.alike[ALIKE * part + 1], lines.alike[ALIKE * part + 2]
    first, rows = rows_of(lines, owner, one)
    values1 = array_at(lines.values[one] + WIDTH * first, rows, VALUE)
    first, rows = rows_of(lines, owner, two)
    values2 = array_at(lines.values[two] + WIDTH * first, rows, VALUE)
    first, rows = rows_of(lines, owner, three)
    values3 = array_at(lines.values[three] + WIDTH * first, rows, VALUE)
    size = copied(lines.begin, lines.words, lines.numbers[FIRST_WORD] + owner, lines.prefix, 0)
    size = copied(lines.begin, lines.words, lines.metric[part], lines.prefix, size)
    text, text1, text2, text3 = lines.text[part], lines.text[one], lines.text[two], lines.text[three]
    for i in range(len(keys)):
        period, value = keys[i] - base, values[i]
        at = copied(lines.begin, lines.words, period, lines.into, at)
        copy_16(lines.prefix, 0, lines.into, at)
        copy_16(lines.prefix, CHUNK, lines.into, at + CHUNK)
        at = moved(lines.prefix, 2 * CHUNK, size - 2 * CHUNK, lines.into, at + 2 * CHUNK)
        begin = at
        if is_same(values1, i, value):
            at = told_again(lines, text1 + i, at)
        elif is_same(values2, i, value):
            at = told_again(lines, text2 + i, at)
        elif is_same(values3, i, value):
            at = told_again(lines, text3 + i, at)
        else:
            at = written(lines, value, part, owner, i, at)
        lines.texts[text + i] = begin << SIZE_BITS | at - begin
        if ends > 0:
            at = copied(lines.begin, lines.words, ends + period, lines.into, at)
        lines.into[at] = NEWLINE
        at += 1
    return at


@kernel
def rows_of(lines: Lines, owner: int, part: int) -> tuple[int, int]:
    """Return where the rows of an owner begin in a part, and how many there are."""
    place = part * (lines.numbers[OWNERS] + 1) + owner
    return lines.bounds[place], lines.bounds[place + 1] - lines.bounds[place]


@kernel
def is_same(values: NDArray[np.float64], row: int, value: float) -> bool:
    """Say whether a row has the same value, to the last bit."""
    return row < len(values) and double_bits(values[row]) == double_bits(value)


@kernel
def told_again(lines: Lines, text: int, at: int) -> int:
    """Copy the text of a value that was written before and return where it ends."""
    before = lines.texts[text]
    return moved(lines.into, before >> SIZE_BITS, before & (1 << SIZE_BITS) - 1, lines.into, at)


@kernel
def written(lines: Lines, value: float, part: int, owner: int, row: int, at: int) -> int:
    """Write the value of a row of an owner in a part and return where it ends."""
    if SMALLEST <= value < BEYOND or double_bits(value) == 0 or -BEYOND < value <= -SMALLEST:
        return number(lines.powers, value, lines.into, at)
    if len(lines.odd) == 0:
        lines.numbers[LACKS] = 1
        return at
    row += lines.before[part] + rows_of(lines, owner, part)[0]
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
    """Copy so many bytes, and perhaps some that follow them; return where they end. As a rule they are few."""
    copy_16(text, first, into, at)
    if rare(size > CHUNK):
        for i in range(CHUNK, size, CHUNK):
            copy_16(text, first + i, into, at + i)
    return at + size
