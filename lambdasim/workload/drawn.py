"""Requests that an event source makes by itself, when it likes: batches of a queue, for one.

When it makes them depends on what becomes of others, so an engine asks for them one at a time. What chance decides
about the n-th does not: it is the same however the run goes.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.model.events import request_key
from lambdasim.workload.columns import DRAWN_COLUMNS, Columns
from lambdasim.workload.given import NOTHING_GIVEN
from lambdasim.workload.streams import stream_key

Int64 = NDArray[np.int64]

DRAWN_AT_ONCE: Final = 1_024


class Drawn:
    """The requests of one actor of ``columns``, numbered from 0, as requests of the load with the index ``load``."""

    __slots__ = ("_block", "_columns", "_name", "_rows", "_seed", "actor", "function", "load")

    def __init__(self, load: int, function: int, columns: Columns, actor: int, seed: int, name: str) -> None:
        """``function`` is the index of the function they go to; ``seed`` and ``name`` key the other draws."""
        self.load, self.function = load, function
        self._columns, self.actor = columns, actor
        self._seed, self._name = seed, name
        self._block = -1
        self._rows: list[dict[str, int]] = []

    def row(self, sequence: int) -> dict[str, int]:
        """Return the plan columns of request ``sequence`` but its arrival, and its ``delay_ns``."""
        block, place = divmod(sequence, DRAWN_AT_ONCE)
        if block != self._block:
            self._rows, self._block = self._draw(block), block
        return self._rows[place]

    def key(self, kind: str) -> int:
        """Return the key of a stream of draws of this source, for ``model.rules.jitter24``."""
        return stream_key(self._seed, kind, self._name)

    def block(self, number: int, size: int) -> dict[str, Int64]:
        """Return the drawn columns of request ``number * size`` and the ``size - 1`` after it, each (size,)."""
        return self._columns.draw(self.actor, np.arange(number * size, (number + 1) * size), NOTHING_GIVEN)

    def _draw(self, block: int) -> list[dict[str, int]]:
        index = np.arange(block * DRAWN_AT_ONCE, (block + 1) * DRAWN_AT_ONCE)
        columns = self.block(block, DRAWN_AT_ONCE)
        columns["delay_ns"] = self._columns.delays(self.actor, index)
        columns["request"] = request_key(self.load, 0) + index
        names = ("request", "function", *DRAWN_COLUMNS, "delay_ns")
        columns["function"] = np.broadcast_to(np.int64(self.function), index.shape)
        rows = zip(*(columns[name].tolist() for name in names), strict=True)
        return [dict(zip(names, row, strict=True)) for row in rows]


class Follower(NamedTuple):
    """The requests that a link sends, and the index of the source they go to, -1 if they go straight to a function."""

    drawn: Drawn
    source: int
