"""Predictions against measurements: a point for each, and the line on which they would be alike."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import ticker
from matplotlib.lines import Line2D

from lambdasim.report import style
from lambdasim.report.figures import canvas
from lambdasim.report.words import significant

ACROSS = 3
PANEL_INCHES = 2.7
TITLE_COLUMNS = 28


@dataclass(frozen=True, slots=True)
class Panel:
    """The points of one kind of measurement."""

    name: str
    measured: Sequence[float]
    predicted: Sequence[float]
    spread: Sequence[float]
    """Of what was measured, to either side; NaN where it is not known."""
    others: Sequence[float]
    """What another simulator predicts of each; NaN where it is not known."""


@canvas.styled
def figure(panels: Sequence[Panel], *, other: str, finding: str) -> canvas.Chart:
    """Draw a panel for each kind, with the predictions of ``other`` in grey where there are any."""
    if not panels:
        return canvas.says("Nothing was predicted.")
    rows = -(-len(panels) // ACROSS)
    chart = canvas.blank(1.1 + rows * PANEL_INCHES)
    axes = chart.subplots(rows, ACROSS, squeeze=False).ravel().tolist()
    for spare in axes[len(panels) :]:
        spare.set_axis_off()
    for ax, panel in zip(axes, panels, strict=False):
        measured, predicted = np.array(panel.measured, float), np.array(panel.predicted, float)
        others, spread = np.array(panel.others, float), np.array(panel.spread, float)
        values = np.concatenate([measured, predicted, others[np.isfinite(others)]])
        low, high = float(values.min()), float(values.max())
        is_wide = low > 0 and high > 30 * low
        edge = (low / 1.5, high * 1.5) if is_wide else (min(low, 0.0), (high or 1.0) * 1.08)
        if is_wide:
            ax.set_xscale("log")
            ax.set_yscale("log")
            for axis in (ax.xaxis, ax.yaxis):
                axis.set_major_locator(canvas.Logarithmic(most=4))
                axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: significant(value)))
                axis.set_minor_formatter(ticker.NullFormatter())
        ax.plot(edge, edge, color=style.LIMIT, lw=1.0, zorder=1)
        ax.errorbar(
            measured, predicted, xerr=np.nan_to_num(spread), fmt="none", ecolor=style.OTHERS, elinewidth=1.0, zorder=2
        )
        ax.plot(measured, others, "s", ms=3.5, color=style.OTHERS, zorder=3)
        ax.plot(measured, predicted, "o", ms=4.0, color=style.HUES[0], mec="white", mew=0.4, zorder=4)
        ax.set_xlim(edge)
        ax.set_ylim(edge)
        ax.set_title(textwrap.fill(panel.name, TITLE_COLUMNS), fontsize=8.5)
        ax.set_xlabel("measured")
        ax.set_ylabel("predicted")
    canvas.legend(
        chart,
        [
            ("lambdasim", Line2D([], [], ls="", marker="o", ms=4, color=style.HUES[0])),
            (other, Line2D([], [], ls="", marker="s", ms=3.5, color=style.OTHERS)),
            ("alike", Line2D([], [], color=style.LIMIT, lw=1.0)),
        ],
    )
    canvas.title(chart, finding)
    return chart
