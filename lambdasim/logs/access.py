"""When requests came, by access logs: those of an Application Load Balancer and of API Gateway.

Fields of ALB: Elastic Load Balancing User Guide, load-balancer-access-logs; of API Gateway: whatever the user's format
has, so a time is looked for (``$context.requestTimeEpoch``, ``$context.requestTime``), read 2026-11.
"""

import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.logs.cells import readable
from lambdasim.logs.files import Stream, streams
from lambdasim.logs.instants import instant
from lambdasim.logs.json_values import objects
from lambdasim.logs.skipped import Reason, Skipped

NS_PER_S: Final = 1_000_000_000
_ALB_TYPES: Final = ("http", "https", "h2", "grpcs", "ws", "wss")
_CREATED: Final = 21
"""Place of ``request_creation_time``; lines of before 2018 end before it."""
_CLF: Final = re.compile(r"\[?(\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]?")
_EPOCH_MS: Final = re.compile(r"(?<![\w.-])(1\d{12})(?![\w.-])")
_KEYS: Final = ("requesttimeepoch", "requesttime", "@timestamp", "timestamp", "time")
_MONTHS: Final = {
    "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6,
    "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11, "Dec": 12,
}  # fmt: skip

Int64 = NDArray[np.int64]


def load_balancer(path: str, skipped: Skipped) -> Int64:
    """Return when each request to a load balancer was made, in Unix ns, in the order of the files."""
    times: list[int] = []
    for stream in streams([path]):
        for fields in _space_separated(stream, skipped):
            at = _of_balancer(fields)
            if at is None:
                skipped[Reason.TIME if fields and fields[0] in _ALB_TYPES else Reason.OTHER] += 1
            else:
                times.append(at)
    return np.array(times, np.int64)


def _space_separated(stream: Stream, skipped: Skipped) -> Iterator[list[str]]:
    text = (piece.decode("utf-8", "replace") for piece in stream.pieces())
    for piece in text:
        yield from readable(csv.reader(io.StringIO(piece), delimiter=" ", quotechar='"', escapechar="\\"), skipped)


def _of_balancer(fields: list[str]) -> int | None:
    """Return the creation of a request; where that is absent, the end of its response less all that it took."""
    if len(fields) < 10 or fields[0] not in _ALB_TYPES:
        return None
    created = instant(fields[_CREATED]) if len(fields) > _CREATED else None
    if created is not None:
        return created
    ended = instant(fields[1])
    try:
        took = sum(max(float(part), 0.0) for part in fields[5:8])  # -1 where no target took it
    except ValueError:
        return None
    return None if ended is None or not took < 1e6 else ended - round(took * NS_PER_S)


def gateway(path: str, skipped: Skipped) -> Int64:
    """Return when each request to an API Gateway came, in Unix ns; CLF times are whole seconds."""
    times: list[int] = []
    for stream in streams([path]):
        start = stream.file.peek(512)[:512].lstrip() if hasattr(stream.file, "peek") else b""
        found = objects(stream.file, skipped) if start[:1] in (b"{", b"[") and start[1:2] != b"0" else _lines(stream)
        for one in found:
            at = _of_gateway(one)
            if at is None:
                skipped[Reason.OTHER] += 1
            else:
                times.append(at)
    return np.array(times, np.int64)


def _lines(stream: Stream) -> Iterator[str]:
    for piece in stream.pieces():
        yield from piece.decode("utf-8", "replace").splitlines()


def _of_gateway(one: Any) -> int | None:
    if isinstance(one, str):
        clf, epoch = _CLF.search(one), _EPOCH_MS.search(one)
        return instant(epoch[1]) if epoch else _clf(clf[1]) if clf else None
    lower = {key.lower(): value for key, value in one.items() if isinstance(key, str)}
    message = lower.get("message") or lower.get("@message")
    if isinstance(message, str):  # exported from a log group
        inner = next(iter(objects(io.BytesIO(message.encode()), Skipped())), None) if "{" in message else message
        found = _of_gateway(inner) if inner else None
        if found is not None:
            return found
    for key in _KEYS:
        value = lower.get(key)
        found = instant(value)
        if found is None and isinstance(value, str) and (clf := _CLF.search(value)):
            found = _clf(clf[1])
        if found is not None:
            return found
    return None


def _clf(text: str) -> int | None:
    """Return a time such as ``10/Jun/2023:15:36:28 +0000``; the names of months do not depend on where this runs."""
    day, month, rest = text.split("/", 2)
    if month not in _MONTHS:
        return None
    year, clock = rest.split(":", 1)
    clock, zone = clock.split(" ")
    try:
        moment = datetime.fromisoformat(f"{year}-{_MONTHS[month]:02d}-{int(day):02d}T{clock}{zone[:3]}:{zone[3:]}")
    except ValueError:
        return None
    return instant(moment.isoformat())
