"""Datapoints of a metric of a queue, a stream or another source, period by period: CloudWatch's.

What waits in a queue no record tells before it ends, so samples are asked for: one at the end of each minute, as
CloudWatch has them. What left a source counts in the period in which it did.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from lambdasim.control.periods import Mask, Periods
from lambdasim.model.events import Destination, Fate
from lambdasim.records import Int64, RecordChunk, RecordTable, SourceMetric
from lambdasim.units import NS_PER_MS

ASKED_FOR: Final = {"backlog": SourceMetric.BACKLOG, "age_of_oldest": SourceMetric.OLDEST_AGE}
"""By metric: which samples a row of the control table asks for."""

SAMPLED: Final = ASKED_FOR | {"iterator_age": SourceMetric.ITERATOR_AGE, "offset_lag": SourceMetric.OFFSET_LAG}
"""By metric: which samples it is made of."""

AGES: Final = ("age_of_oldest", "iterator_age")

DEPTH: Final = "dead_letters"
"""What lies in a dead-letter queue that nobody reads."""


def _left(rows: RecordTable) -> Mask:
    return np.asarray((rows["fate"] != Fate.STAYS) & (rows["fate"] != Fate.REMAINS))


def _dead(rows: RecordTable) -> Mask:
    return np.asarray(rows["destination"] == Destination.DELIVERED)


def _answered(first: int) -> Callable[[RecordTable], Mask]:
    return lambda rows: np.asarray(rows["answer"] // 100 == first)


EVENTS: Final[dict[str, tuple[Callable[[RecordTable], Mask], Callable[[RecordTable], Mask]]]] = {
    "dead_lettered": (_dead, _left),
    DEPTH: (_dead, _left),
    "dropped": (
        lambda rows: np.asarray(
            ((rows["fate"] == Fate.EXHAUSTED) | (rows["fate"] == Fate.AGED_OUT))
            & (rows["destination"] != Destination.DELIVERED)
        ),
        _left,
    ),
    "answers.4xx": (_answered(4), lambda rows: np.asarray(rows["answer"] > 0)),
    "answers.5xx": (_answered(5), lambda rows: np.asarray(rows["answer"] > 0)),
}
"""By metric: to which deliveries it happens, and of which it is a share."""


@dataclass(slots=True)
class SourceDatapoints:
    """The datapoints of the latest periods. It satisfies :class:`lambdasim.control.datapoints.Datapoints`."""

    metric: str
    statistic: str
    source: int
    """Index of the source."""
    periods: Periods
    _letters: dict[int, int] = field(default_factory=dict)
    """Dead letters by period, of all periods."""

    @property
    def watches(self) -> tuple[str, ...]:
        """Tables of records that it is made of."""
        return ("samples",) if self.metric in SAMPLED else ("deliveries",)

    @property
    def sampled(self) -> int:
        """Index of the source of which samples have to be asked for, -1 for none."""
        return self.source if self.metric in ASKED_FOR else -1

    def take(self, since: RecordChunk) -> None:
        """Take in what became known, in any order."""
        if self.metric in SAMPLED:
            self._take_samples(since.samples)
        else:
            self._take_deliveries(since.deliveries)

    def latest(self, now_ns: int) -> list[float | None]:
        """Return the datapoints of the latest whole periods that are over, the newest last; None where there is none.

        Times are in ms, shares from 0 to 1.
        """
        return [self._value(period) for period in self.periods.over(now_ns)]

    def _take_samples(self, rows: RecordTable) -> None:
        own = (rows["metric"] == SAMPLED[self.metric]) & (rows["source"] == self.source)
        if not own.any():
            return
        time_ns = rows["time_ns"][own]
        if self.metric != "iterator_age":  # of the minute that ends then
            time_ns = time_ns - 1
        self.periods.keep(self.periods.of(time_ns), rows["value"][own])

    def _take_deliveries(self, rows: RecordTable) -> None:
        own = np.flatnonzero((rows["source"] == self.source) & (rows["ended_ns"] >= 0))
        if not len(own):
            return
        rows = RecordTable(rows.columns, rows.rows[own])
        period: Int64 = self.periods.of(rows["ended_ns"])
        happened, counted = (mask(rows) for mask in EVENTS[self.metric])
        if self.metric == DEPTH:
            for number, count in zip(*np.unique(period[happened], return_counts=True), strict=True):
                self._letters[int(number)] = self._letters.get(int(number), 0) + int(count)
            return
        self.periods.count(period, happened, counted)

    def _value(self, period: int) -> float | None:
        if self.metric == DEPTH:
            return float(sum(count for number, count in self._letters.items() if number <= period))
        if self.metric in EVENTS:
            happened, counted = self.periods.events(period)
            if self.statistic == "count":
                return float(happened)
            return happened / counted if counted else None
        value = self.periods.value(period, self.statistic)
        return value if value is None or self.metric not in AGES else value / NS_PER_MS
