"""Memory against time and money, as AWS Lambda Power Tuning draws it: a panel for each, a line for each variant.

Where more memory is more CPU, time falls and cost falls and rises again; each has an axis of its own.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import ticker
from matplotlib.lines import Line2D

from lambdasim.report import style
from lambdasim.report.figures import canvas
from lambdasim.report.figures.measure import Measure, errors, floats
from lambdasim.report.words import shorten
from lambdasim.units import parse_memory


@canvas.styled
def figure(points: pd.DataFrame, *, memory: str, others: Sequence[str], measures: Sequence[Measure]) -> canvas.Chart:
    """Draw measures over the memory of a function.

    ``points`` has a row per point with a column for the path ``memory`` (such as ``512 MB``), for each path of
    ``others``, and for each measure by its label its mean, ``.lo`` and ``.hi``; ``chosen`` is true for the best one.
    """
    table = points.assign(mb=[parse_memory(str(value)) for value in points[memory]]).sort_values("mb", kind="stable")
    known = [measure for measure in measures if np.isfinite(floats(table, measure.label)).any()]
    if len(set(table["mb"])) < 2 or not known:
        return canvas.says("One memory size was tried; two or more make a curve.")
    variants = table[list(others)].astype(str).agg(", ".join, axis=1) if others else pd.Series("", index=table.index)
    names = list(dict.fromkeys(variants))[: len(style.PALETTE)]
    palette = style.colours(names)
    chart, axes = canvas.sheet(len(known))
    for ax, measure in zip(axes, known, strict=True):
        for name in names:
            rows = table[(variants == name) & np.isfinite(floats(table, measure.label))]
            _line(ax, rows, measure, palette[name])
        ax.set_ylim(bottom=0)
        measure.axis(ax)
        ax.set_xscale("log", base=2)
        _sizes(ax, sorted(set(table["mb"])))
    axes[-1].set_xlabel(f"{shorten(memory, 60)} (MB)")
    entries: list[tuple[str, Any]] = [(name, Line2D([], [], color=palette[name], marker="o")) for name in names if name]
    if table["chosen"].any():
        ring = Line2D([], [], ls="", marker="o", ms=11, mfc="none", mec=style.ACCOUNT, mew=1.6)
        entries.append(("chosen", ring))
    canvas.legend(chart, entries)
    canvas.title(chart, _finding(table, variants, known))
    return chart


def _line(ax: Any, rows: pd.DataFrame, measure: Measure, colour: str) -> None:
    mean, low, high = (floats(rows, measure.label + end) for end in ("", ".lo", ".hi"))
    at, chosen = rows["mb"].to_numpy(dtype=float), rows["chosen"].to_numpy(dtype=bool)
    ax.errorbar(at, mean, yerr=errors(mean, low, high), color=colour, marker="o", ms=4.5, capsize=2.5, elinewidth=1)
    ax.plot(at[chosen], mean[chosen], "o", ms=13, mfc="none", mec=style.ACCOUNT, mew=1.6, zorder=4)


def _sizes(ax: Any, sizes: list[int]) -> None:
    """Write the memory sizes that were tried, as many as have room."""
    every = -(-len(sizes) // 12)
    ax.xaxis.set_major_locator(ticker.FixedLocator([float(size) for size in sizes[::every]]))
    ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.xaxis.set_minor_locator(ticker.NullLocator())


def _finding(table: pd.DataFrame, variants: "pd.Series[str]", measures: Sequence[Measure]) -> str:
    """Say what the chosen point has, or where each measure is least."""
    chosen = table[table["chosen"].astype(bool)]
    if len(chosen):
        row, name = chosen.iloc[0], variants[chosen.index[0]]
        told = " and ".join(f"{measure.words(float(row[measure.label]))} {measure.label}" for measure in measures)
        return f"{row['mb']:,} MB{f', {name}' if name else ''}, is chosen: {told}"
    least = []
    for measure in measures:
        values = floats(table, measure.label)
        least.append(f"{measure.label} is least at {int(table['mb'].iloc[int(np.nanargmin(values))]):,} MB")
    return "; ".join(least)
