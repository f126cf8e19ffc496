"""The ``azure2019`` format: Azure Functions Trace 2019, one row per function and one column per minute of a day.

Source: Shahrad et al., "Serverless in the Wild", USENIX ATC 2020 (CC-BY 4.0). Columns ``1`` .. ``1440`` or some
consecutive ones of these, of which the first is time 0, and ``HashFunction`` or ``function``, which names the
function; other columns are ignored, except ``HashApp`` where memory is given by app. Rows with the same name add up.

The companion files are optional. ``durations`` gives each function the quantiles ``percentile_Average_0`` ..
``percentile_Average_100`` (ms) as its distribution. ``memory`` gives each function, or each app, its
``AverageAllocatedMb``, rounded up to whole MB within what Lambda allows. Of several rows the first counts.

The file is one day and cannot be read in order of time, so the minutes of the window are held in memory, where
zeros take no room.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np

from lambdasim.config.families import parse_distribution
from lambdasim.units import NS_PER_MIN, NS_PER_MS, format_duration
from lambdasim.workload.traces.bins import Cells, merged
from lambdasim.workload.traces.file import TraceFile, asking
from lambdasim.workload.traces.names import Names
from lambdasim.workload.traces.window import Window

_PERCENTILES: Final = (0, 1, 25, 50, 75, 99, 100)
_LEAST_MB: Final = 128
_MOST_MB: Final = 10_240


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """The counts of the minutes of a window."""

    cells: Cells
    names: Names
    apps: dict[str, str]
    """The app of each function, where the file says it."""
    end_ns: int
    """End of the last minute."""


def read_day(file: TraceFile, window: Window) -> Day:
    """Return the counts of the minutes that touch ``window``; raises ``InputError``."""
    name = _name_column(file)
    minutes = _minutes(file)
    first = int(minutes[0])
    touched = [
        minute
        for minute in minutes
        if (int(minute) - first + 1) * NS_PER_MIN > window.from_ns
        and (int(minute) - first) * NS_PER_MIN < window.until_ns
    ]
    if not touched:
        raise asking(file.path, "trace", f"has no minute between from and until: it is {len(minutes)} min long")
    names, apps = Names(), dict[str, str]()
    columns = [name, "HashApp"] if "HashApp" in file.columns else [name]
    parts: list[Cells] = []
    for batch in file.batches([*columns, *touched]):
        named, codes = batch.columns[name].names()
        function = names.indices(named)[codes]
        if "HashApp" in columns:
            of_app, app = batch.columns["HashApp"].names()
            apps |= {named[code]: of_app[app[row]] for row, code in enumerate(codes.tolist())}
        for minute in touched:
            count = batch.columns[minute].counts()
            some = np.flatnonzero(count)
            time_ns = np.full(len(some), (int(minute) - first) * NS_PER_MIN)
            parts.append(Cells(time_ns, function[some], count[some]))
    cells = Cells(
        np.concatenate([part.time_ns for part in parts]),
        np.concatenate([part.function for part in parts]),
        np.concatenate([part.count for part in parts]),
    )
    return Day(merged(cells), names, apps, len(minutes) * NS_PER_MIN)


def _name_column(file: TraceFile) -> str:
    return "HashFunction" if "HashFunction" in file.columns else file.require(("function",))[0]


def _minutes(file: TraceFile) -> list[str]:
    """Return the minute columns; raises ``InputError`` when they are missing or not consecutive."""
    minutes = [name for name in file.columns if name.isdecimal()]
    if not minutes:
        raise file.error("no column is called by a minute; the columns of azure2019 are HashFunction and 1 to 1440")
    for before, minute in pairwise(minutes):
        if int(minute) != int(before) + 1:
            raise file.error(f"minute {before} is followed by {minute}; give consecutive minutes", column=minute)
    return minutes


def function_overrides(day: Day, durations: str | None, memory: str | None) -> dict[str, dict[str, Any]]:
    """Return what the companion files at the given paths say of the functions of ``day``.

    For each function that has any: ``"duration"`` (a ``Distribution``) and ``"memory"`` (MB). Raises ``InputError``.
    """
    overrides: dict[str, dict[str, Any]] = {}
    named = set(day.names)
    if durations is not None:
        for name, distribution in _durations(TraceFile(durations)):
            if name in named:
                overrides.setdefault(name, {}).setdefault("duration", distribution)
    if memory is not None:
        file = TraceFile(memory)
        by_app = "HashApp" in file.columns and not {"HashFunction", "function"} & set(file.columns)
        sizes: dict[str, int] = {}
        for name, size in _memory(file, "HashApp" if by_app else _name_column(file)):
            sizes.setdefault(name, size)
        for name in day.names:
            owner = day.apps.get(name, "") if by_app else name
            if owner in sizes:
                overrides.setdefault(name, {})["memory"] = sizes[owner]
    return overrides


def _durations(file: TraceFile) -> Iterator[tuple[str, Any]]:
    name = _name_column(file)
    quantiles = [f"percentile_Average_{percent}" for percent in _PERCENTILES]
    for batch in file.batches(file.require((name, *quantiles))):
        values = np.array([batch.columns[quantile].ns(NS_PER_MS) for quantile in quantiles])
        named, codes = batch.columns[name].names()
        for row, points in enumerate(values.T.tolist()):
            text = ", ".join(f"p{p}={format_duration(ns)}" for p, ns in zip(_PERCENTILES, points, strict=True))
            try:
                yield named[codes[row]], parse_distribution(f"percentiles({text})")
            except ValueError as error:
                raise file.error(str(error), row=batch.first_row + row) from None


def _memory(file: TraceFile, name: str) -> Iterator[tuple[str, int]]:
    for batch in file.batches(file.require((name, "AverageAllocatedMb"))):
        named, codes = batch.columns[name].names()
        for code, size in zip(codes.tolist(), batch.columns["AverageAllocatedMb"].amounts().tolist(), strict=True):
            yield named[code], min(max(math.ceil(size), _LEAST_MB), _MOST_MB)
