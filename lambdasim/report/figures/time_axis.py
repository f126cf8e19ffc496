"""The time axis of figures: clock or elapsed time, the stages of the loads, and what is drawn along it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import dates, ticker
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from lambdasim.report import style
from lambdasim.report.series import Floats, Series, thin
from lambdasim.report.words import percent, shorten, significant

LANES = 3

Ends = tuple[pd.DataFrame, pd.DataFrame] | None
"""Lower and upper ends of intervals over replications, as :meth:`Series.band` returns them."""


def clock(series: Series, seconds: Any) -> Any:
    """Return seconds of the experiment as positions on its time axis."""
    start = series.result.config.simulation.start
    if start is None:
        return np.asarray(seconds) / _unit(series)[1]
    return (start.timestamp() + np.asarray(seconds)) / 86_400


def _unit(series: Series) -> tuple[str, float]:
    for limit, unit, size in ((180, "s", 1.0), (10_800, "min", 60.0), (259_200, "h", 3_600.0)):
        if series.end <= limit:
            return unit, size
    return "days", 86_400.0


def show(series: Series, axes: Sequence[Axes], across: int = 1) -> None:
    """Give stacked axes one time axis, labelled at the bottom, and mark the load's stages and the warm-up."""
    start = series.result.config.simulation.start
    for ax in axes:
        ax.set_xlim(clock(series, 0.0), clock(series, series.end))
        if start is None:
            steps = [1, 2, 3, 6, 10] if _unit(series)[0] == "h" else [1, 2, 5, 10]
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
            ax.set_xlabel(f"time from the start ({_unit(series)[0]})")
        else:
            until = start + timedelta(seconds=series.end)
            days = f"{start:%d %b %Y}" if until.date() == start.date() else f"{start:%d %b} to {until:%d %b %Y}"
            ax.set_xlabel(f"{days} ({start.tzname() or 'UTC'})")
    _stages(series, axes, across)


def _stages(series: Series, axes: Sequence[Axes], across: int) -> None:
    """Light bands for the stages of the loads; their labels stand above the first axes, in a few lanes."""
    bands = [(start / 1e9, min(end / 1e9, series.end), label) for start, end, label in series.result.stages]
    warmup = series.result.config.simulation.warmup / 1e9
    if warmup:
        bands.append((0.0, min(warmup, series.end), "warm-up"))
    bands = sorted(band for band in bands if band[0] < band[1])[:40]
    lanes: list[float] = []
    for place, (start, end, label) in enumerate(bands):
        whole = end - start >= 0.97 * series.end
        for ax in axes if not whole else ():
            ax.axvspan(
                *clock(series, [start, end]), color=style.BAND, alpha=style.BAND_ALPHA[place % 2], lw=0, zorder=0
            )
        lane = next((i for i, free in enumerate(lanes) if free <= start), len(lanes))
        room = int(118 / across * (end - start) / series.end)
        if lane >= LANES or room < 4:
            continue
        lanes[lane : lane + 1] = [end]
        for ax in axes[:across]:
            ax.annotate(
                shorten(label, room),
                (clock(series, start), 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(2, 3 + 10 * lane),
                textcoords="offset points",
                fontsize=7.5,
                color=style.LIMIT,
            )
    for ax in axes[:across]:
        if lanes and ax.get_title(loc="left"):
            ax.set_title(ax.get_title(loc="left"), pad=6 + 10 * len(lanes), loc="left", fontsize=9.5)


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
    low, high = (end[name].to_numpy(dtype=float) * unit for end in ends)
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
