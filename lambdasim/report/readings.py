"""What a figure along time shows at each moment, as data for the page's script: values by period, and what held then.

Of a long run several periods are one row, so that a page stays small; the row says from when to when it is.
"""

import json
import math
from datetime import timedelta
from itertools import islice
from typing import Any, Final

import numpy as np

from lambdasim.report.figures import Joined, Plot, Unit
from lambdasim.report.figures.clock import unit_of
from lambdasim.report.figures.lanes import in_words
from lambdasim.report.series import Reported, Series
from lambdasim.report.table import Table
from lambdasim.report.verdict import currency
from lambdasim.report.words import printable

ROWS: Final = 360
COLUMNS: Final = 24
"""Of more columns the first are read."""


def readings(result: Reported, plot: Plot) -> str:
    """Return the JSON of a figure's values; nothing for one that is not along time."""
    if plot.axes == 0:
        return ""
    series, table = Series.of(result), plot.data(result)
    if not table.columns or len(table) != len(series.edges) - 1:
        return ""
    together = -(-len(table) // ROWS)
    starts = series.edges[:-1][::together]
    start = result.config.simulation.start
    unit, size = unit_of(series)
    document = {
        "edges": [_short(edge) for edge in (*starts, series.edges[-1])],
        "clock": None if start is None else [start.timestamp(), (start.utcoffset() or timedelta()).total_seconds()],
        "unit": [unit, size],
        "axes": plot.axes,
        "currency": currency(result.summary),
        "columns": [_column(table, name, plot, together) for name in islice(table.columns, COLUMNS)],
        "marks": [[_short(begin), _short(end), printable(label)] for begin, end, label in in_words(series)],
    }
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _column(table: Table, name: str, plot: Plot, together: int) -> dict[str, Any]:
    """Return a column's name, its unit and its values; None where there is none."""
    unit, joined = _kind(name, plot)
    values = table[name]
    if together > 1:
        values = np.array([_join(values[i : i + together], joined) for i in range(0, len(values), together)])
    return {"name": printable(name), "unit": unit, "values": [_short(value) for value in values]}


def _kind(name: str, plot: Plot) -> tuple[Unit, Joined]:
    return next((kind for end, kind in plot.others.items() if name.endswith(end)), (plot.unit, plot.joined))


def _join(values: Any, joined: Joined) -> float:
    known = values[~np.isnan(values)]
    if not len(known):
        return math.nan
    how = {"max": known.max, "mean": known.mean, "sum": known.sum, "last": lambda: known[-1]}
    return float(how[joined]())


def _short(value: float) -> float | int | None:
    """Return a number with five digits at most, and as few letters; None for none."""
    if not math.isfinite(value):
        return None
    rounded = float(f"{value:.5g}") if abs(value) < 1e5 else round(float(value))
    return int(rounded) if rounded == int(rounded) else rounded
