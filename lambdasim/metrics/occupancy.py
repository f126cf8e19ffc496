"""How many of something a function has at once, and for how long: exact levels and integrals over periods.

Fed with intervals ``[start, end)`` in any order. An interval that ends on the instant at which another begins has
left by then. This module does not know what occupies whom.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from lambdasim.metrics.cells import Cells, Int64, Integers, Totals, divided, narrow, order_of, sums_by, wide
from lambdasim.model.events import NEVER_NS

STRETCH: Final = 2**16
"""Levels of more cells are worked out in parts of about so many: that takes several times the memory of what is kept.
"""


@dataclass(frozen=True, eq=False)
class Levels:
    """The level of each function in each period in which something was there, ordered by function, then period."""

    _function: Integers
    _period: Integers
    _start: Integers
    _integral_ns: Integers
    at_warmup: Int64
    """By function: the level when the warm-up ends."""
    before_ns: Int64
    """By function: the integral over the warm-up."""
    after_ns: Int64
    """By function: the integral over the drain, from when the loads end."""

    @property
    def function(self) -> Int64:
        """Index of the function."""
        return wide(self._function)

    @property
    def period(self) -> Int64:
        """Number of the period."""
        return wide(self._period)

    @property
    def start(self) -> Int64:
        """The level when the period begins: intervals that began before it and end after."""
        return wide(self._start)

    @property
    def integral_ns(self) -> Int64:
        """The level's integral over the period, in ns."""
        return wide(self._integral_ns)

    @classmethod
    def of(cls, function: Int64, period: Int64, start: Int64, integral_ns: Int64, *sides: Int64) -> "Levels":
        """Keep the columns of cells, and those by function, ``sides``; of many cells in as few bytes as they need."""
        return cls(narrow(function), narrow(period), narrow(start), narrow(integral_ns), *sides)

    def starting(self, start: Int64) -> "Levels":
        """Return levels that are others when periods begin."""
        return replace(self, _start=start)

    def chosen(self, index: Int64 | slice) -> "Levels":
        """Return the levels of cells at some places; what is kept by function stays as it is."""
        return replace(
            self,
            _function=self._function[index],
            _period=self._period[index],
            _start=self._start[index],
            _integral_ns=self._integral_ns[index],
        )

    @cached_property
    def totals(self) -> list[int]:
        """Return each function's integral over the whole run, in ns."""
        return sums_by(self.function, self.integral_ns, len(self.before_ns))


class Occupancy:
    """Accumulates intervals by function."""

    __slots__ = (
        "_after_ns",
        "_at_warmup",
        "_before_ns",
        "_cells",
        "_functions",
        "_loads_end_ns",
        "_period_ns",
        "_warmup_ns",
    )

    def __init__(self, functions: int, period_ns: int, warmup_ns: int, loads_end_ns: int = NEVER_NS) -> None:
        self._functions = functions
        self._period_ns = period_ns
        self._warmup_ns, self._loads_end_ns = warmup_ns, loads_end_ns
        self._cells = Cells(("enter", "part"))
        self._at_warmup = np.zeros(functions, np.int64)
        self._before_ns = np.zeros(functions, np.int64)
        self._after_ns = np.zeros(functions, np.int64)

    def add(self, function: Int64, start_ns: Int64, end_ns: Int64) -> None:
        """Add intervals; ``0 <= start_ns <= end_ns``."""
        # The integral over a period is its length times the level at its start, plus what begins and less what ends
        # within it. An interval therefore touches two cells at most: those of its first and its last period.
        period_ns = self._period_ns
        first = start_ns // period_ns
        last = np.maximum((end_ns - 1) // period_ns, first)
        across = last != first
        self._cells.add(
            first * self._functions + function,
            enter=across.astype(np.int64),
            part=np.where(across, (first + 1) * period_ns, end_ns) - start_ns,
        )
        if across.any():
            last, ending, owner = last[across], end_ns[across], function[across]
            self._cells.add(
                last * self._functions + owner,
                enter=np.broadcast_to(np.int64(-1), last.shape),
                part=ending - (last + 1) * period_ns,
            )
        if self._warmup_ns:
            early = start_ns < self._warmup_ns
            owner, ending = function[early], end_ns[early]
            np.add.at(self._at_warmup, owner[ending > self._warmup_ns], 1)  # numpy adds truth values fifty times slower
            np.add.at(self._before_ns, owner, np.minimum(ending, self._warmup_ns) - start_ns[early])
        late = end_ns > self._loads_end_ns
        if late.any():
            np.add.at(self._after_ns, function[late], end_ns[late] - np.maximum(start_ns[late], self._loads_end_ns))

    def merge(
        self, cells: Totals, function: Int64, at_warmup: Int64, before_ns: Int64, after_ns: Int64 | None = None
    ) -> None:
        """Add what intervals amount to: changes by ``period * functions + function``, and columns by function."""
        self._cells.merge(cells)
        np.add.at(self._at_warmup, function, at_warmup)
        np.add.at(self._before_ns, function, before_ns)
        if after_ns is not None:
            np.add.at(self._after_ns, function, after_ns)

    def levels(self) -> Levels:
        """Return the levels of all intervals so far."""
        cells = self._cells.totals()
        period, function = divided(cells.keys, self._functions)
        order = order_of(function)
        ends = np.cumsum(np.bincount(function, minlength=self._functions))
        step = max(self._functions // (1 + len(order) // STRETCH), 1)
        changes = (narrow(function), narrow(period), cells.sums["enter"], cells.sums["part"])
        parts = [
            self._of_stretch(*(wide(column.take(own)) for column in changes))
            for own in np.split(order, ends[step - 1 : -1 : step])
        ]
        columns = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Levels.of(*columns, self._at_warmup, self._before_ns, self._after_ns)

    def _of_stretch(self, function: Int64, period: Int64, enter: Int64, part: Int64) -> tuple[Integers, ...]:
        """Return the columns of :class:`Levels` of some functions, given the changes of each, one after another."""
        after = np.cumsum(enter)  # every function's changes sum to zero, so each begins at level zero
        before = after - enter
        same = np.zeros(len(period), bool)
        same[:-1] = function[1:] == function[:-1]
        gap = np.where(same, np.diff(period, append=0) - 1, 0) * (after > 0)
        if not gap.any():
            return narrow(function), narrow(period), narrow(before), narrow(part + before * self._period_ns)
        cell = np.repeat(np.arange(len(period)), 1 + gap)
        offset = np.arange(len(cell)) - np.repeat(np.cumsum(1 + gap) - 1 - gap, 1 + gap)
        start = np.where(offset == 0, before[cell], after[cell])
        integral_ns = np.where(offset == 0, part[cell], 0) + start * self._period_ns
        return narrow(function[cell]), narrow(period[cell] + offset), narrow(start), narrow(integral_ns)
