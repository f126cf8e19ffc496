"""Statistics of times by function and period, from histograms. Twin of ``histogram.Histograms``."""

from typing import Final

from lambdasim.machine_code.jit import kernel, prefetch
from lambdasim.metrics.compiled.time_tables import FUNCTIONS, LOADS, PERIODS, Times
from lambdasim.metrics.histogram import MANTISSA_BITS
from lambdasim.metrics.ledger import KIND_BITS
from lambdasim.units import NS_PER_MS

FAR, NEAR = 16, 8
"""So many histograms ahead are asked for what is kept of each, and for their cells."""
HIGH: Final = 2.0**32
"""What the high half of a sum counts."""


@kernel
def describe(times: Times) -> int:
    """Write the statistics of each metric by key; return how many histograms were looked at."""
    times.found[:] = 0
    metrics, i = len(times.found), 0
    while i < len(times.place):
        ask_for(times, i)
        place = times.place[i]
        owned = (times.group[place] >> KIND_BITS + 1) // times.numbers[LOADS]  # the period and the function
        beyond = (owned + 1) * times.numbers[LOADS] << KIND_BITS + 1
        end = i + 1
        while end < len(times.place) and place < times.place[end] and times.group[times.place[end]] < beyond:
            end += 1
        period = owned // times.numbers[FUNCTIONS]
        key = (owned - period * times.numbers[FUNCTIONS]) * times.numbers[PERIODS] + period
        described = row_described = -1  # the last one that was alone
        for metric in range(metrics):
            some, only = 0, place
            for one in range(i, end):
                if is_asked(times, metric, times.place[one]):
                    some += 1
                    only = times.place[one]
            if some:
                row = row_of(times, metric)
                times.into_key[metric * len(times.place) + times.found[metric]] = key
                times.found[metric] += 1
                if some > 1:
                    describe_several(times, metric, i, end, row)
                elif only == described:  # as of what is no cold start
                    for statistic in range(3 + len(times.rank) // 2):
                        room = statistic * len(times.place)
                        times.into[row + room] = times.into[row_described + room]
                else:
                    describe_one(times, only, row)
                    described, row_described = only, row
        i = end
    return i


@kernel
def ask_for(times: Times, i: int) -> None:
    """Ask for what will be read of histograms that come soon: one function's are far apart."""
    if i + FAR < len(times.place):
        far, first = times.place[i + FAR], times.first[times.place[i + NEAR]]
        prefetch(times.group, far)
        prefetch(times.size, far)
        prefetch(times.total_high, far)
        prefetch(times.total_low, far)
        prefetch(times.minimum, far)
        prefetch(times.maximum, far)
        prefetch(times.first, far)
        prefetch(times.bins, first)
        prefetch(times.counts16, first)


@kernel
def is_asked(times: Times, metric: int, place: int) -> bool:
    """Say whether a metric is of the values of a histogram."""
    kind = times.group[place] >> 1 & (1 << KIND_BITS) - 1
    asked: bool = times.asked[(metric << KIND_BITS) + kind] > 0
    return asked


@kernel
def row_of(times: Times, metric: int) -> int:
    """Return where the next mean of a metric goes; the other statistics have room behind it, each as for all means."""
    row: int = metric * (3 + len(times.rank) // 2) * len(times.place) + times.found[metric]
    return row


@kernel
def end_of(times: Times, place: int) -> int:
    """Return where the cells of a histogram end."""
    return int(times.first[place + 1] if place + 1 < len(times.first) else len(times.bins))


@kernel
def describe_one(times: Times, one: int, row: int) -> None:
    """Write the statistics of one histogram."""
    cell, below, count = times.first[one], 0, times.size[one]
    minimum, maximum = times.minimum[one], times.maximum[one]
    if count == 1:  # as of most functions of many
        for statistic in range(3 + len(times.rank) // 2):
            times.into[row + statistic * len(times.place)] = minimum / NS_PER_MS
        return
    plain(times, row, times.total_high[one], times.total_low[one], count, minimum, maximum)
    for quantile in range(len(times.rank) // 2):
        rank, value = rank_of(times, quantile, count), maximum
        if rank < count:
            while below + count_of(times, cell) < rank:
                below += count_of(times, cell)
                cell += 1
            value = within(times.bins[cell], rank, minimum, maximum)
        times.into[(3 + quantile) * len(times.place) + row] = value / NS_PER_MS


@kernel
def describe_several(times: Times, metric: int, begin: int, end: int, row: int) -> None:
    """Write the statistics of the values of several histograms together."""
    count = high = low = 0
    minimum = maximum = -1
    lowest, highest = len(times.table), -1
    for i in range(begin, end):
        one = times.place[i]
        if is_asked(times, metric, one):
            minimum = times.minimum[one] if minimum < 0 else min(minimum, times.minimum[one])
            maximum = max(maximum, times.maximum[one])
            count += times.size[one]
            high += times.total_high[one]
            low += times.total_low[one]
            lowest = min(lowest, times.bins[times.first[one]])
            highest = max(highest, times.bins[end_of(times, one) - 1])
            for cell in range(times.first[one], end_of(times, one)):
                times.table[times.bins[cell]] += count_of(times, cell)
    plain(times, row, high, low, count, minimum, maximum)
    of_bin, below = lowest, 0
    for quantile in range(len(times.rank) // 2):
        rank, value = rank_of(times, quantile, count), maximum
        if rank < count:
            while below + times.table[of_bin] < rank:
                below += times.table[of_bin]
                of_bin += 1
            value = within(of_bin, rank, minimum, maximum)
        times.into[(3 + quantile) * len(times.place) + row] = value / NS_PER_MS
    for of_bin in range(lowest, highest + 1):
        times.table[of_bin] = 0


@kernel
def plain(times: Times, row: int, high: int, low: int, count: int, minimum: int, maximum: int) -> None:
    """Write what needs no bins."""
    room = len(times.place)
    times.into[row] = (high * HIGH + low) / count / NS_PER_MS
    times.into[room + row] = minimum / NS_PER_MS
    times.into[2 * room + row] = maximum / NS_PER_MS


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
def within(of_bin: int, rank: int, minimum: int, maximum: int) -> int:
    """Return the value of a rank below the last one that is in a bin; the first is known."""
    return minimum if rank == 1 else min(max(middle_of(of_bin), minimum), maximum)


@kernel
def middle_of(of_bin: int) -> int:
    """Return the middle integer of a bin."""
    place = max(of_bin, 1) - 1
    exponent, mantissa = place >> MANTISSA_BITS, place & (1 << MANTISSA_BITS) - 1
    wide, narrow = max(exponent - MANTISSA_BITS, 0), max(MANTISSA_BITS - exponent, 0)
    lowest = ((1 << MANTISSA_BITS) + mantissa) >> narrow << wide
    return lowest + ((1 << wide) - 1 >> 1) if of_bin > 0 else 0
