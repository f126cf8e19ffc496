"""Connections to downstreams over time: how many were held, how many there may be, and whom they refused.

Reads Connections (Maximum) and Refusals (Sum), where ``function`` is a downstream's name.
"""

from typing import Final

from matplotlib.lines import Line2D

from lambdasim.report import style
from lambdasim.report.figures import canvas, time_axis
from lambdasim.report.sentences import say
from lambdasim.report.series import Reported, Series, coarse
from lambdasim.report.table import Table
from lambdasim.report.words import number, shorten, span

HELD: Final = "Connections"
REFUSED: Final = "Refusals"
METRICS: Final = frozenset({HELD, REFUSED})


def data(result: Reported) -> Table:
    """Return per period, for each downstream, the most connections that were held and the refusals."""
    series = Series.of(result)
    names, tables = _tables(series)
    columns = {f"{name} {what}": table[name] for name in names for what, table in tables.items()}
    return series.over_time(columns)


def _tables(series: Series) -> tuple[list[str], dict[str, Table]]:
    names = series.emitters(METRICS)
    held, refused = series.table(HELD, "Maximum", names, absent=0.0), series.table(REFUSED, "Sum", names, absent=0.0)
    return names, {"connections": held, "refusals": refused}


@canvas.styled
def figure(result: Reported) -> canvas.Chart:
    """Draw the connections of each downstream with their limit and, where any were refused, the refusals below."""
    series = Series.of(result)
    names, tables = _tables(series)
    if not names:
        return canvas.says("No connection to a downstream was held.")
    refused = bool(tables["refusals"].numbers().any())
    chart, axes = canvas.sheet(1 + refused, height=2.6)
    palette, points = style.colours(names), time_axis.points_for(len(names))
    wanted = []
    for name in names:
        time_axis.line(axes[0], series, tables["connections"][name], points, color=palette[name])
        if (most := _most(result, name)) is not None:
            owner = f"{shorten(name, 14)}: " if len(names) > 1 else ""
            wanted.append((most, f"{owner}at most {most:,.0f}", palette[name]))
    canvas.count_axis(axes[0], "connections\n(most in a period)")
    canvas.limits(axes[0], wanted, float(tables["connections"].numbers().max()))
    if refused:
        edges, bars = coarse(series.edges, tables["refusals"], style.BARS)
        time_axis.bars(axes[1], series, edges, [(name, bars[name], palette[name]) for name in names])
        canvas.count_axis(axes[1], f"refused\nper {span(edges[1] - edges[0]).removeprefix('1 ')}")
    time_axis.show(series, axes)
    canvas.legend(chart, [(n, Line2D([], [], color=palette[n])) for n in names] if len(names) > 1 else [])
    canvas.title(chart, _finding(result, names))
    return chart


def _most(result: Reported, name: str) -> float | None:
    most = getattr(result.config.downstream.get(name), "max_connections", None)
    return None if most is None else float(most)


def _finding(result: Reported, names: list[str]) -> str:
    """Say how many connections were held, of how many: at the downstream that refused most, or held most."""
    of = result.summary["downstreams"]
    name = max(names, key=lambda name: (number(of[name]["refusals"]), number(of[name]["connections"]["max"])))
    held, refused, most = number(of[name]["connections"]["max"]), number(of[name]["refusals"]), _most(result, name)
    limit = say(" of {most:count}", most=most) if most is not None else ""
    finding = say("{name} held {held:count}{limit} connections at most", name=name, held=held, limit=limit)
    finding += canvas.measured(result)
    return finding + (say("; {refused:count} invocations were refused one", refused=refused) if refused else "")
