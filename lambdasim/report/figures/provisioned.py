"""Provisioned concurrency over time: what was ready, what of it was in use, and what spilled over beyond it.

Reads ProvisionedConcurrencyAllocated and ProvisionedConcurrentExecutions (Maximum) and
ProvisionedConcurrencySpilloverInvocations (Sum) of the time series.
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
from lambdasim.report.words import number, shorten, span

READY: Final = "ProvisionedConcurrencyAllocated"
IN_USE: Final = "ProvisionedConcurrentExecutions"
SPILLED: Final = "ProvisionedConcurrencySpilloverInvocations"
METRICS: Final = frozenset({READY})


def data(result: Reported) -> Table:
    """Return per period, for each function, the most that was ready and in use, and the invocations spilled over."""
    series = Series.of(result)
    tables = _tables(series, _shown(series))
    columns = {f"{name} {what}": table[name] for what, table in tables.items() for name in table.columns}
    return series.over_time(columns)


def _shown(series: Series) -> list[str]:
    return [name for name in series.emitters(METRICS) if name in series.functions]


def _tables(series: Series, names: list[str]) -> dict[str, Table]:
    metrics = {"ready": (READY, "Maximum"), "in use": (IN_USE, "Maximum"), "spillover": (SPILLED, "Sum")}
    return {what: series.table(metric, statistic, names, absent=0.0) for what, (metric, statistic) in metrics.items()}


@canvas.styled
def figure(result: Reported) -> canvas.Chart:
    """Draw ready and used concurrency, a panel for each function, and below the spillover of all."""
    series = Series.of(result)
    names = _shown(series)
    if not names:
        return canvas.says("No provisioned concurrency was ready.")
    tables = _tables(series, names)
    spilled = bool(tables["spillover"].numbers().any())
    chart, axes = canvas.sheet(len(names) + spilled, height=2.6 if len(names) == 1 else style.PANEL_INCHES)
    points = time_axis.points_for(3 * len(names))
    for ax, name in zip(axes, names, strict=False):
        colour = series.colours.get(name, style.OTHERS)
        edges, used = coarse(series.edges, tables["in use"].only([name]), style.BARS, mean=True)
        time_axis.bars(ax, series, edges, [(name, used[name], style.shade(colour, "#FFFFFF", 0.45))])
        time_axis.line(ax, series, tables["ready"][name], points, color=colour)
        time_axis.band(ax, series, series.band(READY, "Maximum", names), name, colour)
        canvas.count_axis(ax, "concurrent executions\n(most in a period)")
        if len(names) > 1:
            ax.set_title(shorten(name, 70), fontsize=9.5, loc="left")
    if spilled:
        edges, bars = coarse(series.edges, tables["spillover"], style.BARS)
        colours = [series.colours.get(name, style.OTHERS) for name in names]
        stack = [(n, bars[n], colour) for n, colour in zip(names, colours, strict=True)]
        time_axis.bars(axes[-1], series, edges, stack)
        canvas.count_axis(axes[-1], f"spillover invocations\nper {span(edges[1] - edges[0]).removeprefix('1 ')}")
    time_axis.show(series, axes)
    colour = series.colours.get(names[0], style.OTHERS) if len(names) == 1 else style.LIMIT
    entries = [
        ("ready", Line2D([], [], color=colour)),
        ("in use", Patch(color=style.shade(colour, "#FFFFFF", 0.45))),
    ]
    if spilled and len(names) > 1:
        entries += [(f"spillover of {n}", Patch(color=series.colours.get(n, style.OTHERS))) for n in names]
    canvas.legend(chart, [*entries, *time_axis.band_entry(series)])
    canvas.title(chart, _finding(result, names, tables))
    return chart


def _finding(result: Reported, names: list[str], tables: dict[str, Table]) -> str:
    """Say what spilled over, of the function that had most of it, or how much of what was ready was in use."""
    functions = result.summary["functions"]
    name = max(names, key=lambda name: number(functions[name]["provisioned"]["spillover"]))
    of = functions[name]["provisioned"]
    spilled, ran = number(of["spillover"]), number(of["spillover"]) + number(of["invocations"])
    whose = say(" of {name}", name=name) if len(names) > 1 else ""
    measured = canvas.measured(result)
    if spilled:
        words = "{spillover:count} of {ran:count} invocations{whose}{measured} spilled over ({rate:percent})"
        return say(words, spillover=spilled, ran=ran, whose=whose, measured=measured, rate=spilled / ran)
    ready, used = (float(np.max(tables[what][name], initial=0.0)) for what in ("ready", "in use"))
    words = (
        "Nothing spilled over{measured}: at most {used:count} of {ready:count} ready environments{whose} were in use"
    )
    return say(words, used=used, ready=ready, whose=whose, measured=measured)
