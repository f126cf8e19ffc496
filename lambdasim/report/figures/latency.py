"""What callers waited, over time: p50, p95 and p99 of each function on a logarithmic axis, with its objectives."""

import numpy as np
from matplotlib.lines import Line2D

from lambdasim.config.qualifier import function_of
from lambdasim.config.schema import ExperimentConfig
from lambdasim.report import style
from lambdasim.report.figures import canvas, time_axis
from lambdasim.report.sentences import say
from lambdasim.report.series import Reported, Series
from lambdasim.report.table import Table
from lambdasim.report.words import number, shorten

PERCENTILES = ("p50", "p95", "p99")


def shown(series: Series) -> list[str]:
    """Return the functions with the most requests that ran."""
    functions = series.result.summary["functions"]
    return [name for name in series.leaders("requests") if number(functions[name]["invocations"]) > 0]


def data(result: Reported) -> Table:
    """Return latency in ms per period, a column for each function and percentile."""
    series = Series.of(result)
    names = shown(series)
    tables = {p: series.table("Latency", p, names) for p in PERCENTILES}
    columns = {f"{name} {p}": tables[p][name] for name in names for p in PERCENTILES}
    return series.over_time(columns)


@canvas.styled
def figure(result: Reported) -> canvas.Chart:
    """Draw one panel per function: p50, p95, p99 and the objectives' limits."""
    series = Series.of(result)
    names = shown(series)
    if not names:
        return canvas.says("No request ran, so there is no latency to show.")
    table = data(result)
    across = 1 if len(names) <= 3 else 2
    chart, axes = canvas.sheet(len(names), across=across, height=3.2 if len(names) == 1 else style.PANEL_INCHES)
    points = time_axis.points_for(4 * len(names))
    bands = {p: series.band("Latency", p, names) for p in PERCENTILES}
    for ax, name in zip(axes, names, strict=True):
        values = {p: table[f"{name} {p}"] for p in PERCENTILES}
        for p, (colour, width) in _looks(series.colours.get(name, style.OTHERS)).items():
            time_axis.line(ax, series, values[p], points, color=colour, lw=width)
            time_axis.band(ax, series, bands[p], name, colour)
        marks = canvas.objectives(result, f"{name}.latency")
        low = np.nanmin([np.nanmin(values["p50"][values["p50"] > 0], initial=np.inf), *(limit for limit, _ in marks)])
        tops = [values["p99"], *(ends[1][name] for ends in bands.values() if ends)]
        high = np.nanmax([*(np.nanmax(top, initial=0.0) for top in tops), *(limit for limit, _ in marks)])
        if np.isfinite(low) and high > 0:
            ax.set_ylim(low / 1.3, high * 1.3)
        canvas.duration_axis(ax, "latency")
        for limit, _ in marks:
            ax.axhline(limit, color=style.SLO, lw=1.1, ls=(0, (5, 3)))
        bottom, top = ax.get_ylim()
        beside = [(float(np.log(limit / bottom) / np.log(top / bottom)), label, style.SLO) for limit, label in marks]
        canvas.beside(ax, [mark for mark in beside if 0 <= mark[0] <= 1], gap=0.12)
        if len(series.functions) > 1:
            ax.set_title(shorten(name, 70 // across), fontsize=9.5, loc="left")
    time_axis.show(series, axes, across)
    looks = _looks(series.colours.get(names[0], style.OTHERS) if len(series.functions) == 1 else style.LIMIT)
    entries = [(p, Line2D([], [], color=colour, lw=width)) for p, (colour, width) in looks.items()]
    canvas.legend(chart, [*entries, *time_axis.band_entry(series)])
    canvas.title(chart, _finding(result, names, len(series.functions)))
    return chart


def _looks(colour: str) -> dict[str, tuple[str, float]]:
    """Colour and width of each percentile's line, in shades of one colour."""
    return {
        "p50": (colour, 2.0),
        "p95": (style.shade(colour, "#FFFFFF", 0.35), 1.0),
        "p99": (style.shade(colour, "#000000", 0.35), 1.2),
    }


def _finding(result: Reported, names: list[str], functions: int) -> str:
    latencies = {name: result.summary["functions"][name]["latency"] for name in names}
    worst = max(names, key=lambda name: number(latencies[name]["p99"]))
    waited = {"name": worst, "p50": latencies[worst]["p50"], "p99": latencies[worst]["p99"]}
    if functions == 1:
        who = "requests took" if _is_fed(result.config, worst) else "callers waited"
        finding = say("Half of the {who} {p50:ms} or less, one in a hundred {p99:ms} or more", who=who, **waited)
        return finding + canvas.measured(result)
    among = f", of the {len(names)} functions with most requests" if len(names) < functions else ""
    return say("{name} was slowest{among}: p50 {p50:ms}, p99 {p99:ms}", among=among, **waited) + canvas.measured(result)


def _is_fed(config: ExperimentConfig, name: str) -> bool:
    """Return whether sources hand a function what nobody waits for."""
    sources = config.event_sources.values()
    return any(function_of(source.function) == name for source in sources if not hasattr(source, "client"))
