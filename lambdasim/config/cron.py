"""EventBridge's schedule expressions: ``rate(5 minutes)``, ``cron(0 9 * * ? *)``, ``at(2026-11-27T08:00:00)``.

Times are wall-clock times of a time zone; what they mean in UTC is decided here, with its summer time
(EventBridge Scheduler User Guide, schedule-types, 2026).
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from lambdasim.units import NS_PER_MONTH, NS_PER_S

_MONTHS: Final = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS: Final = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_RATE: Final = re.compile(r"rate\(\s*([0-9]{1,9})\s+(minute|minutes|hour|hours|day|days)\s*\)", re.ASCII)
_AT: Final = re.compile(r"at\(\s*([0-9T:-]{16,19})\s*\)", re.ASCII)
_CRON: Final = re.compile(r"cron\(([^()]{1,200})\)", re.ASCII)
_UNIT: Final = {"minute": 60, "hour": 3_600, "day": 86_400}
EXAMPLES: Final = "'rate(5 minutes)', 'cron(0 9 * * ? *)' or 'at(2026-11-27T08:00:00)'"


@dataclass(frozen=True, slots=True)
class _Days:
    """The days of a month that one of the two fields for days means."""

    text: str
    numbers: frozenset[int]
    """Days of the month, or of the week (1 is Sunday)."""
    last: bool = False
    """The last day, or the last such day of the week."""
    nearest: bool = False
    """The weekday nearest to the day."""
    nth: int = 0
    """The n-th such day of the week."""

    def of_month(self, year: int, month: int) -> frozenset[int]:
        """Return the days that a field for days of the month means."""
        length = calendar.monthrange(year, month)[1]
        if self.last:
            return frozenset({length})
        if self.nearest:
            return frozenset(_nearest_weekday(year, month, day, length) for day in self.numbers if day <= length)
        return frozenset(day for day in self.numbers if day <= length)

    def of_week(self, year: int, month: int) -> frozenset[int]:
        """Return the days of a month that a field for days of the week means."""
        length = calendar.monthrange(year, month)[1]
        days = [day for day in range(1, length + 1) if date(year, month, day).isoweekday() % 7 + 1 in self.numbers]
        if self.last:
            return frozenset(days[-1:])
        if self.nth:
            return frozenset(days[self.nth - 1 : self.nth])
        return frozenset(days)


def _nearest_weekday(year: int, month: int, day: int, length: int) -> int:
    weekday = date(year, month, day).weekday()
    if weekday == 5:
        return day - 1 if day > 1 else day + 2
    if weekday == 6:
        return day + 1 if day < length else day - 2
    return day


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a schedule is due."""

    text: str
    every_s: int = 0
    """Of ``rate``: the interval, the first time at once; else 0."""
    once: datetime | None = None
    """Of ``at``: a wall-clock time, or an instant where it has an offset."""
    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: _Days | None = None
    months: frozenset[int] = frozenset()
    weekdays: _Days | None = None
    years: frozenset[int] | None = None

    @property
    def needs_clock(self) -> bool:
        """Whether it can only be said with the clock time of the experiment's start."""
        return not self.every_s

    def times_s(self, start: datetime | None, duration_s: float, zone: str) -> Iterator[int]:
        """Yield the seconds from ``start`` to each time it is due before ``duration_s``; a rate needs no start."""
        if self.every_s:
            yield from range(0, int(-(-duration_s // 1)), self.every_s)
            return
        assert start is not None
        begin = start.astimezone(ZoneInfo(zone))
        first = begin.date() - timedelta(days=1)
        days = int(duration_s // 86_400) + 3
        for moment in self._moments(first, days, zone):
            seconds = (moment - start).total_seconds()
            if 0 <= seconds < duration_s:
                yield int(seconds)

    def _moments(self, first: date, days: int, zone: str) -> Iterator[datetime]:
        """Yield the instants of all wall-clock times from a day on, without those that summer time leaves out."""
        if self.once is not None and self.once.tzinfo is not None:
            yield self.once.astimezone(UTC)
            return
        info = ZoneInfo(zone)
        walls = [self.once] if self.once is not None else self._walls(first, days)
        for wall in walls:
            moment = wall.replace(tzinfo=info).astimezone(UTC)
            if moment.astimezone(info).replace(tzinfo=None) == wall:
                yield moment

    def in_a_month(self, start: datetime | None, zone: str) -> float:
        """Return how often it is due in a month of 730 h, on average over the 365 days from ``start``.

        An ``at`` is due once; what summer time leaves out or brings twice is not looked at.
        """
        if self.every_s:
            return NS_PER_MONTH / NS_PER_S / self.every_s
        if self.once is not None:
            return 1.0
        assert start is not None
        return _days_due(self, start.astimezone(ZoneInfo(zone)).date()) * len(self.hours) * len(self.minutes) / 12

    def _walls(self, first: date, days: int) -> Iterator[datetime]:
        for day in self.days_due(first, days):
            for hour in sorted(self.hours):
                for minute in sorted(self.minutes):
                    yield datetime(day.year, day.month, day.day, hour, minute)

    def days_due(self, first: date, days: int) -> Iterator[date]:
        """Yield those of so many days from a first one on at which a cron expression is due."""
        for number in range(days):
            day = first + timedelta(days=number)
            if (self.years is not None and day.year not in self.years) or day.month not in self.months:
                continue
            field, in_month = (self.days, True) if self.days is not None else (self.weekdays, False)
            assert field is not None
            of = field.of_month if in_month else field.of_week
            if day.day in of(day.year, day.month):
                yield day


@lru_cache
def _days_due(schedule: Schedule, first: date) -> int:
    """Return at how many of 365 days a cron expression is due: each simulation of a search asks for the same."""
    return sum(1 for _ in schedule.days_due(first, 365))


def parse_schedule(value: object) -> Schedule:
    """Return the schedule of an expression; raises ``ValueError``."""
    if isinstance(value, Schedule):
        return value
    text = value.strip() if isinstance(value, str) else ""
    if match := _RATE.fullmatch(text):
        number, unit = int(match[1]), match[2].rstrip("s")
        if number == 0 or (number == 1) == match[2].endswith("s"):
            raise ValueError(
                f"'{text}' is no rate: write 'rate(1 {unit})' or, above 1, 'rate({max(number, 2)} {unit}s)'"
            )
        return Schedule(text, every_s=number * _UNIT[unit])
    if match := _AT.fullmatch(text):
        try:
            return Schedule(text, once=datetime.fromisoformat(match[1]))
        except ValueError:
            raise ValueError(f"'{text}' is no time, such as 'at(2026-11-27T08:00:00)'") from None
    if match := _CRON.fullmatch(text):
        return _cron(text, match[1].split())
    raise ValueError(f"{str(value)[:60]!r} is not a schedule, such as {EXAMPLES}")


def parse_zone(value: object) -> str:
    """Return the name of a time zone; raises ``ValueError``."""
    try:
        return ZoneInfo(str(value)).key
    except (ValueError, OSError, KeyError):
        raise ValueError(f"{str(value)[:60]!r} is not a time zone such as 'Europe/Berlin' or 'UTC'") from None


def _cron(text: str, fields: list[str]) -> Schedule:
    if len(fields) != 6:
        raise ValueError(f"'{text}' has {len(fields)} fields; AWS's cron has 6: minutes hours day month weekday year")
    minute, hour, day, month, weekday, year = fields
    if (day == "?") == (weekday == "?"):
        raise ValueError(f"'{text}': exactly one of the day of the month and the day of the week must be '?'")
    years = None if year == "*" else _numbers(year, 1970, 2199, {}, "year")
    return Schedule(
        text,
        minutes=_numbers(minute, 0, 59, {}, "minutes"),
        hours=_numbers(hour, 0, 23, {}, "hours"),
        days=None if day == "?" else _days_of_month(day),
        months=_numbers(month, 1, 12, _MONTHS, "month"),
        weekdays=None if weekday == "?" else _days_of_week(weekday),
        years=years,
    )


def _days_of_month(text: str) -> _Days:
    if text == "L":
        return _Days(text, frozenset(), last=True)
    if text.endswith("W"):
        return _Days(text, _numbers(text[:-1], 1, 31, {}, "day of the month"), nearest=True)
    return _Days(text, _numbers(text, 1, 31, {}, "day of the month"))


def _days_of_week(text: str) -> _Days:
    name = "day of the week"
    if text == "L":
        return _Days(text, frozenset({7}))
    if text.endswith("L"):
        return _Days(text, _numbers(text[:-1], 1, 7, _DAYS, name), last=True)
    if "#" in text:
        day, _, nth = text.partition("#")
        if nth not in {"1", "2", "3", "4", "5"}:
            raise ValueError(f"'{text}': the number after '#' is 1 to 5")
        return _Days(text, _numbers(day, 1, 7, _DAYS, name), nth=int(nth))
    return _Days(text, _numbers(text, 1, 7, _DAYS, name))


def _numbers(text: str, low: int, high: int, names: dict[str, int], what: str) -> frozenset[int]:
    """Return the numbers of a field such as ``0,30``, ``8-17``, ``*/15``, ``0/5`` or ``MON-FRI``."""
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        if span == "*":
            begin, end = low, high
        else:
            first, dash, last = span.partition("-")
            begin = _number(first, names, text, what)
            end = _number(last, names, text, what) if dash else (high if slash else begin)
        size = _number(step, {}, text, what) if slash else 1
        if not low <= begin <= end <= high or size < 1:
            raise ValueError(f"'{text}' is not a {what} from {low} to {high}")
        found.update(range(begin, end + 1, size))
    return frozenset(found)


def _number(text: str, names: dict[str, int], whole: str, what: str) -> int:
    if text.upper() in names:
        return names[text.upper()]
    if not re.fullmatch(r"[0-9]{1,4}", text, re.ASCII):
        raise ValueError(f"'{whole}' is not a {what} of AWS's cron")
    return int(text)
