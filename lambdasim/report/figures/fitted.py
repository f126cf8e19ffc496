"""Measured times beside the laws taken for them: both as shares that took at most so long."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.lines import Line2D

from lambdasim.report import style
from lambdasim.report.figures import canvas
from lambdasim.report.sentences import say
from lambdasim.report.series import Floats, thin
from lambdasim.report.words import percent

POINTS = 600


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One distribution: measured values (ms, sorted), and each law's ``(name, x in ms, share, taken or not)``."""

    label: str
    values: Floats
    laws: Sequence[tuple[str, Floats, Floats, bool]]
    ks: float


@canvas.styled
def figure(name: str, panels: Sequence[Panel]) -> canvas.Chart:
    """Draw the distributions of one function below each other, on logarithmic axes of time."""
    if not panels:
        return canvas.says(say("{function} has no times to show.", function=name))
    chart = canvas.blank(0.9 + 2.5 * len(panels))
    axes = chart.subplots(len(panels), 1, squeeze=False).ravel().tolist()
    for ax, panel in zip(axes, panels, strict=True):
        share = np.arange(1, len(panel.values) + 1) / len(panel.values)
        x, y = thin(panel.values, share, POINTS)
        ax.plot(x, y, color=style.ACCOUNT, drawstyle="steps-post", lw=2.2, alpha=0.55)
        for place, (_, law_x, law_y, taken) in enumerate(panel.laws):
            hue = style.HUES[place % len(style.HUES)]
            ax.plot(law_x, law_y, color=hue, ls="-" if taken else (0, (4, 2)), lw=1.4 if taken else 1.0)
        canvas.duration_axis(ax, panel.label, horizontal=True)
        ax.set_ylabel("share that took\nat most so long")
        ax.set_ylim(0, 1.02)
        ax.yaxis.set_major_formatter(lambda value, _: percent(value))
    entries = [("measured", Line2D([], [], color=style.ACCOUNT, lw=2.2, alpha=0.55))]
    seen: dict[str, Line2D] = {}
    for panel in panels:
        for place, (law, _, _, taken) in enumerate(panel.laws):
            hue = style.HUES[place % len(style.HUES)]
            line = Line2D([], [], color=hue, ls="-" if taken else (0, (4, 2)))
            seen.setdefault(f"{law}{'' if taken else ' (not taken)'}, {panel.label.split(' of ')[0]}", line)
    canvas.legend(chart, [*entries, *seen.items()])
    worst = max(panel.ks for panel in panels)
    canvas.title(
        chart,
        say(
            "{function}: what is simulated differs from what was measured by {ks:percent} at most",
            function=name,
            ks=worst,
        ),
    )
    return chart
