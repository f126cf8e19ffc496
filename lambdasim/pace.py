"""How far a simulation has come, and how long the rest will take.

What is behind it is counted in requests: an event that waits in its source is still to be simulated, however far the
clock is. Time counts from the first request, for compiling and reading happen once.
"""

import time
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from lambdasim.model.events import Fate
from lambdasim.plan import PlanChunk
from lambdasim.records import DELIVERY_COLUMNS, Int64, RecordChunk, RecordTable

FATE: Final = DELIVERY_COLUMNS.index("fate")

LEAST: Final = 0.01
"""Nothing is estimated from less."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; ``eta_s`` is None until there is something to estimate it from."""

    fraction: float
    simulated_s: float
    invocations: int
    rate: float
    """Requests simulated per second of wall time."""
    eta_s: float | None


class Pace:
    """Watches a simulation whose loads end at ``ends_ns``; make it when the first request is about to be drawn."""

    def __init__(self, ends_ns: int) -> None:
        self._ends_ns = ends_ns
        self._begin = time.perf_counter()
        self._now_ns = self._arrived = self._waiting = 0
        self._waited, self._waited_at = 0, self._begin  # what waited after the last chunk, and when that was
        self._ahead = 0  # deliveries that were seen before the chunk that has them

    def after(self, chunk: PlanChunk, records: RecordChunk) -> Progress:
        """Return the progress after a chunk of the plan."""
        self._now_ns = min(chunk.until_ns, self._ends_ns)
        self._arrived += len(chunk)
        if chunk.source is not None:
            self._waiting += int(np.count_nonzero(chunk.source >= 0))
        progress = self._progress(records.deliveries.rows)
        self._waited, self._waited_at = self._waiting, time.perf_counter()
        return progress

    def draining(self, records: RecordChunk) -> Progress:
        """Return the progress after what became known since, when all requests have arrived.

        What waits is estimated to go on leaving as it has since then, for to arrive took another time. How long all
        else takes that is in flight, or that others sent, is not known.
        """
        rows, self._ahead = records.deliveries.rows[self._ahead :], 0
        return self._draining(rows)

    def ahead(self, deliveries: RecordTable) -> Progress:
        """Return the same after some more deliveries, which the next chunk to come will have."""
        self._ahead += len(deliveries)
        return self._draining(deliveries.rows)

    def _draining(self, deliveries: Int64) -> Progress:
        progress = self._progress(deliveries)
        gone, took_s = self._waited - self._waiting, time.perf_counter() - self._waited_at
        known = self._waiting and gone > LEAST * self._waited
        return replace(progress, eta_s=took_s * self._waiting / gone if known else None)

    def _progress(self, deliveries: Int64) -> Progress:
        left = int(np.count_nonzero(deliveries[:, FATE] != Fate.STAYS))
        self._waiting = max(self._waiting - left, 0)  # events that others send are not waited for
        fraction = self._now_ns / self._ends_ns if self._ends_ns else 1.0
        fraction *= 1 - self._waiting / max(self._arrived, 1)
        wall_s = max(time.perf_counter() - self._begin, 1e-9)
        return Progress(
            fraction=fraction,
            simulated_s=self._now_ns / 1e9,
            invocations=self._arrived,
            rate=self._arrived / wall_s,
            eta_s=wall_s * (1 - fraction) / fraction if fraction > LEAST else None,
        )
