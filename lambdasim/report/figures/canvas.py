"""What all figures share: the sheet, its title, limits, legends and sentences in place of empty charts.

Uses matplotlib's objects only, never pyplot, so that no figure outlives its reader.
"""

import textwrap
import warnings
from collections.abc import Callable, Sequence
from functools import wraps
from io import StringIO
from typing import Any, NamedTuple, ParamSpec

import numpy as np
from matplotlib import rc_context, ticker
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from lambdasim.report import style
from lambdasim.report.figures.layout import OnePass
from lambdasim.report.series import Reported
from lambdasim.report.verdict import limit_value, parts, spaced
from lambdasim.report.words import columns, milliseconds, printable, shorten, significant

P = ParamSpec("P")
RC: Any = style.RC

LABEL_COLUMNS = 52
LEGEND_COLUMNS = 132
TITLE_COLUMNS = 92
LOWEST = 96.0
"""Points of height that axes keep, whatever stands above and below them: their labels are as long."""
UNITS = ((10_000, "ms", 1.0), (600_000, "s", 1e3), (36_000_000, "min", 6e4), (float("inf"), "h", 3.6e6))
"""Units of durations along a linear axis: up to which end of it (ms), the unit, and its size (ms)."""


class Limit(NamedTuple):
    """A limit over time: ``(seconds, value)`` from each time on; NaN where there is none."""

    levels: Sequence[tuple[float, float]]
    label: str
    colour: str


class Chart(Figure):
    """A figure that shows itself in a notebook and whose SVG has the same bytes on every run."""

    finding: str = ""
    """What its title says, or its sentence where there is nothing to draw."""

    def savefig(self, fname: Any, **options: Any) -> None:
        """Save as matplotlib does; in an SVG, texts stay texts and no date is written."""
        if str(options.get("format") or getattr(fname, "suffix", "") or fname).endswith("svg"):
            options.setdefault("metadata", {"Date": None, "Creator": None})
        with rc_context(RC), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a reader's fonts may have it
            engine = self.get_layout_engine()
            if engine is not None:  # lay out once: matplotlib would draw everything twice for it
                engine.execute(self)
                self.set_layout_engine(None)
            try:
                super().savefig(fname, **options)
            finally:
                self.set_layout_engine(engine)

    def svg(self) -> str:
        """Return the figure as an SVG document."""
        page = StringIO()
        self.savefig(page, format="svg")
        return page.getvalue()

    def _repr_svg_(self) -> str:
        return self.svg()


def styled(draw: Callable[P, Chart]) -> Callable[P, Chart]:
    """Draw in the house style, whatever the caller's settings are."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Chart:
        with rc_context(RC):
            return draw(*args, **kwargs)

    return drawn


def sheet(panels: int = 1, *, across: int = 1, height: float = style.PANEL_INCHES) -> tuple[Chart, list[Axes]]:
    """Return a figure of ``panels`` axes with one time axis, ``across`` in a row, each ``height`` inches high."""
    rows = -(-panels // across)
    figure = blank(0.9 + rows * height, lowest=LOWEST)
    axes = figure.subplots(rows, across, sharex=True, squeeze=False).ravel().tolist()
    for spare in axes[panels:]:
        spare.set_axis_off()
    for bottom in axes[max(panels - across, 0) : panels]:
        bottom.tick_params(labelbottom=True)
    return figure, axes[:panels]


def blank(height: float, lowest: float = 0.0) -> Chart:
    """Return an empty figure that lays out what is put on it, higher where axes would be below ``lowest`` points."""
    return Chart(figsize=(style.WIDTH_INCHES, height), layout=OnePass(lowest))


def title(figure: Chart, finding: str) -> None:
    """Head the figure with what it shows, at the left."""
    figure.finding = finding
    figure.suptitle(
        textwrap.fill(printable(finding), TITLE_COLUMNS), x=0.01, ha="left", fontsize=11.5, fontweight="bold"
    )


def measured(result: Reported) -> str:
    """Return the words that tell a summary's number from the whole run, which the figure shows."""
    return " after the warm-up" if result.config.simulation.warmup else ""


def says(sentence: str) -> Chart:
    """Return a low figure that holds a sentence instead of an empty chart."""
    figure = Chart(figsize=(style.WIDTH_INCHES, 0.8))
    figure.finding = sentence
    figure.text(0.01, 0.5, textwrap.fill(printable(sentence), TITLE_COLUMNS), va="center", fontsize=11.5)
    return figure


def limits(ax: Axes, wanted: Sequence[tuple[float, str, str]], top: float) -> None:
    """Draw labelled horizontal limits, as ``(value, label, colour)``, on a linear axis whose data end at ``top``.

    The axis grows to hold a limit within three times the data; a higher one is named at the top with an arrow.
    """
    near = [value for value, _, _ in wanted if value <= 3 * top]
    ceiling = 1.08 * max([top, *near]) or 1.0
    ax.set_ylim(0, ceiling)
    for value, _, colour in wanted:
        if value <= ceiling:
            ax.axhline(value, color=colour, lw=1.1, ls=(0, (5, 3)), zorder=1.5)
    marks = [(min(v / ceiling, 1.0), text + (" \N{UPWARDS ARROW}" if v > ceiling else ""), c) for v, text, c in wanted]
    beside(ax, marks)


