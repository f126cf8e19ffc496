"""What an axis of a planning figure carries: a quantity with its name, its unit and the words for its values.

Also the marks for points that pass, fail or are undecided, which differ in form as well as in colour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from lambdasim.report import style
from lambdasim.report.figures import canvas
from lambdasim.report.series import Floats
from lambdasim.report.words import count, milliseconds, money, percent, shorten, significant

Kind = Literal["time", "rate", "money", "count", "number"]
"""``time`` in ms, ``rate`` of 0..1, ``money`` in a currency."""

VERDICTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "passes": ("o", style.HUES[0], "meets every SLO"),
    "undecided": ("D", style.HUES[1], "undecided"),
    "fails": ("X", style.HUES[4], "misses an SLO"),
    "": ("o", style.LIMIT, "not judged"),
}
"""Marker, colour and words for each verdict on a point."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity: ``label`` is what an axis says, such as ``p99 latency of checkout``."""

    label: str
    kind: Kind = "number"
    currency: str = "USD"

    def words(self, value: float) -> str:
        """Return a value with its unit."""
        match self.kind:
            case "time":
                return ("-" if value < 0 else "") + milliseconds(abs(value))
            case "rate":
                return percent(value)
            case "money":
                return money(value, self.currency)
            case "count":
                return count(value) if np.isfinite(value) else significant(value)
        return significant(value)

    def signed(self, value: float) -> str:
        """Return a difference with its sign and unit; those of rates are percentage points."""
        sign = "+" if value > 0 else "\N{MINUS SIGN}" if value < 0 else "\N{PLUS-MINUS SIGN}"
        text = self.words(abs(value))
        return sign + (text.removesuffix("%") + "points" if self.kind == "rate" else text)

    @property
    def heading(self) -> str:
        """The label with the currency, where values carry none of their own on an axis."""
        return f"{self.label} ({self.currency})" if self.kind == "money" else self.label

    def axis(self, ax: Axes, *, horizontal: bool = False) -> None:
        """Label an axis and write its ticks in the quantity's unit."""
        (ax.set_xlabel if horizontal else ax.set_ylabel)(shorten(self.heading, 60))
        axis = ax.xaxis if horizontal else ax.yaxis
        if axis.get_scale() == "log":
            low, high = ax.get_xlim() if horizontal else ax.get_ylim()
            axis.set_major_locator(canvas.Logarithmic((1.0, 2.0, 5.0) if high / low < 500 else (1.0,)))
            axis.set_minor_locator(ticker.NullLocator())
        elif self.kind == "count":
            low, high = axis.get_view_interval()
            if low < 0:  # a margin's
                (ax.set_xlim if horizontal else ax.set_ylim)(low, max(high, 1.0))
            axis.set_major_locator(canvas.Counts(6))
        else:
            axis.set_major_locator(ticker.MaxNLocator(6))
        if self.kind == "time" and axis.get_scale() != "log":
            canvas.linear_duration_axis(axis)
            return
        shown = significant if self.kind == "money" else self.words
        axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: shown(value)))


def floats(points: pd.DataFrame, column: str) -> Floats:
    """Return a column as numbers; NaN where it is missing or holds none."""
    if column not in points:
        return np.full(len(points), np.nan)
    return pd.to_numeric(points[column], errors="coerce").to_numpy(dtype=float)


def errors(mean: Floats, low: Floats, high: Floats) -> Floats:
    """Return the two lengths of an interval's arms around each mean, none where there is no interval."""
    return np.nan_to_num(np.clip(np.vstack([mean - low, high - mean]), 0.0, None))


def verdicts(points: pd.DataFrame) -> list[str]:
    """Return the verdict on each point: ``passes``, ``fails``, ``undecided``, or nothing where none is known."""
    if "verdict" not in points:
        return [""] * len(points)
    return [str(verdict) if str(verdict) in VERDICTS else "" for verdict in points["verdict"]]


def dots(ax: Axes, x: Any, mean: Floats, low: Floats, high: Floats, given: Sequence[str]) -> list[tuple[str, Any]]:
    """Draw points with their intervals, marked by verdict; return what a legend says of the marks."""
    entries: list[tuple[str, Any]] = []
    arms, place = errors(mean, low, high), np.array(given)
    for verdict, (marker, colour, words) in VERDICTS.items():
        chosen = place == verdict
        if chosen.any():
            ax.errorbar(
                np.asarray(x)[chosen],
                mean[chosen],
                yerr=arms[:, chosen],
                fmt=marker,
                ms=6,
                color=colour,
                markeredgecolor="white",
                markeredgewidth=0.6,
                ecolor=colour,
                elinewidth=1.2,
                capsize=2.5,
                zorder=3,
            )
            entries.append((words, mark(verdict)))
    return entries if list(VERDICTS)[-1] not in given or len(set(given)) > 1 else []


def mark(verdict: str) -> Line2D:
    """Return the legend's mark of a verdict."""
    marker, colour, _ = VERDICTS[verdict]
    return Line2D([], [], ls="", marker=marker, ms=6, color=colour, markeredgecolor="white", markeredgewidth=0.6)
