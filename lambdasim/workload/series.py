"""Series of requests, numbered from 0: those of a load, and those that a source, a link or a handler makes by itself.

When the latter are made depends on what becomes of others, so an engine asks for them one at a time. What chance
decides about the n-th does not: it is the same however the run goes.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.config.request_series import Maker
from lambdasim.model.aliases import Lead
from lambdasim.model.events import request_key
from lambdasim.workload.columns import DRAWN_COLUMNS, Actor, Columns
from lambdasim.workload.given import NO_OVERRIDES
from lambdasim.workload.random_streams import stream_key

Int64 = NDArray[np.int64]

DRAWN_AT_ONCE: Final = 1_024


class PlannedSeries(NamedTuple):
    """A series with all that decides its requests. It satisfies ``lambdasim.plan.Series``."""

    load: int
    """Its index among all series of the plan, which is the load of request keys."""
    name: str
    made_by: Maker
    seed: int
    function: int = -1
    """Index of the function that all its requests go to; -1 for a trace that says so of each."""
    source: int = -1
    """Index of the source through which they go there, -1 for none."""
    actor: Actor | None = None
    """The function as this series calls it, where it is one alone."""
    alias: int = -1
    """Index of the alias that they go to, among those of the plan; -1 where it is one version throughout."""
    versions: tuple[tuple[int, Actor], ...] = ()
    """With an alias, or several functions over time: the index and the actor of each version; those above are of the
    first."""
    leads: tuple[Lead, ...] = ()
    """Where they go from a time on, where the mapping of their source leads to another function at times."""

    def key(self, kind: str) -> int:
        """Return the key of a stream of draws of this series, for ``model.rules.jitter24``."""
        return stream_key(self.seed, kind, self.name)

    def open(self) -> "Drawn":
        """Return what reads its requests."""
        return Drawn(self)


class Drawn:
    """Reads the requests of a series, which go to one function; it draws some at once and keeps them."""

    __slots__ = ("_block", "_columns", "_rows", "_series")

    def __init__(self, series: PlannedSeries) -> None:
        self._series = series
        self._columns: Columns | None = None
        self._block = -1
        self._rows: dict[int, list[dict[str, int]]] = {}

    def row(self, sequence: int, version: int = 0) -> dict[str, int]:
        """Return the plan columns of request ``sequence`` but its arrival, and its ``delay_ns``.

        ``version`` is the place of the version that it goes to, among those of its alias.
        """
        block, place = divmod(sequence, DRAWN_AT_ONCE)
        if block != self._block:
            self._rows, self._block = {}, block
        if version not in self._rows:
            self._rows[version] = self._draw(block, version)
        return self._rows[version][place]

    def block(self, number: int, size: int, version: int = 0) -> dict[str, Int64]:
        """Return the drawn columns of request ``number * size`` and the ``size - 1`` after it, and their ``delay_ns``,
        each (size,); of those that go to a version, by its place."""
        index = np.arange(number * size, (number + 1) * size)
        drawing = self._drawing()
        return drawing.draw(version, index, NO_OVERRIDES) | {"delay_ns": drawing.delays(version, index)}

    def _drawing(self) -> Columns:
        if self._columns is None:
            assert self._series.actor is not None  # only those of traces have several functions
            actors = [actor for _, actor in self._series.versions]
            self._columns = Columns(self._series.seed, actors or [self._series.actor])
        return self._columns

    def _draw(self, block: int, version: int) -> list[dict[str, int]]:
        index = np.arange(block * DRAWN_AT_ONCE, (block + 1) * DRAWN_AT_ONCE)
        columns = self.block(block, DRAWN_AT_ONCE, version)
        own = self._series.versions[version][0] if self._series.versions else self._series.function
        columns["request"] = request_key(self._series.load, 0) + index
        names = ("request", "function", *DRAWN_COLUMNS, "delay_ns")
        columns["function"] = np.broadcast_to(np.int64(own), index.shape)
        rows = zip(*(columns[name].tolist() for name in names), strict=True)
        return [dict(zip(names, row, strict=True)) for row in rows]
