"""Datapoints of a metric of requests, period by period, from the records that a controller sees: CloudWatch's.

A request counts in the period in which its attempt arrived, once that has ended.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from lambdasim.control.periods import Mask, Periods
from lambdasim.model.events import LOAD_SHIFT, StartKind, Status, ThrottleReason
from lambdasim.records import Int64, RecordChunk, RecordTable
from lambdasim.units import NS_PER_MS

Columns = RecordTable


def _ran(rows: Columns) -> Mask:
    return np.asarray(rows["status"] <= Status.TIMEOUT)


def _failed(rows: Columns) -> Mask:
    return np.asarray(_ran(rows) & (rows["status"] >= Status.ERROR))


def _throttled(rows: Columns) -> Mask:
    return np.asarray((rows["status"] == Status.THROTTLED) & (rows["reason"] != ThrottleReason.SERVICE))


def _answered_500(rows: Columns) -> Mask:
    refused = (rows["status"] == Status.THROTTLED) & (rows["reason"] == ThrottleReason.SERVICE)
    return np.asarray(refused | (rows["status"] == Status.LOST))


def _sent(rows: Columns) -> Mask:
    return np.ones(len(rows), bool)


def _cold(rows: Columns) -> Mask:
    cold = (rows["start"] == StartKind.COLD) | (rows["start"] == StartKind.COLD_INIT_TIMEOUT)
    return np.asarray(_ran(rows) & cold)


EVENTS: Final[dict[str, tuple[Callable[[Columns], Mask], Callable[[Columns], Mask]]]] = {
    "errors": (_failed, _ran),
    "timeouts": (lambda rows: np.asarray(rows["status"] == Status.TIMEOUT), _ran),
    "crashes": (lambda rows: np.asarray(rows["status"] == Status.CRASH), _ran),
    "cold_starts": (_cold, _ran),
    "throttles": (_throttled, _sent),
    "service_errors": (_answered_500, _sent),
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


class Datapoints(Protocol):
    """The datapoints of a metric that an alarm is on."""

    @property
    def periods(self) -> Periods:
        """What was measured in the latest periods."""

    @property
    def watches(self) -> tuple[str, ...]:
        """Tables of records that they are made of."""

    @property
    def sampled(self) -> int:
        """Index of the source of which samples have to be asked for, -1 for none."""

    def take(self, since: RecordChunk) -> None:
        """Take in what became known, in any order."""

    def latest(self, now_ns: int) -> list[float | None]:
        """Return the datapoints of the latest whole periods that are over, the newest last; None where there is none.

        Times are in ms, shares from 0 to 1.
        """


@dataclass(slots=True)
class RequestDatapoints:
    """Those of a metric of requests."""

    watched: Watched
    periods: Periods

    @property
    def watches(self) -> tuple[str, ...]:
        """Attempts."""
        return ("invocations",)

    @property
    def sampled(self) -> int:
        """None."""
        return -1

    def take(self, since: RecordChunk) -> None:
        """Take in attempts that have ended, in any order."""
        rows = self._own(since.invocations)
        if not len(rows):
            return
        period = self.periods.of(rows["arrival_ns"])
        metric = self.watched.metric
        if metric in EVENTS:
            happened, counted = (mask(rows) for mask in EVENTS[metric])
            self.periods.count(period, happened, counted)
            return
        if metric == "concurrency":
            column = "account_concurrency" if self.watched.functions is None else "function_concurrency"
            some, values = np.ones(len(rows), bool), rows[column if self.watched.whole else "version_concurrency"]
        else:
            some, values = TIMES[metric](rows)
        self.periods.keep(period[some], values[some])

    def latest(self, now_ns: int) -> list[float | None]:
        """Return the datapoints of the latest whole periods that are over."""
        return [self._value(period) for period in self.periods.over(now_ns)]

    def _own(self, rows: RecordTable) -> RecordTable:
        kept = np.ones(len(rows), bool)
        if self.watched.functions is not None:
            kept &= _is_one_of(rows["function"], self.watched.functions)
        if self.watched.loads is not None:
            kept &= _is_one_of(rows["request"] >> LOAD_SHIFT, self.watched.loads)
        return rows if kept.all() else RecordTable(rows.columns, rows.rows[kept])

    def _value(self, period: int) -> float | None:
        statistic = self.watched.statistic
        if self.watched.metric in EVENTS:
            happened, counted = self.periods.events(period)
            if not counted:
                return None
            return happened / counted if statistic == "rate" else float(happened)
        value = self.periods.value(period, statistic)
        return value if value is None or self.watched.metric == "concurrency" else value / NS_PER_MS


def _is_one_of(values: Int64, numbers: frozenset[int]) -> Mask:
    """Return which values are among some numbers; one comparison where it is one number."""
    return values == next(iter(numbers)) if len(numbers) == 1 else np.isin(values, list(numbers))
