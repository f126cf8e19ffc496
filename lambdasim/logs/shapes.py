"""The shapes in which logs are exported, told apart by content: lines, tables and JSON, each as events.

========================== =======================================================================================
lines                      text logs, ``sam logs``, ``aws logs tail``, exports to S3, JSON logs of one object a line
tables                     CSV of the console (``timestamp,message``) and of Logs Insights, whatever separates cells
JSON                       FilterLogEvents and GetLogEvents, GetQueryResults, Insights from the console, subscription
                           filters, JSON logs that were pretty-printed, output of aws-lambda-power-tuning
========================== =======================================================================================

Logs of several shapes may be given together. What a message says is not known here.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any, Final

from lambdasim.logs.cells import readable
from lambdasim.logs.events import FRAME, MARK, Events, Fields
from lambdasim.logs.files import LONGEST_LINE, Stream
from lambdasim.logs.json_values import objects
from lambdasim.logs.skipped import Reason, Skipped

_ROWS: Final = 20_000
_SNIFFED: Final = 1 << 16
_MARK: Final = re.compile(MARK)
_FRAME: Final = re.compile(FRAME)
_TIMES: Final = ("@timestamp", "timestamp", "time")
_MESSAGES: Final = ("@message", "message", "event", "log", "msg")
_STREAMS: Final = ("@logstream", "logstreamname", "logstream", "log stream")
_GROUPS: Final = ("@log", "loggroup", "loggroupname", "@loggroup")
FIELDS: Final = (
    "@duration", "@billedduration", "@memorysize", "@maxmemoryused", "@initduration", "@requestid",
)  # fmt: skip
"""The fields of REPORT lines that Logs Insights discovers, in lower case."""
_SEPARATORS: Final = (",", ";", "\t", "|")


def events(stream: Stream, skipped: Skipped, tunings: list[dict[str, Any]]) -> Iterator[Events | Fields]:
    """Yield what a log holds, of any shape; ``tunings`` gains what aws-lambda-power-tuning wrote."""
    start = _start(stream)
    text = start.decode("utf-8", "replace")
    header = _header(text)
    if header is not None:
        yield from _table(stream, *header, skipped)
    elif _begins_json(text) and not _is_lines(text):
        yield from _from_objects(objects(stream.file, skipped), skipped, tunings)
    else:
        yield from _lines(stream, skipped, tunings)


def _start(stream: Stream) -> bytes:
    peek = getattr(stream.file, "peek", None)
    return peek(_SNIFFED)[:_SNIFFED] if peek else b""


def _begins_json(text: str) -> bool:
    return re.match(r'\s*(\{\s*["}]|\[\s*[\[{\]])', text) is not None


def _is_lines(text: str) -> bool:
    """Return whether the first line is an object by itself, of a kind that stands one a line."""
    line = text.lstrip().partition("\n")[0]
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and not {"events", "logEvents", "results", "stats"} & set(value)


def _header(text: str) -> tuple[list[str], str] | None:
    """Return the columns of a table in lower case and what separates them, None for anything but a table."""
    line = re.split(r"[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0]
    for separator in _SEPARATORS:
        if separator in line or separator == ",":
            names = [name.strip().lower() for name in next(csv.reader([line], delimiter=separator), [])]
            known = set(names) & {*_MESSAGES, *FIELDS}
            if known and len(names) > 1 and len(set(names)) == len(names) and all(len(name) < 200 for name in names):
                return names, separator
            if names in (["@message"], ["message"]):
                return names, separator
    return None


def _lines(stream: Stream, skipped: Skipped, tunings: list[dict[str, Any]]) -> Iterator[Events | Fields]:
    import numpy as np
    import pyarrow as pa
    from pyarrow import compute

    for piece in stream.pieces():
        ends = np.flatnonzero(np.frombuffer(piece, np.uint8) == 10) + 1
        offsets = np.append(0, ends).astype(np.int32)
        lines = pa.Array.from_buffers(pa.binary(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(piece)])
        marked = compute.match_substring_regex(lines, MARK.encode())  # one automaton, so all at once
        chosen = lines.filter(marked)
        frames = compute.match_substring_regex(lines.filter(compute.invert(marked)), FRAME.encode())
        skipped[Reason.OTHER] += len(ends) - len(chosen) - (compute.sum(frames).as_py() or 0)
        wrapped = compute.match_substring_regex(
            chosen, rb'^\s*\{(?:[^p]|p[^l])*"(?:message|@message|logEvents|events)"'
        )
        if compute.any(wrapped).as_py():
            yield from _from_objects(_parsed(chosen.filter(wrapped), skipped), skipped, tunings)
            chosen = chosen.filter(compute.invert(wrapped))
        if len(chosen):
            yield Events(chosen)


def _parsed(lines: Any, skipped: Skipped) -> Iterator[dict[str, Any]]:
    for line in lines.to_pylist():
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            skipped[Reason.JSON] += 1
            continue
        if isinstance(value, dict):
            yield value


def _table(stream: Stream, names: list[str], separator: str, skipped: Skipped) -> Iterator[Events | Fields]:
    places = [_place(names, wanted) for wanted in (_MESSAGES, _TIMES, _STREAMS, _GROUPS)]
    fields: dict[str, int] = {name: names.index(name) for name in FIELDS if name in names}
    text = io.TextIOWrapper(stream.file, "utf-8", "replace", newline="")
    rows = csv.reader(text, delimiter=separator)
    next(rows, None)
    for some in _chunks(rows, len(names), skipped):
        message, time, log_stream, group = (_column(some, place) for place in places)
        columns = {name: _column(some, place) for name, place in fields.items()}
        seen = [_MARK.search(text) is not None for text in message] if message else [False] * len(some)
        given = [bool(text.strip()) for text in columns["@duration"]] if "@duration" in columns else [False] * len(some)
        told = [row for row, one in enumerate(seen) if one]
        if told:
            yield Events(_of(message, told), _of(time, told), _of(log_stream, told), _of(group, told))
        tabled = [row for row, (one, other) in enumerate(zip(given, seen, strict=True)) if one and not other]
        if tabled:
            beside: dict[str, list[str]] = {"time": time, "stream": log_stream, "group": group, **columns}
            yield Fields({name: _of(column, tabled) for name, column in beside.items() if column})
        frames = sum(_FRAME.match(text) is not None for text, one in zip(message, seen, strict=False) if not one)
        skipped[Reason.OTHER] += len(some) - len(told) - len(tabled) - frames
    text.detach()  # or it would close the file


def _chunks(rows: Any, width: int, skipped: Skipped) -> Iterator[list[list[str]]]:
    some: list[list[str]] = []
    for row in readable(rows, skipped):
        if len(row) > width:  # a decimal comma without quotes, say: which cell is which cannot be told
            skipped[Reason.SHIFTED] += 1
        elif row:
            some.append(row)
        if len(some) == _ROWS:
            yield some
            some = []
    if some:
        yield some


def _place(names: list[str], wanted: tuple[str, ...]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def _column(rows: list[list[str]], place: int | None) -> list[str]:
    return [] if place is None else [row[place] if place < len(row) else "" for row in rows]


def _of(column: list[str], rows: list[int]) -> list[str]:
    return [column[row] for row in rows] if column else []


def _from_objects(
    found: Iterator[dict[str, Any]], skipped: Skipped, tunings: list[dict[str, Any]]
) -> Iterator[Events | Fields]:
    """Turn objects into events: platform events as they are, log events by their messages, rows by their fields."""
    messages: list[Any] = []
    beside: list[list[Any]] = [[], [], []]
    fields: dict[str, list[str]] = {}
    rows = 0
    for value in found:
        inner = value.get("results")
        tuning = inner if isinstance(inner, dict) else value
        if _is_tuning(tuning):
            tunings.append(tuning)
            continue
        lower = {key.lower(): inner for key, inner in value.items() if isinstance(key, str)}
        message = next((lower[name] for name in _MESSAGES if lower.get(name)), None)
        told = _report_of(value, message)
        if told is not None:
            if messages and isinstance(told, dict) != isinstance(messages[0], dict):
                yield Events(messages, *beside)
                messages, beside = [], [[], [], []]
            messages.append(told)
            for column, names in zip(beside, (_TIMES, _STREAMS, _GROUPS), strict=True):
                column.append(next((lower[name] for name in names if name in lower), None))
        elif lower.get("@duration") not in (None, ""):
            for name, names in (("time", _TIMES), ("stream", _STREAMS), ("group", _GROUPS)):
                given = next((lower[one] for one in names if lower.get(one) is not None), "")
                fields.setdefault(name, []).append(str(given))
            for name in FIELDS:
                one = lower.get(name)
                fields.setdefault(name, []).append("" if one is None else str(one))
            rows += 1
        elif not (isinstance(message, str) and _FRAME.match(message)):
            skipped[Reason.OTHER] += 1
        if len(messages) >= _ROWS:
            yield Events(messages, *beside)
            messages, beside = [], [[], [], []]
        if rows >= _ROWS:
            yield Fields(fields)
            fields, rows = {}, 0
    if messages:
        yield Events(messages, *beside)
    if rows:
        yield Fields(fields)


def _report_of(value: dict[str, Any], message: Any) -> dict[str, Any] | str | None:
    """Return the message of an object, text or platform event, if it is of interest."""
    if str(value.get("type", "")).startswith("platform."):
        message = value
    if isinstance(message, dict):
        kind = str(message.get("type", ""))
        return message if kind in ("platform.report", "platform.initReport") else None
    if isinstance(message, str) and _MARK.search(message):
        return message[:LONGEST_LINE]
    return None


def _is_tuning(value: dict[str, Any]) -> bool:
    return isinstance(value.get("stats"), list) or (isinstance(value.get("power"), str | int) and "duration" in value)
