"""What happened in a run and when: limits that were reached, the last throttle, backlogs and losses.

Reads time series, so a time is the start of the period in which something happened. Knows no words.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from lambdasim.metrics.cells import Int64, Integers, divided
from lambdasim.metrics.ledger import Floats
from lambdasim.metrics.series import SeriesTable
from lambdasim.model.events import REASON_NAMES
from lambdasim.units import NS_PER_S

WAITING: Final = ("ApproximateNumberOfMessagesVisible", "EventsWaiting")
LOST: Final = ("AsyncEventsDropped", "DroppedEventCount", "Refusals", "4XXError")
THROTTLED: Final = 3
"""Of functions that are throttled, those with most are told of."""


@dataclass(frozen=True, slots=True, order=True)
class Happening:
    """Something that happened to a function, a source or a downstream."""

    time_s: float
    of: str
    kind: str
    """A reason of throttles (its first), a metric of :data:`LOST` (its first), ``last throttle``, ``backlog`` (its
    peak) or ``drained``."""
    value: float
    """How many there were, or at the peak."""


def happened(series: SeriesTable) -> list[Happening]:
    """Return what happened, by time."""
    return sorted((*_throttles(series), *_losses(series), *_backlogs(series)))


def by_owner(series: SeriesTable, metrics: Mapping[str, str], only: Collection[str] | None = None) -> dict[str, Floats]:
    """Return metrics of one statistic each, added, by period and by the name of their owner; 0 where there is nothing.

    The account is left out, and all but ``only`` those that are named.
    """
    found: dict[str, Floats] = {}
    for owner, period, amounts in points(series, metrics):
        names = [*series.functions, "", *series.others]
        bounds = np.flatnonzero(np.diff(owner, prepend=-1, append=-1))  # keys ascend, so an owner's stand together
        for number, first, last in zip(
            owner[bounds[:-1]].tolist(), bounds[:-1].tolist(), bounds[1:].tolist(), strict=True
        ):
            if only is None or names[number] in only:
                values = found.setdefault(names[number], np.zeros(series.periods))
                values[period[first:last]] += amounts[first:last]
    found.pop("", None)
    for version in series.versions:  # whose function is told of
        found.pop(version, None)
    return found


def points(series: SeriesTable, metrics: Mapping[str, str]) -> Iterator[tuple[Int64, Int64, Floats | Integers]]:
    """Yield owners, periods and values of metrics of one statistic each, wherever there is anything.

    The owners are numbers: functions, the account, and others.
    """
    for part in series.parts_of(metrics):
        if metrics[part.metric] == part.statistic:
            keys, amounts = part.keys, part.values
            if not amounts.all():
                keys, amounts = keys[amounts != 0], amounts[amounts != 0]
            yield *divided(keys, series.periods), amounts


def throttled(series: SeriesTable, periods: int) -> tuple[Int64, Int64]:
    """Return how many throttles each function had in all, and in how many of so many first periods it had any."""
    total, seen = np.zeros((2, len(series.functions)), np.int64)
    for owner, period, amounts in points(series, {"Throttles": "Sum"}):
        own = owner < len(total)
        np.add.at(total, owner[own], amounts[own].astype(np.int64))
        np.add.at(seen, owner[own & (period < periods)], 1)
    if series.versions:  # whose function is told of
        total[np.isin(series.functions, series.versions)] = 0
    return total, seen


def _throttles(series: SeriesTable) -> Iterator[Happening]:
    total, _ = throttled(series, 0)
    worst = [series.functions[n] for n in np.argsort(-total, kind="stable")[:THROTTLED].tolist() if total[n]]
    every = by_owner(series, {"Throttles": "Sum"}, worst) if worst else {}
    for reason in REASON_NAMES.values() if worst else ():
        of_reason = by_owner(series, {f"Throttles.{reason}": "Sum"}, worst)
        for name in worst:
            if name in of_reason and of_reason[name].any():
                yield _at(series, np.flatnonzero(of_reason[name])[0], name, reason, of_reason[name].sum())
    for name in worst:
        yield _at(series, np.flatnonzero(every[name])[-1], name, "last throttle", every[name].sum())


def _losses(series: SeriesTable) -> Iterator[Happening]:
    for metric in LOST:
        for name, values in by_owner(series, {metric: "Sum"}).items():
            if values.any():
                yield _at(series, np.flatnonzero(values)[0], name, metric, values.sum())


def _backlogs(series: SeriesTable) -> Iterator[Happening]:
    for name, values in by_owner(series, dict.fromkeys(WAITING, "Maximum")).items():
        if not values.any():
            continue
        yield _at(series, values.argmax(), name, "backlog", values.max())
        last = int(np.flatnonzero(values)[-1])
        known_s = max(series.points_of(metric, "Maximum", [name])[1].max(initial=0.0) for metric in WAITING)
        if (last + 1) * series.period_ns / NS_PER_S <= known_s:  # a run that ended while events waited did not drain
            yield _at(series, last + 1, name, "drained", 0.0)


def _at(series: SeriesTable, period: "np.integer | int", of: str, kind: str, value: "np.floating | float") -> Happening:
    return Happening(int(period) * series.period_ns / NS_PER_S, of, kind, float(value))
