"""When functions were called: their invocations by the hour of the day."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import ticker
from matplotlib.patches import Patch

from lambdasim.report import style
from lambdasim.report.figures import canvas
from lambdasim.report.sentences import say
from lambdasim.report.words import significant

HOURS = 24


@canvas.styled
def figure(by_hour: Mapping[str, Sequence[int]]) -> canvas.Chart:
    """Draw stacked bars of the 24 counts (UTC) of each function; the smaller ones are others."""
    ranked = sorted(by_hour, key=lambda name: -sum(by_hour[name]))
    counts = {name: np.array(by_hour[name]) for name in ranked[: style.SHOWN]}
    if len(ranked) > style.SHOWN:
        counts["others"] = np.sum([by_hour[name] for name in ranked[style.SHOWN :]], axis=0)
    chart, (ax,) = canvas.sheet(height=1.8)
    below, entries = np.zeros(HOURS), []
    for place, (name, own) in enumerate(counts.items()):
        colour = style.OTHERS if place == style.SHOWN else style.HUES[place]
        ax.bar(np.arange(HOURS) + 0.5, own, bottom=below, width=0.9, color=colour)
        below = below + own
        entries.append((name, Patch(color=colour)))
    canvas.count_axis(ax, "invocations")
    ax.set_xlim(0, HOURS)
    ax.xaxis.set_major_locator(ticker.MultipleLocator(3))
    ax.set_xlabel("hour of the day (UTC)")
    ax.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: significant(value)))
    canvas.legend(chart, entries)
    busiest = int(np.argmax(below))
    share = float(below[busiest] / max(below.sum(), 1))
    canvas.title(
        chart, say("The hour from {hour:count}:00 on has {share:percent} of all invocations", hour=busiest, share=share)
    )
    return chart
