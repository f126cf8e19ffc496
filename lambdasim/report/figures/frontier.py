"""Cost against latency: every candidate, those that none beats in both, and the one that was chosen."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from lambdasim.report import style
from lambdasim.report.figures import canvas
from lambdasim.report.figures.measure import VERDICTS, Measure, errors, floats, mark, verdicts
from lambdasim.report.series import Floats
from lambdasim.report.words import shorten

AXES_POINTS, LABEL_POINTS, CLEAR = 250.0, 9.0, 4.0
"""About how high the axes are, and a label, and how far it keeps from a line (points)."""
NAMED = 8
"""How many candidates of the frontier are named beside their points."""


@canvas.styled
def figure(
    points: pd.DataFrame, *, x: Measure, y: Measure, limit: float | None = None, finding: str = ""
) -> canvas.Chart:
    """Draw all candidates by two quantities, of which less is better.

    ``points`` has a row per candidate with the columns ``x`` and ``y`` (in the units of ``x`` and ``y``) and, where
    they are known, ``x_lo``, ``x_hi``, ``y_lo`` and ``y_hi`` (intervals), ``verdict`` (``passes``, ``fails``,
    ``undecided``), ``label`` (what the candidate is) and ``chosen`` (true for the one that was chosen). ``limit`` is
    the objective's, in the unit of ``y``. The frontier is that of the candidates that pass, if any does.
    """
    across, up = floats(points, "x"), floats(points, "y")
    known = np.isfinite(across) & np.isfinite(up)
    if not known.any():
        return canvas.says(finding or f"No candidate has a value of both {x.label} and {y.label}.")
    table = points[known].reset_index(drop=True)
    across, up, given = across[known], up[known], np.array(verdicts(table))
    arms = [errors(mean, floats(table, f"{n}_lo"), floats(table, f"{n}_hi")) for n, mean in (("x", across), ("y", up))]
    among = given == "passes" if (given == "passes").any() else np.ones(len(table), bool)
    edge = _frontier(across, up, among)
    chosen = table["chosen"].astype(bool).to_numpy() if "chosen" in table else np.zeros(len(table), bool)

    chart, (ax,) = canvas.sheet(height=3.8)
    entries = []
    for verdict, (marker, colour, words) in VERDICTS.items():
        own = given == verdict
        if own.any():
            ax.errorbar(
                across[own],
                up[own],
                xerr=arms[0][:, own],
                yerr=arms[1][:, own],
                fmt=marker,
                ms=6,
                color=colour,
                markeredgecolor="white",
                markeredgewidth=0.6,
                elinewidth=0.9,
                zorder=3,
            )
            entries.append((words if verdict else "candidate", mark(verdict)))
    if len(edge) > 1:
        ax.plot(across[edge], up[edge], color=style.ACCOUNT, lw=1.2, zorder=2, drawstyle="steps-post")
        entries.append(("frontier: no other is better in both", Line2D([], [], color=style.ACCOUNT, lw=1.2)))
    labels = [shorten(str(label), 34) for label in table["label"]] if "label" in table else [""] * len(table)
    named = [i for i in edge if not chosen[i]]
    taken = [_room(i, labels[i], across, up) for i in np.flatnonzero(chosen).tolist()]
    ax.margins(0.1, 0.14)
    if up.min() > 0 and up.max() > 30 * up.min():
        ax.set_yscale("log")
    x.axis(ax, horizontal=True)
    y.axis(ax)
    if limit is not None:
        canvas.limit_line(ax, limit, f"SLO {y.words(limit)}")
    for i in named if len(named) <= NAMED else [named[0], named[-1]]:
        room = _room(i, labels[i], across, up)
        if not any(_meet(room, other) for other in taken):
            taken.append(room)
            _name(ax, across[i], up[i], labels[i], across, limit, bold=False)
    for i in np.flatnonzero(chosen).tolist():
        ax.plot(across[i], up[i], "o", ms=14, mfc="none", mec=style.ACCOUNT, mew=1.6, zorder=4)
        _name(ax, across[i], up[i], f"chosen: {labels[i]}" if labels[i] else "chosen", across, limit, bold=True)
    canvas.legend(chart, entries)
    canvas.title(chart, finding or _finding(table, across, up, edge, chosen, labels, x, y))
    return chart


def _frontier(x: Floats, y: Floats, among: "np.typing.NDArray[np.bool_]") -> list[int]:
    """Return the places of the points that no other has less of both of, from the least ``x`` on."""
    ranked = sorted(np.flatnonzero(among).tolist(), key=lambda i: (x[i], y[i]))
    edge: list[int] = []
    for i in ranked:
        if not edge or y[i] < y[edge[-1]]:
            edge.append(i)
    return edge


_Room = tuple[float, float, float]
"""From where to where a label reaches along the axes, and its height: shares of the axes, about."""


def _room(i: int, label: str, x: Floats, y: Floats) -> _Room:
    at = float((x[i] - x.min()) / (np.ptp(x) or 1))
    length = 0.014 * len(label)
    height = float((y[i] - y.min()) / (np.ptp(y) or 1))
    return (at, at + length, height) if at <= 0.5 else (at - length, at, height)


def _meet(one: _Room, other: _Room) -> bool:
    return one[0] < other[1] and other[0] < one[1] and abs(one[2] - other[2]) < 0.09


def _name(ax: Axes, x: float, y: float, text: str, every: Floats, limit: float | None, *, bold: bool) -> None:
    """Write a label at a point, where there is room: the chosen one's above, others' below, where no frontier runs.

    One that the line of the limit would strike through stands beyond it.
    """
    right = x <= (every.min() + every.max()) / 2
    aside = 10 if bold else -2
    away, sign = (7.0, 1) if bold else (9.0, -1)
    if limit is not None:
        at, line = (float(ax.transAxes.inverted().transform(ax.transData.transform((x, v)))[1]) for v in (y, limit))
        distance = (line - at) * sign * AXES_POINTS
        if away - CLEAR <= distance <= away + LABEL_POINTS + CLEAR:
            away = distance + CLEAR
    ax.annotate(
        text,
        (x, y),
        xytext=(aside if right else -aside, sign * away),
        textcoords="offset points",
        ha="left" if right else "right",
        va="bottom" if bold else "top",
        fontsize=8.5,
        fontweight="bold" if bold else "normal",
        zorder=5,
    )


def _finding(
    table: pd.DataFrame,
    x: Floats,
    y: Floats,
    edge: list[int],
    chosen: "np.typing.NDArray[np.bool_]",
    labels: list[str],
    cost: Measure,
    latency: Measure,
) -> str:
    picked = np.flatnonzero(chosen)
    if len(picked) == 1:
        i = int(picked[0])
        what = labels[i] or "The one chosen"
        return f"{what}: {cost.label} {cost.words(x[i])}, {latency.label} {latency.words(y[i])}"
    if "verdict" in table and not (table["verdict"] == "passes").any():
        meets = "is shown to meet" if (table["verdict"] == "undecided").any() else "meets"
        return f"None of {len(table)} candidates {meets} every SLO"
    return f"{len(edge)} of {len(table)} candidates are on the frontier of {cost.label} and {latency.label}"
