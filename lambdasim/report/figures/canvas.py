"""What all figures share: the sheet, time axis, load stages, limits, legends and sentences in place of empty charts.

Uses matplotlib's objects only, never pyplot, so that no figure outlives its reader.
"""

import textwrap
import warnings
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import wraps
from io import StringIO
from typing import Any, ParamSpec

import numpy as np
from matplotlib import dates, rc_context, ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from lambdasim.report import style
from lambdasim.report.series import Floats, Series, thin
from lambdasim.report.words import columns, milliseconds, printable, shorten, significant

P = ParamSpec("P")
RC: Any = style.RC

LABEL_COLUMNS = 52
LEGEND_COLUMNS = 132
TITLE_COLUMNS = 92
LANES = 3


class Chart(Figure):
    """A figure that shows itself in a notebook and whose SVG has the same bytes on every run."""

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
    figure = blank(0.9 + rows * height)
    axes = figure.subplots(rows, across, sharex=True, squeeze=False).ravel().tolist()
    for spare in axes[panels:]:
        spare.set_axis_off()
    for bottom in axes[max(panels - across, 0) : panels]:
        bottom.tick_params(labelbottom=True)
    return figure, axes[:panels]


def blank(height: float) -> Chart:
    """Return an empty figure that lays out what is put on it, with room at its edges for a reader's wider fonts."""
    return Chart(figsize=(style.WIDTH_INCHES, height), layout=ConstrainedLayoutEngine(w_pad=0.11, h_pad=0.06))


def title(figure: Chart, finding: str) -> None:
    """Head the figure with what it shows, at the left."""
    figure.suptitle(
        textwrap.fill(printable(finding), TITLE_COLUMNS), x=0.01, ha="left", fontsize=11.5, fontweight="bold"
    )


def says(sentence: str) -> Chart:
    """Return a low figure that holds a sentence instead of an empty chart."""
    figure = Chart(figsize=(style.WIDTH_INCHES, 0.8))
    figure.text(0.01, 0.5, textwrap.fill(printable(sentence), TITLE_COLUMNS), va="center", fontsize=11.5)
    return figure


def clock(series: Series, seconds: Any) -> Any:
    """Return seconds of the experiment as positions on its time axis."""
    start = series.result.config.simulation.start
    if start is None:
        return np.asarray(seconds) / _unit(series)[1]
    return (start.timestamp() + np.asarray(seconds)) / 86_400


def _unit(series: Series) -> tuple[str, float]:
    for limit, unit, size in ((180, "s", 1.0), (10_800, "min", 60.0), (259_200, "h", 3_600.0)):
        if series.end <= limit:
            return unit, size
    return "days", 86_400.0


