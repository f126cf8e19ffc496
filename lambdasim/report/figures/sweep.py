"""A sweep: a metric over one swept path as a curve, over two as a map with the SLO's border, over more as a ranking."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from lambdasim.report import style
from lambdasim.report.figures import canvas
from lambdasim.report.figures.measure import Measure, dots, errors, floats, mark, verdicts
from lambdasim.report.figures.shades import SHADES, cells, norm_of, scale, write
from lambdasim.report.series import Floats
from lambdasim.report.words import shorten, shortest

CELLS_NAMED: Final = 150
RANKED: Final = 30
PATH_COLUMNS: Final = 60


@canvas.styled
def figure(points: pd.DataFrame, *, paths: Sequence[str], y: Measure, finding: str = "") -> canvas.Chart:
    """Draw a metric over the points of a sweep.

    ``points`` has a row per point with a column for each of ``paths`` (the values tried, numbers or words such as
    ``512 MB``), and ``mean``, ``lo``, ``hi`` (the metric and its interval, in the unit of ``y``) and ``verdict``
    (``passes``, ``fails`` or ``undecided``, on all objectives). Two paths that form a grid give a map whose cells are
    bordered where the verdict turns; two that do not (a Sobol or Latin hypercube design) a scatter of the same shades.
    """
    table = points[np.isfinite(floats(points, "mean"))].reset_index(drop=True)
    if table.empty or not paths:
        return canvas.says(finding or f"No point has a value of {y.label}.")
    finding = finding or _finding(table, y)
    if len(paths) == 1:
        return _curve(table, paths[0], y, finding)
    if len(paths) == 2:
        return _map(table, paths[0], paths[1], y, finding)
    return _ranking(table, paths, y, finding)


def _curve(table: pd.DataFrame, path: str, y: Measure, finding: str) -> canvas.Chart:
    chart, (ax,) = canvas.sheet(height=3.4)
    labels, places = ordered(table[path])
    numeric = pd.to_numeric(table[path], errors="coerce").notna().all()
    at = table[path].astype(float).to_numpy() if numeric else places.astype(float)
    turn = np.argsort(at, kind="stable")
    mean, low, high = (floats(table, name)[turn] for name in ("mean", "lo", "hi"))
    at = at[turn]
    ax.plot(at, mean, color=style.LIMIT, lw=1.2, zorder=2)
    entries = dots(ax, at, mean, low, high, [verdicts(table)[i] for i in turn])
    if numeric and len(at) > 2 and at.min() > 0 and at.max() > 30 * at.min():
        ax.set_xscale("log")
    Measure(path).axis(ax, horizontal=True)
    if not numeric:
        ax.set_xticks(range(len(labels)), [shorten(label, 14) for label in labels])
    elif ax.get_xscale() == "linear" and np.diff(at).min(initial=np.inf) > np.ptp(at) / 20:
        ax.set_xticks(np.unique(at))  # the values that were tried, where they have room
    if y.kind != "number":
        ax.set_ylim(bottom=0)
    y.axis(ax)
    canvas.legend(chart, entries)
    canvas.title(chart, finding)
    return chart


def _map(table: pd.DataFrame, across: str, up: str, y: Measure, finding: str) -> canvas.Chart:
    columns, column = ordered(table[across])
    rows, row = ordered(table[up])
    if len(columns) * len(rows) > 4 * len(table):
        return _scatter(table, across, up, y, finding)
    values = np.full((len(rows), len(columns)), np.nan)
    passing = np.full(values.shape, "", object)
    values[row, column], passing[row, column] = floats(table, "mean"), verdicts(table)
    chart = canvas.blank(min(1.75 + 0.42 * max(len(rows), 5), 7.5))
    ax = chart.subplots()
    norm = norm_of(values)
    mesh = cells(ax, values, norm)
    if values.size <= CELLS_NAMED:
        missed = {"fails": " \N{MULTIPLICATION X}"}
        write(ax, values, norm, lambda i, j: y.words(values[i, j]) + missed.get(passing[i, j], ""))
    _border(ax, passing)
    for axis, names, path, most in ((ax.xaxis, columns, across, 14), (ax.yaxis, rows, up, 24)):
        every = -(-len(names) // most)
        axis.set_ticks([i + 0.5 for i in range(0, len(names), every)], [shorten(n, 12) for n in names[::every]])
        axis.set_label_text(shorten(path, PATH_COLUMNS))
    scale(chart, mesh, ax, y)
    judged = {verdict for verdict in passing.ravel() if verdict}
    entries: list[tuple[str, Any]] = []
    if len(judged) > 1:
        entries.append(("border of the points that meet every SLO", Line2D([], [], color=style.HUES[4], lw=2.4)))
    if "fails" in judged and values.size <= CELLS_NAMED:
        entries.append(("misses an SLO", Line2D([], [], ls="", marker="x", ms=6, color=style.TEXT)))
    canvas.legend(chart, entries)
    canvas.title(chart, finding)
    return chart


def _border(ax: Axes, passing: "np.typing.NDArray[np.object_]") -> None:
    """Draw the lines between cells that pass and their neighbours that do not."""
    inside = passing == "passes"
    known = passing != ""
    segments: list[tuple[list[int], list[int]]] = []
    height, width = inside.shape
    for i in range(height):
        for j in range(width):
            if j + 1 < width and known[i, j] and known[i, j + 1] and inside[i, j] != inside[i, j + 1]:
                segments.append(([j + 1, j + 1], [i, i + 1]))
            if i + 1 < height and known[i, j] and known[i + 1, j] and inside[i, j] != inside[i + 1, j]:
                segments.append(([j, j + 1], [i + 1, i + 1]))
    for x, y in segments:
        ax.plot(x, y, color=style.HUES[4], lw=2.4, solid_capstyle="round", zorder=3)


def _scatter(table: pd.DataFrame, across: str, up: str, y: Measure, finding: str) -> canvas.Chart:
    chart, (ax,) = canvas.sheet(height=4.2)
    values, given = floats(table, "mean"), np.array(verdicts(table))
    norm = norm_of(values)
    (columns, column), (rows, row) = ordered(table[across]), ordered(table[up])
    x, height = (_positions(table[path], place) for path, place in ((across, column), (up, row)))
    entries: list[tuple[str, Any]] = []
    for verdict in dict.fromkeys(given):
        own, marker = given == verdict, mark(verdict).get_marker()
        edge = mark(verdict).get_color() if verdict else style.LIMIT
        ax.scatter(x[own], height[own], c=values[own], cmap=SHADES, norm=norm, marker=marker, s=70, ec=edge, lw=1.4)
        if verdict:
            ring = Line2D([], [], ls="", marker=str(marker), mfc="none", mec=edge, mew=1.4, ms=7)
            entries.append(({"passes": "meets every SLO", "fails": "misses an SLO"}.get(verdict, verdict), ring))
    for path, names, horizontal in ((across, columns, True), (up, rows, False)):
        Measure(path).axis(ax, horizontal=horizontal)
        if not pd.to_numeric(table[path], errors="coerce").notna().all():
            axis = ax.xaxis if horizontal else ax.yaxis
            every = -(-len(names) // 10)
            axis.set_ticks(list(range(0, len(names), every)), [shorten(n, 12) for n in names[::every]])
    scale(chart, ax.collections[0], ax, y)
    canvas.legend(chart, entries)
    canvas.title(chart, finding)
    return chart


def _positions(values: "pd.Series[Any]", places: "np.typing.NDArray[np.int64]") -> Floats:
    numbers = pd.to_numeric(values, errors="coerce")
    return numbers.to_numpy(dtype=float) if numbers.notna().all() else places.astype(float)


def _ranking(table: pd.DataFrame, paths: Sequence[str], y: Measure, finding: str) -> canvas.Chart:
    """The points by their metric, the least on top: all of them, or the ends of the list."""
    ranked = table.iloc[np.argsort(floats(table, "mean"), kind="stable")].reset_index(drop=True)
    left_out = max(len(ranked) - RANKED, 0)
    if left_out:
        ranked = pd.concat([ranked[: RANKED // 2], ranked[-(RANKED - RANKED // 2) :]], ignore_index=True)
    chart = canvas.blank(1.4 + 0.26 * len(ranked))
    ax = chart.subplots()
    heights = np.arange(len(ranked))[::-1]
    mean, low, high = (floats(ranked, name) for name in ("mean", "lo", "hi"))
    given = np.array(verdicts(ranked))
    entries = []
    for verdict in dict.fromkeys(given):
        own, look = given == verdict, mark(verdict)
        arms = errors(mean, low, high)[:, own]
        ax.errorbar(
            mean[own], heights[own], xerr=arms, fmt=str(look.get_marker()), color=look.get_color(), ms=6, capsize=2.5
        )
        entries.append(
            ({"passes": "meets every SLO", "fails": "misses an SLO", "": "point"}.get(verdict, verdict), look)
        )
    short = shortest(paths)
    labels = [
        shorten(", ".join(f"{name} {value}" for name, value in zip(short, values, strict=True)), 56)
        for values in ranked[list(paths)].itertuples(index=False)
    ]
    ax.set_yticks(heights, labels)
    ax.set_ylim(-0.7, len(ranked) - 0.3)
    ax.tick_params(axis="y", length=0)
    if left_out:
        ax.axhline(len(ranked) - RANKED // 2 - 0.5, color=style.LIMIT, lw=1, ls=":")
        ax.annotate(
            f"{left_out} between",
            (1, len(ranked) - RANKED // 2 - 0.5),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            fontsize=8,
            color=style.LIMIT,
        )
    y.axis(ax, horizontal=True)
    canvas.legend(chart, entries if set(given) != {""} else [])
    canvas.title(chart, finding)
    return chart


def ordered(values: "pd.Series[Any]") -> tuple[list[str], "np.typing.NDArray[np.int64]"]:
    """Return the distinct values in words, numbers by size and others as they come, and the place of each row's."""
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.notna().all():
        distinct = sorted(set(numbers))
        return [f"{value:g}" if value % 1 else f"{value:,.0f}" for value in distinct], np.searchsorted(
            distinct, numbers
        )
    places = {value: place for place, value in enumerate(dict.fromkeys(map(str, values)))}
    return list(places), np.array([places[str(value)] for value in values])


def _finding(table: pd.DataFrame, y: Measure) -> str:
    mean = floats(table, "mean")
    ends = f"{y.label} from {y.words(float(mean.min()))} to {y.words(float(mean.max()))}"
    given = verdicts(table)
    if not any(given):
        return f"{len(table)} point{'s' if len(table) > 1 else ''}: {ends}"
    passing = given.count("passes")
    many = {0: "None", 1: "One"}.get(passing, str(passing))
    verb = "meet" if passing > 1 else "is shown to meet" if not passing and "undecided" in given else "meets"
    return f"{many} of {len(table)} points {verb} every SLO; {ends}"
