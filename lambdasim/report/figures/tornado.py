"""A tornado: how far each assumption moves a result between its ends, the one that matters most on top."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lambdasim.report import style
from lambdasim.report.figures import canvas
from lambdasim.report.figures.measure import Measure, floats
from lambdasim.report.words import shorten

ROWS = 25
LESS, MORE = style.HUES[5], style.HUES[0]


@canvas.styled
def figure(
    effects: pd.DataFrame,
    *,
    y: Measure,
    baseline: float,
    limit: float | None = None,
    finding: str = "",
) -> canvas.Chart:
    """Draw what each assumption makes of a metric, around its value as the experiment stands.

    ``effects`` has a row for each alternative of an assumption with the columns ``assumption`` (its path or words),
    ``value`` (what it is then, in words), ``mean`` (the metric's, in the unit of ``y``) and, where they are known,
    ``lo`` and ``hi`` (its interval). ``baseline`` is the metric as the experiment stands, ``limit`` the objective's,
    both in the unit of ``y``. Of more than two alternatives the least and the greatest are drawn.
    """
    table = effects[np.isfinite(floats(effects, "mean"))].reset_index(drop=True)
    if table.empty or not np.isfinite(baseline):
        return canvas.says(finding or "No assumption was varied.")
    bars = _ends(table, baseline)
    names = sorted(dict.fromkeys(bar.assumption for bar in bars), key=lambda name: -_span(bars, name, baseline))
    left_out, names = max(len(names) - ROWS, 0), names[:ROWS]
    heights = {name: len(names) - 1 - place for place, name in enumerate(names)}
    bars = [bar for bar in bars if bar.assumption in heights]
    chart = canvas.blank(1.5 + 0.36 * len(names))
    ax = chart.subplots()
    for bar in bars:
        _draw(ax, bar, heights[bar.assumption], baseline)
    ax.axvline(baseline, color=style.ACCOUNT, lw=1.2, zorder=4)
    entries: list[tuple[str, Any]] = [
        (f"as the experiment stands, {y.words(baseline)}", Line2D([], [], color=style.ACCOUNT, lw=1.2)),
        ("less", Patch(color=LESS)),
        ("more", Patch(color=MORE)),
    ]
    reach = max(abs(bar.mean - baseline) for bar in bars)
    if limit is not None and abs(limit - baseline) < 4 * reach:
        ax.axvline(limit, color=style.HUES[4], lw=1.3, ls=(0, (5, 3)), zorder=4)
        entries.append((f"SLO {y.words(limit)}", Line2D([], [], color=style.HUES[4], lw=1.3, ls=(0, (5, 3)))))
    ax.set_yticks(list(heights.values()), [shorten(name, 44) for name in heights])
    ax.set_ylim(-0.7, len(names) - 0.3)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.margins(x=0.28)
    if not reach:
        ax.set_xlim(baseline - (abs(baseline) or 1.0), baseline + (abs(baseline) or 1.0))
    y.axis(ax, horizontal=True)
    if left_out:
        ax.annotate(f"and {left_out} that matter less", (baseline, -0.62), fontsize=8, color=style.LIMIT)
    canvas.legend(chart, entries)
    canvas.title(chart, finding or _finding(bars, names, baseline, limit, y))
    return chart


@dataclass(frozen=True, slots=True)
class _Bar:
    """One alternative, drawn as a bar from the baseline."""

    assumption: str
    value: str
    mean: float
    low: float
    high: float


def _ends(table: pd.DataFrame, baseline: float) -> list[_Bar]:
    """Return of each assumption the alternative furthest below and the one furthest above the baseline."""
    mean, low, high = (floats(table, name).tolist() for name in ("mean", "lo", "hi"))
    named = table["value"].astype(str) if "value" in table else [""] * len(table)
    columns = zip(table["assumption"].astype(str), named, mean, low, high, strict=True)
    every = [_Bar(*row) for row in columns]
    bars = []
    for name in dict.fromkeys(bar.assumption for bar in every):
        own = sorted((bar for bar in every if bar.assumption == name), key=lambda bar: bar.mean)
        below = own[0] if own[0].mean < baseline or len(own) == 1 else None
        above = own[-1] if own[-1].mean >= baseline and own[-1] is not below else None
        bars += [bar for bar in (below, above) if bar is not None]
    return bars


def _draw(ax: Axes, bar: _Bar, height: int, baseline: float) -> None:
    less = bar.mean < baseline
    ax.barh(height, bar.mean - baseline, left=baseline, height=0.56, color=LESS if less else MORE, zorder=2)
    if np.isfinite(bar.low) and np.isfinite(bar.high):
        ax.hlines(height, bar.low, bar.high, color=style.ACCOUNT, lw=1.1, zorder=3)
    reach = [bar.mean, baseline, bar.low, bar.high]
    if bar.value:
        ax.annotate(
            shorten(bar.value, 26) if bar.mean != baseline else "no change",
            (float(np.nanmin(reach) if less else np.nanmax(reach)), height),
            xytext=(-5 if less else 5, 0),
            textcoords="offset points",
            ha="right" if less else "left",
            va="center",
            fontsize=8,
            bbox={"fc": "white", "ec": "none", "pad": 1.0},
            zorder=5,
        )


def _span(bars: Sequence[_Bar], name: str, baseline: float) -> float:
    """Return how far apart the least and the greatest of an assumption's means and the baseline are."""
    means = [baseline, *(bar.mean for bar in bars if bar.assumption == name)]
    return max(means) - min(means)


def _finding(bars: Sequence[_Bar], names: Sequence[str], baseline: float, limit: float | None, y: Measure) -> str:
    ends = [baseline, *(bar.mean for bar in bars if bar.assumption == names[0])]
    least, most = min(ends), max(ends)
    if least == most:
        return f"None of {len(names)} assumptions moves {y.label}, {y.words(baseline)}"
    moved = f"{shorten(names[0], 50)} matters most: {y.label} between {y.words(least)} and {y.words(most)}"
    if limit is None:
        return moved
    return moved + ("; the SLO hangs on it" if least <= limit <= most else "; the SLO does not hang on it")
