"""Asynchronous events over time: how old they were when they were handled, how many waited, how many were given up.

Reads AsyncEventAge (Maximum and Average, ms) and AsyncEventsDropped (Sum) by function, EventsWaiting (Maximum) by
source.
"""

from typing import Final

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lambdasim.report import style
from lambdasim.report.figures import canvas, time_axis
from lambdasim.report.sentences import say
from lambdasim.report.series import Reported, Series, coarse
from lambdasim.report.table import Table
from lambdasim.report.words import number, span

AGE: Final = "AsyncEventAge"
WAITING: Final = "EventsWaiting"
DROPPED: Final = "AsyncEventsDropped"
METRICS: Final = frozenset({AGE, WAITING})
STATISTICS: Final = ("Maximum", "Average")


def data(result: Reported) -> Table:
    """Return per period the ages by function (ms), the events waiting by source and those dropped by function."""
    series = Series.of(result)
    ages, waiting, dropped = _tables(series)
    columns = {f"{name} {statistic}": table[name] for statistic, table in ages.items() for name in table.columns}
    columns |= {f"{name} waiting": values for name, values in waiting.columns.items()}
    columns |= {f"{name} dropped": values for name, values in dropped.columns.items()}
    return series.over_time(columns)


def _tables(series: Series) -> tuple[dict[str, Table], Table, Table]:
    names, sources = series.emitters({AGE}), series.emitters({WAITING})
    ages = {statistic: series.table(AGE, statistic, names) for statistic in STATISTICS}
    dropped = series.table(DROPPED, "Sum", names, absent=0.0)
    return ages, series.table(WAITING, "Maximum", sources, absent=0.0), dropped.some()


@canvas.styled
def figure(result: Reported) -> canvas.Chart:
    """Draw ages with their objectives; below them events waiting and, where any were given up, those."""
    series = Series.of(result)
    ages, waiting, dropped = _tables(series)
    names, sources = list(ages["Maximum"].columns), list(waiting.columns)
    if not names:
        return canvas.says("No asynchronous event was handled.")
    chart, axes = canvas.sheet(1 + bool(sources) + bool(dropped.columns))
    points = time_axis.points_for(2 * len(names) + len(sources))
    ends = series.band(AGE, "Maximum", names)
    for name in names:
        colour = series.colours.get(name, style.OTHERS)
        for statistic, look in zip(STATISTICS, ({}, {"ls": ":", "lw": 1.2}), strict=True):
            time_axis.line(axes[0], series, ages[statistic][name], points, color=colour, **look)
        time_axis.band(axes[0], series, ends, name, colour)
    canvas.amount_axis(axes[0], "age of events\nwhen handled")
    marks = [
        (limit, f"{name}: {label}" if len(names) > 1 else label, style.SLO)
        for name in names
        for limit, label in canvas.objectives(result, f"{name}.async.age")
    ]
    tops = [ages["Maximum"].numbers(), *([ends[1].numbers()] if ends else [])]
    canvas.limits(axes[0], marks, max(float(np.nanmax(top, initial=0.0)) for top in tops))
    canvas.linear_duration_axis(axes[0].yaxis)
    palette = style.colours(sources)
    for name in sources:
        time_axis.line(axes[1], series, waiting[name], points, color=palette[name])
    if sources:
        canvas.count_axis(axes[1], "events waiting\n(most in a period)")
    if dropped.columns:
        edges, bars = coarse(series.edges, dropped, style.BARS)
        stack = [(n, values, series.colours.get(n, style.OTHERS)) for n, values in bars.columns.items()]
        time_axis.bars(axes[-1], series, edges, stack)
        canvas.count_axis(axes[-1], f"events given up\nper {span(edges[1] - edges[0]).removeprefix('1 ')}")
    time_axis.show(series, axes)
    one = series.colours.get(names[0], style.OTHERS) if len(names) == 1 else style.LIMIT
    entries: list[tuple[str, Line2D | Patch]] = [
        (name, Line2D([], [], color=series.colours.get(name, style.OTHERS))) for name in names if len(names) > 1
    ]
    entries += [("oldest in a period", Line2D([], [], color=one)), ("mean", Line2D([], [], color=one, ls=":", lw=1.2))]
    entries += [(f"waiting: {name}", Line2D([], [], color=palette[name])) for name in sources if len(sources) > 1]
    canvas.legend(chart, [*entries, *time_axis.band_entry(series)])
    canvas.title(chart, _finding(result, names))
    return chart


def _finding(result: Reported, names: list[str]) -> str:
    """Say how old events got, and how many were given up: of the function whose events got oldest."""
    functions = result.summary["functions"]
    name = max(names, key=lambda name: np.nan_to_num(number(functions[name]["async"]["age"]["max"])))
    of = functions[name]["async"]
    whose = say("of {name} ", name=name) if len(names) > 1 else ""
    finding = say("Events {whose}were {oldest:ms} old at most when handled{measured}",
                  whose=whose, oldest=of["age"]["max"], measured=canvas.measured(result))  # fmt: skip
    lost = number(of["dropped"])
    some = say("; {dropped:count} of {received:count} were given up", dropped=lost, received=of["received"])
    return finding + (some if lost else "; none was given up")
