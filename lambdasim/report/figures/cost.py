"""What the run cost: how it built up, and the bill's items as bars that sum to the total."""

import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from lambdasim.config.qualifier import function_of
from lambdasim.report import style
from lambdasim.report.content import month
from lambdasim.report.figures import canvas, time_axis
from lambdasim.report.sentences import Worded, say
from lambdasim.report.series import Floats, Reported, Series, coarse, largest
from lambdasim.report.table import Table
from lambdasim.report.verdict import currency, marked
from lambdasim.report.words import number, shorten, significant

ITEMS = 7
OTHER_ITEMS = "other items"
SOURCES = "event sources"
"""Name of their column: all of them together."""


def data(result: Reported) -> Table:
    """Return the cost in USD since the start, at the end of each period, by function, and of all event sources."""
    series = Series.of(result)
    return Table(series.edges[1:], _built(_periods(series)))


def _built(table: Table) -> dict[str, Floats]:
    return {name: values.cumsum() for name, values in table.columns.items()}


def _periods(series: Series) -> Table:
    """Return the cost in USD of each period: of the leading functions, the other ones, and all event sources."""
    table = series.stacked("Cost", "Sum", largest(series.costs))
    charging = list({function_of(line["function"]): None for line in series.result.summary["cost"]["lines"]})
    sources = series.table("Cost", "Sum", [name for name in charging if name not in series.costs], 0.0).across()
    return series.over_time({**table.columns, SOURCES: sources}) if sources.any() else table


def breakdown(result: Reported) -> Table:
    """Return the bill in USD: a row for each item, the dearest first; columns for leading functions, the rest, sources.

    All cells together are the bill's total.
    """
    series = Series.of(result)
    shown = largest(series.costs)
    others = series.others(shown)
    cells: dict[str, dict[str, float]] = {}
    for line in result.summary["cost"]["lines"]:
        item = cells.setdefault(line["item"], dict.fromkeys([*shown, others, SOURCES], 0.0))
        owner = function_of(line["function"])
        item[owner if owner in shown else others if owner in series.costs else SOURCES] += number(line["usd"])
    ranked = sorted(cells, key=lambda item: -sum(cells[item].values()))
    if len(ranked) > ITEMS:
        rest = [cells[item] for item in ranked[ITEMS - 1 :]]
        ranked = [*ranked[: ITEMS - 1], OTHER_ITEMS]
        cells[OTHER_ITEMS] = {owner: sum(of[owner] for of in rest) for owner in rest[0]}
    columns = {owner: np.array([cells[item][owner] for item in ranked]) for owner in (*shown, others, SOURCES)}
    return Table(np.array(ranked, object), columns, "item").some()


@canvas.styled
def figure(result: Reported) -> canvas.Chart:
    """Draw the cost since the start, stacked by function, beside the items of the bill."""
    series = Series.of(result)
    total = number(result.summary["cost"]["total"])
    table = breakdown(result)
    if not total or not table.columns:
        return canvas.says("The run cost nothing.")
    chart = canvas.blank(3.4, lowest=120)  # points: as long as the label of its amounts
    over_time, items = chart.subplots(1, 2, width_ratios=(1.15, 1))
    edges, periods = coarse(series.edges, _periods(series), style.BARS)
    columns = [(n, values, series.colours.get(n, style.OTHERS)) for n, values in _built(periods).items()]
    time_axis.bars(over_time, series, edges, columns)
    canvas.amount_axis(over_time, f"cost since the start ({currency(result.summary)})")
    time_axis.show(series, [over_time], across=2)
    _items(items, table, series)
    names = dict.fromkeys([*(n for n, _, _ in columns), *table.columns])
    entries = [(n, Patch(color=series.colours.get(n, style.OTHERS))) for n in names]
    canvas.legend(chart, entries if len(entries) > 1 else [])
    dearest = table.index[0]
    cost = result.summary["cost"]
    finding = say(
        "{simulated_s:span} cost {total}, {share:percent} of it for {item}; {month}",
        simulated_s=series.end,
        total=Worded(total, marked(total, cost, currency(result.summary))),
        share=round(float(table.across()[0]) / total, 3),
        item=dearest,
        month=month(result.summary),
    )
    canvas.title(chart, finding)
    return chart


def _items(ax: Axes, table: Table, series: Series) -> None:
    """Bars for the items, the dearest on top, each with its amount (~ at uncertain prices), and their total below."""
    heights = range(len(table), 0, -1)
    left = np.zeros(len(table))
    for name, amounts in table.columns.items():
        ax.barh(heights, amounts, left=left, color=series.colours.get(name, style.OTHERS), height=0.62)
        left = left + amounts
    total = float(left.sum())
    ax.barh([0], [total], color=style.TEXT, height=0.62)
    lines = series.result.summary["cost"]["lines"]
    unsure = {line["item"] for line in lines if line["certainty"] == "uncertain" and number(line["usd"])}
    others = bool(unsure - {*table.index})  # together in one bar
    marked_ = [item in unsure or (item == OTHER_ITEMS and others) for item in table.index]
    for height, usd, is_unsure in zip([*heights, 0], [*left, total], [*marked_, bool(unsure)], strict=True):
        words = f"{'~' * is_unsure}{series.money(usd)}"
        ax.annotate(words, (usd, height), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8.5)
    ax.set_yticks([*heights, 0], [*(shorten(item, 30) for item in table.index), "total"])
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.set_xlim(0, 1.2 * total)
    ax.xaxis.set_major_locator(ticker.MaxNLocator(4))
    ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: significant(value)))
    ax.set_xlabel(f"cost of the whole run ({currency(series.result.summary)})")
