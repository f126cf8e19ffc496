"""From the log of the loop to counts and histograms, and from many histograms to fewer.

Twin of ``Tally``, ``Samples`` and ``histogram.merged``.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdasim.machine_code.jit import kernel, trailing_zeros
from lambdasim.metrics.cells import Int64
from lambdasim.metrics.compiled.tables import ATTEMPT, ENTRY_BITS, VALUE_BITS, WORD_BITS, WORD_MASK, Found, Merged, Room


@kernel
def collect(
    log: NDArray[np.uint32], spare: NDArray[np.uint32], ranks: NDArray[np.int32], bases: Int64, room: Room,
    found: Found, sizes: Int64,
) -> None:  # fmt: skip
    """Count what is in a log; write to ``sizes`` how many tallies, groups of samples and cells there are.

    ``ranks`` is by group its place in the order of groups, and ``bases`` by rank the tally's key of the code 0.
    ``spare`` has room for the log. Entries are put group by group, and those of each group counted in one table: what
    a group touches of it stays in the processor's first cache.
    """
    ends, low = room.ends, (1 << ENTRY_BITS) - 1
    ends[: len(bases)] = 0
    for i in range(len(log)):
        ends[ranks[np.int64(log[i]) >> ENTRY_BITS]] += 1
    before = 0
    for rank in range(len(bases)):
        before, ends[rank] = before + ends[rank], before
    for i in range(len(log)):
        rank = ranks[np.int64(log[i]) >> ENTRY_BITS]
        spare[ends[rank]] = np.int64(log[i]) & low
        ends[rank] += 1

    counts, words, whole = room.counts, room.words, room.whole
    tallied = sampled = groups = begin = 0
    for rank in range(len(bases)):
        last = -1
        for i in range(begin, ends[rank]):
            entry = np.int64(spare[i])
            word = entry >> WORD_BITS
            counts[entry] += 1
            words[word] |= np.int64(1) << (entry & WORD_MASK)
            whole[word >> WORD_BITS] |= np.int64(1) << (word & WORD_MASK)
        begin = ends[rank]
        for of_words in range(len(whole)):
            while whole[of_words] != 0:
                word = of_words << WORD_BITS | trailing_zeros(whole[of_words])
                whole[of_words] &= whole[of_words] - 1
                bits, words[word] = words[word], 0
                while bits != 0:
                    entry = word << WORD_BITS | trailing_zeros(bits)
                    bits &= bits - 1
                    count, counts[entry] = counts[entry], 0
                    kind, value = entry >> VALUE_BITS, entry & ((1 << VALUE_BITS) - 1)
                    if kind == ATTEMPT:
                        found.tallied[tallied], found.tallies[tallied] = bases[rank] + value, count
                        tallied += 1
                        continue
                    if kind != last:
                        found.first[groups], found.values[groups] = sampled, 0
                        groups += 1
                        last = kind
                    found.values[groups - 1] += count
                    found.bins[sampled], found.counts[sampled] = value, count
                    sampled += 1
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
