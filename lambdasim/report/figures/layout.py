"""Where the parts of a figure stand: title above, legend below, axes in the rows and columns between them.

What stands around the axes is measured once and given its room, and the label of each axis its place. matplotlib's
constrained layout solves constraints and measures twice, and looks for a label's place among all ticks whenever it
measures or draws, which takes as long as drawing.
"""

from io import StringIO
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import LayoutEngine
from matplotlib.transforms import Bbox, BboxBase, ScaledTranslation

from lambdasim.report.series import Floats

EDGE, ABOVE = 8.0, 6.0
"""Points between the figure's edges and what is on it: at the sides, where a reader's font may be wider, and above."""
ROWS, COLUMNS = 6.0, 14.0
"""Points between what stands in rows, title and legend included, and between columns."""


class OnePass(LayoutEngine):
    """Places title, axes and legend by what they measure, in points, of which an inch of a chart has 72."""

    _adjust_compatible = False
    _colorbar_gridspec = False

    def __init__(self, lowest: float = 0.0) -> None:
        """Make the figure higher where its rows of axes would be lower than ``lowest`` points, each of them."""
        super().__init__()
        self._lowest = lowest

    def execute(self, fig: Figure) -> None:
        """Place everything; call it when all is on the figure."""
        width, height = fig.get_size_inches() * 72
        renderer = RendererSVG(width, height, StringIO(), image_dpi=72)  # type: ignore[no-untyped-call]
        top, bottom = ABOVE, ABOVE
        for title in fig.texts[:1]:
            top += title.get_window_extent(renderer).height + ROWS
        for legend in fig.legends:
            bottom += legend.get_window_extent(renderer).height + ROWS
        placed = [(ax, ax.get_subplotspec()) for ax in fig.axes]
        grid = next((of.get_gridspec() for _, of in placed if of is not None), None)
        if grid is None:
            return
        around = np.zeros((4, max(grid.nrows, grid.ncols)))
        for ax, of in placed:
            if of is not None and ax.axison:
                left, right, above, below = _around(ax, renderer)
                column, row = of.colspan.start, of.rowspan.start
                around[0, column], around[1, column] = max(around[0, column], left), max(around[1, column], right)
                around[2, row], around[3, row] = max(around[2, row], above), max(around[3, row], below)
        rows = grid.nrows
        needed = top + bottom + around[2:, :rows].sum() + ROWS * (rows - 1) + self._lowest * rows
        if needed > height:
            height = needed
            fig.set_size_inches(width / 72, height / 72)
        for title in fig.texts[:1]:
            title.set_y(1 - ABOVE / height)
        x = _spans(EDGE, width - EDGE, around[0], around[1], _ratios(grid.get_width_ratios()), COLUMNS)
        y = _spans(top, height - bottom, around[2], around[3], _ratios(grid.get_height_ratios()), ROWS)
        for ax, of in placed:
            if of is not None:
                (left, wide), (above, high) = x[of.colspan.start], y[of.rowspan.start]
                ax.set_position((left / width, 1 - (above + high) / height, wide / width, high / height))


def _around(ax: Axes, renderer: RendererSVG) -> tuple[float, float, float, float]:
    """Return how far what belongs to the axes reaches beyond them: left, right, above and below."""
    axes = {axis: _words(axis, renderer) for axis in (ax.yaxis, ax.xaxis)}
    ticks = _label(ax, axes[ax.yaxis], axes[ax.xaxis], renderer)
    shown = [axis for axis in axes if axis.get_visible()]
    boxes = [box for axis in shown if (box := _with_label(axis, axes[axis], renderer)) is not None]
    for axis in shown:
        axis.set_visible(False)  # it has been measured
    others = ax.get_tightbbox(renderer, for_layout_only=True)
    for axis in shown:
        axis.set_visible(True)
    if others is None:
        return 0.0, 0.0, 0.0, 0.0
    inner, outer = ax.get_window_extent(renderer), Bbox.union([*boxes, others])
    left, below = max(inner.x0 - outer.x0, ticks[0]), max(inner.y0 - outer.y0, ticks[1])
    return left, outer.x1 - inner.x1, outer.y1 - inner.y1, below


def _label(ax: Axes, y: BboxBase | None, x: BboxBase | None, renderer: RendererSVG) -> tuple[float, float]:
    """Put the axes' labels beyond their ticks' words; return how far ticks reach without, to the left and below."""
    for spine in ax.spines.values():
        spine.set_in_layout(False)  # they would measure the ticks once more
    inner, inches = ax.get_window_extent(renderer), ax.figure.dpi_scale_trans
    ticks = ax.yaxis.get_tick_padding(), ax.xaxis.get_tick_padding()
    left = max(ticks[0], inner.x0 - y.x0 if y else 0.0) + ax.yaxis.labelpad
    below = max(ticks[1], inner.y0 - x.y0 if x else 0.0) + ax.xaxis.labelpad
    ax.yaxis.set_label_coords(0.0, 0.5, transform=ax.transAxes + ScaledTranslation(-left / 72, 0.0, inches))
    ax.xaxis.set_label_coords(0.5, 0.0, transform=ax.transAxes + ScaledTranslation(0.0, -below / 72, inches))
    return ticks


def _with_label(axis: Axis, words: BboxBase | None, renderer: RendererSVG) -> BboxBase | None:
    """Return where the words of an axis and its label are; along the axis a label, which may be long, has no length."""
    label = axis.label.get_window_extent(renderer)
    if not (label.width > 0 and label.height > 0):
        return words
    if isinstance(axis, XAxis):
        label.x0 = (label.x0 + label.x1) / 2 - 0.5
        label.x1 = label.x0 + 1.0
    else:
        label.y0 = (label.y0 + label.y1) / 2 - 0.5
        label.y1 = label.y0 + 1.0
    return label if words is None else Bbox.union([words, label])


def _words(axis: Axis, renderer: RendererSVG) -> BboxBase | None:
    """Return where an axis has the words of its ticks, if it has any."""
    axis.set_label_coords(0.0, 0.0)  # else matplotlib would first look for its place
    axis.label.set_visible(False)
    found = axis.get_tightbbox(renderer)
    axis.label.set_visible(True)
    return found


def _ratios(given: Any) -> Floats:
    return np.asarray(given, np.float64)


def _spans(
    start: float, end: float, before: Floats, after: Floats, ratios: Floats, gap: float
) -> list[tuple[float, float]]:
    """Return begin and length of each of several axes in a row, from what stands before and after each."""
    count = len(ratios)
    room = end - start - before[:count].sum() - after[:count].sum() - gap * (count - 1)
    spans = []
    for i, ratio in enumerate(ratios):
        length = max(room * ratio / ratios.sum(), 1.0)
        spans.append((start + before[i], length))
        start += before[i] + length + after[i] + gap
    return spans
