"""A run as the log of its functions: START, END and REPORT lines as Lambda writes them, in streams of environments.

Text has a time and a stream before each line, as ``sam logs`` prints them; a file whose name ends in ``.json`` is what
``aws logs filter-log-events`` prints, and one that ends in ``.csv`` what the console exports, which has no streams.
Lines: Developer Guide, monitoring-cloudwatchlogs, read 2026-11; of a handler's error, the one of Node.js. Max
Memory Used, without which parsers take a line for cut off, is the Memory Size where the experiment has no
``memory_used``.
"""

import csv
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from lambdasim.config.load import load_config
from lambdasim.errors import InputError
from lambdasim.export.rows import columns, kept_rows, whole_text
from lambdasim.model import rules
from lambdasim.report.saved_folder import SavedFolder
from lambdasim.units import NS_PER_MS, NS_PER_S

READ: Final = ["function", "load", "sequence", "arrival_ns", "placement_ms", "init_duration_ms", "duration_ms",
                "status", "start", "environment"]  # fmt: skip
_STATUS: Final = {
    "timeout": "Status: timeout",
    "crash": "Status: error\tError Type: Runtime.ExitError",
    "out-of-memory": "Status: error\tError Type: Runtime.OutOfMemory",
}
_NOT_LOGGED: Final = ("throttled", "in-flight")


@dataclass(frozen=True, slots=True)
class Known:
    """What the experiment says of a function's lines."""

    memory_mb: int
    used_mb: int
    init_billed: int
    unit_ms: int


@dataclass(frozen=True, slots=True)
class Event:
    """One log event."""

    at_ns: int
    """From the start of the experiment."""
    stream: str
    """Without its date: ``checkout[$LATEST]0123…``, as in a log group that several functions share."""
    message: str


def write(folder: Path, out: Path) -> None:
    """Write the log of a run to ``out``; a name that ends with ``.gz`` is compressed.

    Raises ``InputError`` where the folder is not that of a run or kept not all of its rows, OSError where ``out``
    cannot be written.
    """
    run = SavedFolder(folder)
    if "command" in run.manifest or (folder / "comparison.json").is_file():
        raise InputError.single(f"{folder}: a search or a comparison has no log; give the folder of a run")
    config = load_config(folder / "resolved.toml").config
    if config.output.requests != "all":
        kept = "no rows" if config.output.requests == "none" else "a sample of its rows, which is no log"
        raise InputError.single(f'{folder}: the run kept {kept}; simulate it again with output.requests = "all"')
    file = kept_rows(folder, "requests.parquet")
    origin_ns = round((config.simulation.start or _within(config.account.era)).timestamp()) * NS_PER_S
    known = {name: _known(config, name) for name in config.function}
    events = _in_order(event for some in columns(file, READ) for event in _events(some, known, origin_ns))
    with whole_text(out) as text:
        suffix = out.name.removesuffix(".gz").rpartition(".")[2].lower()
        _FORMS.get(suffix, _as_text)(text, events, origin_ns)


def _within(era: str) -> datetime:
    """Return a time of an era, where an experiment without ``simulation.start`` begins: its era is read off dates."""
    year, _, month = era.partition("-")
    return datetime(int(year), int(month or "1"), 1, tzinfo=UTC)


def _known(config: Any, name: str) -> Known:
    function = config.function[name]
    used = function.memory_used.mean() if function.memory_used is not None else math.inf
    legacy = config.billing.init_policy != "2025-08" and function.package != "image"
    used_mb = round(min(used, function.memory))  # what is not modelled is only known to fit: no line goes without
    return Known(function.memory, used_mb, int(not legacy), config.billing.unit_ms)


