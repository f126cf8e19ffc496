"""Closed loops: virtual users who send their next request only after the answer to the last, and a think time.

When they send depends on what becomes of their requests, so an engine asks for their requests one at a time. What
chance decides about a request does not: row ``iteration * vus + vu`` is the same however the run goes.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.model.events import request_key
from lambdasim.workload.columns import DRAWN_COLUMNS, Columns
from lambdasim.workload.distributions import Sampler
from lambdasim.workload.given import NOTHING_GIVEN

Int64 = NDArray[np.int64]

MOST_ITERATIONS: Final = 64
"""How many requests of one virtual user are drawn at once; fewer when there are many users, to bound memory."""
MOST_ROWS: Final = 2**20
NO_ROWS: Final = np.empty((0, 0), dtype=np.int64)
ROW: Final = ("request", "function", *DRAWN_COLUMNS, "think_ns")


class ClosedLoop:
    """``vus`` virtual users of one function, who send from ``start_ns`` on and no more at or after ``stop_ns``."""

    __slots__ = (
        "_actor",
        "_columns",
        "_drawn",
        "_iterations",
        "_think",
        "function",
        "load",
        "start_ns",
        "stop_ns",
        "vus",
    )

    def __init__(
        self,
        load: int,
        function: int,
        vus: int,
        interval_ns: tuple[int, int],
        columns: Columns,
        actor: int,
        think: Sampler,
    ) -> None:
        """Draw requests from one actor of ``columns`` and think times from the only one of ``think``.

        ``load`` is the index in request keys, ``function`` the index into the account's functions and ``interval_ns``
        the start and the stop.
        """
        self.load, self.function, self.vus = load, function, vus
        self.start_ns, self.stop_ns = interval_ns
        self._columns, self._actor, self._think = columns, actor, think
        self._iterations = min(max(MOST_ROWS // max(vus, 1), 1), MOST_ITERATIONS)
        self._drawn: dict[int, tuple[int, Int64]] = {}  # by user: an iteration, and a matrix of the rows from there

    def row(self, sequence: int) -> dict[str, int]:
        """Return the plan's columns of request ``iteration * vus + vu``, apart from its arrival.

        Beside them stands ``think_ns``, the time from the end of that request to the virtual user's next one.
        """
        iteration, vu = divmod(sequence, self.vus)
        first, rows = self._drawn.get(vu, (0, NO_ROWS))
        if not first <= iteration < first + len(rows):
            first = iteration - iteration % self._iterations
            rows = self._draw(first, vu)
            self._drawn[vu] = first, rows
        return dict(zip(ROW, rows[iteration - first].tolist(), strict=True))

    def _draw(self, iteration: int, vu: int) -> Int64:
        index = np.arange(iteration, iteration + self._iterations) * self.vus + vu
        columns = self._columns.draw(self._actor, index, NOTHING_GIVEN)
        rows = np.empty((len(index), len(ROW)), dtype=np.int64)
        rows[:, 0] = request_key(self.load, 0) + index
        rows[:, 1] = self.function
        for place, name in enumerate(DRAWN_COLUMNS, 2):
            rows[:, place] = columns[name]
        rows[:, -1] = self._think(0, index)
        return rows
