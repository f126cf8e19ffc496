"""Memory against time and money, as AWS Lambda Power Tuning draws it: a panel for each, a line for each variant.

Where more memory is more CPU, time falls and cost falls and rises again; each has an axis of its own.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib import ticker
from matplotlib.lines import Line2D

from lambdasim.report import style
from lambdasim.report.figures import canvas
from lambdasim.report.figures.measure import Measure, errors, floats
from lambdasim.report.words import shorten, shortest
from lambdasim.units import parse_memory

HIDES: Final = 0.01
"""Two values that differ by no greater share are drawn on each other."""
DASHES: Final = ("-", (0, (5, 3)), (0, (3, 5)), (0, (1.5, 6.5)))
MARKS: Final = (4.5, 3.0, 2.0, 1.0)
"""Of a line that lies on so many others: they are seen through its gaps and around its marks."""


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
    keys = shortest([memory, *others])[1:]
    variants = pd.Series(
        [
            ", ".join(f"{key} {value}" for key, value in zip(keys, values, strict=True))
            for values in table[list(others)].astype(str).itertuples(index=False)
        ],
        index=table.index,
    )
    names = list(dict.fromkeys(variants))[: len(style.PALETTE)]
    palette = style.colours(names)
    chart, axes = canvas.sheet(len(known))
    for ax, measure in zip(axes, known, strict=True):
        drawn: list[dict[float, float]] = []
        for name in names:
            rows = table[(variants == name) & np.isfinite(floats(table, measure.label))]
            line = dict(zip(rows["mb"].astype(float), floats(rows, measure.label), strict=True))
            _line(ax, rows, measure, palette[name], _below(line, drawn))
            drawn.append(line)
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


def _below(line: Mapping[float, float], drawn: Sequence[Mapping[float, float]]) -> int:
    """Return how many of the lines ``drawn`` a line, a value by memory size, would hide between two of its sizes."""
    hidden = 0
    for other in drawn:
        same = [size in other and math.isclose(value, other[size], rel_tol=HIDES) for size, value in line.items()]
        hidden += any(map(all, pairwise(same))) or same == [True]
    return hidden


def _line(ax: Any, rows: pd.DataFrame, measure: Measure, colour: str, below: int) -> None:
    """Draw a line, with gaps and smaller marks where others are below it."""
    mean, low, high = (floats(rows, measure.label + end) for end in ("", ".lo", ".hi"))
    at, chosen = rows["mb"].to_numpy(dtype=float), rows["chosen"].to_numpy(dtype=bool)
    ax.errorbar(
        at, mean, yerr=errors(mean, low, high), color=colour, marker="o", ms=MARKS[min(below, len(MARKS) - 1)],
        ls=DASHES[min(below, len(DASHES) - 1)], capsize=2.5, elinewidth=1,
    )  # fmt: skip
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
