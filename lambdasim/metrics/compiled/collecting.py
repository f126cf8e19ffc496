"""From the log of the loop to counts and histograms, and from many histograms to fewer.

Twin of ``Tally``, ``Samples`` and ``histogram.merged``.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.machine_code.jit import kernel
from lambdasim.metrics.cells import Int64
from lambdasim.metrics.compiled.tables import ATTEMPT, KIND_BITS, VALUE_BITS, Found, Merged

DIGIT_BITS: Final = 11
DIGITS: Final = 3
"""The log is sorted by so many digits of so many bits each."""


@kernel
def collect(
    log: NDArray[np.uint32], spare: NDArray[np.uint32], digits: Int64, ranks: Int64, bases: Int64, found: Found,
    sizes: Int64,
) -> None:  # fmt: skip
    """Sort a log and count what is in it; write to ``sizes`` how many tallies, groups of samples and cells there are.

    ``ranks`` is by group its place in the order of groups, and ``bases`` by rank the tally's key of the code 0.
    ``spare`` has room for the log, and ``digits`` for all numbers of all digits.
    """
    logged = len(log)
    digits[:] = 0
    low = (1 << VALUE_BITS + KIND_BITS) - 1
    mask = (1 << DIGIT_BITS) - 1
    for i in range(logged):
        entry = np.int64(log[i])
        entry = ranks[entry >> VALUE_BITS + KIND_BITS] << VALUE_BITS + KIND_BITS | entry & low
        log[i] = entry
        for digit in range(DIGITS):
            digits[digit << DIGIT_BITS | (entry >> digit * DIGIT_BITS) & mask] += 1
    for digit in range(DIGITS):
        shift, first = digit * DIGIT_BITS, digit << DIGIT_BITS
        if logged and digits[first | (np.int64(log[0]) >> shift) & mask] == logged:
            continue
        before = 0
        for i in range(first, first + mask + 1):
            before, digits[i] = before + digits[i], before
        for i in range(logged):
            place = first | (np.int64(log[i]) >> shift) & mask
            spare[digits[place]] = log[i]
            digits[place] += 1
        log, spare = spare, log

    tallied = sampled = groups = begin = 0
    last = -1
    while begin < logged:
        logged_as = np.int64(log[begin])
        end = begin + 1
        while end < logged and log[end] == logged_as:
            end += 1
        of, value = int(logged_as >> VALUE_BITS), int(logged_as & ((1 << VALUE_BITS) - 1))
        if of & ((1 << KIND_BITS) - 1) == ATTEMPT:
            found.tallied[tallied], found.tallies[tallied] = bases[of >> KIND_BITS] + value, end - begin
            tallied += 1
        else:
            if of != last:
                found.first[groups], found.values[groups] = sampled, 0
                groups += 1
                last = of
            found.values[groups - 1] += end - begin
            found.bins[sampled], found.counts[sampled] = value, end - begin
            sampled += 1
        begin = end
    sizes[0], sizes[1], sizes[2] = tallied, groups, sampled


@kernel
def merge(
    first: Int64, size: Int64, bins: NDArray[np.int16], counts: NDArray[Any], order: Int64, begin: Int64, table: Int64,
    merged: Merged,
) -> int:  # fmt: skip
    """Merge the histograms ``order`` lists; return how many cells come of it. Twin of ``histogram.merged``.

    ``table`` has room for all bins, and is zero before and after.
    """
    done = 0
    for i in range(len(begin)):
        until = begin[i + 1] if i + 1 < len(begin) else len(order)
        before, low, high = done, len(table), -1
        for place in range(begin[i], until):
            cell = first[order[place]]
            end = cell + size[order[place]]
            low, high = min(low, bins[cell]), max(high, bins[end - 1])
            while cell < end:
                table[bins[cell]] += counts[cell]
                cell += 1
        for value in range(low, high + 1):
            merged.bins[done], merged.counts[done] = value, table[value]
            done += table[value] > 0  # without a branch, for its outcome is a coin's
            table[value] = 0
        merged.sizes[i] = done - before
    return done
