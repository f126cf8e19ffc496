"""Sparse accumulators: sums and maxima of ``int64`` columns by an integer key.

Rows come in any order and in any division into chunks, and the result is the same, because integer sums and
maxima do not care. Memory grows with the number of distinct keys. This module knows nothing of what a key means.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]
Mask = NDArray[np.bool_]

SETTLE_ROWS: Final = 2**18
"""How many cells may wait before they are merged into the settled ones."""

MOST_RUNS: Final = 8
"""So many ascending runs, and one more, are merged rather than sorted."""


def order_of(keys: Int64) -> Int64:
    """Return the stable order that sorts ``keys``: a radix sort, 16 bits at a time.

    numpy sorts 16-bit integers ten times as fast as 64-bit ones, and the keys of one chunk span few bits. Keys that
    are a few ascending runs, one after another, it merges faster still.
    """
    if len(keys) < 256 or np.count_nonzero(keys[1:] < keys[:-1]) <= MOST_RUNS:
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


def run_starts(ordered: Int64) -> Int64:
    """Return where each run of equal values begins in an array that holds equal values side by side."""
    if not len(ordered):
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))


def exact_sum(values: Int64) -> int:
    """Return the sum of an ``int64`` array as a Python integer, which cannot overflow."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def sums_by(index: Int64, values: Int64, size: int) -> list[int]:
    """Return the exact sum of ``values`` for each ``index`` in ``range(size)``, as Python integers."""
    high = np.zeros(size, np.int64)
    low = np.zeros(size, np.int64)
    np.add.at(high, index, values >> 32)
    np.add.at(low, index, values & 0xFFFFFFFF)
    return [(int(h) << 32) + int(part) for h, part in zip(high, low, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """Sums and maxima by key, the keys distinct and ascending; ``totals["name"]`` is a column."""

    keys: Int64
    sums: dict[str, Int64]
    maxima: dict[str, Int64]

    def __getitem__(self, name: str) -> Int64:
        return self.sums[name] if name in self.sums else self.maxima[name]

    def __len__(self) -> int:
        return len(self.keys)

    def regroup(self, keys: Int64, where: Mask | None = None) -> "Totals":
        """Return the totals under other keys, one given for each present key; only ``where`` it is true."""
        if where is not None:
            return self._select(np.flatnonzero(where)).regroup(keys[where])
        if (keys[1:] > keys[:-1]).all():
            return Totals(keys, *self.columns)
        order = order_of(keys)
        ordered = keys[order]
        starts = run_starts(ordered)
        if len(starts) == len(ordered):
            return Totals(ordered, *self._select(order).columns)
        return Totals(
            ordered[starts],
            {name: np.add.reduceat(column[order], starts) for name, column in self.sums.items()},
            {name: np.maximum.reduceat(column[order], starts) for name, column in self.maxima.items()},
        )

    @property
    def columns(self) -> tuple[dict[str, Int64], dict[str, Int64]]:
        """Sums and maxima."""
        return self.sums, self.maxima

    def _select(self, index: Int64) -> "Totals":
        return Totals(
            self.keys[index],
            {name: column[index] for name, column in self.sums.items()},
            {name: column[index] for name, column in self.maxima.items()},
        )


class Cells:
    """Accumulates columns by key: ``sums`` are added, of ``maxima`` the largest is kept."""

    __slots__ = ("_limit", "_settled", "_waiting", "_waiting_rows", "maxima", "sums")

    def __init__(self, sums: Sequence[str] = (), maxima: Sequence[str] = ()) -> None:
        self.sums = tuple(sums)
        self.maxima = tuple(maxima)
        none = np.zeros(0, np.int64)
        self._settled = Totals(none, dict.fromkeys(sums, none), dict.fromkeys(maxima, none))
        self._waiting: list[Totals] = []
        self._waiting_rows = 0

    def add(self, keys: Int64, **columns: Int64) -> None:
        """Add rows; each column of the constructor must be given, as long as ``keys``."""
        if not len(keys):
            return
        rows = Totals(keys, {name: columns[name] for name in self.sums}, {name: columns[name] for name in self.maxima})
        self.merge(rows.regroup(keys))

    def merge(self, totals: Totals) -> None:
        """Add totals of the same columns."""
        self._waiting.append(totals)
        self._waiting_rows += len(totals)
        if self._waiting_rows > max(SETTLE_ROWS, len(self._settled)):
            self.totals()

    def totals(self) -> Totals:
        """Return the totals of all rows so far."""
        if self._waiting:
            parts = [self._settled, *self._waiting]
            keys = np.concatenate([part.keys for part in parts])
            joined = Totals(
                keys,
                {name: np.concatenate([part.sums[name] for part in parts]) for name in self.sums},
                {name: np.concatenate([part.maxima[name] for part in parts]) for name in self.maxima},
            )
            self._settled = joined.regroup(keys)
            self._waiting = []
            self._waiting_rows = 0
        return self._settled
