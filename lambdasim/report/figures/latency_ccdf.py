"""How long callers waited at worst: the share of requests that took longer than a time, after warm and cold starts."""

from typing import Any, Final

import numpy as np
from matplotlib import ticker
from matplotlib.lines import Line2D

from lambdasim.report import style
from lambdasim.report.figures import canvas
from lambdasim.report.latencies import STARTS, line, median, table
from lambdasim.report.sentences import say
from lambdasim.report.series import Reported, Series
from lambdasim.report.table import Table
from lambdasim.report.words import percent

LOOKS: Final[dict[str, Any]] = {"warm": "-", "cold": (0, (4, 1.5))}


def data(result: Reported) -> Table:
    """Return, for each leading function and kind of start, the share of requests whose latency (ms) was longer."""
    leaders = set(Series.of(result).leaders("requests"))
    waits = result.waits
    shown = waits.rows(np.array([name in leaders for name in waits["function"]], bool))
    return table(shown.columns.values())


@canvas.styled
def figure(result: Reported) -> canvas.Chart:
    """Draw the complementary distributions on logarithmic axes, warm as full lines and cold as dashed ones."""
    series, waits = Series.of(result), result.waits
    lines = {(n, s): line(waits, n, s) for n in series.leaders("requests") for s in STARTS}
    lines = {key: of for key, of in lines.items() if len(of[0])}
    if not lines:
        return canvas.says("There is no distribution of latencies to show: no request ran, or none was kept.")
    chart, (ax,) = canvas.sheet(height=3.3)
    for (name, start), (latency, share) in lines.items():
        alone: dict[str, Any] = {"marker": "o", "ms": 4} if len(latency) == 1 else {}  # all waited the same
        ax.plot(latency, share, color=series.colours.get(name, style.OTHERS), ls=LOOKS[start], **alone)
    canvas.duration_axis(ax, "latency", horizontal=True)
    ax.set_yscale("log")
    ax.set_ylabel("share of requests\nthat waited longer")
    ax.yaxis.set_major_locator(canvas.Logarithmic(most=7))
    ax.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: percent(value)))
    ax.yaxis.set_minor_locator(ticker.NullLocator())
    ax.set_ylim(top=1.2)
    names = dict.fromkeys(name for name, _ in lines)
    starts = dict.fromkeys(start for _, start in lines)
    entries = [(n, Line2D([], [], color=series.colours.get(n, style.OTHERS))) for n in names]
    entries += [(f"{s} start", Line2D([], [], color=style.LIMIT, ls=LOOKS[s])) for s in starts]
    canvas.legend(chart, entries)
    canvas.title(chart, _finding(waits, list(names)))
    return chart


def _finding(waits: Table, names: list[str]) -> str:
    """Say what a cold start cost: of one function, or of the one drawn to which it cost most."""
    medians = {name: {start: median(waits, name, start) for start in STARTS} for name in names}
    both = {name: of for name, of in medians.items() if None not in of.values()}
    if not both:
        name = max(medians, key=lambda name: max(of for of in medians[name].values() if of is not None))
        [(start, wait)] = ((start, of) for start, of in medians[name].items() if of is not None)
        whose = say(" of {name}", name=name) if len(names) > 1 else ""
        return say("Half of the requests{whose} waited over {wait:ms}, all after a {start} start",
                   whose=whose, wait=wait, start=start)  # fmt: skip
    name = max(both, key=lambda name: (both[name]["cold"] or 0.0) - (both[name]["warm"] or 0.0))
    whose = say(" of {name}", name=name) if len(names) > 1 else ""
    return say("Half of the requests{whose} that met a cold start waited over {cold:ms}, of the others {warm:ms}",
               whose=whose, **both[name])  # fmt: skip
