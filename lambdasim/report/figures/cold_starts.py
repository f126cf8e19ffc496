"""Cold starts over time: how many, of which function, and at what rate of the invocations."""

import numpy as np
from matplotlib import ticker
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lambdasim.report import style
from lambdasim.report.figures import canvas, time_axis
from lambdasim.report.figures.clock import clock
from lambdasim.report.sentences import say
from lambdasim.report.series import Floats, Reported, Series, coarse
from lambdasim.report.table import Table
from lambdasim.report.words import number, percent, span


def data(result: Reported) -> Table:
    """Return cold starts per period by function, then the share of all invocations that were cold starts."""
    series = Series.of(result)
    table = series.stacked("ColdStarts", "Sum")
    return series.over_time({**table.columns, "(rate)": _rate(table.across(), _invocations(series))})


def _invocations(series: Series) -> Floats:
    return series.table("Invocations", "Sum", series.functions, absent=0.0).across()


def _rate(cold: Floats, invocations: Floats) -> Floats:
    return np.minimum(cold / np.where(invocations > 0, invocations, np.nan), 1.0)


@canvas.styled
def figure(result: Reported) -> canvas.Chart:
    """Stack cold starts by function and, below, draw their rate."""
    series = Series.of(result)
    functions = result.summary["functions"].values()
    total = sum(number(f["cold_starts"]) for f in functions)
    ran = sum(number(f["invocations"]) for f in functions)
    if not total:
        return canvas.says("No invocation was a cold start." if ran else "No request ran, so there was no cold start.")
    edges, table = coarse(series.edges, series.stacked("ColdStarts", "Sum"), style.BARS)
    _, invocations = coarse(series.edges, series.over_time({"all": _invocations(series)}), style.BARS)
    chart, (counts, rates) = canvas.sheet(2)
    columns = [(n, values, series.colours.get(n, style.OTHERS)) for n, values in table.columns.items()]
    time_axis.bars(counts, series, edges, columns)
    canvas.count_axis(counts, f"cold starts\nper {span(edges[1] - edges[0]).removeprefix('1 ')}")
    rate = _rate(table.across(), invocations["all"])
    rates.stairs(np.nan_to_num(rate), clock(series, edges), color=style.ACCOUNT, linewidth=1.2)
    rates.set_ylim(0, min(1.0, 1.15 * float(np.nanmax(rate))))
    rates.set_ylabel("share of\ninvocations")
    rates.yaxis.set_major_locator(ticker.MaxNLocator(4))
    rates.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: percent(value)))
    time_axis.show(series, [counts, rates])
    entries = [(name, Patch(color=colour)) for name, _, colour in columns] if len(series.functions) > 1 else []
    canvas.legend(
        chart, [*entries, ("rate, all functions" if entries else "rate", Line2D([], [], color=style.ACCOUNT, lw=1.2))]
    )
    canvas.title(chart, _finding(result))
    return chart


def _finding(result: Reported) -> str:
    """Say how many cold starts there were: of one function, or of the one that had most."""
    functions = result.summary["functions"]
    name = max(functions, key=lambda name: number(functions[name]["cold_starts"]))
    cold, ran = (number(functions[name][key]) for key in ("cold_starts", "invocations"))
    finding = say(
        "{cold_starts:count} of {invocations:count} invocations{whose}{measured} were cold starts ({rate:percent})",
        cold_starts=cold,
        invocations=ran,
        whose=say(" of {name}", name=name) if len(functions) > 1 else "",
        measured=canvas.measured(result),
        rate=cold / ran,
    )
    others = sum(number(f["cold_starts"]) for f in functions.values()) - cold
    return finding + (say("; the others had {others:count}", others=others) if len(functions) > 1 else "")
