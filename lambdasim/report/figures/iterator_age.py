"""How far the readers of streams are behind: the age of records when they are read.

Reads IteratorAge (Maximum and Average, ms) of the time series, where ``function`` is the reader's or stream's name.
"""

from typing import Final

import numpy as np
from matplotlib.lines import Line2D

from lambdasim.report import style
from lambdasim.report.figures import canvas, time_axis
from lambdasim.report.sentences import say
from lambdasim.report.series import Reported, Series
from lambdasim.report.table import Table

METRICS: Final = frozenset({"IteratorAge"})
STATISTICS: Final = ("Maximum", "Average")


def data(result: Reported) -> Table:
    """Return per period, for each stream, the greatest and the mean iterator age (ms)."""
    series = Series.of(result)
    names = series.emitters(METRICS)
    tables = {statistic: series.table("IteratorAge", statistic, names) for statistic in STATISTICS}
    columns = {f"{name} {statistic}": tables[statistic][name] for name in names for statistic in STATISTICS}
    return series.over_time(columns)


@canvas.styled
def figure(result: Reported) -> canvas.Chart:
    """Draw the greatest age of each period as a line, and the mean as a dotted one."""
    series = Series.of(result)
    names = series.emitters(METRICS)
    if not names:
        return canvas.says("The run has no stream.")
    palette, table = style.colours(names), data(result)
    chart, (ax,) = canvas.sheet(height=3.0)
    ends = series.band("IteratorAge", "Maximum", names)
    points = time_axis.points_for(2 * len(names))
    for name in names:
        for statistic, look in zip(STATISTICS, ({}, {"ls": ":", "lw": 1.2}), strict=True):
            time_axis.line(ax, series, table[f"{name} {statistic}"], points, color=palette[name], **look)
        time_axis.band(ax, series, ends, name, palette[name])
    greatest = {name: float(np.fmax.reduce(table[f"{name} Maximum"])) for name in names}
    canvas.amount_axis(ax, "iterator age")
    marks = [
        (limit, f"{name}: {label}" if len(names) > 1 else label, style.SLO)
        for name in names
        for limit, label in canvas.objectives(result, f"{name}.iterator_age")
    ]
    tops = [*greatest.values(), *(ends[1].numbers().ravel() if ends else ())]
    canvas.limits(ax, marks, float(np.nanmax(tops, initial=0.0)))
    canvas.linear_duration_axis(ax.yaxis)
    time_axis.show(series, [ax])
    entries = [(name, Line2D([], [], color=palette[name])) for name in names] if len(names) > 1 else []
    colour = style.LIMIT if len(names) > 1 else palette[names[0]]
    entries += [
        ("most in a period", Line2D([], [], color=colour)),
        ("mean", Line2D([], [], color=colour, ls=":", lw=1.2)),
    ]
    canvas.legend(chart, [*entries, *time_axis.band_entry(series)])
    worst = max(names, key=lambda name: np.nan_to_num(greatest[name]))
    whose = f"{worst} fell furthest behind: its iterator age" if len(names) > 1 else "The iterator age"
    canvas.title(chart, say("{whose} reached {oldest:ms}", whose=whose, name=worst, oldest=greatest[worst]))
    return chart
