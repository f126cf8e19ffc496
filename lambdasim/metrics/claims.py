"""Claimed account concurrency at the instants at which provisioned concurrency is claimed.

Between those instants claimed concurrency grows only when an attempt is admitted, and then a record says how far.
Claimed = unreserved + all reserved + provisioned of functions without reserved (Developer Guide,
monitoring-concurrency, 2026).
"""

from collections.abc import Sequence

import numpy as np

from lambdasim.metrics.cells import Int64
from lambdasim.metrics.metered import MeteredFunction


class Claims:
    """Knows what is claimed without any execution, and counts the executions across each later claim."""

    __slots__ = ("_claimed", "_enter", "_times", "times_ns")

    def __init__(self, functions: Sequence[MeteredFunction]) -> None:
        reserved = sum(f.reserved or 0 for f in functions)
        claims = [(max(f.provisioned_claimed_ns, 0), f.provisioned) for f in functions if f.reserved is None]
        claims = sorted(claim for claim in claims if claim[1])
        self._times = np.array([time for time, _ in claims], np.int64)
        self._claimed = reserved + np.cumsum([0, *(amount for _, amount in claims)], dtype=np.int64)
        self.times_ns: Int64 = np.unique(self._times[self._times > 0])
        """The instants after the start at which provisioned concurrency is claimed."""
        self._enter = np.zeros(len(self.times_ns) + 1, np.int64)

    def add(self, start_ns: Int64, end_ns: Int64) -> None:
        """Add on-demand executions of functions without reserved concurrency."""
        first = np.searchsorted(self.times_ns, start_ns, side="right")
        last = np.maximum(np.searchsorted(self.times_ns, end_ns, side="left"), first)
        self._enter += np.bincount(first, minlength=len(self._enter))
        self._enter -= np.bincount(last, minlength=len(self._enter))

    def unoccupied(self, times_ns: Int64) -> Int64:
        """Return reserved and provisioned concurrency claimed at each time."""
        return self._claimed[np.searchsorted(self._times, times_ns, side="right")]

    def peaks(self) -> Int64:
        """Return claimed concurrency just after each of ``times_ns``."""
        return np.cumsum(self._enter[:-1]) + self.unoccupied(self.times_ns)
