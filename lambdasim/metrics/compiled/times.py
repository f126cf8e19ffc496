"""Statistics of times by function and period, from histograms. Twin of ``histogram.Histograms``."""

from typing import Final

from lambdasim.machine_code.jit import kernel
from lambdasim.metrics.compiled.time_tables import Times
from lambdasim.metrics.histogram import MANTISSA_BITS
from lambdasim.units import NS_PER_MS

HIGH: Final = 2.0**32
"""What the high half of a sum counts."""


@kernel
def describe(times: Times) -> int:
    """Write the statistics of each key that has any value, in ms; return how many keys have."""
    i = found = 0
    while i < len(times.key):
        end = i + 1
        while end < len(times.key) and times.key[end] == times.key[i]:
            end += 1
        some, only = 0, i
        for one in range(i, end):
            if times.asked[times.kind[one]]:
                some += 1
                only = one
        if some:
            times.into_key[found] = times.key[i]
            if some == 1:
                describe_one(times, only, found)
            else:
                describe_several(times, i, end, found)
            found += 1
        i = end
    return found


@kernel
def describe_one(times: Times, one: int, found: int) -> None:
    """Write the statistics of one histogram."""
    cell, below, count = times.first[one], 0, times.size[one]
    minimum, maximum = times.minimum[one], times.maximum[one]
    if count == 1:  # as of most functions of many
        for statistic in range(3 + len(times.rank) // 2):
            times.into[statistic * len(times.key) + found] = minimum / NS_PER_MS
        return
    plain(times, found, times.total_high[one], times.total_low[one], count, minimum, maximum)
    for quantile in range(len(times.rank) // 2):
        rank = rank_of(times, quantile, count)
        while below + count_of(times, cell) < rank:
            below += count_of(times, cell)
            cell += 1
        quantile_is(times, quantile, found, times.bins[cell], rank, count, minimum, maximum)


@kernel
def describe_several(times: Times, begin: int, end: int, found: int) -> None:
    """Write the statistics of the values of several histograms together."""
    count = high = low = 0
    minimum = maximum = -1
    lowest, highest = len(times.table), -1
    for one in range(begin, end):
        if times.asked[times.kind[one]]:
            minimum = times.minimum[one] if minimum < 0 else min(minimum, times.minimum[one])
            maximum = max(maximum, times.maximum[one])
            count += times.size[one]
            high += times.total_high[one]
            low += times.total_low[one]
            lowest = min(lowest, times.bins[times.first[one]])
            highest = max(highest, times.bins[times.end[one] - 1])
            for cell in range(times.first[one], times.end[one]):
                times.table[times.bins[cell]] += count_of(times, cell)
    plain(times, found, high, low, count, minimum, maximum)
    value, below = lowest, 0
    for quantile in range(len(times.rank) // 2):
        rank = rank_of(times, quantile, count)
        while below + times.table[value] < rank:
            below += times.table[value]
            value += 1
        quantile_is(times, quantile, found, value, rank, count, minimum, maximum)
    for value in range(lowest, highest + 1):
        times.table[value] = 0


@kernel
def plain(times: Times, found: int, high: int, low: int, count: int, minimum: int, maximum: int) -> None:
    """Write what needs no bins."""
    room = len(times.key)
    times.into[found] = (high * HIGH + low) / count / NS_PER_MS
    times.into[room + found] = minimum / NS_PER_MS
    times.into[2 * room + found] = maximum / NS_PER_MS


@kernel
def rank_of(times: Times, quantile: int, count: int) -> int:
    """Return the nearest rank of a quantile among so many values."""
    part, whole = times.rank[2 * quantile], times.rank[2 * quantile + 1]
    return max(int((count * part + whole - 1) // whole), 1)


@kernel
def count_of(times: Times, cell: int) -> int:
    """Return how many values a cell has."""
    if len(times.counts16) > 0:
        return int(times.counts16[cell])
    if len(times.counts32) > 0:
        return int(times.counts32[cell])
    return int(times.counts64[cell])


@kernel
def quantile_is(
    times: Times, quantile: int, found: int, of_bin: int, rank: int, count: int, minimum: int, maximum: int
) -> None:
    """Write a quantile that is in a bin; the first and the last value are known."""
    value = min(max(middle_of(of_bin), minimum), maximum)
    if rank == count:
        value = maximum
    elif rank == 1:
        value = minimum
    times.into[(3 + quantile) * len(times.key) + found] = value / NS_PER_MS


@kernel
def middle_of(of_bin: int) -> int:
    """Return the middle integer of a bin."""
    place = max(of_bin, 1) - 1
    exponent, mantissa = place >> MANTISSA_BITS, place & (1 << MANTISSA_BITS) - 1
    wide, narrow = max(exponent - MANTISSA_BITS, 0), max(MANTISSA_BITS - exponent, 0)
    lowest = ((1 << MANTISSA_BITS) + mantissa) >> narrow << wide
    return lowest + ((1 << wide) - 1 >> 1) if of_bin > 0 else 0
