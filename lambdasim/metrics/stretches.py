"""The times and levels of many functions over time, made of what was counted when they are asked for.

Of thousands of functions over hours these series take more memory than all else, so they are made for a stretch of
functions at a time and not kept.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from lambdasim.metrics import timeline
from lambdasim.metrics.cells import Int64, Integers, Mask, narrow
from lambdasim.metrics.ledger import KIND_BITS, Ledger
from lambdasim.metrics.series import Series

MANY: Final = 2**16
"""From so many cells of functions and periods on, series are made when they are asked for; they have more rows."""
STRETCH: Final = 2**14
"""About so many cells have the functions of a stretch, and twenty times as many rows."""


class FunctionSeries:
    """The series that :func:`lambdasim.metrics.timeline.of_functions` yields, of some functions at a time."""

    def __init__(self, ledger: Ledger) -> None:
        """Find out once to which function each cell belongs."""
        self._ledger = ledger
        cells = (ledger.counts.cell, ledger.samples.groups >> KIND_BITS + 1)
        self._of_counts, self._of_samples = (narrow(ledger.place(cell)[1]) for cell in cells)
        self._of_work = narrow((ledger.work.keys >> 1) % len(ledger.functions))
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
        cells = np.bincount(self._of_samples, minlength=count) + np.bincount(self._of_work, minlength=count)
        stretch = np.cumsum(cells) // (2 * STRETCH)
        first = np.flatnonzero(np.diff(stretch, prepend=-1))
        return list(zip(first.tolist(), [*first[1:].tolist(), count], strict=True))

    def between(self, first: int, last: int) -> Sequence[Series]:
        """Return the series of a stretch of functions."""
        wanted = np.zeros(len(self._ledger.functions), bool)
        wanted[first:last] = True
        return list(timeline.of_functions(self._only(wanted)))

    def of(self, functions: Sequence[int]) -> Sequence[Series]:
        """Return the series of a few functions, which are kept until others are asked for."""
        asked = tuple(functions)
        if self._latest is None or self._latest[0] != asked:
            wanted = np.zeros(len(self._ledger.functions), bool)
            wanted[list(asked)] = True
            self._latest = asked, list(timeline.of_functions(self._only(wanted)))
        return self._latest[1]

    def _only(self, wanted: Mask) -> Ledger:
        """Return what was counted of some functions."""
        own = self._ledger

        def chosen(function: Integers) -> Int64:
            return np.flatnonzero(wanted[function])

        return replace(
            own,
            counts=own.counts.chosen(chosen(self._of_counts)),
            samples=own.samples.chosen(chosen(self._of_samples)),
            work=own.work.chosen(chosen(self._of_work)),
            executing=own.executing.of_functions(wanted),
            executing_provisioned=own.executing_provisioned.of_functions(wanted),
            alive=own.alive.of_functions(wanted),
            initialising=own.initialising.of_functions(wanted),
            control=own.control.of_functions(wanted),
        )
