"""Traces that count arrivals per bin: scaled, and turned into instants inside their bins.

How many arrive and when depends only on the seed, the load, the function and the bin, so neither a window nor
another function moves them. Bins pass in time order; in memory are those of one piece, about ``CHUNK_ROWS``
arrivals or one bin. This module knows no file.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from lambdasim.plan import CHUNK_ROWS
from lambdasim.workload.block import ArrivalBlock, Int64
from lambdasim.workload.random_streams import Float64, UInt64, bits, uniform

MOST_PER_BIN: Final = 2**23
"""How many arrivals one bin may hold, all functions together: they are in memory at once."""

_MEAN_GAP: Final = 2.0**32  # so that the gaps of a bin, each at most 37 times that, add up within an int64


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Counts of some complete bins in time order: at least one row per bin, all columns of equal length."""

    time_ns: Int64
    """When the bin begins."""
    function: Int64
    count: Int64


Place = Callable[[UInt64, Int64, Int64], Float64]
"""``place(key, count, first)``: where the arrivals of each cell lie in their bin (0 to 1, ascending within a cell),
all cells end to end, those of cell c from ``first[c]`` on."""


def _poisson(key: UInt64, count: Int64, first: Int64) -> Float64:
    """Return what a Poisson process with this many arrivals looks like: independent uniform instants, in order.

    Their joint law is that of the partial sums of count + 1 exponential gaps divided by the sum of all, which
    needs no sorting (Devroye, Non-Uniform Random Variate Generation, 1986, theorem V.2.2). They are summed as
    integers, or the cells before one would move its instants by what is rounded.
    """
    cell = np.repeat(np.arange(len(count)), count + 1)
    begin = first + np.arange(len(count))
    gaps = np.rint(np.log(uniform(key[cell], np.arange(len(cell)) - begin[cell])) * -_MEAN_GAP).astype(np.int64)
    sums = np.cumsum(gaps)
    before = sums[begin] - gaps[begin]
    total = sums[begin + count] - before
    last = np.zeros(len(cell), bool)
    last[begin + count] = True
    kept = cell[~last]
    result: Float64 = (sums[~last] - before[kept]) / total[kept]
    return result


def _uniform(key: UInt64, count: Int64, first: Int64) -> Float64:
    """Return one uniform instant in each of the count equal parts of the bin."""
    cell = np.repeat(np.arange(len(count)), count)
    place = np.arange(len(cell)) - first[cell]
    result: Float64 = (place + uniform(key[cell], place)) / count[cell]
    return result


def _even(key: UInt64, count: Int64, first: Int64) -> Float64:
    """Return equidistant instants; where the first lies is drawn, or all functions would begin each bin together."""
    cell = np.repeat(np.arange(len(count)), count)
    result: Float64 = (np.arange(len(cell)) - first[cell] + uniform(key, 0)[cell]) / count[cell]
    return result


PLACES: Final[dict[str, Place]] = {"poisson": _poisson, "uniform": _uniform, "even": _even}
"""What ``within_bin`` names."""


def scaled_counts(cells: Cells, bin_ns: int, scale: float, fraction_keys: UInt64) -> Int64:
    """Return counts times ``scale`` as whole numbers.

    A fraction becomes one more arrival with that probability, by a keyed draw of each function and bin: the
    expected total is exactly ``scale`` times the total of the trace, and a scale of 1 changes nothing.
    """
    if scale == 1.0:
        return cells.count
    wanted = cells.count * scale
    whole = np.floor(wanted)
    draws = uniform(fraction_keys[cells.function], cells.time_ns // bin_ns)
    counts: Int64 = whole.astype(np.int64) + (draws < wanted - whole)
    return counts


def arrivals(cells: Cells, count: Int64, bin_ns: int, within_bin: str, place_keys: UInt64) -> Iterator[ArrivalBlock]:
    """Yield ``count`` arrivals of each cell in time order, placed in its bin as ``within_bin`` says."""
    some = np.flatnonzero(count)
    if len(some) == 0:
        return
    time_ns, function, count = cells.time_ns[some], cells.function[some], count[some]
    ends = np.append(np.flatnonzero(np.diff(time_ns)) + 1, len(some))  # where bins end
    total = np.cumsum(count)
    total_by_bin = total[ends - 1]
    low = 0
    while low < len(some):
        before = total[low] - count[low]
        fitting = int(np.searchsorted(total_by_bin, before + CHUNK_ROWS, side="right"))
        first_end = int(np.searchsorted(ends, low, side="right"))
        high = int(ends[max(fitting - 1, first_end)])
        part = slice(low, high)
        key = bits(place_keys[function[part]], time_ns[part] // bin_ns)
        inside = PLACES[within_bin](key, count[part], np.cumsum(count[part]) - count[part])
        offset = np.minimum((inside * bin_ns).astype(np.int64), bin_ns - 1)
        arrival_ns = np.repeat(time_ns[part], count[part]) + offset
        order = np.argsort(arrival_ns, kind="stable")
        yield ArrivalBlock(arrival_ns[order], np.repeat(function[part], count[part])[order])
        low = high


def merged(cells: Cells) -> Cells:
    """Return the same counts with one row per function and bin, functions in order within a bin."""
    if len(cells.time_ns) == 0:
        return cells
    begins = np.append(False, np.diff(cells.time_ns) != 0)
    key = np.cumsum(begins) * (int(cells.function.max()) + 1) + cells.function
    order = np.argsort(key, kind="stable")
    first = np.append(0, np.flatnonzero(np.diff(key[order])) + 1)
    kept = order[first]
    return Cells(cells.time_ns[kept], cells.function[kept], np.add.reduceat(cells.count[order], first))
