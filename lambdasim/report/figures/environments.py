"""Execution environments over time: busy with a request, initialising, idle."""

import numpy as np
from matplotlib.patches import Patch

from lambdasim.report import style
from lambdasim.report.figures import canvas, time_axis
from lambdasim.report.sentences import say
from lambdasim.report.series import Reported, Series, coarse
from lambdasim.report.table import Table
from lambdasim.report.words import number, shorten

STATES = ("busy", "initialising", "idle")


def data(result: Reported) -> Table:
    """Return the mean number of environments per period, a column for each function and state."""
    series = Series.of(result)
    found = states(series)
    columns = {
        f"{name} {state}": found[state][name] for name in series.leaders("environments", "max") for state in STATES
    }
    return series.over_time(columns)


def states(series: Series) -> dict[str, Table]:
    """Return the mean number of environments in each state per period, of the functions with most of them."""
    names = series.leaders("environments", "max")
    everything, idle, initialising = (
        series.table(metric, "Average", names, absent=0.0)
        for metric in ("Environments", "EnvironmentsIdle", "EnvironmentsInitializing")
    )
    busy = {name: np.maximum(everything[name] - idle[name] - initialising[name], 0.0) for name in names}
    return {"busy": series.over_time(busy), "initialising": initialising, "idle": idle}


@canvas.styled
def figure(result: Reported) -> canvas.Chart:
    """Stack the states of a function's environments, a panel for each function with most of them."""
    series = Series.of(result)
    functions = result.summary["functions"]
    names = [n for n in series.leaders("environments", "max") if number(functions[n]["environments"]["max"]) > 0]
    if not names:
        return canvas.says("No execution environment was created.")
    found = states(series)
    across = 1 if len(names) <= 3 else 2
    chart, axes = canvas.sheet(len(names), across=across, height=3.0 if len(names) == 1 else style.PANEL_INCHES)
    for ax, name in zip(axes, names, strict=True):
        colours = shades(series.colours.get(name, style.OTHERS))
        table = series.over_time({state: found[state][name] for state in STATES})
        edges, table = coarse(series.edges, table, style.BARS * 2 // len(names), mean=True)
        time_axis.bars(ax, series, edges, [(s, table[s], colours[s]) for s in STATES])
        canvas.amount_axis(ax, "environments\n(mean)")
        if len(series.functions) > 1:
            ax.set_title(shorten(name, 70 // across), fontsize=9.5, loc="left")
    time_axis.show(series, axes, across)
    greys = shades("#8A8A8A" if len(series.functions) > 1 else series.colours.get(names[0], style.OTHERS))
    canvas.legend(chart, [(state, Patch(color=greys[state])) for state in STATES])
    canvas.title(chart, _finding(result, found))
    return chart


def shades(colour: str) -> dict[str, str]:
    """Return the colour of each state in shades of a function's own."""
    return {"busy": colour, "initialising": "#000000", "idle": style.shade(colour, "#FFFFFF", 0.68)}


def _finding(result: Reported, states: dict[str, Table]) -> str:
    """Say how many environments were created and how idle they stood: of one function, or of the one most idle."""
    functions = result.summary["functions"]
    sums = {state: {name: float(of.sum()) for name, of in table.columns.items()} for state, table in states.items()}
    name = max(sums["idle"], key=lambda name: sums["idle"][name])
    every = sum(of[name] for of in sums.values())
    of = functions[name]
    return say(
        "{created:count} environments{whose} were created{measured}; of those there, {idle:percent} stood idle",
        created=of["environments"]["created"],
        whose=say(" of {name}", name=name) if len(functions) > 1 else "",
        measured=canvas.measured(result),
        idle=round(sums["idle"][name] / (every or 1.0), 2),
    )
