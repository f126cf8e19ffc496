"""The capacity curve: an objective's metric against load or quota, where it passes its limit and where it bends."""

import numpy as np
import pandas as pd
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from lambdasim.report import style
from lambdasim.report.figures import canvas
from lambdasim.report.figures.measure import Measure, dots, floats, verdicts
from lambdasim.report.series import Floats


@canvas.styled
def figure(
    points: pd.DataFrame,
    *,
    x: Measure,
    y: Measure,
    limit: float | None = None,
    limit_label: str = "",
    knee: float | None = None,
    finding: str = "",
) -> canvas.Chart:
    """Draw a metric with its interval over the points tried.

    ``points`` has a row per point with the columns ``x`` (load scale or quota), ``mean``, ``lo`` and ``hi`` (the
    metric and its interval, in the unit of ``y``) and ``verdict`` (``passes``, ``fails`` or ``undecided``, on all
    objectives). ``limit`` is the objective's, in the same unit, ``knee`` where the curve bends, in the unit of ``x``.
    ``finding`` is the title; without one it says between which points the verdict turns.
    """
    table = points.sort_values("x", kind="stable").reset_index(drop=True)
    at, mean, low, high = (floats(table, name) for name in ("x", "mean", "lo", "hi"))
    known = np.isfinite(at) & np.isfinite(mean)
    if not known.any():
        return canvas.says(finding or f"No point has a value of {y.label}.")
    chart, (ax,) = canvas.sheet(height=3.5)
    given = verdicts(table)
    if _wide(at[known]):
        ax.set_xscale("log")
    positive = mean[known][mean[known] > 0]
    if y.kind in ("time", "money") and len(positive) == known.sum() and positive.max() > 30 * positive.min():
        ax.set_yscale("log")
    ax.plot(at[known], mean[known], color=style.LIMIT, lw=1.2, zorder=2)
    band = known & np.isfinite(low) & np.isfinite(high)
    floor = np.maximum(low, 1e-12) if ax.get_yscale() == "log" else low
    ax.fill_between(at[band], floor[band], high[band], color=style.LIMIT, alpha=0.18, lw=0, zorder=1)
    entries = dots(
        ax, at[known], mean[known], low[known], high[known], [v for v, k in zip(given, known, strict=True) if k]
    )
    if band.any() and (high > low)[band].any():
        entries.append(("confidence interval", Line2D([], [], color=style.LIMIT, alpha=0.35, lw=6)))
    if ax.get_yscale() == "linear" and y.kind != "number":
        ax.set_ylim(bottom=0)
    if knee is not None:
        ax.axvline(knee, color=style.HUES[3], lw=1.2, ls=":", zorder=1.5)
        entries.append((f"knee at {x.words(knee)}", Line2D([], [], color=style.HUES[3], lw=1.2, ls=":")))
    x.axis(ax, horizontal=True)
    y.axis(ax)
    if limit is not None and y.kind == "rate" and float(np.nanmax(mean[known])) > 15 * limit > 0:
        _show_small_rates(ax, limit, y)
    if limit is not None:
        canvas.limit_line(ax, limit, limit_label or f"SLO {y.words(limit)}")
    canvas.legend(chart, entries)
    canvas.title(chart, finding or _finding(at, given, x))
    return chart


def _show_small_rates(ax: Axes, limit: float, y: Measure) -> None:
    """Make the axis linear up to the limit, where the verdict turns, and logarithmic beyond."""
    ax.set_yscale("symlog", linthresh=limit, linscale=0.8)
    top = ax.get_ylim()[1]
    decades = [10.0**power for power in range(-6, 1) if 2 * limit < 10.0**power <= top]
    ax.yaxis.set_major_locator(ticker.FixedLocator([0.0, limit, *decades]))
    ax.yaxis.set_minor_locator(ticker.NullLocator())
    ax.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: y.words(value)))
    ax.set_ylim(0, top)


def _wide(at: Floats) -> bool:
    return bool(len(at) > 2 and at.min() > 0 and at.max() > 30 * at.min())


def _finding(at: Floats, given: list[str], x: Measure) -> str:
    """Say between which points the verdict turns: upwards for a load, downwards for a quota."""
    by_verdict = {
        verdict: [float(value) for value, own in zip(at, given, strict=True) if own == verdict]
        for verdict in ("passes", "undecided", "fails")
    }
    passing, failing, undecided = by_verdict["passes"], by_verdict["fails"], by_verdict["undecided"]
    if not passing and not failing:
        return f"No point of {len(at)} is decided"
    doubts = f"; {len(undecided)} of {len(at)} points are undecided" if undecided else ""
    if not failing:
        where = "at" if undecided else "wherever it was tried, up to"
        return f"Every SLO is met {where} {x.label} {x.words(max(passing))}{doubts}"
    if not passing:
        where = "" if undecided else " wherever it was tried,"
        ends = f"from {x.label} {x.words(min(failing))} to {x.words(max(failing))}"
        return f"An SLO is missed{where} {ends}{doubts}"
    upwards = max(passing) < max(failing)
    last = max(passing) if upwards else min(passing)
    beyond = sorted(value for value in failing if (value > last) == upwards)
    first = beyond[0] if upwards else beyond[-1] if beyond else max(failing)
    between = [value for value in undecided if min(last, first) < value < max(last, first)]
    doubt = f"{x.words(between[0])} is undecided, " if len(between) == 1 else f"{len(between)} between are undecided, "
    words = f"Every SLO is met {'up to' if upwards else 'from'} {x.label} {x.words(last)}{'' if upwards else ' on'}; "
    return f"{words}{doubt if between else ''}{x.words(first)} fails"
