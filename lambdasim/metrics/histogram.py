"""Histograms of non-negative integers in logarithmic bins: exact count, sum, minimum and maximum, and every quantile
within 0.4 %, the extremes exactly. They merge exactly, in any order. Nothing here knows what the integers measure.

A value's bin is the exponent and the 7 leading mantissa bits of its float64, so a bin is at most 1/128 of its values
wide; integers below 256 have a bin each.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.metrics.cells import SETTLE_ROWS, Int64, Integers, Mask, Totals, order_of, run_starts, wide

MANTISSA_BITS: Final = 7
BIN_BITS: Final = 13
"""Bins fit in so many bits: values below 2**63 need 63 * 2**7 + 1."""

TABLE: Final = 2**20
"""How many bins are merged at a time: in 8 MB."""
DENSE: Final = 4
"""How many bins there are in a table for each cell that is merged in it, at most."""

_BINS_PER_OCTAVE: Final = 1 << MANTISSA_BITS
BIN_SHIFT: Final = 52 - MANTISSA_BITS
BIN_OF_ONE: Final = (1023 << MANTISSA_BITS) - 1


def bin_of(values: Int64) -> Int64:
    """Return the bin of each value (0 and above): bin 0 holds 0, bin 1 holds 1."""
    bits = values.astype(np.float64).view(np.int64)
    bits >>= BIN_SHIFT
    bits -= BIN_OF_ONE
    return np.maximum(bits, 0, out=bits)


def value_of(bins: Int64) -> Int64:
    """Return the middle integer of each bin."""
    exponent, mantissa = np.divmod(np.maximum(bins, 1) - 1, _BINS_PER_OCTAVE)
    wide = np.maximum(exponent - MANTISSA_BITS, 0)
    narrow = np.maximum(MANTISSA_BITS - exponent, 0)
    lowest = (_BINS_PER_OCTAVE + mantissa) >> narrow << wide
    return np.where(bins > 0, lowest + (((1 << wide) - 1) >> 1), 0)


@lru_cache
def ratio(quantile: float) -> tuple[int, int]:
    """Return a quantile as it is written, not as binary holds it: 0.07 of 100 values is the 7th, not the 8th."""
    return Fraction(str(quantile)).as_integer_ratio()


def rank_of(quantile: float, count: Int64) -> Int64:
    """Return the nearest rank (1 .. count) of ``quantile`` (0 .. 1) among ``count`` values."""
    part, whole = ratio(quantile)
    return np.maximum(-(-count * part // whole), 1)


def _settled(value: Int64, rank: Int64, count: Int64 | int, minimum: Int64 | int, maximum: Int64 | int) -> Int64:
    """Return quantiles as their bins give them, but the first and the last value, which are known, exactly."""
    within = np.clip(value, minimum, maximum)
    return np.where(rank == count, maximum, np.where(rank == 1, minimum, within))


@dataclass(frozen=True, slots=True, eq=False)
class Histograms:
    """A histogram for each of many groups, side by side in arrays."""

    groups: Int64
    """The groups that have values, ascending."""
    count: Int64
    total_high: Int64
    total_low: Int64
    """The sum of a group's values is ``total_high * 2**32 + total_low``."""
    minimum: Int64
    maximum: Int64
    first: Int64
    """Where each group's cells begin."""
    bins: Integers
    """In as few bytes as they need where there are many, as are the counts."""
    counts: Integers

    @classmethod
    def joined(cls, parts: list["Histograms"]) -> "Histograms":
        """Return histograms one after another, without merging any.

        ``parts`` is empty then, so that each column goes as soon as it is joined.
        """
        if len(parts) == 1:
            return parts.pop()
        columns = {name: [getattr(part, name) for part in parts] for name in cls.__slots__}
        parts.clear()
        before = np.cumsum([0, *map(len, columns["bins"])]).tolist()
        columns["first"] = [first + cells for first, cells in zip(columns["first"], before, strict=False)]
        return cls(**{name: np.concatenate(columns.pop(name)) for name in cls.__slots__})

    def __len__(self) -> int:
        return len(self.groups)

    def regroup(self, groups: Int64, where: Mask | None = None, merge: "Merge | None" = None) -> "Histograms":
        """Merge the histograms under other groups, one given for each present group; only ``where`` it is true.

        ``merge`` does what :func:`merged` does, perhaps faster.
        """
        if where is None or where.all():
            chosen, owner = None, groups
        else:
            chosen = np.flatnonzero(where)
            owner = groups.take(chosen)
        if not len(owner):
            return NONE
        if (owner[1:] > owner[:-1]).all():
            return replace(self if chosen is None else self.chosen(chosen), groups=owner)
        order = order_of(owner)
        owner = owner.take(order)
        if chosen is not None:
            order = chosen.take(order)
        begin = run_starts(owner)
        bins, counts, size = (merge or merged)(self, order, begin)
        return Histograms(
            owner[begin],
            np.add.reduceat(self.count.take(order), begin),
            np.add.reduceat(self.total_high.take(order), begin),
            np.add.reduceat(self.total_low.take(order), begin),
            np.minimum.reduceat(self.minimum.take(order), begin),
            np.maximum.reduceat(self.maximum.take(order), begin),
            np.cumsum(size) - size,
            bins,
            counts,
        )

    def chosen(self, index: Int64) -> "Histograms":
        """Return the histograms at some places."""
        size = self.sizes()[index]
        first = np.cumsum(size) - size
        cell = np.repeat(self.first[index] - first, size)
        cell += np.arange(len(cell))
        return Histograms(
            self.groups[index],
            self.count[index],
            self.total_high[index],
            self.total_low[index],
            self.minimum[index],
            self.maximum[index],
            first,
            self.bins[cell],
            self.counts[cell],
        )

    def stretch(self, begin: int, end: int) -> "Histograms":
        """Return a copy of the histograms from one place to before another."""
        cells = slice(int(self.first[begin]), int(self.first[end]) if end < len(self) else None)
        columns = {name: getattr(self, name)[begin:end] for name in self.__slots__[:-2]}
        columns |= {
            "first": columns["first"] - self.first[begin],
            "bins": self.bins[cells],
            "counts": self.counts[cells],
        }
        return Histograms(**{name: column.copy() for name, column in columns.items()})

    def sizes(self) -> Int64:
        """Return how many cells each group has."""
        return np.diff(self.first, append=len(self.bins))

    def quantile(self, quantile: float) -> Int64:
        """Return each group's value of nearest rank ``quantile`` (0 .. 1), from its bin."""
        return self.quantiles([quantile])[0]

    def quantiles(self, quantiles: Iterable[float]) -> list[Int64]:
        """Return, for each of several quantiles, what :meth:`quantile` returns."""
        ranks = np.array([rank_of(quantile, self.count) for quantile in quantiles])
        before = np.cumsum(self.count) - self.count
        places = np.searchsorted(np.cumsum(wide(self.counts)), before + ranks)
        return list(_settled(value_of(wide(self.bins[places])), ranks, self.count, self.minimum, self.maximum))

    def mean(self) -> NDArray[np.float64]:
        """Return each group's mean."""
        return (self.total_high * 2.0**32 + self.total_low) / self.count

    def histogram(self, group: int) -> "Histogram":
        """Return one group's histogram, an empty one if it has no values."""
        i = int(np.searchsorted(self.groups, group))
        if i == len(self) or self.groups[i] != group:
            return EMPTY
        cells = slice(int(self.first[i]), int(self.first[i + 1]) if i + 1 < len(self) else None)
        total = (int(self.total_high[i]) << 32) + int(self.total_low[i])
        low, high = int(self.minimum[i]), int(self.maximum[i])
        bins, counts = (column[cells].astype(np.int64) for column in (self.bins, self.counts))
        return Histogram(bins, counts, int(self.count[i]), total, low, high)


