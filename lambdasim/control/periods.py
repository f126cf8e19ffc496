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
    _known: dict[tuple[int, str], tuple[int, float]] = field(default_factory=dict)
    """Statistics of periods, and of how many parts they are."""

    def of(self, time_ns: Int64) -> Int64:
        """Return the number of the period of each time."""
        return (time_ns + self.phase_ns) // self.period_ns

    def count(self, period: Int64, happened: Mask, counted: Mask) -> None:
        """Count in each period to what something happened, of all that is counted."""
        for own in _every(period[happened | counted]):
            here = period == own
            totals = self._events.setdefault(own, [0, 0])
            totals[0] += int((happened & here).sum())
            totals[1] += int((counted & here).sum())

    def keep(self, period: Int64, values: Int64) -> None:
        """Keep values of periods."""
        for own in _every(period):
            self._values.setdefault(own, []).append(values[period == own])

    def over(self, now_ns: int) -> range:
        """Return the latest whole periods that are over, the newest last; forget those before."""
        over = (now_ns + self.phase_ns) // self.period_ns
        first = max(over - self.kept, 0)
        for kept in (self._events, self._values):
            for period in [period for period in kept if period < first]:
                del kept[period]
        self._known = {key: known for key, known in self._known.items() if key[0] >= first}
        return range(first, over)

    def events(self, period: int) -> tuple[int, int]:
        """Return how often it happened in a period, and of how many."""
        happened, counted = self._events.get(period, (0, 0))
        return happened, counted

    def value(self, period: int, statistic: str) -> float | None:
        """Return the mean, the maximum or a percentile by the nearest rank of a period's values; None without any."""
        parts = self._values.get(period)
        if not parts:
            return None
        known = self._known.get((period, statistic))
        if known is None or known[0] != len(parts):  # what ends late arrived in an earlier period
            known = self._known[period, statistic] = len(parts), _statistic(statistic, parts)
        return known[1]


def _every(period: Int64) -> list[int]:
    """Return the periods there are, in ascending order."""
    if not len(period):
        return []
    first, last = int(period.min()), int(period.max())
    return [first] if first == last else np.unique(period).tolist()


def _statistic(name: str, parts: Sequence[Int64]) -> float:
    values = np.concatenate(parts)
    if name == "mean":
        return float(values.mean())
    if name == "max":
        return float(values.max())
    rank = max(int(np.ceil(float(name.removeprefix("p")) / 100 * len(values))) - 1, 0)
    return float(np.partition(values, rank)[rank])
