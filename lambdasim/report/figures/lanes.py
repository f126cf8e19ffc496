"""The strip above the time axes: stages of the loads, warm-up, changes and faults, each a line with its name.

What overlaps in time stands in lanes one above the other, and a name is written however short its stage is. Within the
axes stages are light bands, changes are lines and faults are bands of their own colour. No band lies on another of its
kind: the background of many loads is as light as that of one.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, Final, NamedTuple

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation, blended_transform_factory

from lambdasim.report import style
from lambdasim.report.figures.clock import clock
from lambdasim.report.series import Series
from lambdasim.report.words import columns, shorten

LANES: Final = 6
HEIGHT: Final = 11.0
"""Points between two lanes."""
COLUMNS: Final = 118
"""How many columns of a label the width of the axes holds."""
LONGEST: Final = 40
MOST: Final = 60
"""So many marks are named, and so many bands can be told apart."""
WHOLE: Final = 0.97
"""From this share of the run on, a stage is all of it and needs no band."""
GAP: Final = 0.003
"""The share of the run by which a line in the strip ends early."""
NOT_MARKED: Final = ("autoscaling", "schedule")
"""What is told in a table, and seen where what it changes is drawn."""
ALARM: Final = {"alarm": "alarm", "ok": "OK", "insufficient_data": "no data"}
"""What an alarm is from a time on, by ``status``."""


class Mark(NamedTuple):
    """Something that holds from a time to another, in seconds."""

    start: float
    end: float
    label: str
    kind: str
    """``stage``, ``change`` or ``fault``."""


class _Place(NamedTuple):
    """Where a mark stands in the strip, in shares of the run."""

    lane: int
    reach: tuple[float, float]
    name: tuple[float, float]
    """From where to where its name is."""
    point: float | None
    """Where it has a diamond, which is higher than a line."""

    def meets(self, other: "_Place") -> bool:
        """Return whether either would stand on the other, or touch its name from the lane above."""
        if self.lane == other.lane:
            return self.reach[0] < other.reach[1] and other.reach[0] < self.reach[1]
        lower, upper = sorted((self, other))
        return (
            upper.lane == lower.lane + 1 and upper.point is not None and lower.name[0] <= upper.point <= lower.name[1]
        )


def marks(series: Series) -> list[Mark]:
    """Return the changes and faults of a run and the stages of its loads, those that matter most first."""
    end = series.end
    found = [_changed(one, end) for one in series.result.summary.get("changes", ()) if one["what"] not in NOT_MARKED]
    warmup = series.result.config.simulation.warmup / 1e9
    stages = [Mark(start / 1e9, min(until / 1e9, end), label, "stage") for start, until, label in series.result.stages]
    if warmup:
        stages.append(Mark(0.0, min(warmup, end), "warm-up", "stage"))
    stages = [stage for stage in dict.fromkeys(stages) if stage.start < stage.end]
    whole = [stage for stage in stages if _is_whole(stage, end)]
    parts = sorted(stage for stage in stages if not _is_whole(stage, end))
    return [*sorted(mark for mark in found if mark.start <= end), *parts, *whole]


def _changed(change: Mapping[str, Any], end: float) -> Mark:
    start = float(change["time_s"])
    name = str(change["name"])
    if change["what"] == "fault":
        return Mark(start, min(float(change.get("until_s", end)), end), f"fault: {name}", "fault")
    until = change.get("until_s", change.get("ended_s", start))
    status = str(change.get("status"))
    if change["what"] == "alarm":
        return Mark(start, start, f"{name}: {ALARM.get(status, status)}", "change")
    failed = {"failed": " (failed)", "rolled_back": " (rolled back)"}.get(status, "")
    until = end if until is None else min(float(until), end)  # a deployment may be in progress still
    return Mark(start, until, name + failed, "change")


def _is_whole(mark: Mark, end: float) -> bool:
    return mark.end - mark.start >= WHOLE * end


def strip(series: Series, axes: Sequence[Axes], across: int) -> None:
    """Draw the strip above the first row of axes, and the bands of what is in it in all of them."""
    found = series.once(marks)
    every = found[:MOST]
    end = series.end
    _bands(series, found, axes)
    for mark in every:
        if mark.kind == "change":
            for ax in axes:
                ax.axvline(clock(series, mark.start), color=style.CHANGE, lw=1.0, ls=(0, (2, 2)), zorder=1.6)
    room = COLUMNS / across
    placed: list[_Place] = []
    left_out = len(found) - len(every)
    for mark in every:
        label = shorten(mark.label, min(LONGEST, int(room)))
        width = (columns(label) + 1.5) / room
        first, last = mark.start / end, max(mark.end, mark.start) / end
        begin = first if first + width <= 1 else max(min(last, 1.0) - width, 0.0)
        reach = (min(first, begin), max(last, begin + width))
        point = first if _has_diamond(mark) else None
        places = (_Place(lane, reach, (begin, begin + width), point) for lane in range(LANES))
        place = next((place for place in places if not any(map(place.meets, placed))), None)
        if place is None:
            left_out += 1
            continue
        placed.append(place)
        for ax in axes[:across]:
            gap = GAP * end if mark.end - mark.start > 4 * GAP * end else 0.0  # so that two in a row are two
            _draw(ax, clock(series, [mark.start, mark.end - gap]), clock(series, begin * end), label, place.lane, mark)
    taken = max((place.lane + 1 for place in placed), default=0)
    for ax in axes[:across]:
        title = ax.get_title(loc="left")
        if left_out:
            _text(ax, clock(series, 0.0), f"and {left_out:,} more", taken, style.LIMIT)
        if taken and title:
            ax.set_title(title, pad=6 + HEIGHT * (taken + bool(left_out)), loc="left", fontsize=9.5)


def _bands(series: Series, found: Sequence[Mark], axes: Sequence[Axes]) -> None:
    """Shade stretches of time by their stages, every other one lighter, and those in which something fails."""
    end = series.end
    stages = stretches([mark for mark in found if mark.kind == "stage" and not _is_whole(mark, end)])
    faults = stretches([mark for mark in found if mark.kind == "fault"])
    for ax in axes:
        if len(stages) <= MOST:
            for place, stretch in enumerate(stages, 1):
                alpha = style.BAND_ALPHA[place % 2]
                ax.axvspan(*clock(series, stretch), color=style.BAND, alpha=alpha, lw=0, zorder=0)
        for stretch in faults:
            ax.axvspan(*clock(series, stretch), color=style.FAULT, alpha=style.FAULT_ALPHA, lw=0, zorder=0.5)


def stretches(found: Sequence[Mark]) -> list[tuple[float, float]]:
    """Return the times in which any mark holds, cut wherever one begins or ends, as ``(start, end)``; none overlap."""
    changes = Counter[float]()
    for mark in found:
        changes[mark.start] += 1
        changes[mark.end] -= 1
    borders = sorted(changes)
    holding = accumulate(changes[time] for time in borders)
    return [stretch for stretch, many in zip(pairwise(borders), holding, strict=False) if many]


def _has_diamond(mark: Mark) -> bool:
    return mark.kind == "change" or mark.start == mark.end


def _draw(ax: Axes, at: Any, label_at: float, label: str, lane: int, mark: Mark) -> None:
    colour = {"change": style.CHANGE, "fault": style.FAULT_TEXT}.get(mark.kind, style.LIMIT)
    if ax.figure is not None:
        up = ScaledTranslation(0, (2.5 + HEIGHT * lane) / 72, ax.figure.dpi_scale_trans)
        line = Line2D(at, [1.0, 1.0], color=colour, lw=2.2, solid_capstyle="butt", clip_on=False)
        line.set_transform(blended_transform_factory(ax.transData, ax.transAxes) + up)
        if _has_diamond(mark):
            line.set_marker("d")
            line.set_markersize(4)
            line.set_markevery([0])
        line.set_gid(f"strip_{lane}")
        ax.add_artist(line)
    _text(ax, label_at, label, lane, colour)


def _text(ax: Axes, at: float, label: str, lane: int, colour: str) -> None:
    note = ax.annotate(
        label,
        (at, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(2, 5 + HEIGHT * lane),
        textcoords="offset points",
        fontsize=7.5,
        color=colour,
        annotation_clip=False,
    )
    note.set_gid(f"strip_{lane}")


def in_words(series: Series) -> list[tuple[float, float, str]]:
    """Return from when to when each mark holds, and its name, for whoever reads a moment's values."""
    return [(mark.start, max(mark.end, mark.start), mark.label) for mark in series.once(marks)[:MOST]]
