"""What callers were answered over time: successes, 4xx (throttled or refused) and 5xx (failed or timed out).

Reads of the time series, where ``function`` is a source's name, the counts of answers by class under the names that
CloudWatch has for each kind of source (Sum). What is neither 4xx nor 5xx of all is a success.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.patches import Patch

from lambdasim.report import style
from lambdasim.report.figures import canvas, time_axis
from lambdasim.report.sentences import say
from lambdasim.report.series import Floats, Reported, Series, coarse
from lambdasim.report.table import Table
from lambdasim.report.words import shorten, span

ALL: Final = ("Count", "RequestCount", "UrlRequestCount")
CLASSES: Final = {
    "4xx": ("4xx", "4XXError", "Url4xxCount", "HTTPCode_ELB_4XX_Count"),
    "5xx": ("5xx", "5XXError", "Url5xxCount", "HTTPCode_ELB_5XX_Count"),
}
METRICS: Final = frozenset((*ALL, *CLASSES["4xx"], *CLASSES["5xx"]))
COLOURS: Final = {"2xx": "#9CC3DC", "4xx": style.HUES[1], "5xx": style.HUES[4]}
"""Light to dark in the order of concern, told apart without hue."""


def data(result: Reported) -> Table:
    """Return answers per period, a column for each source and class of status code."""
    series = Series.of(result)
    columns = {
        f"{name} {code}": values for name, table in _tables(series).items() for code, values in table.columns.items()
    }
    return series.over_time(columns)


def _tables(series: Series) -> dict[str, Table]:
    names = series.emitters(METRICS)
    every, client, server = (_sum(series, metrics, names) for metrics in (ALL, *CLASSES.values()))
    good = np.maximum(every - client - server, 0.0)
    codes = dict(zip(COLOURS, (good, client, server), strict=True))
    return {name: series.over_time({code: of[i] for code, of in codes.items()}) for i, name in enumerate(names)}


def _sum(series: Series, metrics: Sequence[str], names: Sequence[str]) -> Floats:
    """Return the sum of metrics, of which a source emits one: a row for each source."""
    first, *rest = (series.table(metric, "Sum", names, absent=0.0).numbers() for metric in metrics)
    return sum(rest, first)


@canvas.styled
def figure(result: Reported) -> canvas.Chart:
    """Stack the classes of status codes, a panel for each source."""
    series = Series.of(result)
    tables = _tables(series)
    total = {name: float(table.numbers().sum()) for name, table in tables.items()}
    tables = {name: table for name, table in tables.items() if total[name]}
    if not tables:
        return canvas.says("No caller was answered with a status code.")
    across = 1 if len(tables) <= 3 else 2
    chart, axes = canvas.sheet(len(tables), across=across, height=3.0 if len(tables) == 1 else style.PANEL_INCHES)
    for ax, (name, table) in zip(axes, tables.items(), strict=True):
        edges, bars = coarse(series.edges, table, style.BARS)
        time_axis.bars(ax, series, edges, [(code, bars[code], COLOURS[code]) for code in reversed(COLOURS)])
        canvas.count_axis(ax, f"answers\nper {span(edges[1] - edges[0]).removeprefix('1 ')}")
        if len(tables) > 1:
            ax.set_title(shorten(name, 70 // across), fontsize=9.5, loc="left")
    time_axis.show(series, axes, across)
    occurring = [code for code in COLOURS if any(table[code].any() for table in tables.values())]
    canvas.legend(chart, [(code, Patch(color=COLOURS[code])) for code in occurring])
    canvas.title(chart, _finding(tables))
    return chart


def _finding(tables: dict[str, Table]) -> str:
    def failed(name: str) -> float:
        table = tables[name]
        return float((table["4xx"].sum() + table["5xx"].sum()) / table.numbers().sum())

    worst = max(tables, key=failed)
    sums = {code: float(values.sum()) for code, values in tables[worst].columns.items()}
    total = sum(sums.values())
    of = say("{answers:count} answers", answers=total)
    if len(tables) > 1:
        of += say(" of {name}", name=worst)
    if not failed(worst):
        return (
            say("All {of} were successes", of=of)
            if len(tables) == 1
            else say("Every answer of every source was a success")
        )
    first, *rest = (
        say("{share:percent} were {code}", share=sums[c] / total, code=c) for c in ("5xx", "4xx") if sums[c]
    )
    finding = say("Of {of}, {first}", of=of, first=first)
    return finding + (say(" and {second}", second=rest[0]) if rest else "")