def limit_line(ax: Axes, value: float, label: str) -> None:
    """Draw an objective across the axes and name it at their right, at its height; the axis reaches it."""
    low, high = ax.get_ylim()
    if not low <= value <= high:
        ax.set_ylim(min(low, value), max(high, value))
    ax.axhline(value, color=style.SLO, lw=1.1, ls=(0, (5, 3)), zorder=1.5)
    height = ax.transAxes.inverted().transform(ax.transData.transform((1.0, value)))[1]
    beside(ax, [(float(height), label, style.SLO)])


def objectives(result: Reported, path: str) -> list[tuple[float, str]]:
    """Return the objectives on a path, such as ``api.latency``, as ``(limit, label)``; times in ms."""
    marks = []
    for slo in result.summary["slo"]:
        statistic, comparison, limit = parts(slo["expression"])
        value = limit_value(limit)
        if slo["path"] == path and value > 0:
            marks.append((value, f"SLO {statistic} {comparison} {spaced(limit)}"))
    return marks


def beside(ax: Axes, marks: Sequence[tuple[float, str, str]], gap: float = 0.075) -> None:
    """Write labels right of the axes at heights of 0..1, moved apart where they would overlap."""
    placed: list[float] = []
    ranked = sorted(marks)
    for height, _, _ in ranked:
        placed.append(max(height, placed[-1] + gap) if placed else height)
    for i in reversed(range(len(placed))):
        placed[i] = min(placed[i], 1.0 if i == len(placed) - 1 else placed[i + 1] - gap)
    for height, (_, text, colour) in zip(placed, ranked, strict=True):
        ax.annotate(
            text,
            (1.0, height),
            xycoords="axes fraction",
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=colour,
        )


def legend(figure: Chart, entries: Sequence[tuple[str, Any]]) -> None:
    """Name the figure's colours below it, as ``(label, artist)``; any text is a label, also one with ``_`` first."""
    if entries:
        labels = [shorten(label, LABEL_COLUMNS) for label, _ in entries]
        across = max(1, LEGEND_COLUMNS // (7 + max(columns(label) for label in labels)))
        rows = -(-len(labels) // across)
        box = figure.legend(
            handles=[artist for _, artist in entries],
            labels=[f"{i}" for i in range(len(entries))],
            loc="lower left",
            bbox_to_anchor=(0.0, 0.0),
            borderaxespad=0.3,
            ncols=-(-len(labels) // rows),
        )
        for text, label in zip(box.get_texts(), labels, strict=True):
            text.set_text(label)


def count_axis(ax: Axes, label: str) -> None:
    """Label a linear axis of counts from 0 and write whole numbers at it."""
    amount_axis(ax, label)
    ax.yaxis.set_major_locator(Counts(5))


class Counts(ticker.MaxNLocator):
    """At most so many steps between whole numbers from 0 on; means below 1 have parts of 1."""

    def tick_values(self, vmin: float, vmax: float) -> Any:
        """Return the numbers between two ends of an axis."""
        self.set_params(integer=vmax >= 1)
        return [value for value in super().tick_values(vmin, vmax) if value >= 0]


class Logarithmic(ticker.Locator):
    """Numbers along a logarithmic axis: powers of ten or, where fewer than two are on it, ever closer ones."""

    def __init__(self, subs: Sequence[float] = (1.0,), most: int = 8) -> None:
        """Multiply powers of ten with ``subs``, numbers from 1 to 10, or with more; show ``most`` at most."""
        self._tried = [subs, (1.0, 2.0, 5.0), tuple(map(float, range(1, 10)))]
        self._most = most

    def __call__(self) -> Any:
        """Return where the axis has ticks."""
        assert self.axis is not None
        return self.tick_values(*self.axis.get_view_interval())

    def tick_values(self, vmin: float, vmax: float) -> Any:
        """Return the numbers between two ends of an axis, and perhaps others outside."""
        for subs in self._tried:
            found = ticker.LogLocator(subs=subs, numticks=self._most).tick_values(vmin, vmax)
            if sum(vmin <= value <= vmax for value in found) > 1:
                return found
        return ticker.MaxNLocator(3).tick_values(vmin, vmax)


def amount_axis(ax: Axes, label: str) -> None:
    """Label a linear axis of amounts from 0."""
    ax.set_ylabel(label)
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_locator(ticker.MaxNLocator(5))
    ax.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: significant(value)))


def linear_duration_axis(axis: Axis) -> None:
    """Write the ticks of a linear axis of durations in ms, whose ends are known, in one unit."""
    low, high = axis.get_view_interval()
    unit, size = next((unit, size) for end, unit, size in UNITS if not high >= end)
    ticks = np.asarray(ticker.MaxNLocator(6, steps=[1, 2, 2.5, 3, 5, 10]).tick_values(low / size, high / size)) * size
    axis.set_major_locator(ticker.FixedLocator(ticks[(ticks >= low) & (ticks <= high)].tolist()))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{significant(value / size, 4)} {unit}"))


def duration_axis(ax: Axes, label: str, horizontal: bool = False) -> None:
    """Make an axis of durations logarithmic, in ms and s."""
    axis = ax.xaxis if horizontal else ax.yaxis
    (ax.set_xscale if horizontal else ax.set_yscale)("log")
    (ax.set_xlabel if horizontal else ax.set_ylabel)(label)
    low, high = ax.get_xlim() if horizontal else ax.get_ylim()
    narrow = high / low < 50
    axis.set_major_locator(Logarithmic((1.0, 2.0, 5.0) if narrow else (1.0,)))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: milliseconds(value)))
    axis.set_minor_locator(ticker.NullLocator())
