"""What was measured in each of the latest periods, whatever it is of: counts of events, and values.

Periods are whole ones of the clock where an experiment has one, so the first may be shorter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lambdasim.records import Int64

Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Periods:
    """Measurements by period."""

    period_ns: int
    phase_ns: int = 0
    """How far a period has gone when the experiment starts."""
    kept: int = 1
    """So many of the latest are kept."""
    _events: dict[int, list[int]] = field(default_factory=dict)
    _values: dict[int, list[Int64]] = field(default_factory=dict)

    def of(self, time_ns: Int64) -> Int64:
        """Return the number of the period of each time."""
        return (time_ns + self.phase_ns) // self.period_ns

    def count(self, period: Int64, happened: Mask, counted: Mask) -> None:
        """Count in each period to what something happened, of all that is counted."""
        for own in np.unique(period[happened | counted]).tolist():
            here = period == own
            totals = self._events.setdefault(own, [0, 0])
            totals[0] += int((happened & here).sum())
            totals[1] += int((counted & here).sum())

    def keep(self, period: Int64, values: Int64) -> None:
        """Keep values of periods."""
        for own in np.unique(period).tolist():
            self._values.setdefault(own, []).append(values[period == own])

    def over(self, now_ns: int) -> range:
        """Return the latest whole periods that are over, the newest last; forget those before."""
        over = (now_ns + self.phase_ns) // self.period_ns
        first = max(over - self.kept, 0)
        for kept in (self._events, self._values):
            for period in [period for period in kept if period < first]:
                del kept[period]
        return range(first, over)

    def events(self, period: int) -> tuple[int, int]:
        """Return how often it happened in a period, and of how many."""
        happened, counted = self._events.get(period, (0, 0))
        return happened, counted

    def value(self, period: int, statistic: str) -> float | None:
        """Return the mean, the maximum or a percentile by the nearest rank of a period's values; None without any."""
        parts = self._values.get(period)
        return _statistic(statistic, parts) if parts else None


def _statistic(name: str, parts: Sequence[Int64]) -> float:
    values = np.concatenate(parts)
    if name == "mean":
        return float(values.mean())
    if name == "max":
        return float(values.max())
    rank = max(int(np.ceil(float(name.removeprefix("p")) / 100 * len(values))) - 1, 0)
    return float(np.partition(values, rank)[rank])
