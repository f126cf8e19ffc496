"""What only cold starts need of a chunk of requests, drawn where there is one: of most requests of most loads, never.

Draws are named, so what is drawn when changes no number.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.workload.arithmetic import Arithmetic
from lambdasim.workload.columns import Columns
from lambdasim.workload.merge import Rows

Int64 = NDArray[np.int64]

SELDOM: Final = 1 / 20_000
"""Cold starts are seldom where so few requests have one: to stop for one takes 0.1 ms, as long as to draw what some ten
thousand need."""


@dataclass(slots=True)
class ColdStarts:
    """Those of one run, as far as it has come."""

    arithmetic: Arithmetic
    """Nobody else's: they may be drawn while a later chunk is."""
    share: float = 1.0
    """How many of the requests have one: after the first chunk a mean over chunks, each of which counts as much as all
    before it."""

    def of(self, columns: Columns, rows: Rows, arithmetic: Arithmetic) -> "ColdRows":
        """Return what some requests need for theirs: drawn already with ``arithmetic``, unless they are seldom."""
        is_drawn = self.share > SELDOM
        own = rows if is_drawn else rows[:1]
        found = columns.cold(own.actor, own.index, own.given, arithmetic)
        if not is_drawn:
            found = {
                name: np.empty(len(rows), np.int64) if column.strides[0] else np.broadcast_to(column[0], len(rows))
                for name, column in found.items()  # one that has one value is one already
            }
        return ColdRows(self, columns, found, len(rows), None if is_drawn else rows)


class ColdRows:
    """What the cold starts of one chunk need: a ``plan.ColdRows``."""

    def __init__(
        self, run: ColdStarts, columns: Columns, into: dict[str, Int64], count: int, rows: Rows | None
    ) -> None:
        """``rows`` are the requests, of which there are so many; None where what they need is drawn."""
        self._run, self._columns, self._count, self._rows = run, columns, count, rows
        self.columns, self.is_drawn = into, rows is None

    def draw(self, begin: int, end: int) -> None:
        """Draw rows from ``begin`` to below ``end``."""
        assert self._rows is not None
        rows = self._rows[begin:end]
        for name, drawn in self._columns.cold(rows.actor, rows.index, rows.given, self._run.arithmetic).items():
            if drawn.strides[0]:
                self.columns[name][begin:end] = drawn

    def tell(self, times: int) -> None:
        """Say how many of the requests needed it: where they are few, later chunks are not drawn."""
        own, before = times / max(self._count, 1), self._run.share
        self._run.share = own if before == 1.0 else (own + before) / 2
