"""Schedule expressions: what each means in time, and what is none."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from lambdasim.config.cron import parse_schedule

START = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)  # a Friday
DAY = 86_400


def due(expression: str, days: float = 1, zone: str = "UTC", start: datetime = START) -> list[str]:
    """Return the times it is due, in UTC."""
    times = parse_schedule(expression).times_s(start, days * DAY, zone)
    return [(start + timedelta(seconds=s)).astimezone(UTC).strftime("%d %H:%M") for s in times]


@pytest.mark.parametrize(
    ("expression", "days", "expected"),
    [
        ("rate(12 hours)", 1, ["27 08:00", "27 20:00"]),
        ("rate(1 day)", 2, ["27 08:00", "28 08:00"]),
        ("at(2026-11-27T10:30:00)", 1, ["27 10:30"]),
        ("at(2026-11-27T07:30:00)", 1, []),
        ("cron(0 9 * * ? *)", 2, ["27 09:00", "28 09:00"]),
        ("cron(0,30 9-10 * * ? *)", 1, ["27 09:00", "27 09:30", "27 10:00", "27 10:30"]),
        ("cron(0/20 8 * * ? *)", 1, ["27 08:00", "27 08:20", "27 08:40"]),
        ("cron(0 0 ? * MON-FRI *)", 4, ["30 00:00", "01 00:00"]),
        ("cron(0 12 ? * 7 *)", 7, ["28 12:00"]),
        ("cron(0 12 ? * L *)", 7, ["28 12:00"]),
        ("cron(0 12 L * ? *)", 7, ["30 12:00"]),
        ("cron(0 12 ? * 2L *)", 7, ["30 12:00"]),
        ("cron(0 12 ? * 3#1 *)", 7, ["01 12:00"]),
        ("cron(0 12 29W * ? *)", 7, ["30 12:00"]),  # the 29th is a Sunday
        ("cron(0 12 28W * ? *)", 1, ["27 12:00"]),  # the 28th is a Saturday
        ("cron(0 12 * DEC ? *)", 5, ["01 12:00"]),
        ("cron(0 12 * * ? 2027)", 7, []),
    ],
)
def test_when_it_is_due(expression: str, days: float, expected: list[str]) -> None:
    assert due(expression, days) == expected


def test_time_zones_and_summer_time() -> None:
    assert due("cron(0 9 * * ? *)", 1, "Europe/Berlin") == ["27 08:00"]
    spring = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    # 02:30 does not exist on 29 March in Berlin: that day is left out
    assert due("cron(30 2 * * ? *)", 2, "Europe/Berlin", spring) == ["30 00:30"]
    autumn = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    # 02:30 happens twice on 25 October: it is due once
    assert due("cron(30 2 * * ? *)", 1, "Europe/Berlin", autumn) == ["25 00:30"]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("every 5 minutes", "is not a schedule, such as"),
        ("rate(5 minute)", "is no rate: write 'rate(1 minute)' or, above 1, 'rate(5 minutes)'"),
        ("rate(1 minutes)", "is no rate"),
        ("rate(0 minutes)", "is no rate"),
        ("cron(0 9 * * *)", "has 5 fields; AWS's cron has 6"),
        ("cron(0 9 * * * *)", "exactly one of the day of the month and the day of the week must be"),
        ("cron(0 9 ? * ? *)", "exactly one"),
        ("cron(60 9 * * ? *)", "'60' is not a minutes from 0 to 59"),
        ("cron(0 9 * FOO ? *)", "'FOO' is not a month of AWS's cron"),
        ("cron(0 9 ? * 2#6 *)", "the number after '#' is 1 to 5"),
        ("at(2026-13-01T00:00:00)", "is no time"),
        (5, "is not a schedule"),
    ],
)
def test_what_is_none(expression: object, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_schedule(expression)
