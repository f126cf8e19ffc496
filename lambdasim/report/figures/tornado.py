"""A tornado: how far each assumption moves a result between its ends, the one that matters most on top."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lambdasim.report import style
from lambdasim.report.figures import canvas
from lambdasim.report.figures.measure import Measure, floats
from lambdasim.report.words import shorten

ROWS = 25
LOW, HIGH = style.HUES[5], style.HUES[0]


@canvas.styled
def figure(
    effects: pd.DataFrame,
    *,
    y: Measure,
    baseline: float,
    limit: float | None = None,
    finding: str = "",
) -> canvas.Chart:
    """Draw the metric at both ends of each assumption, around its value as the experiment stands.

    ``effects`` has a row per assumption with the columns ``assumption`` (its path or words), ``low`` and ``high`` (the
    metric's means at the two ends, in the unit of ``y``), ``low_value`` and ``high_value`` (what the assumption is
    there, in words) and, where they are known, ``low_lo``, ``low_hi``, ``high_lo`` and ``high_hi`` (intervals).
    ``baseline`` is the metric as the experiment stands, ``limit`` the objective's, both in the unit of ``y``.
    """
    known = np.isfinite(floats(effects, "low")) | np.isfinite(floats(effects, "high"))
    table = effects[known].reset_index(drop=True)
    if table.empty or not np.isfinite(baseline):
        return canvas.says(finding or "No assumption was varied.")
    span = _span(table, baseline)
    table = table.iloc[np.argsort(-span, kind="stable")].reset_index(drop=True)
    left_out = max(len(table) - ROWS, 0)
    table = table[:ROWS]
    heights = np.arange(len(table))[::-1]
    chart = canvas.blank(1.5 + 0.36 * len(table))
    ax = chart.subplots()
    reach = 0.0
    for end, colour in (("low", LOW), ("high", HIGH)):
        value = floats(table, end)
        ax.barh(heights, np.nan_to_num(value - baseline), left=baseline, height=0.56, color=colour, zorder=2)
        low, high = floats(table, f"{end}_lo"), floats(table, f"{end}_hi")
        arms = np.isfinite(low) & np.isfinite(high)
        ax.hlines(heights[arms], low[arms], high[arms], color=style.ACCOUNT, lw=1.1, zorder=3)
        reach = max(reach, float(np.nanmax(np.abs(value - baseline), initial=0.0)))
    reach = reach or abs(baseline) * 0.1 or 1.0
    for i, row in enumerate(table.to_dict("records")):
        sides = {"low": row.get("low", np.nan), "high": row.get("high", np.nan)}
        left = min(sides, key=lambda end: np.inf if np.isnan(sides[end]) else sides[end])
        for end, value in sides.items():
            text = str(row.get(f"{end}_value", ""))
            if text and np.isfinite(value):
                leftmost = end == left
                ends = [value, row.get(f"{end}_lo", np.nan), row.get(f"{end}_hi", np.nan)]
                edge = np.nanmin([*ends, baseline]) if leftmost else np.nanmax([*ends, baseline])
                ax.annotate(
                    shorten(text, 24),
                    (float(edge), float(heights[i])),
                    xytext=(-5 if leftmost else 5, 0),
                    textcoords="offset points",
                    ha="right" if leftmost else "left",
                    va="center",
                    fontsize=8,
                    bbox={"fc": "white", "ec": "none", "pad": 1.0},
                    zorder=5,
                )
    ax.axvline(baseline, color=style.ACCOUNT, lw=1.2, zorder=4)
    entries: list[tuple[str, Any]] = [("at its lower end", Patch(color=LOW)), ("at its upper end", Patch(color=HIGH))]
    if limit is not None and abs(limit - baseline) < 4 * reach:
        ax.axvline(limit, color=style.HUES[4], lw=1.3, ls=(0, (5, 3)), zorder=4)
        line = Line2D([], [], color=style.HUES[4], lw=1.3, ls=(0, (5, 3)))
        entries.append((f"SLO {y.words(limit)}", line))
    ax.set_yticks(heights, [shorten(str(name), 40) for name in table["assumption"]])
    ax.set_ylim(-0.7, len(table) - 0.3)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.margins(x=0.28)
    y.axis(ax, horizontal=True)
    if left_out:
        ax.annotate(f"and {left_out} that matter less", (baseline, -0.62), fontsize=8, color=style.LIMIT)
    canvas.legend(chart, entries)
    canvas.title(chart, finding or _finding(table, baseline, limit, y))
    return chart


def _span(table: pd.DataFrame, baseline: float) -> "np.typing.NDArray[np.float64]":
    """Return how far apart the least and the greatest of low end, baseline and high end are."""
    ends = np.vstack([floats(table, "low"), floats(table, "high"), np.full(len(table), baseline)])
    return np.asarray(np.nanmax(ends, axis=0) - np.nanmin(ends, axis=0), float)


def _finding(table: pd.DataFrame, baseline: float, limit: float | None, y: Measure) -> str:
    first = table.iloc[:1]
    ends = [value for value in (*floats(first, "low"), *floats(first, "high"), baseline) if np.isfinite(value)]
    least, most = min(ends), max(ends)
    if least == most:
        return f"None of {len(table)} assumptions moves {y.label}, {y.words(baseline)}"
    name = shorten(str(first["assumption"].iloc[0]), 50)
    moved = f"{name} matters most: {y.label} between {y.words(least)} and {y.words(most)}"
    if limit is None:
        return moved
    return moved + ("; the SLO hangs on it" if least <= limit <= most else "; the SLO does not hang on it")
