"""Counts over time as AWS's APIs give them: CloudWatch's GetMetricData and GetMetricStatistics, and Logs Insights."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from lambdasim.logs.cells import readable
from lambdasim.logs.files import Stream, streams
from lambdasim.logs.instants import instant
from lambdasim.logs.json_values import objects
from lambdasim.logs.skipped import Reason, Skipped

_GROUP: Final = re.compile(r"(?:\d+:)?/aws/lambda/([A-Za-z0-9_-]{1,64})$")
_TIMES: Final = ("@timestamp", "timestamp", "time", "t")
_COUNTS: Final = ("count(*)", "count", "count()", "requests", "invocations")
NEXT_PAGE: Final = "PartialData: its next page is missing"


@dataclass(slots=True)
class Counted:
    """A metric of CloudWatch: the sum of each period that has one, by its beginning in Unix ns."""

    names: tuple[str, ...]
    """Its Id and Label."""
    sums: dict[int, float] = field(default_factory=dict)
    incomplete: str = ""
    """Why it is: the status of a page that is not complete, that another should follow, or that values are missing."""


def metric_data(path: str, skipped: Skipped) -> list[Counted]:
    """Return the metrics of all documents in some files, those of several pages joined."""
    found: dict[tuple[str, ...], Counted] = {}
    for stream in streams([path]):
        for value in objects(stream.file, skipped, ("MetricDataResults",)):
            if isinstance(value.get("Datapoints"), list):
                one = found.setdefault((str(value.get("Label", "")),), Counted((str(value.get("Label", "")),)))
                for point in value["Datapoints"]:
                    if isinstance(point, dict):
                        _add(one, point.get("Timestamp"), point.get("Sum", point.get("SampleCount")), skipped)
            elif isinstance(value.get("Timestamps"), list) and isinstance(value.get("Values"), list):
                names = (str(value.get("Id", "")), str(value.get("Label", "")))
                one = found.setdefault(names, Counted(names))
                status = value.get("StatusCode")
                if status in ("InternalError", "Forbidden"):
                    one.incomplete = str(status)
                elif one.incomplete in ("", NEXT_PAGE):
                    one.incomplete = NEXT_PAGE if status == "PartialData" else ""
                times, values = value["Timestamps"], value["Values"]
                if len(times) != len(values):
                    one.incomplete = f"{len(times):,} Timestamps and {len(values):,} Values"
                for time, amount in zip(times, values, strict=False):
                    _add(one, time, amount, skipped)
    return list(found.values())


def _add(one: Counted, time: Any, amount: Any, skipped: Skipped) -> None:
    at = instant(time)
    if at is None:
        skipped[Reason.TIME] += 1
    elif amount is None:
        skipped[Reason.SUM] += 1
    elif isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 <= amount < 2**53:
        skipped[Reason.COUNT] += 1
    else:
        one.sums[at] = float(amount)


@dataclass(slots=True)
class Found:
    """Rows of a query of Logs Insights."""

    times: list[int] = field(default_factory=list)
    """Unix ns"""
    counts: list[int] = field(default_factory=list)
    """How many requests each row counts; empty where a row is a request."""
    functions: list[str | None] = field(default_factory=list)


def query_rows(path: str, columns: dict[str, str], skipped: Skipped) -> Found:
    """Return the rows of a query's result, CSV or JSON: each a request, or a count of a ``bin()``.

    ``columns`` names the columns of ``time``, ``count`` and ``function`` where they are called otherwise.
    """
    found = Found()
    for stream in streams([path]):
        for row in _rows(stream, skipped):
            lower = {str(key).strip().lower(): value for key, value in row.items()}
            at = instant(_value(lower, columns.get("time"), _TIMES, "bin("))
            if at is None:
                skipped[Reason.TIME] += 1
                continue
            count = _value(lower, columns.get("count"), _COUNTS, "count(")
            if count is not None:
                amount = str(count).strip()
                if not amount.isdecimal() or not amount.isascii() or len(amount) > 15:
                    skipped[Reason.COUNT] += 1
                    continue
                found.counts.append(int(amount))
            elif found.counts:
                skipped[Reason.COUNT] += 1
                continue
            name = _value(lower, columns.get("function"), ("@log",), "\0")
            group = _GROUP.search(str(name)) if name else None
            found.functions.append(group[1] if group else str(name) if name and "function" in columns else None)
            found.times.append(at)
    return found


def _value(row: dict[str, Any], wanted: str | None, names: tuple[str, ...], prefix: str) -> Any:
    if wanted is not None:
        return row.get(wanted.strip().lower())
    for name in names:
        if row.get(name) not in (None, ""):
            return row[name]
    return next((value for name, value in row.items() if name.startswith(prefix) and value not in (None, "")), None)


def _rows(stream: Stream, skipped: Skipped) -> Iterator[dict[str, Any]]:
    start = stream.file.peek(64)[:64].lstrip() if hasattr(stream.file, "peek") else b""
    if start[:1] in (b"{", b"["):
        yield from objects(stream.file, skipped)
        return
    text = io.TextIOWrapper(stream.file, "utf-8", "replace", newline="")
    for row in readable(csv.DictReader(text), skipped):
        if None in row:
            skipped[Reason.SHIFTED] += 1
        else:
            yield row
    text.detach()
