"""CloudWatch's evaluation of an alarm: from the latest datapoints, some of which may be missing, to a state.

What a datapoint is, and what is done about a state, others decide.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from lambdasim.model.rules import MINUTE_NS

PERIOD_NS: Final = MINUTE_NS
"""Of the metrics of Lambda: one minute (Developer Guide, monitoring-metrics, 2026)."""

MORE_PERIODS: Final = 2
"""So many more periods than it evaluates an alarm looks back for datapoints that are there. CloudWatch's guide
(alarms-and-missing-data, 2026) shows five periods for three datapoints, and calls the number variable."""


class AlarmState(IntEnum):
    """CloudWatch's states of an alarm."""

    INSUFFICIENT_DATA = 0
    OK = 1
    ALARM = 2


class MissingData(IntEnum):
    """TreatMissingData: what a period without a datapoint counts as."""

    MISSING = 0
    IGNORE = 1  # the state stays
    BREACHING = 2
    NOT_BREACHING = 3


MISSING_DATA_NAMES: Final = {
    "missing": MissingData.MISSING,
    "ignore": MissingData.IGNORE,
    "breaching": MissingData.BREACHING,
    "notBreaching": MissingData.NOT_BREACHING,
}


def looks_back(periods: int) -> int:
    """Return how many of the latest periods an alarm over ``periods`` of them looks at."""
    return periods + MORE_PERIODS


def evaluated(
    breaching: Sequence[bool | None], periods: int, datapoints: int, missing: MissingData, before: AlarmState
) -> AlarmState:
    """Return the state of an alarm that wants ``datapoints`` breaching ones of the latest ``periods``.

    ``breaching`` has the latest periods, the newest last, as far as they are over and at most :func:`looks_back` of
    them: whether the datapoint breaches the threshold, None where it is missing. Where enough of them are there, the
    newest of these decide; else what is missing counts as ``missing`` says. Without that, those that are there decide
    alone: the alarm fires when all of them breach and the oldest is ``datapoints`` old (CloudWatch User Guide,
    alarms-and-missing-data, 2026). ``before`` is its state until now.
    """
    there = [value for value in breaching if value is not None]
    if len(there) >= periods:
        return AlarmState.ALARM if sum(there[-periods:]) >= datapoints else AlarmState.OK
    if missing is MissingData.BREACHING or missing is MissingData.NOT_BREACHING:
        filled = sum(there) + (periods - len(there)) * (missing is MissingData.BREACHING)
        return AlarmState.ALARM if filled >= datapoints else AlarmState.OK
    if not there:
        return before if missing is MissingData.IGNORE else AlarmState.INSUFFICIENT_DATA
    if sum(there) >= datapoints:
        return AlarmState.ALARM
    if not all(there):
        return AlarmState.OK
    if missing is MissingData.IGNORE:
        return before
    oldest = len(breaching) - next(place for place, value in enumerate(breaching) if value is not None)
    return AlarmState.ALARM if oldest >= datapoints else AlarmState.OK