def _events(some: list[list[Any]], known: Mapping[str, Known], origin_ns: int) -> Iterator[Event]:
    for row in zip(*some, strict=True):
        function, load, sequence, arrival, placement, init, duration, status, begun, environment = row
        if status in _NOT_LOGGED or environment < 0:
            continue
        name, _, version = function.partition(":")
        of = known.get(name) or known["*"]
        request = _request_id(load, sequence)
        stream = f"{name}[{version or '$LATEST'}]{_hex(function, environment)}"
        started = arrival + round((placement + init) * NS_PER_MS)
        ended = started + round(duration * NS_PER_MS)
        own_init = ""
        billed_ns = round(init * NS_PER_MS)
        if begun == "cold":
            own_init = f"Init Duration: {init:.2f} ms\t"
        elif begun == "restored":
            own_init = f"Restore Duration: {init:.2f} ms\t"
        elif begun == "cold, init timed out":
            yield Event(started, stream, f"INIT_REPORT Init Duration: {init:.2f} ms\tPhase: init\tStatus: timeout")
        else:
            billed_ns = 0
        whole_ns = round(duration * NS_PER_MS)
        billed = rules.billed_ms(whole_ns, billed_ns, of.init_billed, of.unit_ms)  # type: ignore[no-untyped-call]
        yield Event(started, stream, f"START RequestId: {request} Version: {version or '$LATEST'}")
        if status == "error":
            yield Event(ended, stream, f"{_iso(origin_ns + ended)}\t{request}\tERROR\tInvoke Error \t" + _ERROR)
        yield Event(ended, stream, f"END RequestId: {request}")
        report = (
            f"REPORT RequestId: {request}\tDuration: {duration:.2f} ms\tBilled Duration: {billed} ms\tMemory Size: "
            f"{of.memory_mb} MB\tMax Memory Used: {of.used_mb} MB\t{own_init}{_STATUS.get(status, '')}"
        )
        yield Event(ended, stream, report)


_ERROR: Final = '{"errorType":"Error","errorMessage":"simulated"}'


def _request_id(load: str, sequence: int) -> str:
    """Return an id for a request: attempts of an asynchronous event have the same one, as at AWS."""
    digits = hashlib.blake2b(f"{load}/{sequence}".encode(), digest_size=16, person=b"request").hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


@cache
def _hex(function: str, environment: int) -> str:
    return hashlib.blake2b(f"{function}/{environment}".encode(), digest_size=16).hexdigest()


def _iso(ns: int) -> str:
    moment = datetime.fromtimestamp(ns // NS_PER_S, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ns % NS_PER_S // NS_PER_MS:03d}Z"


def _in_order(events: Iterator[Event]) -> list[Event]:
    return sorted(events, key=lambda event: event.at_ns)


def _dated(events: list[Event], origin_ns: int) -> Iterator[tuple[int, str, str]]:
    """Yield each event with its Unix time in ns, and its stream with the date on which that began."""
    days: dict[str, str] = {}
    for event in events:
        at_ns = origin_ns + event.at_ns
        if event.stream not in days:
            days[event.stream] = f"{datetime.fromtimestamp(at_ns // NS_PER_S, UTC):%Y/%m/%d}/{event.stream}"
        yield at_ns, days[event.stream], event.message


def _as_text(text: Any, events: list[Event], origin_ns: int) -> None:
    for at_ns, stream, message in _dated(events, origin_ns):
        text.write(f"{_iso(at_ns)} {stream} {message}\n")


def _as_json(text: Any, events: list[Event], origin_ns: int) -> None:
    text.write('{"events": [\n')
    for place, (at_ns, stream, message) in enumerate(_dated(events, origin_ns)):
        at = at_ns // NS_PER_MS
        event = {"logStreamName": stream, "timestamp": at, "message": f"{message}\n", "ingestionTime": at,
                 "eventId": f"{place:056d}"}  # fmt: skip
        text.write(f"{',' if place else ''}{json.dumps(event)}\n")
    text.write('], "searchedLogStreams": []}\n')


def _as_csv(text: Any, events: list[Event], origin_ns: int) -> None:
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("timestamp", "message"))
    for at_ns, _, message in _dated(events, origin_ns):
        rows.writerow((at_ns // NS_PER_MS, f"{message}\n"))


_FORMS: Final = {"json": _as_json, "csv": _as_csv}
