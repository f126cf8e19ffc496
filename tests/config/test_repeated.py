"""What a month makes of schedules: a note where the repeated run holds them unlike often."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import lambdasim as ls
from lambdasim.config.cron import parse_schedule
from lambdasim.config.repeated import repeated_notes
from lambdasim.planning.envelope import month_estimate
from lambdasim.units import NS_PER_H, NS_PER_MIN

START = "2026-11-30T08:55:00Z"
BEGIN = datetime(2026, 11, 30, 8, 55, tzinfo=UTC)


def report(expression: str, lasts: str, **tables: Any) -> ls.Experiment:
    return ls.Experiment(
        functions={"f": {"duration": "constant(1s)", "init": "constant(0s)"}},
        sources={"tick": {"type": "schedule", "function": "f", "expression": expression, "schedules": 5}},
        loads=[{"target": "f", "executor": "constant-arrival-rate", "rate": "1/s", "duration": lasts}],
        simulation={"start": START},
        **tables,
    )


@pytest.mark.parametrize(
    ("expression", "a_month"),
    [
        ("rate(5 minutes)", 8_760),
        ("cron(0 * * * ? *)", 730),
        ("cron(0/15 9-16 * * ? *)", 365 * 32 / 12),
        ("cron(0 9 ? * MON-FRI *)", 261 / 12),  # 261 of the 365 days from a Monday on
        ("cron(0 9 1 * ? *)", 1),
        ("at(2026-11-30T09:00:00)", 1),
    ],
)
def test_a_month_holds_so_many_times_by_the_expression(expression: str, a_month: float) -> None:
    found = parse_schedule(expression).in_a_month(BEGIN, "UTC")
    assert found == pytest.approx(a_month)
    if "cron" in expression:  # counted, one by one
        midnight = datetime.combine(date(2026, 11, 30), datetime.min.time(), UTC)
        year_s = timedelta(days=365).total_seconds()
        assert len(list(parse_schedule(expression).times_s(midnight, year_s, "UTC"))) == round(12 * found)


def test_a_run_that_is_shorter_than_its_schedule_makes_it_due_too_often() -> None:
    """Ten minutes around nine, 4,380 times a month: 5 schedules are due once in each, but once an hour."""
    experiment = report("cron(0 * * * ? *)", "10min")
    (note,) = repeated_notes(experiment.config, 10 * NS_PER_MIN, 10 * NS_PER_MIN)
    assert "holds the run 4,380 times, and so 21,900 invocations where cron(0 * * * ? *) makes 3,650 due" in note
    result = experiment.run()
    lines = result.summary["cost"]["month"]
    (billed,) = (line["quantity"] for line in lines if line["item"] == "scheduler-invocations")
    assert billed == 21_900
    assert note in result.summary["cost"]["notes"]
    assert note in month_estimate(experiment.config).notes


def test_a_schedule_that_the_run_leaves_out_is_due_too_seldom() -> None:
    (note,) = repeated_notes(report("cron(0 18 * * ? *)", "1h").config, NS_PER_H, NS_PER_H)
    assert "and so 0 invocations where cron(0 18 * * ? *) makes 152 due" in note


@pytest.mark.parametrize(("expression", "lasts_min"), [("cron(0 * * * ? *)", 60), ("rate(5 minutes)", 10)])
def test_nothing_is_said_where_the_run_is_as_long_as_the_schedule_takes(expression: str, lasts_min: int) -> None:
    lasts_ns = lasts_min * NS_PER_MIN
    assert not list(repeated_notes(report(expression, f"{lasts_min}min").config, lasts_ns, lasts_ns))


def test_nothing_is_said_where_the_file_says_how_often_or_there_is_no_month() -> None:
    decided = report("cron(0 * * * ? *)", "10min", billing={"repeats": "1/h"}).config
    assert not list(repeated_notes(decided, 10 * NS_PER_MIN, NS_PER_H))
    assert not list(repeated_notes(report("cron(0 * * * ? *)", "10min").config, 10 * NS_PER_MIN, None))


def test_a_warmer_is_told_too() -> None:
    warmed = report("rate(5 minutes)", "10min", warmer={"w": {"function": "f", "every": "4min", "environments": 2}})
    (note,) = repeated_notes(warmed.config, 10 * NS_PER_MIN, 10 * NS_PER_MIN)
    assert "26,280 invocations where every = 4min makes 21,900 due" in note
