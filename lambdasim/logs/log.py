"""A log as a value: the invocations that some files tell of, in order of time, and what was left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.errors import InputError
from lambdasim.logs.events import Events
from lambdasim.logs.files import streams
from lambdasim.logs.report import Table, is_uuid, of_events, of_fields
from lambdasim.logs.rows import DTYPES, NO_TIME, NONE_US, Ended, Growing, Kind, Rows
from lambdasim.logs.shapes import events
from lambdasim.logs.skipped import Reason, Skipped, account
from lambdasim.units import NS_PER_S

MOST_ROWS: Final = 20_000_000
"""Invocations that are kept: some 1 GB, and as much again while they are counted."""


@dataclass(slots=True)
class Log:
    """What some files tell. ``rows`` are in order of time, of each stream in order, without duplicates."""

    paths: tuple[str, ...]
    rows: Rows
    streams: list[str]
    functions: list[str]
    skipped: Skipped
    tunings: list[dict[str, Any]]
    """What aws-lambda-power-tuning wrote."""

    def of(self, function: int) -> Rows:
        """Return the rows of one function, by its index; -1 for those that the log names none for."""
        return self.rows.take(self.rows.function == function)

    def account(self) -> str:
        """Return what was left out, as the words of a message; nothing if nothing was."""
        return account(self.skipped)


class _Codes:
    """Names and their numbers."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}

    def of(self, names: Sequence[str | None]) -> NDArray[np.int32]:
        known = self.names
        codes = [-1 if name is None else known.setdefault(name, len(known)) for name in names]
        return np.array(codes, np.int32)


def read_log(paths: Sequence[str], most_rows: int = MOST_ROWS) -> Log:
    """Read the logs at some paths, files or folders, of any shape.

    Raises ``InputError`` for a path that cannot be read, and where there is nothing to read in any of them.
    """
    skipped, tunings = Skipped(), list[dict[str, Any]]()
    log_streams, functions = _Codes(), _Codes()
    said: dict[Ended, set[int]] = {}
    kept = Growing(most_rows)
    for stream in streams(paths):
        for some in events(stream, skipped, tunings):
            if isinstance(some, Events):
                table, found = of_events(some, skipped)
                for end, ids in found.items():
                    said.setdefault(end, set()).update(map(_hash, ids))
            else:
                table = of_fields(some, skipped)
            rows = _coded(table, log_streams, functions)
            room = most_rows - len(kept)
            if len(rows) > room:
                skipped[Reason.MANY] += len(rows) - room
                rows = rows.take(slice(0, room))
            kept.add(rows)
    rows = _ordered(kept.rows(), said, skipped)
    if not (rows.kind == Kind.REPORT).any() and not tunings:
        log = Log(tuple(paths), rows, [], [], skipped, [])
        raise InputError.single(_nothing(log), file=", ".join(paths)[:500])
    return Log(tuple(paths), rows, list(log_streams.names), list(functions.names), skipped, tunings)


def _nothing(log: Log) -> str:
    left = log.account()
    return (
        f"has no REPORT line that can be read{f' ({left})' if left else ''}; give the log of a Lambda function: a "
        "console or Logs Insights export, filter-log-events, or JSON logs with platform.report"
    )


def _hash(text: str) -> int:
    return hash(text) & 0xFFFF_FFFF_FFFF_FFFF or 1


def _coded(table: Table, log_streams: _Codes, functions: _Codes) -> Rows:
    def whole(name: str, factor: float, missing: int) -> NDArray[Any]:
        values = table[name]
        return np.where(np.isnan(values), missing, np.round(np.nan_to_num(values) * factor)).astype(np.int64)

    columns = {
        "kind": table["kind"],
        "ended": table["ended"],
        "time_ns": table["time_ns"],
        "duration_us": whole("duration_ms", 1000, 0),
        "billed_ms": whole("billed_ms", 1, 0),
        "init_us": whole("init_ms", 1000, NONE_US),
        "restore_us": whole("restore_ms", 1000, NONE_US),
        "memory_mb": whole("memory_mb", 1, 0),
        "used_mb": whole("used_mb", 1, 0),
        "identity": np.array([_hash(one) if is_uuid(one) else 0 for one in table["id"]], np.uint64),
        "stream": log_streams.of(table["stream"]),
        "function": functions.of(table["function"]),
        "says_errors": table["says_errors"],
    }
    return Rows(*(np.asarray(columns[name]).astype(dtype) for name, dtype in DTYPES.items()))


def _ordered(rows: Rows, said: dict[Ended, set[int]], skipped: Skipped) -> Rows:
    """Return the rows in order of time without duplicates; those without a time come first, as they were."""
    if (np.diff(rows.time_ns) < 0).any():
        rows = rows.take(np.argsort(rows.time_ns, kind="stable"))
    duplicate = _duplicates(rows)
    if duplicate.any():
        skipped[Reason.DUPLICATE] += int(duplicate.sum())
        rows = rows.take(~duplicate)
    rows = _raised(rows)
    for end, ids in said.items():  # of whose REPORT line does not say so itself
        of_said = np.isin(rows.identity, np.array(sorted(ids), np.uint64)) & (rows.ended == Ended.WELL)
        rows.ended[of_said & (rows.kind == Kind.REPORT)] = end
    return rows


def _raised(rows: Rows) -> Rows:
    """Take out what runtimes wrote of errors that name no request: of the next REPORT line of the same stream.

    Where the log has times that one must have been running then, to a second.
    """
    told = rows.kind == Kind.RAISED
    if not told.any():
        return rows
    of_time = rows.time_ns != NO_TIME  # of the same ms the error comes first, also where the newest event does
    order = np.lexsort(((rows.kind == Kind.REPORT) & of_time, rows.time_ns, rows.stream))
    reports = np.where(rows.kind[order] == Kind.REPORT, np.arange(len(rows)), len(rows))
    following = np.minimum.accumulate(reports[::-1])[::-1]
    places = np.flatnonzero(told[order] & (following < len(rows)))
    errors, ends = order[places], order[following[places]]
    began_ns = rows.time_ns[ends] - rows.duration_us[ends].astype(np.int64) * 1_000 - NS_PER_S
    good = (rows.stream[errors] == rows.stream[ends]) & (~of_time[ends] | (began_ns <= rows.time_ns[errors]))
    good &= rows.ended[ends] == Ended.WELL
    rows.ended[ends[good]] = Ended.ERROR
    return rows.take(~told)


def _duplicates(rows: Rows) -> NDArray[np.bool_]:
    """Return which rows say the same as one before them: of the same request, at the same time, with the same numbers.

    A request that is tried again has the same id, and other times.
    """
    mix = rows.identity.copy()
    with np.errstate(over="ignore"):
        for column in (rows.time_ns, rows.duration_us, rows.billed_ms, rows.init_us):
            mix = mix * np.uint64(0x9E3779B97F4A7C15) + column.astype(np.uint64)
            mix ^= mix >> np.uint64(29)
    order = np.argsort(mix, kind="stable")
    mix = mix[order]
    again = np.zeros(len(rows), bool)
    again[order[1:]] = mix[1:] == mix[:-1]
    again &= (rows.identity != 0) & (rows.kind == Kind.REPORT)
    return again
