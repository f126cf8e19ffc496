"""Closed loops: virtual users who send their next request only after the answer to the last, and a think time.

When they send depends on what becomes of their requests, so an engine asks for their requests one at a time. What
chance decides about a request does not: row ``iteration * vus + vu`` is the same however the run goes.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.config.distribution import Distribution
from lambdasim.model.events import request_key
from lambdasim.model.users import MINIMUM_THINK_NS
from lambdasim.plan import Series
from lambdasim.workload.columns import DRAWN_COLUMNS, Columns
from lambdasim.workload.distributions import Sampler
from lambdasim.workload.given import NO_OVERRIDES
from lambdasim.workload.series import PlannedSeries

Int64 = NDArray[np.int64]

DRAWN_AT_ONCE: Final = 1_024
"""Rows drawn in one go: some iterations of some neighbouring users, who are about equally far."""
ITERATIONS: Final = 64
"""The fewest iterations of a user that are drawn at once, unless there are so many users that memory forbids it."""
MOST_ROWS: Final = 2**20
"""Rows kept; when users are so unequally far that there would be more, what is drawn ahead is forgotten."""
ROW: Final = ("request", "function", *DRAWN_COLUMNS, "source", "delay_ns", "think_ns")


@dataclass(frozen=True, slots=True)
class VirtualUsers:
    """``vus`` virtual users, who send from ``start_ns`` on and no more at or after ``stop_ns``.

    It satisfies ``lambdasim.plan.ClosedLoop``.
    """

    load: int
    """Index of their series."""
    vus: int
    start_ns: int
    stop_ns: int
    think: Distribution
    """Of the time from the end of a request to the user's next one."""

    def about(self, series: PlannedSeries) -> int:
        """Return about how many requests they send if nothing holds these up; 0 where nobody knows."""
        assert series.actor is not None
        chances = series.actor.chances
        each_ns = self.think.mean() + chances.duration.mean() * chances.duration_factor
        lasting_ns = self.vus * (self.stop_ns - self.start_ns)
        return int(lasting_ns / max(each_ns, MINIMUM_THINK_NS)) if math.isfinite(each_ns) else 0

    def open(self, series: Series) -> "ClosedLoop":
        """Return what reads their requests, which are those of ``series``."""
        assert isinstance(series, PlannedSeries)
        return ClosedLoop(self, series)


class ClosedLoop:
    """Reads the requests of virtual users."""

    __slots__ = ("_columns", "_drawn", "_group", "_iterations", "_series", "_think", "_vus")

    def __init__(self, users: VirtualUsers, series: PlannedSeries) -> None:
        assert series.actor is not None  # virtual users call one function
        self._series, self._vus = series, users.vus
        self._columns = Columns(series.seed, [actor for _, actor in series.versions] or [series.actor])
        self._think = Sampler([users.think], [series.actor.key(series.seed, "think")])
        self._iterations = min(max(DRAWN_AT_ONCE // users.vus, ITERATIONS), max(MOST_ROWS // (2 * users.vus), 1))
        self._group = min(-(-DRAWN_AT_ONCE // self._iterations), users.vus)
        self._drawn: dict[tuple[int, int, int], Int64] = {}  # by user, block of iterations and version: rows

    def row(self, sequence: int, version: int = 0) -> dict[str, int]:
        """Return the plan's columns of request ``iteration * vus + vu``, apart from its arrival, if it goes to the
        version at this place among those of its alias.

        Beside them stands ``think_ns``, the time from the end of that request to the virtual user's next one.
        """
        iteration, vu = divmod(sequence, self._vus)
        block, place = divmod(iteration, self._iterations)
        rows = self._drawn.get((vu, block, version))
        if rows is None:
            rows = self._draw(vu, block, version)
        if place == self._iterations - 1:
            for other in range(max(len(self._series.versions), 1)):
                self._drawn.pop((vu, block, other), None)  # users never go back
        return dict(zip(ROW, rows[place].tolist(), strict=True))

    def columns(self, index: Int64, version: int = 0) -> dict[str, Int64]:
        """Return what chance decides about requests, by their numbers (n,), and about the time after each."""
        drawn = self._columns.draw(version, index, NO_OVERRIDES)
        return drawn | {"delay_ns": self._columns.delays(version, index), "think_ns": self._think(0, index)}

    def _draw(self, vu: int, block: int, version: int) -> Int64:
        """Draw a block of iterations of a user and of its group; return those of the user."""
        if len(self._drawn) * self._iterations > MOST_ROWS:
            self._drawn.clear()
        first = vu - vu % self._group
        users = np.arange(first, min(first + self._group, self._vus))
        iterations = np.arange(block * self._iterations, (block + 1) * self._iterations)
        index = (iterations * self._vus + users[:, np.newaxis]).ravel()
        columns = self.columns(index, version)
        function = self._series.versions[version][0] if self._series.versions else self._series.function
        columns["request"] = request_key(self._series.load, 0) + index
        columns["function"] = np.broadcast_to(np.int64(function), index.shape)
        columns["source"] = np.broadcast_to(np.int64(self._series.source), index.shape)
        rows = np.stack([columns[name] for name in ROW], axis=1).reshape(len(users), len(iterations), len(ROW))
        for user, of_user in zip(users.tolist(), rows, strict=True):
            self._drawn[user, block, version] = of_user.copy()  # a view would keep the whole group's rows alive
        return self._drawn[vu, block, version]
