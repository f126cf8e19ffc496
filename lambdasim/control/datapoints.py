"""Datapoints of a metric of requests, period by period, from the records that a controller sees: CloudWatch's.

A request counts in the period in which its attempt arrived, once that has ended. Periods are whole ones of the clock
where an experiment has one, so the first may be shorter.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.model.events import LOAD_SHIFT, StartKind, Status
from lambdasim.records import Int64, RecordTable
from lambdasim.units import NS_PER_MS

Mask = NDArray[np.bool_]
Columns = RecordTable


def _ran(rows: Columns) -> Mask:
    return np.asarray(rows["status"] <= Status.TIMEOUT)


def _failed(rows: Columns) -> Mask:
    return np.asarray(_ran(rows) & (rows["status"] >= Status.ERROR))


def _throttled(rows: Columns) -> Mask:
    return np.asarray(rows["status"] == Status.THROTTLED)


def _cold(rows: Columns) -> Mask:
    cold = (rows["start"] == StartKind.COLD) | (rows["start"] == StartKind.COLD_INIT_TIMEOUT)
    return np.asarray(_ran(rows) & cold)


EVENTS: Final[dict[str, tuple[Callable[[Columns], Mask], Callable[[Columns], Mask]]]] = {
    "errors": (_failed, _ran),
    "timeouts": (lambda rows: np.asarray(rows["status"] == Status.TIMEOUT), _ran),
    "crashes": (lambda rows: np.asarray(rows["status"] == Status.CRASH), _ran),
    "cold_starts": (_cold, _ran),
    "throttles": (_throttled, lambda rows: np.ones(len(rows), bool)),
    "invocations": (_ran, _ran),
    "requests": (lambda rows: np.asarray(rows["attempt"] == 0), lambda rows: np.asarray(rows["attempt"] == 0)),
}
"""By metric: to which attempts it happens, and of which it is a share; without one of these there is no datapoint."""

TIMES: Final[dict[str, Callable[[Columns], tuple[Mask, Int64]]]] = {
    "latency": lambda rows: (_ran(rows) & (rows["final"] == 1), rows["end_ns"] - rows["first_arrival_ns"]),
    "duration": lambda rows: (_ran(rows), rows["duration_ns"]),
    "init_duration": lambda rows: (_cold(rows), rows["init_ns"]),
}
"""By metric: of which attempts it is, and their values in ns."""

MEASURED: Final = (*EVENTS, *TIMES, "concurrency")
"""What an alarm can be on."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Whose requests a metric is of."""

    metric: str
    """One of :data:`MEASURED`."""
    statistic: str
    functions: frozenset[int] | None = None
    """Indices of versions; None for all."""
    loads: frozenset[int] | None = None
    """Indices of series of requests; None for all."""
    whole: bool = True
    """Whether a concurrency is of whole functions, and not of a version."""


@dataclass(slots=True)
class Datapoints:
    """The datapoints of the latest periods."""

    watched: Watched
    period_ns: int
    phase_ns: int = 0
    """How far a period has gone when the experiment starts."""
    periods: int = 1
    """So many of the latest are kept."""
    _events: dict[int, list[int]] = field(default_factory=dict)
    _values: dict[int, list[Int64]] = field(default_factory=dict)

    def take(self, rows: RecordTable) -> None:
        """Take in attempts that have ended, in any order."""
        rows = self._own(rows)
        if not len(rows):
            return
        period = (rows["arrival_ns"] + self.phase_ns) // self.period_ns
        metric = self.watched.metric
        if metric in EVENTS:
            happened, counted = (mask(rows) for mask in EVENTS[metric])
            for own in np.unique(period[happened | counted]).tolist():
                here = period == own
                totals = self._events.setdefault(own, [0, 0])
                totals[0] += int((happened & here).sum())
                totals[1] += int((counted & here).sum())
            return
        if metric == "concurrency":
            column = "account_concurrency" if self.watched.functions is None else "function_concurrency"
            some, values = np.ones(len(rows), bool), rows[column if self.watched.whole else "version_concurrency"]
        else:
            some, values = TIMES[metric](rows)
        for own in np.unique(period[some]).tolist():
            self._values.setdefault(own, []).append(values[some & (period == own)])

    def latest(self, now_ns: int) -> list[float | None]:
        """Return the datapoints of the latest whole periods that are over, the newest last; None where there is none.

        Times are in ms, shares from 0 to 1.
        """
        over = (now_ns + self.phase_ns) // self.period_ns
        first = max(over - self.periods, 0)
        for kept in (self._events, self._values):
            for period in [period for period in kept if period < first]:
                del kept[period]
        return [self._value(period) for period in range(first, over)]

    def _own(self, rows: RecordTable) -> RecordTable:
        kept = np.ones(len(rows), bool)
        if self.watched.functions is not None:
            kept &= np.isin(rows["function"], list(self.watched.functions))
        if self.watched.loads is not None:
            kept &= np.isin(rows["request"] >> LOAD_SHIFT, list(self.watched.loads))
        return rows if kept.all() else RecordTable(rows.columns, rows.rows[kept])

    def _value(self, period: int) -> float | None:
        statistic = self.watched.statistic
        if self.watched.metric in EVENTS:
            happened, counted = self._events.get(period, (0, 0))
            if not counted:
                return None
            return happened / counted if statistic == "rate" else float(happened)
        parts = self._values.get(period)
        if not parts:
            return None
        return _statistic(statistic, parts) / (1 if self.watched.metric == "concurrency" else NS_PER_MS)


def _statistic(name: str, parts: Sequence[Int64]) -> float:
    """Return the mean, the maximum or a percentile by the nearest rank."""
    values = np.concatenate(parts)
    if name == "mean":
        return float(values.mean())
    if name == "max":
        return float(values.max())
    rank = max(int(np.ceil(float(name.removeprefix("p")) / 100 * len(values))) - 1, 0)
    return float(np.partition(values, rank)[rank])
