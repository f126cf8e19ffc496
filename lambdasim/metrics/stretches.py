"""The times and levels of many functions over time, made of what was counted when they are asked for.

Of thousands of functions over hours these series take more memory than all else, so they are made for a stretch of
functions at a time and not kept.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from lambdasim.machine_code.native import is_at_hand
from lambdasim.machine_code.program import SERIES
from lambdasim.metrics import timeline
from lambdasim.metrics.cells import Int64, Integers, narrow, order_of, wide
from lambdasim.metrics.ledger import Ledger, sample_cell
from lambdasim.metrics.series import Series

MANY: Final = 2**16
"""From so many cells of functions and periods on, series are made when they are asked for; they have more rows."""
STRETCH: Final = 2**15
"""About so many cells have the functions of a stretch, and twenty times as many rows."""


class FunctionSeries:
    """The series that :func:`lambdasim.metrics.timeline.of_functions` yields, of some functions at a time."""

    def __init__(self, ledger: Ledger) -> None:
        """Find out once where the cells of each function are."""
        self._ledger = ledger
        count = len(ledger.functions)
        self._samples = _Places.of(ledger.place(sample_cell(ledger.samples.groups))[1], count)
        self._work = _Places.of(ledger.work_place()[1], count)
        levels = (ledger.executing, ledger.executing_provisioned, ledger.alive, ledger.initialising)
        self._levels = [_bounds(own.function, count) for own in levels]
        self._loops = None
        if is_at_hand(SERIES):
            from lambdasim.metrics.compiled.level_series import LevelSeries
            from lambdasim.metrics.compiled.statistics import Statistics

            self._loops = Statistics(ledger), LevelSeries(ledger)
        self._latest: tuple[tuple[int, ...], Sequence[Series]] | None = None

    @property
    def metrics(self) -> Collection[str]:
        """Those of the series; the account has them too."""
        return timeline.TIMES_AND_LEVELS

    @property
    def last_period(self) -> int:
        """The last period that has any row."""
        levels = (self._ledger.alive, self._ledger.executing)
        return max(int(own.period.max(initial=0)) for own in levels)

    def bounds(self) -> list[tuple[int, int]]:
        """Return stretches of functions, as first and the one after the last, which are all of them together."""
        count = len(self._ledger.functions)
        stretch = (self._samples.bounds + self._work.bounds)[1:] // (2 * STRETCH)
        first = np.flatnonzero(np.diff(stretch, prepend=-1))
        return list(zip(first.tolist(), [*first[1:].tolist(), count], strict=True))

    def between(self, first: int, last: int) -> Sequence[Series]:
        """Return the series of a stretch of functions."""
        functions = range(first, last)
        if self._loops is None:
            return list(timeline.of_functions(self._only(functions)))
        times, levels = self._loops
        executing, _, alive, initialising = (slice(bounds[first], bounds[last]) for bounds in self._levels)
        cells = executing, alive, initialising
        return [
            *times.of(self._samples.within(functions)),
            *levels.of(functions, self._work.within(functions), cells),
        ]

    def of(self, functions: Sequence[int]) -> Sequence[Series]:
        """Return the series of a few functions, which are kept until others are asked for."""
        asked = tuple(functions)
        if self._latest is None or self._latest[0] != asked:
            self._latest = asked, list(timeline.of_functions(self._only(sorted(set(asked)))))
        return self._latest[1]

    def _only(self, functions: Sequence[int]) -> Ledger:
        """Return what was counted of some functions, ascending, as far as their series read it."""
        own = self._ledger
        levels = (own.executing, own.executing_provisioned, own.alive, own.initialising)
        executing, provisioned, alive, initialising = (
            of.chosen(_stretches(bounds, functions)) for of, bounds in zip(levels, self._levels, strict=True)
        )
        return replace(
            own,
            samples=own.samples.chosen(self._samples.within(functions)),
            work=own.work.chosen(self._work.within(functions)),
            executing=executing,
            executing_provisioned=provisioned,
            alive=alive,
            initialising=initialising,
            control=own.control.of_functions(set(functions)),
        )


class _Places(NamedTuple):
    """Where the cells of each function are."""

    order: Integers
    """The places of cells, function after function."""
    bounds: Int64
    """Where those of each function begin in ``order``, and the last ones end."""

    @classmethod
    def of(cls, function: Int64, count: int) -> "_Places":
        """Find cells that are each of one of ``count`` functions."""
        return cls(narrow(order_of(function)), _bounds(function, count))

    def within(self, functions: Sequence[int]) -> Int64:
        """Return the places of the cells of some functions, function after function."""
        return wide(self.order[_stretches(self.bounds, functions)])


def _bounds(function: Int64, count: int) -> Int64:
    """Return where cells of each function begin that are in the order of functions, and the last ones end."""
    return np.concatenate(([0], np.cumsum(np.bincount(function, minlength=count))))


def _stretches(bounds: Int64, functions: Sequence[int]) -> Int64:
    """Return the places of the cells of some functions, ascending."""
    if isinstance(functions, range):
        return np.arange(bounds[functions.start], bounds[functions.stop])
    return np.concatenate([np.zeros(0, np.int64), *(np.arange(bounds[one], bounds[one + 1]) for one in functions)])
