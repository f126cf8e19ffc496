"""How many events of a source are somewhere at once: exact integrals, and the level at the instants of a fine grid.

Fed with intervals ``[start, end)`` in any order. The level between two instants of the grid is not kept, for that
would take memory by the event; CloudWatch's levels of queues are samples too, and its grid is coarser.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from lambdasim.metrics.cells import Cells, Int64, Totals
from lambdasim.metrics.occupancy import Levels, Occupancy
from lambdasim.model.events import NEVER_NS

MOST_INSTANTS: Final = 60
"""Instants of the grid in each period, at most: a second apart in periods of a minute."""

SPARE: Final = 16
"""A block of intervals is counted in a table of at most so many cells for each of them."""


def grid_of(period_ns: int) -> int:
    """Return the distance of the grid's instants: the smallest that divides the period into at most 60 parts."""
    return period_ns // next(parts for parts in range(MOST_INSTANTS, 0, -1) if period_ns % parts == 0)


@dataclass(frozen=True, slots=True, eq=False)
class Present:
    """Levels at the instants of the grid, ordered by source, then time, wherever something was there."""

    source: Int64
    instant: Int64
    """Number of the instant, from 0 at the start of the run."""
    level: Int64
    """Just after the instant."""
    integral_ns: Int64
    """The level's integral until the next instant."""
    levels: Levels
    """The same without the level at the instant."""

    def totals(self) -> list[int]:
        """Return each source's integral over the whole run, in ns."""
        return self.levels.totals


class Presence:
    """Accumulates intervals by source."""

    __slots__ = ("_grid_ns", "_loads_end_ns", "_occupancy", "_onsets", "_sources", "_warmup_ns")

    def __init__(self, sources: int, grid_ns: int, warmup_ns: int, loads_end_ns: int = NEVER_NS) -> None:
        self._sources, self._grid_ns = sources, grid_ns
        self._warmup_ns, self._loads_end_ns = warmup_ns, loads_end_ns
        self._occupancy = Occupancy(sources, grid_ns, warmup_ns, loads_end_ns)
        self._onsets = Cells(("count",))

    def add(self, source: Int64, start_ns: Int64, end_ns: Int64) -> None:
        """Add intervals; those that do not end after their start are none."""
        lasting = end_ns > start_ns
        if not lasting.all():
            source, start_ns, end_ns = source[lasting], start_ns[lasting], end_ns[lasting]
        if not len(source):
            return
        grid_ns, sources = self._grid_ns, self._sources
        first, last = start_ns // grid_ns, (end_ns - 1) // grid_ns
        begin_ns = first * grid_ns
        first_cell, last_cell = first * sources + source, last * sources + source
        onset = np.flatnonzero(start_ns == begin_ns)
        if len(onset):
            self._onsets.add(first_cell[onset], count=np.ones(len(onset), np.int64))
        low = int(first.min()) * sources
        size = (int(last.max()) + 1) * sources - low
        if size > SPARE * len(source) + 4096:
            self._occupancy.add(source, start_ns, end_ns)
            return
        # an interval adds to the integrals of its first and its last cell, and to the level of the cells between
        first_cell -= low
        last_cell -= low
        enter = np.bincount(first_cell, minlength=size) - np.bincount(last_cell, minlength=size)
        part = np.zeros(size, np.int64)
        np.add.at(part, first_cell, begin_ns + grid_ns - start_ns)
        np.add.at(part, last_cell, end_ns - (last + 1) * grid_ns)
        changed = np.flatnonzero((enter != 0) | (part != 0))
        changes = Totals(changed + low, {"enter": enter[changed], "part": part[changed]}, {})
        at_warmup, before_ns, after_ns = (np.zeros(sources, np.int64) for _ in range(3))
        if self._warmup_ns:
            early = np.flatnonzero(start_ns < self._warmup_ns)
            np.add.at(at_warmup, source[early][end_ns[early] > self._warmup_ns], 1)
            np.add.at(before_ns, source[early], np.minimum(end_ns[early], self._warmup_ns) - start_ns[early])
        late = np.flatnonzero(end_ns > self._loads_end_ns)
        np.add.at(after_ns, source[late], end_ns[late] - np.maximum(start_ns[late], self._loads_end_ns))
        self._occupancy.merge(changes, np.arange(sources), at_warmup, before_ns, after_ns)

    def levels(self) -> Present:
        """Return the levels of all intervals so far."""
        levels = self._occupancy.levels()
        onsets = self._onsets.totals()
        level = levels.start.copy()
        if len(onsets) and len(level):
            cells = levels.period * self._sources + levels.function
            order = np.argsort(cells, kind="stable")
            level[order[np.searchsorted(cells[order], onsets.keys)]] += onsets["count"]
        return Present(levels.function, levels.period, level, levels.integral_ns, levels)
