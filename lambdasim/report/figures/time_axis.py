"""The time axis of figures: clock or elapsed time, and what is drawn along it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from matplotlib import dates, ticker
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from lambdasim.report import style
from lambdasim.report.figures import canvas, lanes
from lambdasim.report.figures.clock import clock, unit_of
from lambdasim.report.series import Floats, Series, thin
from lambdasim.report.table import Table
from lambdasim.report.words import count, percent, significant

Ends = tuple[Table, Table] | None
"""Lower and upper ends of intervals over replications, as :meth:`Series.band` returns them."""


def show(series: Series, axes: Sequence[Axes], across: int = 1) -> None:
    """Give stacked axes one time axis, labelled at the bottom, and mark the load's stages and what changed."""
    start = series.result.config.simulation.start
    for ax in axes:
        ax.set_xlim(clock(series, 0.0), clock(series, series.end))
        if start is None:
            steps = [1, 2, 3, 6, 10] if unit_of(series)[0] == "h" else [1, 2, 5, 10]
            ax.xaxis.set_major_locator(ticker.MaxNLocator(10 // across, steps=steps))
            ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: significant(value, 4)))
        else:
            most = 10 // across
            # half as many at least: with its own five, some spans have no interval between the two that suits
            locator = dates.AutoDateLocator(tz=start.tzinfo, minticks=most // 2, maxticks=most)  # type: ignore[no-untyped-call]
            ax.xaxis.set_major_locator(locator)
            short = dates.ConciseDateFormatter(locator, tz=start.tzinfo, show_offset=False)  # type: ignore[no-untyped-call]
            ax.xaxis.set_major_formatter(short)
    for ax in axes[-across:]:
        if start is None:
            ax.set_xlabel(f"time from the start ({unit_of(series)[0]})")
        else:
            until = start + timedelta(seconds=series.end)
            days = f"{start:%d %b %Y}" if until.date() == start.date() else f"{start:%d %b} to {until:%d %b %Y}"
            ax.set_xlabel(f"{days} ({start.tzname() or 'UTC'})")
    lanes.strip(series, axes, across)


def line(ax: Axes, series: Series, y: Floats, points: int, **look: Any) -> None:
    """Draw a value per period: as steps while periods can be told apart, as a thinned line when they cannot."""
    if len(y) <= 200:
        ax.step(clock(series, series.edges), np.append(y, y[-1]), where="post", **look)
    else:
        x, y = thin(series.edges[:-1], y, points)
        ax.plot(clock(series, x), y, **look | {"lw": 0.7 * look.get("lw", style.RC["lines.linewidth"])})


def band(ax: Axes, series: Series, ends: Ends, name: str, colour: str, unit: float = 1.0) -> None:
    """Shade the interval of one function's values, in ``unit``, if there are ``ends``.

    As steps per period or, where there are many, of stretches of periods.
    """
    if ends is None:
        return
    low, high = (end[name] * unit for end in ends)
    together = 1 if len(low) <= 200 else -(-len(low) // style.BARS)
    first = np.arange(0, len(low), together)
    low, high = np.fmin.reduceat(low, first), np.fmax.reduceat(high, first)
    edges = np.append(series.edges[:-1][first], series.edges[-1])
    ax.fill_between(
        clock(series, edges),
        np.append(low, low[-1]),
        np.append(high, high[-1]),
        step="post",
        color=colour,
        alpha=style.INTERVAL_ALPHA,
        lw=0,
        zorder=1.2,
    )


def band_entry(series: Series) -> list[tuple[str, Any]]:
    """Return what a legend says of the bands, if there are any."""
    if not series.result.series.has_spread:
        return []
    level = percent(series.result.config.simulation.confidence)
    return [(f"{level} interval of the mean", Patch(color=style.LIMIT, alpha=style.INTERVAL_ALPHA, lw=0))]


def points_for(lines: int) -> int:
    """Return how many points each of so many lines may have."""
    return int(min(style.POINTS, style.FIGURE_POINTS // max(lines, 1)))


def bars(ax: Axes, series: Series, edges: Floats, stack: Sequence[tuple[str, Floats, str]]) -> None:
    """Stack values per period, as ``(label, values, colour)``, from the bottom up."""
    base = np.zeros(len(edges) - 1)
    at = clock(series, edges)
    for _, values, colour in stack:
        ax.stairs(base + values, at, baseline=base, fill=True, color=colour, linewidth=0)
        base = base + values


def limits(ax: Axes, series: Series, wanted: Sequence[canvas.Limit], top: float) -> None:
    """Draw limits that change over time, on a linear axis whose data end at ``top``, and name them at the right.

    The axis grows to hold what is within three times the data; what is higher is named at the top with an arrow.
    """
    every = [value for limit in wanted for _, value in limit.levels if value == value]
    ceiling = 1.08 * max([top, *(value for value in every if value <= 3 * top)]) or 1.0
    ax.set_ylim(0, ceiling)
    marks = []
    for limit in wanted:
        values = [value for _, value in limit.levels]
        at = clock(series, [*(second for second, _ in limit.levels), series.end])
        shown = [value if value <= ceiling else np.nan for value in values]
        ax.step(at, [*shown, shown[-1]], where="post", color=limit.colour, lw=1.1, ls=(0, (5, 3)), zorder=1.5)
        marks.append(_named(limit, values, ceiling))
    canvas.beside(ax, marks)


def _named(limit: canvas.Limit, values: Sequence[float], ceiling: float) -> tuple[float, str, str]:
    """Return the height, text and colour of a limit's label: its value, or the range that it was in."""
    known = [value for value in values if value == value]
    amount = count(known[-1]) if len(set(known)) == 1 else f"{count(min(known))} to {count(max(known))}"
    height = known[-1] / ceiling
    above = " \N{UPWARDS ARROW}" if max(known) > ceiling else ""
    return min(height, 1.0), f"{limit.label} {amount}{above}", limit.colour
