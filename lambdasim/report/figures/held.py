"""The memory that environments held, as GB-seconds: what served requests beside what stood idle.

Environments (Average) of the time series times the memory of their function. On demand AWS bills what is busy and what
initialises, not what is idle: that is the price of warm starts, paid by AWS.
"""

from typing import Final

import numpy as np
from matplotlib import ticker
from matplotlib.patches import Patch

from lambdasim.report import style
from lambdasim.report.figures import canvas
from lambdasim.report.figures.environments import STATES, shades, states
from lambdasim.report.sentences import say
from lambdasim.report.series import Reported, Series
from lambdasim.report.table import Table
from lambdasim.report.words import shorten, significant

MB_OF_GB: Final = 1024


def data(result: Reported) -> Table:
    """Return the GB-seconds of each state of the environments, a row for each of the functions with most of them."""
    series = Series.of(result)
    seconds = np.diff(series.edges)
    found = states(series)
    names = list(found["idle"].columns)
    memory = np.array([_memory_gb(result, name) for name in names])
    held = {state: (found[state].numbers() * seconds).sum(axis=1) * memory for state in STATES}
    return Table(np.array(names, object), held, "function")


def _memory_gb(result: Reported, name: str) -> float:
    functions = result.config.function
    found = functions.get(name) or functions.get(name.partition(":")[0]) or functions["*"]
    return float(found.memory) / MB_OF_GB


@canvas.styled
def figure(result: Reported) -> canvas.Chart:
    """Draw a bar for each function: busy, initialising and idle GB-seconds."""
    series, table = Series.of(result), data(result)
    table = table.rows(table.across() > 0)
    if not len(table):
        return canvas.says("No execution environment was created, so no memory was held.")
    chart = canvas.blank(1.25 + 0.42 * len(table))
    ax = chart.subplots()
    places = np.arange(len(table))[::-1]
    left = np.zeros(len(table))
    for state in STATES:
        colours = [shades(series.colours.get(name, style.OTHERS))[state] for name in table.index]
        ax.barh(places, table[state], left=left, color=colours, height=0.62)
        left = left + table[state]
    ax.set_yticks(places, [shorten(name, 30) for name in table.index])
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.xaxis.set_major_locator(ticker.MaxNLocator(6))
    ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: significant(value)))
    ax.set_xlabel("memory held in the whole run (GB-seconds)")
    one = series.colours.get(table.index[0], style.OTHERS) if len(table) == 1 else "#8A8A8A"
    canvas.legend(chart, [(state, Patch(color=shades(one)[state])) for state in STATES])
    most = int(table["idle"].argmax())
    busy, idle = float(table["busy"][most]), float(table["idle"][most])
    whose = say(" of {name}", name=table.index[most]) if len(table) > 1 else ""
    finding = say("Environments{whose} were idle for {idle_gbs:number} GB-seconds and busy for {busy_gbs:number}",
                  whose=whose, idle_gbs=idle, busy_gbs=busy)  # fmt: skip
    canvas.title(chart, finding)
    return chart