def time_axis(series: Series, axes: Sequence[Axes], across: int = 1) -> None:
    """Give stacked axes one time axis, labelled at the bottom, and mark the load's stages and the warm-up."""
    start = series.result.config.simulation.start
    for ax in axes:
        ax.set_xlim(clock(series, 0.0), clock(series, series.end))
        if start is None:
            steps = [1, 2, 3, 6, 10] if _unit(series)[0] == "h" else [1, 2, 5, 10]
            ax.xaxis.set_major_locator(ticker.MaxNLocator(10 // across, steps=steps))
            ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: significant(value, 4)))
        else:
            locator = dates.AutoDateLocator(maxticks=10 // across)  # type: ignore[no-untyped-call]
            ax.xaxis.set_major_locator(locator)
            short = dates.ConciseDateFormatter(locator, tz=start.tzinfo, show_offset=False)  # type: ignore[no-untyped-call]
            ax.xaxis.set_major_formatter(short)
    for ax in axes[-across:]:
        if start is None:
            ax.set_xlabel(f"time from the start ({_unit(series)[0]})")
        else:
            until = start + timedelta(seconds=series.end)
            days = f"{start:%d %b %Y}" if until.date() == start.date() else f"{start:%d %b} to {until:%d %b %Y}"
            ax.set_xlabel(f"{days} ({start.tzname() or 'UTC'})")
    _stages(series, axes, across)


def _stages(series: Series, axes: Sequence[Axes], across: int) -> None:
    """Light bands for the stages of the loads; their labels stand above the first axes, in a few lanes."""
    bands = [(start / 1e9, min(end / 1e9, series.end), label) for start, end, label in series.result.stages]
    warmup = series.result.config.simulation.warmup / 1e9
    if warmup:
        bands.append((0.0, min(warmup, series.end), "warm-up"))
    bands = sorted(band for band in bands if band[0] < band[1])[:40]
    lanes: list[float] = []
    for place, (start, end, label) in enumerate(bands):
        whole = end - start >= 0.97 * series.end
        for ax in axes if not whole else ():
            ax.axvspan(
                *clock(series, [start, end]), color=style.BAND, alpha=style.BAND_ALPHA[place % 2], lw=0, zorder=0
            )
        lane = next((i for i, free in enumerate(lanes) if free <= start), len(lanes))
        room = int(118 / across * (end - start) / series.end)
        if lane >= LANES or room < 4:
            continue
        lanes[lane : lane + 1] = [end]
        for ax in axes[:across]:
            ax.annotate(
                shorten(label, room),
                (clock(series, start), 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(2, 3 + 10 * lane),
                textcoords="offset points",
                fontsize=7.5,
                color=style.LIMIT,
            )
    for ax in axes[:across]:
        if lanes and ax.get_title(loc="left"):
            ax.set_title(ax.get_title(loc="left"), pad=6 + 10 * len(lanes), loc="left", fontsize=9.5)


def line(ax: Axes, series: Series, y: Floats, points: int, **look: Any) -> None:
    """Draw a value per period: as steps while periods can be told apart, as a thinned line when they cannot."""
    if len(y) <= 200:
        ax.step(clock(series, series.edges), np.append(y, y[-1]), where="post", **look)
    else:
        x, y = thin(series.edges[:-1], y, points)
        ax.plot(clock(series, x), y, **look | {"lw": 0.7 * look.get("lw", style.RC["lines.linewidth"])})


def points_for(lines: int) -> int:
    """Return how many points each of so many lines may have."""
    return int(min(style.POINTS, style.FIGURE_POINTS // max(lines, 1)))


def bars(ax: Axes, series: Series, edges: Floats, stack: Sequence[tuple[str, Floats, str]]) -> None:
    """Stack values per period, as ``(label, values, colour)``, from the bottom up."""
    base = np.zeros(len(edges) - 1)
    at = clock(series, edges)
    for _, values, colour in stack:
        ax.stairs(base + values, at, baseline=base, fill=True, color=colour, linewidth=0)
        base = base + values


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
            loc="outside lower left",
            ncols=-(-len(labels) // rows),
        )
        for text, label in zip(box.get_texts(), labels, strict=True):
            text.set_text(label)


def count_axis(ax: Axes, label: str) -> None:
    """Label a linear axis of counts from 0."""
    ax.set_ylabel(label)
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_locator(ticker.MaxNLocator(5))
    ax.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: significant(value)))


def duration_axis(ax: Axes, label: str, horizontal: bool = False) -> None:
    """Make an axis of durations logarithmic, in ms and s."""
    axis = ax.xaxis if horizontal else ax.yaxis
    (ax.set_xscale if horizontal else ax.set_yscale)("log")
    (ax.set_xlabel if horizontal else ax.set_ylabel)(label)
    low, high = ax.get_xlim() if horizontal else ax.get_ylim()
    narrow = high / low < 50
    axis.set_major_locator(ticker.LogLocator(subs=(1.0, 2.0, 5.0) if narrow else (1.0,), numticks=8))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: milliseconds(value)))
    axis.set_minor_locator(ticker.NullLocator())
