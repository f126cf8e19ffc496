"""Amounts as shades of one hue, for maps and matrices: cells, what is written in them, and the scale beside them."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize

from lambdasim.report import style
from lambdasim.report.figures.canvas import Chart
from lambdasim.report.figures.measure import Measure
from lambdasim.report.series import Floats

SHADES: Final = LinearSegmentedColormap.from_list("shades", ["#F3F7FA", "#80B8D8", "#0072B2", "#00324F"], N=48)
"""From little to much, by lightness alone; in few steps, as each is a cell of the scale beside the map."""


def norm_of(values: Floats) -> Normalize:
    """Return how amounts become shades: by their logarithm where they differ more than thirtyfold."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low > 0 and high > 30 * low:
        return LogNorm(low, high)
    return Normalize(low, high if high > low else low + 1.0)


def cells(ax: Axes, values: Floats, norm: Normalize) -> Any:
    """Draw a matrix of amounts as shaded cells, cell ``i, j`` from ``(j, i)`` to ``(j + 1, i + 1)``; return them."""
    ax.grid(False)
    ax.tick_params(length=0)
    return ax.pcolormesh(values, cmap=SHADES, norm=norm, edgecolors="white", linewidth=1.0)


def write(ax: Axes, values: Floats, norm: Normalize, words: Callable[[int, int], str]) -> None:
    """Write into each cell that has an amount what ``words`` gives for its row and column."""
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value):
            ink = "#FFFFFF" if norm(value) > 0.5 else style.TEXT
            ax.text(j + 0.5, i + 0.5, words(i, j), ha="center", va="center", fontsize=8, color=ink)


def scale(chart: Chart, shaded: Any, ax: Axes, measure: Measure) -> None:
    """Draw the scale of the shades as cells, so that no picture stands in the SVG."""
    bar = chart.colorbar(shaded, cax=ax.inset_axes((1.015, 0.0, 0.022, 1.0)), drawedges=False)
    assert bar.solids is not None  # as a mesh is shaded
    bar.solids.set_rasterized(False)
    bar.solids.set_edgecolor("face")
    bar.outline.set_visible(False)
    bar.ax.grid(False)
    bar.minorticks_off()
    measure.axis(bar.ax)
