"""How long callers waited at worst: the share of requests that took longer than a time, after warm and cold starts."""

import numpy as np
import pandas as pd
from matplotlib import ticker
from matplotlib.lines import Line2D

from lambdasim.report import style
from lambdasim.report.figures import canvas, time_axis
from lambdasim.report.sentences import say
from lambdasim.report.series import ACCOUNT, Floats, Reported, Series, thin
from lambdasim.report.words import percent
from lambdasim.units import NS_PER_MS

STARTS = {"warm": "-", "cold": (0, (4, 1.5))}


def data(result: Reported) -> pd.DataFrame:
    """Return, for each leading function and kind of start, the share of requests whose latency (ms) was longer."""
    series = Series(result)
    parts = [
        pd.DataFrame({"function": name, "start": start, "latency_ms": values, "share": share})
        for name in series.leaders("requests")
        for start in STARTS
        for values, share in [_survival(result, name, start)]
    ]
    empty = pd.DataFrame({"function": [], "start": [], "latency_ms": [], "share": []})
    return pd.concat(parts or [empty], ignore_index=True).rename_axis("row")


def _survival(result: Reported, name: str, start: str) -> tuple[Floats, Floats]:
    """Latencies in ms and the share of requests above each, from 1 down to the last that is above 0."""
    kept = result.measured.histograms.get(name, {}) if result.measured is not None else {}
    histogram = kept.get(f"latency_{start}")
    if histogram is None or not histogram.count:
        return np.zeros(0), np.zeros(0)
    values, share = histogram.survival()
    above = share > 0.5 / histogram.count
    latency = np.append(histogram.minimum, values[above]) / NS_PER_MS
    return latency, np.append(1.0, share[above])


@canvas.styled
def figure(result: Reported) -> canvas.Chart:
    """Draw the complementary distributions on logarithmic axes, warm as full lines and cold as dashed ones."""
    series = Series(result)
    lines = {(n, s): _survival(result, n, s) for n in series.leaders("requests") for s in STARTS}
    lines = {key: line for key, line in lines.items() if len(line[0])}
    if not lines:
        return canvas.says("There is no distribution of latencies to show: no request ran, or none was kept.")
    chart, (ax,) = canvas.sheet(height=3.3)
    for (name, start), (latency, share) in lines.items():
        x, y = thin(latency, share, time_axis.points_for(len(lines)))
        ax.plot(x, y, color=series.colours.get(name, style.OTHERS), ls=STARTS[start])
    canvas.duration_axis(ax, "latency", horizontal=True)
    ax.set_yscale("log")
    ax.set_ylabel("share of requests\nthat waited longer")
    ax.yaxis.set_major_locator(ticker.LogLocator(numticks=7))
    ax.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: percent(value)))
    ax.yaxis.set_minor_locator(ticker.NullLocator())
    ax.set_ylim(top=1.2)
    names = dict.fromkeys(name for name, _ in lines)
    starts = dict.fromkeys(start for _, start in lines)
    entries = [(n, Line2D([], [], color=series.colours.get(n, style.OTHERS))) for n in names]
    entries += [(f"{s} start", Line2D([], [], color=style.LIMIT, ls=STARTS[s])) for s in starts]
    canvas.legend(chart, entries)
    canvas.title(chart, _finding(result))
    return chart


def _finding(result: Reported) -> str:
    kept = result.measured.histograms[ACCOUNT]
    found = {s: kept[f"latency_{s}"] for s in STARTS if kept[f"latency_{s}"].count}
    waits = {s: histogram.quantiles([0.5])[0] / NS_PER_MS for s, histogram in found.items()}
    if len(waits) == 2:
        return say("Half of the requests that met a cold start waited over {cold:ms}, of the others {warm:ms}", **waits)
    [(start, wait)] = waits.items()
    return say("Half of the requests waited over {wait:ms}, all after a {start} start", wait=wait, start=start)
