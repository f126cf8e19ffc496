"""Queues over time: messages waiting and in flight, and how old the oldest of them is.

Reads of the time series, where ``function`` is a queue's name: ApproximateNumberOfMessagesVisible and
ApproximateNumberOfMessagesNotVisible (Maximum) and ApproximateAgeOfOldestMessage (Maximum, s).
"""

from typing import Final

import numpy as np
from matplotlib.lines import Line2D

from lambdasim.report import style
from lambdasim.report.figures import canvas, time_axis
from lambdasim.report.sentences import say
from lambdasim.report.series import Reported, Series
from lambdasim.report.table import Table
from lambdasim.report.words import number

WAITING: Final = "ApproximateNumberOfMessagesVisible"
IN_FLIGHT: Final = "ApproximateNumberOfMessagesNotVisible"
AGE: Final = "ApproximateAgeOfOldestMessage"
METRICS: Final = frozenset({WAITING, IN_FLIGHT, AGE})


def data(result: Reported) -> Table:
    """Return per period, for each queue, the most messages waiting and in flight and the greatest age (s)."""
    series = Series.of(result)
    tables = _tables(series)
    names = series.emitters(METRICS)
    columns = {f"{name} {what}": table[name] for name in names for what, table in tables.items()}
    return series.over_time(columns)


def _tables(series: Series) -> dict[str, Table]:
    names = series.emitters(METRICS)
    metrics = {"waiting": WAITING, "in flight": IN_FLIGHT, "oldest (s)": AGE}
    return {what: series.table(metric, "Maximum", names, absent=0.0) for what, metric in metrics.items()}


@canvas.styled
def figure(result: Reported) -> canvas.Chart:
    """Draw the backlog of each queue and, below, the age of its oldest message with the objectives on it."""
    series = Series.of(result)
    names, tables = series.emitters(METRICS), _tables(series)
    if not names:
        return canvas.says("The run has no queue.")
    palette = style.colours(names)
    chart, (backlog, ages) = canvas.sheet(2)
    points = time_axis.points_for(3 * len(names))
    marks = []
    bands = [(backlog, 1.0, series.band(WAITING, "Maximum", names)), (ages, 1e3, series.band(AGE, "Maximum", names))]
    for name in names:
        for what, look in (("waiting", {}), ("in flight", {"ls": ":", "lw": 1.2})):
            time_axis.line(backlog, series, tables[what][name], points, color=palette[name], **look)
        time_axis.line(ages, series, tables["oldest (s)"][name] * 1e3, points, color=palette[name])
        for ax, unit, ends in bands:
            time_axis.band(ax, series, ends, name, palette[name], unit)
        owner = f"{name}: " if len(names) > 1 else ""
        marks += [(limit, owner + label, style.SLO) for limit, label in canvas.objectives(result, f"{name}.age")]
    canvas.count_axis(backlog, "messages\n(most in a period)")
    canvas.amount_axis(ages, "age of the oldest\nmessage")
    canvas.limits(ages, marks, _top(tables["oldest (s)"], bands[1][2]) * 1e3)
    canvas.linear_duration_axis(ages.yaxis)
    time_axis.show(series, [backlog, ages])
    entries = [(name, Line2D([], [], color=palette[name])) for name in names]
    entries += [
        ("waiting", Line2D([], [], color=style.LIMIT)),
        ("in flight", Line2D([], [], color=style.LIMIT, ls=":", lw=1.2)),
    ]
    canvas.legend(chart, [*entries, *time_axis.band_entry(series)])
    canvas.title(chart, _finding(result, names, tables))
    return chart


def _top(table: Table, ends: time_axis.Ends) -> float:
    """Return the greatest value of a table and of the upper end of its interval."""
    return float(np.nanmax([part.numbers() for part in (table, ends[1] if ends else table)], initial=0.0))


def _finding(result: Reported, names: list[str], tables: dict[str, Table]) -> str:
    longest = max(names, key=lambda name: float(tables["waiting"][name].max()))
    backlog, ages = (tables[what][longest] for what in ("waiting", "oldest (s)"))
    waiting, oldest = float(backlog.max()), float(ages.max())
    end = number(result.summary["sources"][longest].get("waiting", 0))  # the last period's highest may be gone by then
    waiting = max(waiting, end)  # what came back at the very end is in no period
    hidden = number(result.summary["sources"][longest].get("hidden", 0))
    later = say("; {hidden:count} were hidden at the end", hidden=hidden) if hidden else ""
    if not waiting:
        return say("No message was left waiting; the oldest was {oldest:ms} old", oldest=oldest * 1e3) + later
    which = f"The backlog of {longest}" if len(names) > 1 else "The backlog"
    peak = say(
        "{which} peaked at {waiting:count} messages, the oldest {oldest:ms} old",
        which=which,
        name=longest,
        waiting=waiting,
        oldest=oldest * 1e3,
    )
    return peak + (say("; {left:count} were left at the end", left=end) if end else "") + later
