"""REPORT lines and what stands beside them, from events to rows, in all the variants that AWS has written.

Text is read with RE2, whose time is linear in the text, whatever that is. Fields: Developer Guide,
monitoring-cloudwatchlogs and telemetry-schema-reference, read 2026-11; the variants from public logs of 2018 to 2026.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.logs.events import EXITED, RAISED, RAISED_WITHOUT_ID, TIMED_OUT, Events, Fields
from lambdasim.logs.instants import unix_ns
from lambdasim.logs.rows import Ended, Kind
from lambdasim.logs.skipped import Reason, Skipped

LONGEST_MS: Final = 3_600_000
"""An hour: four times what a function may take, so more than any line says."""
_NUMBER: Final = "(?P<it>[0-9][0-9.,]*)"
_GAP: Final = r"(?:\s|\\t|\\n)"
_TIMES: Final = {
    "duration": rf"(?:RequestId:{_GAP}*[^\s\\]+|ms|MB){_GAP}+Duration:{_GAP}*{_NUMBER}{_GAP}*ms",
    "billed": rf"Billed Duration:{_GAP}*{_NUMBER}{_GAP}*ms",
    "memory": rf"Memory Size:{_GAP}*{_NUMBER}{_GAP}*MB",
    "used": rf"Max Memory Used:{_GAP}*{_NUMBER}{_GAP}*MB",
    "init": rf"Init Duration:{_GAP}*{_NUMBER}{_GAP}*ms",
    "restore": rf"(?:ms|MB){_GAP}+Restore Duration:{_GAP}*{_NUMBER}{_GAP}*ms",
}
_WHOLE: Final = ("billed", "memory", "used")
_REQUIRED: Final = ("duration", "billed", "memory", "used")
_ID: Final = rf"REPORT RequestId:{_GAP}*(?P<it>[^\s\\]+)"
_STATUS: Final = rf"Status:{_GAP}*(?P<it>\w+)"
_CUT: Final = rf"MB{_GAP}+(?:I[^m]*|R[^m]*|S[a-z]*:?){_GAP}*$"
_AT: Final = r"(?P<it>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|[+-]\d\d:?\d\d))?)"
_STREAM: Final = r"(?P<it>(?:\d{4}/\d\d/\d\d/)?[\w-]*\[(?:\$LATEST|\d+)\][0-9a-f]{8,64})"
_INIT_FAILED: Final = r"INIT_REPORT[^\n]*Status:\s*(?:timeout|error)"
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_STREAM_NAME: Final = re.compile(r"(?:\d{4}/\d\d/\d\d/)?([A-Za-z0-9_-]{0,64})\[(?:\$LATEST|\d+)\]")
_GROUP_NAME: Final = re.compile(r"(?:\d+:)?/aws/lambda/([A-Za-z0-9_-]{1,64})$")
_PLAIN: Final = re.compile(
    rb"REPORT RequestId: (\S+)\s+Duration: (\d{1,7}(?:\.\d{1,6})?) ms\s+Billed Duration: (\d{1,8}) ms"
    rb"\s+Memory Size: (\d{1,6}) MB\s+Max Memory Used: (\d{1,6}) MB(?:\s+Init Duration: (\d{1,7}(?:\.\d{1,6})?) ms)?"
    rb"(?:\s+Restore Duration: (\d{1,7}(?:\.\d{1,6})?) ms(?:\s+Billed Restore Duration: \d+ ms)?)?"
    rb"(?:\s+Status: (\w+)(?:\s+Error Type: \S+)?)?\s*(?:XRAY TraceId:[^\r\n]*)?\s*\Z"
)
"""What nearly all lines look like. Nothing in it can be matched in two ways, so its time is linear, too."""
_ENDED: Final = {"timeout": Ended.TIMEOUT, "error": Ended.CRASH, "failure": Ended.ERROR}
_SAID: Final = {Ended.TIMEOUT: TIMED_OUT, Ended.CRASH: EXITED, Ended.ERROR: RAISED}
"""What lines beside a REPORT say of its request."""
_CAUSE: Final = r"^[^\n]*Caused by: "
_HANDLED: Final = r"\n\s+at "
_UNHANDLED: Final = r"lambda_method|Amazon\.Lambda\.RuntimeSupport"
"""In the stack of an exception of .NET that no handler has caught."""
_PLAIN_ENDED: Final = {word.encode(): end for word, end in _ENDED.items()}

Table = dict[str, Any]
"""Columns of rows whose names are not coded yet: texts or None; times in ms, NaN where there are none."""


def of_events(events: Events, skipped: Skipped) -> tuple[Table, dict[Ended, list[str]]]:
    """Return the rows of some events, and the ids of requests that other lines say have timed out or failed."""
    import pyarrow as pa

    texts = events.messages
    if isinstance(texts, list) and texts and isinstance(texts[0], dict):
        return _of_json(texts, np.arange(len(texts)), events, skipped), {}
    if isinstance(texts, list):
        plain = [one.encode("utf-8", "replace") if isinstance(one, str) else one for one in texts]
        texts = pa.array(plain, pa.binary())
    is_json = _matches(texts, r"^\s*\{")
    report = _matches(texts, "REPORT RequestId") & ~is_json
    rest = texts.filter(pa.array(~is_json & ~report))  # few: most lines are REPORT lines
    place = np.flatnonzero(~is_json & ~report)
    failed = _matches(rest, _INIT_FAILED)
    said = {end: _matches(rest, pattern) & ~failed for end, pattern in _SAID.items()}
    said[Ended.ERROR] &= ~_matches(rest, _HANDLED) | _matches(rest, _UNHANDLED)
    told = failed | np.logical_or.reduce(list(said.values()))
    raised = _matches(rest, RAISED_WITHOUT_ID) & ~_matches(rest, _CAUSE) & ~told
    tables = [
        _reports(texts.filter(pa.array(report)), np.flatnonzero(report), events, skipped),
        _without_times(Kind.INIT_FAILED, rest.filter(pa.array(failed)), place[failed], events, skipped),
        _without_times(Kind.RAISED, rest.filter(pa.array(raised)), place[raised], events, skipped),
        _of_json(
            _parsed(texts.filter(pa.array(is_json)).to_pylist(), skipped), np.flatnonzero(is_json), events, skipped
        ),
    ]
    skipped[Reason.OTHER] += int((~told & ~raised).sum())
    found = {
        end: _extracted(rest.filter(pa.array(said[end])), rf"(?P<it>\S+)\s+(?:{mark})").drop_null().to_pylist()
        for end, mark in _SAID.items()
    }
    return _together(tables), found


def of_fields(fields: Fields, skipped: Skipped) -> Table:
    """Return the rows of a table of the fields of Logs Insights: times in ms, sizes in bytes, 10^6 of them a MB."""
    columns = fields.columns
    size = len(columns["@duration"])
    none = [""] * size
    numbers = {
        name: np.array([number(text) if text.strip() else np.nan for text in columns.get(field, none)])
        for name, field in (
            ("duration_ms", "@duration"), ("billed_ms", "@billedduration"), ("init_ms", "@initduration"),
            ("memory_mb", "@memorysize"), ("used_mb", "@maxmemoryused"),
        )
    }  # fmt: skip
    for name in ("memory_mb", "used_mb"):
        numbers[name] = np.round(numbers[name] / 1e6)
    table: Table = {"kind": np.full(size, Kind.REPORT), "ended": np.full(size, Ended.WELL), **numbers}
    table["restore_ms"], table["says_errors"] = np.full(size, np.nan), np.zeros(size, bool)
    table["id"] = columns.get("@requestid", none)
    table["stream"] = [text or None for text in columns.get("stream", none)]
    table["function"] = _functions(columns.get("group", none), table["stream"])
    table["time_ns"] = unix_ns(columns.get("time", none), skipped)
    return _possible(table, skipped)


def _reports(texts: Any, where: NDArray[np.int64], events: Events, skipped: Skipped) -> Table:
    from pyarrow import compute

    if (compute.sum(compute.count_substring(texts, b"REPORT RequestId")).as_py() or 0) > len(texts):
        texts, where = _split(texts, where)
    plain = [_PLAIN.search(text) for text in texts.to_pylist()]
    odd = np.array([one is None for one in plain], bool)
    good = ~odd
    tables = [
        _plain_reports([one.groups() for one in plain if one], _part(texts, good), where[good], events, skipped),
        _odd_reports(_part(texts, odd), where[odd], events, skipped),
    ]
    return _together(tables)


def _part(texts: Any, mask: NDArray[np.bool_]) -> Any:
    import pyarrow as pa

    return texts if mask.all() else texts.filter(pa.array(mask))


def _plain_reports(
    groups: list[tuple[Any, ...]], texts: Any, where: NDArray[np.int64], events: Events, skipped: Skipped
) -> Table:
    columns = list(zip(*groups, strict=True)) if groups else [()] * 8
    names = ("duration_ms", "billed_ms", "memory_mb", "used_mb", "init_ms", "restore_ms")
    table: Table = {"kind": np.full(len(groups), Kind.REPORT)}
    table["ended"] = np.array([_PLAIN_ENDED.get(one, Ended.WELL) for one in columns[7]], np.uint8)
    for name, column in zip(names, columns[1:7], strict=True):
        table[name] = _where_present(column)
    table["id"] = [one.decode("utf-8", "replace") for one in columns[0]]
    return _possible(table | _beside(texts, where, events, skipped), skipped)


def _where_present(column: Sequence[bytes | None]) -> NDArray[np.float64]:
    """Return plain numbers; NaN where there is none, as mostly among inits."""
    result = np.full(len(column), np.nan)
    some = [place for place, one in enumerate(column) if one is not None]
    result[some] = np.array([column[place] for place in some], "S16").astype(float)
    return result


def _odd_reports(texts: Any, where: NDArray[np.int64], events: Events, skipped: Skipped) -> Table:
    """Read lines that are not written as AWS writes them today, field by field."""
    found = {name: _extracted(texts, pattern) for name, pattern in _TIMES.items()}
    present = {name: column.is_valid().to_numpy(zero_copy_only=False) for name, column in found.items()}
    numbers = {name: _numbers(column, name in _WHOLE) for name, column in found.items()}
    cut = _matches(texts, _CUT)
    cut |= ~np.logical_and.reduce([present[name] for name in _REQUIRED])
    unread = ~cut & np.logical_or.reduce([present[name] & np.isnan(numbers[name]) for name in numbers])
    skipped[Reason.CUT] += int(cut.sum())
    skipped[Reason.NUMBER] += int(unread.sum())
    status = _extracted(texts, _STATUS).to_pylist()
    table: Table = {
        "kind": np.full(len(texts), Kind.REPORT),
        "ended": np.array([_ENDED.get((one or "").lower(), Ended.WELL) for one in status], np.uint8),
        "duration_ms": numbers["duration"],
        "billed_ms": numbers["billed"],
        "memory_mb": numbers["memory"],
        "used_mb": numbers["used"],
        "init_ms": numbers["init"],
        "restore_ms": numbers["restore"],
        "id": _extracted(texts, _ID).to_pylist(),
        **_beside(texts, where, events, skipped),
    }
    return _possible(_kept(table, ~cut & ~unread), skipped)


def _split(texts: Any, where: NDArray[np.int64]) -> tuple[Any, NDArray[np.int64]]:
    """Give each REPORT of a message that has several a message of its own."""
    import pyarrow as pa

    parts, places = [], []
    for place, text in zip(where.tolist(), texts.to_pylist(), strict=True):
        before, *reports = text.split(b"REPORT RequestId")
        parts += [(before if i == 0 else b"") + b"REPORT RequestId" + one for i, one in enumerate(reports)]
        places += [place] * len(reports)
    return pa.array(parts, pa.binary()), np.array(places)


def _without_times(kind: Kind, texts: Any, where: NDArray[np.int64], events: Events, skipped: Skipped) -> Table:
    """Return the rows of lines that say no more than that something happened, and where."""
    size = len(texts)
    names = ("duration_ms", "billed_ms", "memory_mb", "used_mb", "init_ms", "restore_ms")
    table: Table = {"kind": np.full(size, kind), "ended": np.full(size, Ended.WELL)}
    table |= {name: np.full(size, np.nan) for name in names}
    return table | {"id": [None] * size, **_beside(texts, where, events, skipped)}


def _beside(texts: Any, where: NDArray[np.int64], events: Events, skipped: Skipped) -> Table:
    """Return when and where some events were, by what their export or else their own line says."""
    places = where.tolist()
    streams = [events.streams[i] for i in places] if events.streams else _extracted(texts, _STREAM).to_pylist()
    groups = [events.groups[i] for i in places] if events.groups else [None] * len(places)
    times = [events.times[i] for i in places] if events.times else _extracted(texts, _AT)
    streams = [one if isinstance(one, str) and one else None for one in streams]
    functions = _functions(groups, streams)
    return {
        "stream": streams,
        "function": functions,
        "time_ns": unix_ns(times, skipped),
        "place": where,
        "says_errors": np.zeros(len(places), bool),
    }


def _functions(groups: Sequence[Any], streams: Sequence[str | None]) -> list[str | None]:
    """Return the function that a log group is named after, or that the name of a stream holds."""
    known: dict[tuple[Any, Any], str | None] = {}
    names = []
    for pair in zip(groups, streams, strict=True):
        if pair not in known:
            group = _GROUP_NAME.search(pair[0]) if isinstance(pair[0], str) else None
            stream = _STREAM_NAME.match(pair[1]) if pair[1] else None
            known[pair] = group[1] if group else stream[1] or None if stream else None
        names.append(known[pair])
    return names


def _parsed(texts: list[bytes], skipped: Skipped) -> list[Any]:
    """Return JSON values, None for those that are malformed."""
    values: list[Any] = []
    for text in texts:
        try:
            values.append(json.loads(text))
        except (ValueError, RecursionError):
            skipped[Reason.JSON] += 1
            values.append(None)
    return values


def _of_json(values: list[Any], where: NDArray[np.int64], events: Events, skipped: Skipped) -> Table:
    """Return the rows of ``platform.report`` and of inits that failed or were provisioned."""
    rows: list[tuple[Any, ...]] = []
    for place, value in zip(where.tolist(), values, strict=True):
        row = _platform_event(value)
        if row is None:
            skipped[Reason.OTHER] += value is not None
            continue
        time = events.times[place] if events.times else value.get("time")
        stream = events.streams[place] if events.streams else None
        group = events.groups[place] if events.groups else None
        rows.append((*row, value.get("time") if time in (None, "") else time, stream, group, place))
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(13)]
    names = ("kind", "ended", "duration_ms", "billed_ms", "memory_mb", "used_mb", "init_ms", "restore_ms")
    table: Table = {name: np.array(column, float) for name, column in zip(names, columns[:8], strict=True)}
    table["id"] = columns[8]
    table["stream"] = [one if isinstance(one, str) and one else None for one in columns[10]]
    table["function"] = _functions(columns[11], table["stream"])
    table["time_ns"] = unix_ns(columns[9], skipped)
    table["place"] = np.array(columns[12], np.int64)
    table["says_errors"] = np.ones(len(rows), bool)
    return _possible(table, skipped)


def _platform_event(value: Any) -> tuple[Any, ...] | None:
    """Return kind, end, the six numbers and the id of a platform event; None for one that says nothing of these."""
    record = value.get("record") if isinstance(value, dict) else None
    if not isinstance(record, dict):
        return None
    nothing = (np.nan,) * 6
    if value.get("type") == "platform.initReport":
        if record.get("status") in ("timeout", "error", "failure"):
            return Kind.INIT_FAILED, Ended.WELL, *nothing, None
        if record.get("initializationType") == "provisioned-concurrency":
            return Kind.PROVISIONED_INIT, Ended.WELL, *nothing, None
        return None
    metrics = record.get("metrics")
    if value.get("type") != "platform.report" or not isinstance(metrics, dict):
        return None
    keys = ("durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB", "initDurationMs", "restoreDurationMs")
    numbers = [_plain_number(metrics.get(key)) for key in keys]
    return Kind.REPORT, _ENDED.get(str(record.get("status")), Ended.WELL), *numbers, record.get("requestId")


def _plain_number(value: Any) -> float:
    if isinstance(value, str):
        return number(value)
    return float(value) if isinstance(value, int | float) and abs(value) < 1e15 else np.nan


def _possible(table: Table, skipped: Skipped) -> Table:
    """Leave out what cannot be: no duration, or one of more than an hour, or memory that no function has."""
    kind, duration, memory = table["kind"], table["duration_ms"], table["memory_mb"]
    with np.errstate(invalid="ignore"):
        good = (duration >= 0) & (duration <= LONGEST_MS) & ~(memory > 60_000) & ~(table["used_mb"] > 65_000)
        for name in ("billed_ms", "init_ms", "restore_ms"):
            good &= np.isnan(table[name]) | ((table[name] >= 0) & (table[name] <= 2 * LONGEST_MS))
    good |= kind != Kind.REPORT
    skipped[Reason.IMPOSSIBLE] += int((~good).sum())
    return _kept(table, good)


def _kept(table: Table, mask: NDArray[np.bool_]) -> Table:
    if mask.all():
        return table
    rows = np.flatnonzero(mask)
    places = rows.tolist()
    return {
        name: column[rows] if isinstance(column, np.ndarray) else [column[i] for i in places]
        for name, column in table.items()
    }


def _together(tables: Sequence[Table]) -> Table:
    """Return the rows of some tables in the order of their events, on which those without a time rely."""
    some = [table for table in tables if len(table["kind"])] or [tables[0]]
    if len(some) == 1:
        return some[0]
    order = np.argsort(np.concatenate([table["place"] for table in some]), kind="stable")
    places = order.tolist()
    joined: Table = {}
    for name, column in some[0].items():
        if isinstance(column, np.ndarray):
            joined[name] = np.concatenate([table[name] for table in some])[order]
        else:
            every = [one for table in some for one in table[name]]
            joined[name] = [every[i] for i in places]
    return joined


def _matches(texts: Any, pattern: str) -> NDArray[np.bool_]:
    from pyarrow import compute

    found: NDArray[np.bool_] = compute.match_substring_regex(texts, pattern.encode()).to_numpy(zero_copy_only=False)
    return found.astype(bool)


def _extracted(texts: Any, pattern: str) -> Any:
    """Return what the group ``it`` of a pattern finds, as an array of strings with nulls."""
    import pyarrow as pa
    from pyarrow import compute

    found = compute.extract_regex(texts, pattern)
    cells = compute.struct_field(found, [0])
    try:
        return cells.cast(pa.string())
    except pa.ArrowInvalid:  # bytes that are no UTF-8
        return pa.array(
            [None if one is None else one.decode("utf-8", "replace") for one in cells.to_pylist()], pa.string()
        )


def _numbers(column: Any, whole: bool) -> NDArray[np.float64]:
    """Return texts as numbers; NaN for those that are none, or that are missing."""
    import pyarrow as pa

    try:
        values = column.cast(pa.float64())
    except pa.ArrowInvalid:
        return np.array([np.nan if text is None else number(text, whole) for text in column.to_pylist()], float)
    return values.fill_null(np.nan).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def number(text: str, whole: bool = False) -> float:
    """Return the number of a text, also with a decimal comma or commas between thousands; NaN where unclear."""
    text = text.strip()
    if whole and _THOUSANDS.fullmatch(text):
        text = text.replace(",", "").replace(".", "")
    elif "," in text:
        before, _, rest = text.rpartition(",")
        if "." in text:
            text = (
                text.replace(",", "") if text.rfind(".") > text.rfind(",") else text.replace(".", "").replace(",", ".")
            )
        elif "," in before or len(rest) == 3:  # 1,234 may be either
            text = "" if "," not in before else text.replace(",", "")
        else:
            text = f"{before}.{rest}"
    try:
        value = float(text)
    except ValueError:
        return np.nan
    return value if np.isfinite(value) else np.nan


def is_uuid(text: Any) -> bool:
    """Return whether an id tells one request from all others: a masked one does not."""
    return isinstance(text, str) and _UUID.fullmatch(text) is not None
