"""Every environment of a small run from its birth to its end: init, invocations, idle time, and throttles as marks.

Reads the rows that ``output.requests`` keeps. Of a large run a picture shows nothing: ``lambdasim export perfetto``.
"""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from lambdasim.report import style
from lambdasim.report.figures import canvas, time_axis
from lambdasim.report.figures.clock import clock
from lambdasim.report.sentences import say
from lambdasim.report.series import Reported, Series
from lambdasim.report.table import Table, Values
from lambdasim.report.words import shorten
from lambdasim.units import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    import pandas as pd

MOST: Final = 60
"""So many environments, one line each, can be told apart."""
MOST_USES: Final = 3_000
IDLE: Final = "#E3E6EA"
INIT: Final = "#222222"
THROTTLE: Final = style.HUES[4]


def is_small(result: Reported) -> bool:
    """Return whether the run kept its rows, and few enough of them to be drawn."""
    return result.lives is not None and 0 < len(result.lives[0]) <= MOST and len(result.lives[1]) <= MOST_USES


def data(result: Reported) -> Table:
    """Return the life of each environment: when it was created, initialised and ended (s), and why."""
    if result.lives is None:
        return Table(np.zeros(0, np.int64), {}, "environment")
    lives, _ = result.lives
    columns: dict[str, Values] = {
        name: lives[name].to_numpy() for name in ("function", "provisioned", "end", "invocations")
    }
    for name in ("created", "initialised", "ended"):
        columns[f"{name}_s"] = (lives[f"{name}_ns"].astype("float64") / NS_PER_S).to_numpy()
    return Table(lives["environment"].to_numpy(), columns, "environment")


@canvas.styled
def figure(result: Reported) -> canvas.Chart:
    """Draw a line for each environment, a group of them for each function."""
    series = Series.of(result)
    if result.lives is None:
        return canvas.says('The timeline needs the rows of all requests: output.requests = "all".')
    lives, uses = result.lives
    if not is_small(result):
        many = f"{len(lives):,} environments and {len(uses):,} attempts are too many for a picture"
        return canvas.says(f"{many}: lambdasim export perfetto shows them." if len(lives) else "No environment was.")
    names = [name for name in series.functions if name in set(lives["function"].astype(str))]
    heights = [len(lives[lives["function"] == name]) + 2 for name in names]
    chart = canvas.blank(1.4 + 0.13 * sum(heights) + 0.3 * len(names))
    axes = chart.subplots(len(names), 1, sharex=True, squeeze=False, height_ratios=heights).ravel().tolist()
    for ax, name in zip(axes, names, strict=True):
        _panel(ax, series, lives[lives["function"] == name], uses[uses["function"] == name], len(names) > 1)
    time_axis.show(series, axes)
    shown = series.colours.get(names[0], style.OTHERS) if len(names) == 1 else style.LIMIT
    entries: list[tuple[str, Any]] = [
        ("init", Patch(color=INIT)), ("invocation", Patch(color=shown)), ("idle", Patch(color=IDLE)),
        ("ended", Line2D([], [], color=style.TEXT, lw=1.4)),
    ]  # fmt: skip
    if (uses["reason"].astype(str) != "").any():
        entries.append(("throttled", Line2D([], [], color=THROTTLE, lw=1.4)))
    canvas.legend(chart, entries)
    canvas.title(chart, _finding(series, lives, uses))
    return chart


def _panel(ax: Axes, series: Series, lives: "pd.DataFrame", uses: "pd.DataFrame", named: bool) -> None:
    """Draw one function's environments, the oldest at the bottom, and the throttles above them."""
    name = str(lives["function"].iloc[0])
    row = {number: place for place, number in enumerate(lives["environment"].tolist())}
    end_ns = series.end * NS_PER_S
    created, ready = (lives[f"{what}_ns"].to_numpy(dtype=float) for what in ("created", "initialised"))
    ended = lives["ended_ns"].astype("float64").fillna(end_ns).to_numpy(dtype=np.float64)
    at = np.arange(len(lives), dtype=float)
    _bars(ax, series, at, created, ended, IDLE, 0.78)
    _bars(ax, series, at, created, np.minimum(ready, ended).astype(np.float64), INIT, 0.78)
    ran = uses[uses["environment"].notna()]
    arrival = ran["arrival_ns"].to_numpy(dtype=float)
    waits = ran[["placement_ms", "init_duration_ms"]].astype("float64").fillna(0.0).sum(axis=1).to_numpy() * NS_PER_MS
    lasts = ran["duration_ms"].astype("float64").to_numpy() * NS_PER_MS
    stops = np.where(np.isnan(lasts), end_ns, arrival + waits + lasts)
    where = np.array([row[int(number)] for number in ran["environment"]], dtype=float)
    _bars(ax, series, where, arrival + waits, stops, series.colours.get(name, style.OTHERS), 0.78)
    over = lives["ended_ns"].notna().to_numpy()
    _ticks(ax, series, ended[over], at[over] - 0.39, at[over] + 0.39, style.TEXT)
    refused = uses[uses["reason"].astype(str) != ""]["arrival_ns"].to_numpy(dtype=float)
    top = np.full(len(refused), len(lives) + 0.6)
    _ticks(ax, series, refused, top - 0.5, top + 0.5, THROTTLE)
    ax.set_ylim(-0.8, len(lives) + (1.2 if len(refused) else -0.2))
    ax.set_yticks([])
    ax.grid(axis="y", visible=False)
    ax.set_ylabel("environments")
    if named:
        ax.set_title(shorten(name, 70), fontsize=9.5, loc="left")


def _bars(ax: Axes, series: Series, at: Values, start: Values, stop: Values, colour: str, high: float) -> None:
    """Draw bars from times to times (ns) as one path."""
    left, right = clock(series, start / NS_PER_S), clock(series, np.maximum(stop, start) / NS_PER_S)
    low, up = at - high / 2, at + high / 2
    corners = np.stack([np.stack(c, axis=-1) for c in ((left, low), (left, up), (right, up), (right, low))], axis=1)
    _closed(ax, corners, colour)


def _closed(ax: Axes, corners: Values, colour: str) -> None:
    if not len(corners):
        return
    closed = np.concatenate([corners, corners[:, :1]], axis=1)
    codes = np.tile([Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY], len(corners))
    ax.add_patch(PathPatch(Path(closed.reshape(-1, 2), codes), facecolor=colour, lw=0))


def _ticks(ax: Axes, series: Series, when: Values, low: Values, high: Values, colour: str) -> None:
    at = clock(series, when / NS_PER_S)
    lines = np.stack([np.stack([at, low], axis=-1), np.stack([at, high], axis=-1)], axis=1)
    ax.add_collection(LineCollection(list(lines), colors=colour, linewidths=1.0), autolim=False)


def _finding(series: Series, lives: "pd.DataFrame", uses: "pd.DataFrame") -> str:
    ran = int(uses["environment"].notna().sum())
    refused = int((uses["reason"].astype(str) != "").sum())
    idle = int((lives["end"] == "idle timeout").sum())
    finding = say("{environments:count} environments served {ran:count} invocations", environments=len(lives), ran=ran)
    if idle:
        finding += say("; {idle:count} ended after their idle timeout", idle=idle)
    return finding + (say("; {refused:count} attempts were throttled", refused=refused) if refused else "")
