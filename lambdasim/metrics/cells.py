"""Sparse accumulators: sums and maxima of ``int64`` columns by an integer key.

Rows come in any order and in any division into chunks, and the result is the same, because integer sums and
maxima do not care. Memory grows with the number of distinct keys, and many are kept in integers as narrow as fit. This
module knows nothing of what a key means.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]
Integers = NDArray[np.signedinteger[Any]]
"""Of any width: to be widened before they are reckoned with."""
Mask = NDArray[np.bool_]

SETTLE_ROWS: Final = 2**18
"""How many cells may wait before they are merged into the settled ones."""

NARROW_ROWS: Final = 2**15
"""So many integers, or more, are narrowed."""

MOST_RUNS: Final = 8
"""So many ascending runs, and one more, are merged rather than sorted."""
MOST_RUNS_APART: Final = 32
"""So many are, of which hardly any begins before the end of those before it."""


def order_of(keys: Int64) -> Int64:
    """Return the stable order that sorts ``keys``: a radix sort, 16 bits at a time.

    numpy sorts 16-bit integers ten times as fast as 64-bit ones, and the keys of one chunk span few bits. Keys that
    are a few ascending runs, one after another, it merges faster still, and more runs where they hardly overlap.
    """
    if len(keys) < 256 or _is_few_runs(keys):
        return np.argsort(keys, kind="stable")
    low = int(keys.min())
    rest = keys - low
    order = np.argsort((rest & 0xFFFF).astype(np.uint16), kind="stable")
    span = (int(keys.max()) - low) >> 16
    while span:
        rest >>= 16
        digit = (rest & 0xFFFF).astype(np.uint16)
        order = order[np.argsort(digit[order], kind="stable")]
        span >>= 16
    return order


def _is_few_runs(keys: Int64) -> bool:
    runs = np.count_nonzero(keys[1:] < keys[:-1])
    if MOST_RUNS < runs <= MOST_RUNS_APART:
        return bool(np.count_nonzero(keys < np.maximum.accumulate(keys)) < len(keys) // 8)
    return bool(runs <= MOST_RUNS)


def run_starts(ordered: Int64) -> Int64:
    """Return where each run of equal values begins in an array that holds equal values side by side."""
    if not len(ordered):
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))


def distinct(parts: Iterable[Int64]) -> Int64:
    """Return all keys that some ascending arrays hold, ascending; most of these may hold the same."""
    keys = np.zeros(0, np.int64)
    for some in parts:
        if np.array_equal(some, keys):
            continue
        new = some[np.isin(some, keys, invert=True)] if len(keys) else some
        if len(new):
            keys = np.sort(np.concatenate((keys, new)), kind="stable") if len(keys) else new
            keys = keys[run_starts(keys)]
    return keys


def places_of(some: Int64, keys: Int64) -> Int64:
    """Return where some keys are among all; both are ascending, and some may be there more than once."""
    if (some[1:] > some[:-1]).all():
        return np.flatnonzero(np.isin(keys, some, assume_unique=True))
    return np.searchsorted(keys, some)


def taken(column: Integers, index: Int64 | slice) -> Any:
    """Return what a column holds at some places, which numpy takes in half the time that an index needs."""
    return column[index] if isinstance(index, slice) else column.take(index)


def narrow(column: Integers) -> Integers:
    """Return many integers in as few bytes each as hold all of them; few as they are."""
    if len(column) < NARROW_ROWS:
        return column
    low, high = int(column.min()), int(column.max())
    for kind in (np.int8, np.int16, np.int32):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return column.astype(kind, copy=False)
    return column


def wide(column: Integers) -> Int64:
    """Return integers to reckon with."""
    return column.astype(np.int64, copy=False)


def divided(values: Int64, by: int) -> tuple[Int64, Int64]:
    """Return quotients and rests of integers from 0 on, as ``np.divmod`` does in twice the time."""
    quotient = values // by
    rest = quotient * by
    return quotient, np.subtract(values, rest, out=rest)


def exact_sum(values: Int64) -> int:
    """Return the sum of an ``int64`` array as a Python integer, which cannot overflow."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def sums_by(index: Int64, values: Int64, size: int) -> list[int]:
    """Return the exact sum of ``values`` for each ``index`` in ``range(size)``, as Python integers."""
    if not values.any():
        return [0] * size
    if len(values) * max(int(values.max(initial=0)), -int(values.min(initial=0))) < 1 << 63:
        sums = np.zeros(size, np.int64)
        np.add.at(sums, index, values)
        exact: list[int] = sums.tolist()
        return exact
    high = np.zeros(size, np.int64)
    low = np.zeros(size, np.int64)
    np.add.at(high, index, values >> 32)
    np.add.at(low, index, values & 0xFFFFFFFF)
    return [(int(h) << 32) + int(part) for h, part in zip(high, low, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """Sums and maxima by key, the keys distinct and ascending; ``totals["name"]`` is a column."""

    keys: Int64
    sums: dict[str, Integers]
    maxima: dict[str, Integers]

    def __getitem__(self, name: str) -> Int64:
        return wide(self.sums[name] if name in self.sums else self.maxima[name])

    def __len__(self) -> int:
        return len(self.keys)

    def regroup(self, keys: Int64, where: Mask | None = None) -> "Totals":
        """Return the totals under other keys, one given for each present key; only ``where`` it is true."""
        if where is not None:
            return self.chosen(np.flatnonzero(where)).regroup(keys[where])
        order = order_of(keys) if (keys[1:] < keys[:-1]).any() else slice(None)
        ordered = taken(keys, order)
        starts = run_starts(ordered)
        if len(starts) == len(ordered):
            return Totals(ordered, *self.chosen(order).columns)
        begins = ordered[1:] != ordered[:-1]
        run = np.cumsum(begins.astype(np.int64))  # of each row but the first, which is of the run 0
        return Totals(
            ordered[starts],
            {name: _summed(taken(column, order), run, len(starts)) for name, column in self.sums.items()},
            {name: _highest(taken(column, order), run, starts) for name, column in self.maxima.items()},
        )

    @property
    def columns(self) -> tuple[dict[str, Integers], dict[str, Integers]]:
        """Sums and maxima."""
        return self.sums, self.maxima

    def chosen(self, index: Int64 | slice) -> "Totals":
        """Return the totals of some keys, which are given by their places."""
        return Totals(
            taken(self.keys, index),
            {name: taken(column, index) for name, column in self.sums.items()},
            {name: taken(column, index) for name, column in self.maxima.items()},
        )

    def filled(self, names: Iterable[str]) -> "Totals":
        """Return the same with these sums too, of which those that are not there are 0 and take no memory."""
        return replace(self, sums=dict.fromkeys(names, np.broadcast_to(np.int8(0), len(self))) | self.sums)

    def narrowed(self) -> "Totals":
        """Return the same in fewer bytes, if there are many."""
        sums, maxima = ({name: narrow(column) for name, column in columns.items()} for columns in self.columns)
        return Totals(self.keys, sums, maxima)


def _summed(column: Integers, run: Int64, runs: int) -> Integers:
    """Return the sums of runs of a column: as narrow as fit, if it is narrow.

    numpy takes short runs row by row in a quarter of the time that ``reduceat`` needs.
    """
    sums = np.zeros(runs, np.int64)
    sums[0] = column[0]
    np.add.at(sums, run, wide(column[1:]))
    return sums if column.dtype == np.int64 else narrow(sums)


def _highest(column: Integers, run: Int64, starts: Int64) -> Integers:
    """Return the maxima of runs of a column."""
    highest = column[starts]
    np.maximum.at(highest, run, column[1:])
    return highest


def _joined(parts: list[Totals]) -> Totals:
    """Return parts one after another; ``parts`` is empty then, so that each column goes as soon as it is joined."""
    keys = np.concatenate([part.keys for part in parts])
    sums, maxima = [dict(part.sums) for part in parts], [dict(part.maxima) for part in parts]
    parts.clear()
    return Totals(
        keys,
        {name: np.concatenate([columns.pop(name) for columns in sums]) for name in list(sums[0])},
        {name: np.concatenate([columns.pop(name) for columns in maxima]) for name in list(maxima[0])},
    )


class Cells:
    """Accumulates columns by key: ``sums`` are added, of ``maxima`` the largest is kept."""

    __slots__ = ("_again", "_settled", "_waiting", "_waiting_rows", "maxima", "sums")

    def __init__(self, sums: Sequence[str] = (), maxima: Sequence[str] = ()) -> None:
        self.sums = tuple(sums)
        self.maxima = tuple(maxima)
        self._settled: list[Totals] = []  # each of higher keys than those before it
        self._waiting: list[Totals] = []
        self._waiting_rows = 0
        self._again = 0  # how many cells had been settled and were merged with others the last time

    def add(self, keys: Int64, **columns: Int64) -> None:
        """Add rows; each column of the constructor must be given, as long as ``keys``."""
        if not len(keys):
            return
        rows = Totals(keys, {name: columns[name] for name in self.sums}, {name: columns[name] for name in self.maxima})
        self.merge(rows.regroup(keys))

    def merge(self, totals: Totals) -> None:
        """Add totals of the same columns."""
        if not len(totals):
            return
        self._waiting.append(totals)
        self._waiting_rows += len(totals)
        if self._waiting_rows > max(SETTLE_ROWS, self._again):
            self._settle()

    def totals(self) -> Totals:
        """Return the totals of all rows so far."""
        if self._waiting:
            self._settle()
        if not self._settled:
            none = np.zeros(0, np.int64)
            return Totals(none, dict.fromkeys(self.sums, none), dict.fromkeys(self.maxima, none))
        if len(self._settled) > 1:
            self._settled = [_joined(self._settled)]
        return self._settled[0]

    def _settle(self) -> None:
        """Merge what waits with what has been settled from its lowest key on; as a rule that is little."""
        low = min(int(part.keys.min()) for part in self._waiting)
        again: list[Totals] = []
        while self._settled and self._settled[-1].keys[-1] >= low:
            part = self._settled.pop()
            first = int(np.searchsorted(part.keys, low))
            again.append(part.chosen(slice(first, None)))
            if first:
                self._settled.append(part.chosen(np.arange(first)))  # a copy, which does not keep the rest
        self._again = sum(map(len, again))
        again += self._waiting
        self._waiting, self._waiting_rows = [], 0
        joined = _joined(again)
        self._settled.append(joined.regroup(joined.keys).narrowed())
