"""Levels over time by a compiled loop: what ``timeline.levels`` yields, of a stretch of functions."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from lambdasim.metrics.cells import Int64, divided, wide
from lambdasim.metrics.compiled.level_tables import SERIES
from lambdasim.metrics.ledger import Ledger
from lambdasim.metrics.occupancy import Levels
from lambdasim.metrics.series import Series
from lambdasim.records import LevelMetric

RECORDED: Final = ("function_concurrency", "environments")
"""The highest levels in records."""


class LevelSeries:
    """The series of levels of a ledger's functions."""

    def __init__(self, ledger: Ledger) -> None:
        """Put what controllers changed in order."""
        self._ledger = ledger
        function, time_ns, environments = ledger.control.samples(LevelMetric.ENVIRONMENTS)
        changed = function * ledger.periods + time_ns // ledger.period_ns
        order = np.argsort(changed, kind="stable")
        self._changed, self._changed_to = changed[order], environments[order]
        self._span_ns = ledger.span_ns()

    def of(self, functions: range, places: Int64, cells: Sequence[slice]) -> Iterator[Series]:
        """Yield the series of functions that follow each other, given the places of their cells of ``Ledger.work`` and
        of executions, environments and those that are initialised.
        """
        from lambdasim.metrics.compiled.native import loops_of_series

        ledger, work = self._ledger, self._ledger.work
        period, function = divided(work.keys.take(places) >> 1, len(ledger.functions))
        ends = np.searchsorted(self._changed, (functions.start * ledger.periods, functions.stop * ledger.periods))
        changes = slice(*ends)
        levels = (ledger.executing, ledger.alive, ledger.initialising)
        busy, alive, starting = (self._columns(of.chosen(where)) for of, where in zip(levels, cells, strict=True))
        keys = (function * ledger.periods + period, self._changed[changes], busy[0], alive[0], starting[0])
        room, found = sum(map(len, keys)), np.zeros(len(SERIES), np.int64)
        into_keys, into = np.empty(room * len(SERIES), np.int64), np.empty(room * len(SERIES))
        loops_of_series()["following"](
            (
                self._span_ns, keys[0], *(wide(work.maxima[name].take(places)) for name in RECORDED),
                keys[1], self._changed_to[changes], *busy, *alive, starting[0], starting[2], found, into_keys, into,
            )
        )  # fmt: skip
        rows = zip(SERIES, found.tolist(), into_keys.reshape(-1, room), into.reshape(-1, room), strict=True)
        for name, size, own, values in rows:
            yield Series(*name, own[:size], values[:size])

    def _columns(self, levels: Levels) -> tuple[Int64, Int64, Int64]:
        """Return the key of each level, what it is when its period begins, and its integral."""
        return levels.function * self._ledger.periods + levels.period, levels.start, levels.integral_ns
