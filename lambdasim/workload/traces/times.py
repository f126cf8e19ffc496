"""The time column of a trace: numbers in a unit, or dates and times counted from the first one, in order."""

import re
from typing import Any

import numpy as np

from lambdasim.model.events import NEVER_NS
from lambdasim.workload.block import Int64
from lambdasim.workload.traces.column import Column, numbers_of

_WITH_ZONE = "a date and time with its time zone, such as 2026-11-27T08:00:00Z, between the years 1678 and 2261"
_DATE = re.compile(r"\d{4,}-\d")
_WITHOUT_ZONE = "a date and time without a time zone, like the first row, between the years 1678 and 2261"


class TimeReader:
    """Reads one file's time column from the first batch to the last, and insists that it never decreases.

    Dates and times follow RFC 3339 (a space in place of T is fine); without a time zone they are UTC. The first
    one is time 0. Numbers are times from 0 in the unit given, or from 1970 (``unix``), when the first is time 0, too.
    """

    def __init__(self, unit_ns: int, unix: bool = False) -> None:
        self._unit_ns, self._unix = unit_ns, unix
        self._kind: Any = None
        """The pyarrow type to read the column as, or ``"number"``; decided by the first cell."""
        self._origin_ns: int | None = None
        self._last_ns = 0

    def ns(self, column: Column) -> Int64:
        """Return the times of the next rows in ns; raises ``InputError``, also when one is before its predecessor."""
        if self._kind is None:
            self._kind = _kind(column)
        if self._kind == "number" and len(column.values) and _DATE.match(column.text(0)):
            raise column.error(f"'{column.text(0)}' is not {_WITH_ZONE}", 0)
        times = column.ns(self._unit_ns) if self._kind == "number" else self._since_origin(column)
        if len(times) == 0:
            return times
        if self._unix and self._kind == "number":
            if self._origin_ns is None:
                self._origin_ns = int(times[0])
            times = times - self._origin_ns
        steps = np.diff(times, prepend=self._last_ns)
        if (steps < 0).any():
            late = int(np.argmax(steps < 0))
            raise column.error(f"'{column.text(late)}' is before the row above; sort the file by {column.name}", late)
        self._last_ns = int(times[-1])
        return times

    def _since_origin(self, column: Column) -> Int64:
        import pyarrow

        expected = _WITHOUT_ZONE if self._kind.tz is None else _WITH_ZONE
        instants = column.cast(self._kind, expected)
        if instants.null_count:
            raise column.error("is empty", instants.is_null().index(True).as_py())
        absolute: Int64 = numbers_of(instants.cast(pyarrow.int64()))
        if self._origin_ns is None:
            self._origin_ns = int(absolute[0])
        if absolute.min() < self._origin_ns:
            early = int(np.argmin(absolute))
            raise column.error(f"'{column.text(early)}' is before the first row; sort the file by {column.name}", early)
        if int(absolute.max()) - self._origin_ns >= NEVER_NS:
            late = int(np.argmax(absolute))
            raise column.error(f"'{column.text(late)}' is more than 146 years (2^62 ns) after the first row", late)
        return absolute - self._origin_ns


def _kind(column: Column) -> Any:
    """Return what the first cell is: ``"number"``, or the type of instants with or without a time zone."""
    import pyarrow
    from pyarrow import compute

    values = column.values[:1]
    if pyarrow.types.is_timestamp(values.type) or pyarrow.types.is_date(values.type):
        return pyarrow.timestamp("ns", getattr(values.type, "tz", None))
    if pyarrow.types.is_string(values.type):
        values = compute.utf8_trim_whitespace(values)
        for kind in (pyarrow.timestamp("ns", "UTC"), pyarrow.timestamp("ns")):
            try:
                values.cast(kind)
            except pyarrow.ArrowInvalid:
                continue
            return kind
    return "number"
