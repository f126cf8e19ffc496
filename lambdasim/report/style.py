"""How figures look: colours, sizes and fonts, in one place. Data only; knows neither results nor matplotlib."""

from collections.abc import Sequence
from typing import Any, Final

HUES: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
"""Functions' colours: the colour-blind safe palette of Masataka Okabe and Kei Ito, "Color Universal Design" (2008,
https://jfly.uni-koeln.de/color/), without its yellow, too faint on white, and its black, kept for the account."""

ACCOUNT: Final = "#222222"
OTHERS: Final = "#B8B8B8"
LIMIT: Final = "#777777"
TEXT: Final = "#333333"
GRID: Final = "#E4E4E4"
BAND: Final = "#000000"
BAND_ALPHA: Final = (0.055, 0.025)
INTERVAL_ALPHA: Final = 0.22
"""Of the bands between the ends of an interval."""
SLO: Final = "#555555"
CHANGE: Final = "#5B2A86"
FAULT: Final = "#D55E00"
FAULT_ALPHA: Final = 0.14
FAULT_TEXT: Final = "#A34700"
"""Of what changes or breaks at a time: dark enough to be read as a label."""

REASONS: Final = ("#7F2704", "#D94801", "#FD8D3C", "#FDBE85", "#A6A6A6")
"""Throttle reasons, in the order of ``ThrottleReason``: shades from dark to light, told apart without hue."""

WIDTH_INCHES: Final = 9.0
PANEL_INCHES: Final = 2.1
SHOWN: Final = 6
"""How many functions a figure names; the rest are "others"."""

POINTS: Final = 2_000
"""At most this many points in a line, and :data:`FIGURE_POINTS` in all lines of a figure (keeps an SVG small)."""
FIGURE_POINTS: Final = 9_000
BARS: Final = 400
"""At most this many bars, or steps of an area, along the time axis."""

RC: Final[dict[str, Any]] = {
    "figure.dpi": 72,  # an SVG's own, so that texts are measured once
    "savefig.dpi": 144,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "axes.facecolor": "white",
    "axes.edgecolor": LIMIT,
    "axes.labelcolor": TEXT,
    "axes.titlecolor": TEXT,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # no ticks are above, so matplotlib need not look for them
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "text.color": TEXT,
    "text.parse_math": False,  # a "$" in a name is a dollar
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Segoe UI", "sans-serif"],  # matplotlib's own, then of like widths
    "lines.linewidth": 1.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "lambdasim",
    "path.simplify": True,
}


def shade(colour: str, towards: str, part: float) -> str:
    """Return ``colour`` mixed with ``part`` (0..1) of the colour ``towards``, both as ``#rrggbb``."""
    mixed = (round(int(colour[i : i + 2], 16) * (1 - part) + int(towards[i : i + 2], 16) * part) for i in (1, 3, 5))
    return "#" + "".join(f"{channel:02X}" for channel in mixed)


PALETTE: Final = (
    *HUES,
    *(shade(hue, "#000000", 0.45) for hue in HUES),
    *(shade(hue, "#FFFFFF", 0.5) for hue in HUES),
)


def colours(names: Sequence[str]) -> dict[str, str]:
    """Return one colour for each of ``names`` by its place; 18 differ, then they come again."""
    return {name: PALETTE[place % len(PALETTE)] for place, name in enumerate(names)}
