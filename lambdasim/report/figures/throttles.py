"""Throttled requests over time: why, and of which function."""

from matplotlib.patches import Patch

from lambdasim.model.events import REASON_NAMES
from lambdasim.report import style
from lambdasim.report.failures import refused_by_gateways
from lambdasim.report.figures import canvas, time_axis
from lambdasim.report.sentences import say
from lambdasim.report.series import Reported, Series, coarse
from lambdasim.report.table import Table
from lambdasim.report.words import number, span


def data(result: Reported) -> Table:
    """Return throttles per period: a column for each reason that occurred, then one for each function."""
    series = Series.of(result)
    return series.over_time({**_by_reason(series).columns, **_by_function(series).columns})


def _by_reason(series: Series) -> Table:
    columns = {}
    for reason in REASON_NAMES.values():
        values = series.table(f"Throttles.{reason}", "Sum", series.functions, absent=0.0).across()
        if values.any():
            columns[reason] = values
    return series.over_time(columns)


def _by_function(series: Series) -> Table:
    return series.stacked("Throttles", "Sum").some()


@canvas.styled
def figure(result: Reported) -> canvas.Chart:
    """Stack throttles by reason and, below, by function."""
    series = Series.of(result)
    functions = result.summary["functions"]
    total = sum(number(f["throttles"]) for f in functions.values())
    if not total:
        if refused := sum(refused_by_gateways(result.summary).values()):
            return canvas.says(
                say("Lambda throttled none; API Gateway refused {refused:count} requests.", refused=refused)
            )
        return canvas.says("No request was throttled.")
    shades = dict(zip(REASON_NAMES.values(), style.REASONS, strict=True))
    by_reason, by_function = _by_reason(series), _by_function(series)
    stacks = [("reason", by_reason, shades)]
    if len(functions) > 1:
        stacks.append(("function", by_function, series.colours))
    chart, axes = canvas.sheet(len(stacks), height=2.3 if len(stacks) > 1 else 3.0)
    entries = []
    for ax, (kind, table, palette) in zip(axes, stacks, strict=True):
        edges, table = coarse(series.edges, table, style.BARS)
        columns = [(n, values, palette.get(n, style.OTHERS)) for n, values in table.columns.items()]
        time_axis.bars(ax, series, edges, columns)
        canvas.count_axis(ax, f"throttles by {kind}\nper {span(edges[1] - edges[0]).removeprefix('1 ')}")
        entries += [(name, Patch(color=colour)) for name, _, colour in columns]
    time_axis.show(series, axes)
    canvas.legend(chart, entries)
    canvas.title(chart, _finding(result))
    return chart


def _finding(result: Reported) -> str:
    """Say what share of its requests was throttled and why: of one function, or of the one throttled most."""
    functions = result.summary["functions"]
    name = max(functions, key=lambda name: number(functions[name]["throttles"]))
    of = functions[name]
    throttled, attempts = number(of["throttles"]), number(of["throttles"]) + number(of["invocations"])
    asked = "attempts" if number(of["retries"]) else "requests"
    reasons = {reason: number(many) for reason, many in of["throttles_by_reason"].items() if number(many)}
    why = f", {'all' if len(reasons) == 1 else 'most'} by {max(reasons, key=lambda r: reasons[r])}" if reasons else ""
    finding = say(
        "{rate:percent} of {attempts:count} {asked}{whose} were throttled",
        rate=throttled / attempts,
        attempts=attempts,
        asked=asked,
        whose=say(" of {name}", name=name) if len(functions) > 1 else "",
    )
    return finding + canvas.measured(result) + why