Merge = Callable[[Histograms, Int64, Int64], tuple[Integers, Integers, Int64]]


def merged(histograms: Histograms, order: Int64, begin: Int64) -> tuple[Int64, Int64, Int64]:
    """Return bins, counts and the number of cells of merged histograms, one after another.

    ``order`` lists those to merge, and ``begin`` where in it each merged one begins. Bins are counted in a table for
    some of them at a time, unless it would be nearly empty.
    """
    size = histograms.sizes()[order]
    end = np.cumsum(size)
    cell = np.repeat(histograms.first[order] - (end - size), size) + np.arange(size.sum())
    bins, counts = wide(histograms.bins[cell]), wide(histograms.counts[cell])
    size = np.add.reduceat(size, begin)
    low = int(bins.min())
    width = int(bins.max()) - low + 1
    owner = np.repeat(np.arange(len(begin)), size)
    if len(begin) * width > DENSE * len(bins):
        keys = owner << BIN_BITS | bins
        cells = Totals(keys, {"count": counts}, {}).regroup(keys)
        owner, bins, counts = cells.keys >> BIN_BITS, cells.keys & (1 << BIN_BITS) - 1, cells["count"]
        return bins, counts, np.bincount(owner, minlength=len(begin))
    some = max(TABLE // width, 1)
    begins = np.concatenate(([0], np.cumsum(size)))
    parts = []
    for first in range(0, len(begin), some):
        last = min(first + some, len(begin))
        cells_of = slice(int(begins[first]), int(begins[last]))
        table = np.bincount((owner[cells_of] - first) * width + (bins[cells_of] - low), counts[cells_of])
        found = np.flatnonzero(table)  # sums of whole numbers below 2**53 are exact
        of_owner, of_bin = np.divmod(found, width)
        parts.append((of_bin + low, table[found].astype(np.int64), np.bincount(of_owner, minlength=last - first)))
    bins, counts, size = (np.concatenate(column) for column in zip(*parts, strict=True))
    return bins, counts, size


NONE: Final = Histograms(*[np.zeros(0, np.int64)] * len(Histograms.__slots__))


class Samples:
    """Accumulates values by group; :meth:`histograms` gives what they amount to."""

    __slots__ = ("_again", "_merge", "_settled", "_waiting", "_waiting_cells")

    def __init__(self, merge: Merge | None = None) -> None:
        """``merge`` does what :func:`merged` does, perhaps faster."""
        self._merge = merge
        self._settled: list[Histograms] = []  # each of later groups than those before it
        self._waiting: list[Histograms] = []
        self._waiting_cells = 0
        self._again = 0  # how many cells had been settled and were merged with others the last time

    def add(self, groups: Int64, values: Int64) -> None:
        """Add values, each to its group."""
        if not len(values):
            return
        keys = groups << BIN_BITS | bin_of(values)
        order = order_of(keys)
        keys, values = keys[order], values[order]
        first = run_starts(keys)
        cells, counts = keys[first], np.diff(first, append=len(keys))
        owners = cells >> BIN_BITS
        begin = run_starts(owners)
        start = first[begin]
        self.merge(
            Histograms(
                owners[begin],
                np.add.reduceat(counts, begin),
                np.add.reduceat(values >> 32, start),
                np.add.reduceat(values & 0xFFFFFFFF, start),
                np.minimum.reduceat(values, start),
                np.maximum.reduceat(values, start),
                begin,
                cells & (1 << BIN_BITS) - 1,
                counts,
            )
        )

    def merge(self, histograms: Histograms) -> None:
        """Add the values of histograms."""
        if not len(histograms):
            return
        self._waiting.append(histograms)
        self._waiting_cells += len(histograms.bins)
        if self._waiting_cells > max(SETTLE_ROWS, self._again):
            self._settle()

    def histograms(self) -> Histograms:
        """Return the histograms of all values so far."""
        if self._waiting:
            self._settle()
        if not self._settled:
            return NONE
        self._settled = [Histograms.joined(self._settled)]
        return self._settled[0]

    def _settle(self) -> None:
        """Merge what waits with what has been settled from its lowest group on; as a rule that is little."""
        low = min(int(part.groups.min()) for part in self._waiting)
        again: list[Histograms] = []
        while self._settled and self._settled[-1].groups[-1] >= low:
            part = self._settled.pop()
            first = int(np.searchsorted(part.groups, low))
            again.append(part.stretch(first, len(part)))
            if first:
                self._settled.append(part.stretch(0, first))
        self._again = sum(len(part.bins) for part in again)
        again += self._waiting
        self._waiting, self._waiting_cells = [], 0
        joined = Histograms.joined(again)
        self._settled.append(joined.regroup(joined.groups, merge=self._merge))


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """One histogram: its bins in ascending order, how many values each holds, and the exact count, sum and extremes."""

    bins: Int64
    counts: Int64
    count: int
    total: int
    minimum: int
    maximum: int

    @classmethod
    def merged(cls, histograms: Iterable["Histogram"]) -> "Histogram":
        """Return the histogram of all values of several."""
        filled = [h for h in histograms if h.count]
        if len(filled) == 1:
            return filled[0]
        if not filled:
            return EMPTY
        bins = np.concatenate([h.bins for h in filled])
        cells = Totals(bins, {"count": np.concatenate([h.counts for h in filled])}, {}).regroup(bins)
        return cls(
            cells.keys,
            cells["count"],
            sum(h.count for h in filled),
            sum(h.total for h in filled),
            min(h.minimum for h in filled),
            max(h.maximum for h in filled),
        )

    def quantiles(self, quantiles: Iterable[float]) -> list[int]:
        """Return the values of nearest rank of each quantile (0 .. 1), from their bins. ValueError of no values."""
        if not self.count:
            raise ValueError("no values have no quantiles")
        count = np.array([self.count])
        ranks = np.concatenate([rank_of(quantile, count) for quantile in quantiles])
        values = value_of(self.bins[np.searchsorted(np.cumsum(self.counts), ranks)])
        settled: list[int] = _settled(values, ranks, self.count, self.minimum, self.maximum).tolist()
        return settled

    def survival(self) -> tuple[Int64, NDArray[np.float64]]:
        """Return the bins' middle values and the share of values in higher bins, for a complementary CDF."""
        values = np.clip(value_of(self.bins), self.minimum, self.maximum)
        return values, 1.0 - np.cumsum(self.counts) / max(self.count, 1)


EMPTY: Final = Histogram(np.zeros(0, np.int64), np.zeros(0, np.int64), 0, 0, 0, 0)
"""The histogram of no values."""
