"""Application Auto Scaling of provisioned concurrency, and CloudWatch's alarms: rows of AWS's pages."""

from fractions import Fraction
from types import SimpleNamespace

import pytest

from lambdasim.model.alarms import AlarmState, MissingData, evaluated, looks_back
from lambdasim.model.autoscaling import is_high, is_low, scaled_in, scaled_out
from lambdasim.model.utilization import forget, meter

TARGET = Fraction(7, 10)
GUIDE = "CloudWatch User Guide, alarms-and-missing-data, read 2026-11"
PAGE = "Developer Guide, provisioned-concurrency, read 2026-11"
TRACKING = "Application Auto Scaling guide, target-tracking overview, read 2026-11"

OK, ALARM, NO_DATA = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA
BEFORE = AlarmState.OK


@pytest.mark.parametrize(
    ("datapoints", "missing", "ignore", "breaching", "not_breaching"),
    [
        ("0-X-X", OK, OK, OK, OK),
        ("0----", OK, OK, OK, OK),
        ("-----", NO_DATA, BEFORE, ALARM, OK),
        ("0XX-X", ALARM, ALARM, ALARM, ALARM),
        ("--X--", ALARM, BEFORE, ALARM, OK),
    ],
)
def test_missing_data_of_three_datapoints(datapoints: str, missing, ignore, breaching, not_breaching) -> None:
    """The guide's table: 0 does not breach, X does, - is missing; the newest stands last."""
    assert looks_back(3) == 5, GUIDE
    values = [None if one == "-" else one == "X" for one in datapoints]
    states = [evaluated(values, 3, 3, how, BEFORE) for how in MissingData]
    assert states == [missing, ignore, breaching, not_breaching], GUIDE


@pytest.mark.parametrize(
    ("datapoints", "periods", "wanted", "state"),
    [("XXX", 3, 3, ALARM), ("X0X", 3, 2, ALARM), ("X00", 3, 2, OK), ("0XXX", 3, 3, ALARM), ("XXX0", 3, 3, OK)],
)
def test_datapoints_to_alarm(datapoints: str, periods: int, wanted: int, state: AlarmState) -> None:
    """CloudWatch User Guide, alarm-evaluation, read 2026-11: M out of N."""
    assert evaluated([one == "X" for one in datapoints], periods, wanted, MissingData.MISSING, BEFORE) is state


@pytest.mark.parametrize(
    ("busy", "capacity", "high", "low", "source"),
    [
        (7, 10, False, False, PAGE + ": 0.7 is not above 0.7"),
        (71, 100, True, False, PAGE),
        (63, 100, False, False, PAGE + ": the low alarm is at 0.63"),
        (62, 100, False, True, PAGE),
        (60, 100, False, True, PAGE),
    ],
)
def test_thresholds(busy: int, capacity: int, high: bool, low: bool, source: str) -> None:
    """A datapoint is rounded down to units of 2**-24."""
    datapoint = Fraction((busy << 24) // capacity, 1 << 24)
    assert (is_high(datapoint, TARGET), is_low(datapoint, TARGET)) == (high, low), source


@pytest.mark.parametrize(
    ("capacity", "utilization", "expected", "source"),
    [
        (100, Fraction(9, 10), 129, "CloudWatch's Maximum of a burst: 100 x 0.9 / 0.7"),
        (10, Fraction(1), 15, TRACKING + ": in proportion to the metric"),
        (7, Fraction(1), 10, TRACKING),
        (100, Fraction(46, 100), 66, TRACKING + ": scaling in is bounded by the same value"),
    ],
)
def test_capacity_follows_the_metric(capacity: int, utilization: Fraction, expected: int, source: str) -> None:
    assert scaled_out(capacity, utilization, TARGET) == expected, source


@pytest.mark.parametrize(
    ("capacity", "utilization", "step", "expected"),
    [
        (100, Fraction(1, 10), Fraction(1, 10), 90),
        (100, Fraction(62, 100), Fraction(1), 89),
        (100, Fraction(62, 100), Fraction(1, 10), 90),
        (3, Fraction(0), Fraction(1, 10), 2),
        (2, Fraction(1, 2), Fraction(1), 2),  # one less would be used wholly, above the target
        (1, Fraction(0), Fraction(1), 0),
    ],
)
def test_scaling_in_keeps_below_the_target(capacity: int, utilization: Fraction, step: Fraction, expected: int) -> None:
    """Application Auto Scaling guide, target-tracking overview, read 2026-11; that a step is a share is our model."""
    assert scaled_in(capacity, utilization, TARGET, step) == expected


@pytest.mark.parametrize(
    ("is_maximum", "metric", "expected"), [(False, Fraction(46, 100), 100), (True, Fraction(9, 10), 129)]
)
def test_a_burst_in_every_minute_is_averaged_away(is_maximum: bool, metric: Fraction, expected: int) -> None:
    """Of each minute 5 s have 90 of 100 busy, at 900 requests a second, and 55 s have 10 busy, at 100.

    The metric is emitted with every invocation (Developer Guide, monitoring-concurrency, read 2026-11), so its average
    is over them; aws-cdk's issue 23088 asks for the maximum.
    """
    function = SimpleNamespace(provisioned_concurrency=0, allocated=100)
    forget(function)  # type: ignore[arg-type]
    for busy, count in ((90, 900 * 5), (10, 100 * 55)):
        function.provisioned_concurrency = busy
        for _ in range(count):
            meter(function)  # type: ignore[arg-type]
    total = Fraction(function.metered_most_q24 if is_maximum else function.metered_q24, 1 << 24)
    datapoint = total if is_maximum else total / function.metered
    assert abs(datapoint - metric) < Fraction(1, 1 << 23)
    assert (scaled_out(100, datapoint, TARGET) if is_high(datapoint, TARGET) else 100) == expected
