"""Traces that are logs of AWS: what came when, whatever the order in the file, held in memory and put in order.

Time 0 is the first arrival. This module knows what the readers of ``lambdasim.logs`` return, and no format itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from lambdasim.config.traffic import Trace
from lambdasim.errors import InputError
from lambdasim.logs.access import gateway, load_balancer
from lambdasim.logs.far import far_times
from lambdasim.logs.inits import hidden_inits, inits_after_reset
from lambdasim.logs.log import read_log
from lambdasim.logs.rows import NO_TIME, NONE_US, Ended, Kind
from lambdasim.logs.series import metric_data, query_rows
from lambdasim.logs.skipped import Reason, Skipped, account
from lambdasim.plan import CHUNK_ROWS
from lambdasim.units import NS_PER_MS, NS_PER_S
from lambdasim.workload.block import NOT_GIVEN, ArrivalBlock, Int64
from lambdasim.workload.traces.bins import Cells, merged
from lambdasim.workload.traces.file import asking


class LogFile:
    """A log by its path; the twin of ``TraceFile`` where messages are concerned."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.columns: tuple[str, ...] = ()
        """What its rows say of their invocations."""

    def error(self, message: str, *, column: str | None = None) -> InputError:
        """Return the error to raise about it."""
        return InputError.single(message, file=self.path, path=column)


@dataclass(frozen=True, slots=True, eq=False)
class Logged:
    """What a log says: requests in order of time, or with ``bin_ns`` counts of bins."""

    time_ns: Int64
    names: tuple[str, ...]
    """Functions that the log names; empty for none."""
    function: Int64
    """Index into ``names``, 0 where there are none."""
    bin_ns: int = 0
    count: Int64 | None = None
    duration_ns: Int64 | None = None
    init_ns: Int64 | None = None
    error: Int64 | None = None
    notes: tuple[str, ...] = ()
    """What of the log is not replayed, and what in it is doubtful."""

    def blocks(self) -> Iterator[ArrivalBlock]:
        """Yield the requests, some at a time."""
        for low in range(0, len(self.time_ns), CHUNK_ROWS):
            rows = slice(low, low + CHUNK_ROWS)
            given = (None if one is None else one[rows] for one in (self.duration_ns, self.init_ns, self.error))
            yield ArrivalBlock(self.time_ns[rows], self.function[rows], *given)

    def cells(self) -> Cells:
        """Return the counts of all bins."""
        assert self.count is not None
        return merged(Cells(self.time_ns, self.function, self.count))


def read_logged(trace: Trace, file: LogFile, target: str | None) -> Logged:
    """Read the log of a trace; raises ``InputError``, also where nothing in it says when something came."""
    skipped = Skipped()
    logged = READERS[trace.format](trace, file, target, skipped)
    if not len(logged.time_ns):
        raise file.error("says of nothing when it came")
    left, far = account(skipped), far_times(logged.time_ns)
    return replace(logged, notes=((f"left out: {left}",) if left else ()) + ((far,) if far else ()))


def _reports(trace: Trace, file: LogFile, target: str | None, skipped: Skipped) -> Logged:
    """Invocations arrive when they ended less what they took; their durations, inits and errors are kept.

    A Duration that holds an init is no handler's: the function's own law has that. One that ended with the timeout
    would have gone on. A crash is an error.
    """
    log = read_log([trace.file])
    skipped.update(log.skipped)
    hidden = hidden_inits(log.rows)[log.rows.kind == Kind.REPORT]
    rows, names = log.rows.take(log.rows.kind == Kind.REPORT), tuple(log.functions)
    late = rows.ended == Ended.TIMEOUT
    duration_ns = rows.duration_us.astype(np.int64) * 1000 + np.where(late, NS_PER_MS, 0)
    duration_ns[(hidden | inits_after_reset(rows)) & ~late] = NOT_GIVEN
    own = rows.time_ns != NO_TIME
    skipped[Reason.NO_TIME] += int((~own).sum())
    if target in names:
        others = own & (rows.function != names.index(target))
        skipped[Reason.FUNCTION] += int(others.sum())
        own &= ~others
    elif target is None and (rows.function[own] < 0).any():
        raise asking(file.path, "target", "names no function in some of its lines, so the load needs a target")
    if target is not None:
        names = ()
    order = np.flatnonzero(own)
    order = order[np.argsort(rows.start_ns[order], kind="stable")]
    rows = rows.take(order)
    starts = rows.start_ns
    file.columns = ("duration", "init", "error")
    return Logged(
        starts - starts[:1].sum(),
        names,
        rows.function.astype(np.int64) if names else np.zeros(len(rows), np.int64),
        duration_ns=duration_ns[order],
        init_ns=np.where(rows.init_us == NONE_US, NOT_GIVEN, rows.init_us.astype(np.int64) * 1000),
        error=np.isin(rows.ended, (Ended.ERROR, Ended.CRASH)).astype(np.int64),
    )


def _access(read: Callable[[str, Skipped], Int64]) -> "Callable[[Trace, LogFile, str | None, Skipped], Logged]":
    def logged(trace: Trace, file: LogFile, target: str | None, skipped: Skipped) -> Logged:
        _need(target, file)
        times = np.sort(read(trace.file, skipped))
        if not len(times):
            raise file.error(
                f"has no request that can be read ({_told(skipped)}); is it of the format '{trace.format}'?"
            )
        if len(times) > 1 and not (times % NS_PER_S).any():  # whole seconds: when in them is not known
            seconds, count = np.unique(times, return_counts=True)
            return Logged(seconds - seconds[0], (), np.zeros(len(seconds), np.int64), NS_PER_S, count)
        return Logged(times - times[0], (), np.zeros(len(times), np.int64))

    return logged


def _cloudwatch(trace: Trace, file: LogFile, target: str | None, skipped: Skipped) -> Logged:
    _need(target, file)
    found = metric_data(trace.file, skipped)
    if not found:
        raise file.error("has no metric of CloudWatch; give what get-metric-data or get-metric-statistics prints")
    chosen = [one for one in found if trace.metric in (None, *one.names)]
    if trace.metric is None and len(found) > 1:
        chosen = [one for one in found if any(name.lower() == "invocations" for name in one.names)]
    if len(chosen) != 1:
        shown = ", ".join(f"'{one.names[-1][:60]}'" for one in found[:8])
        many = f"has {len(chosen)} metrics" if chosen else "has no metric"
        called = f"called '{trace.metric or 'Invocations'}'"
        raise asking(file.path, "trace.metric", f"{many} {called}; say which of its own is meant: {shown}")
    one = chosen[0]
    if one.incomplete:
        raise file.error(f"the metric '{one.names[-1][:60]}' is not complete ({one.incomplete}); get it again")
    if skipped[Reason.COUNT] or skipped[Reason.SUM] or not one.sums:
        told = account(skipped) or "no period"
        raise file.error(f"the metric '{one.names[-1][:60]}' has {told}; ask for Statistics Sum")
    times = np.array(sorted(one.sums), np.int64)
    count = np.round([one.sums[time] for time in times.tolist()]).astype(np.int64)
    bin_ns = trace.bin or _common_step(times, file)
    return Logged(times - times[0], (), np.zeros(len(times), np.int64), bin_ns, count)


def _insights(trace: Trace, file: LogFile, target: str | None, skipped: Skipped) -> Logged:
    found = query_rows(trace.file, trace.columns, skipped)
    if not found.times:
        raise asking(
            file.path,
            "trace.columns",
            f"has no row with a time that can be read ({_told(skipped)}); name its column with columns",
        )
    names: dict[str, int] = {}
    if target is None:
        if None in found.functions:
            raise asking(file.path, "target", "names no function in some of its rows, so the load needs a target")
        codes = [names.setdefault(str(name), len(names)) for name in found.functions]
    else:
        codes = [0] * len(found.times)
    times, function = np.array(found.times, np.int64), np.array(codes, np.int64)
    order = np.argsort(times, kind="stable")
    times, function = times[order], function[order]
    if not found.counts:
        return Logged(times - times[0], tuple(names), function)
    bin_ns = trace.bin or _common_step(np.unique(times), file)
    return Logged(times - times[0], tuple(names), function, bin_ns, np.array(found.counts, np.int64)[order])


def _need(target: str | None, file: LogFile) -> None:
    if target is None:
        raise asking(file.path, "target", "names no function, so the load needs a target")


def _common_step(times: Int64, file: LogFile) -> int:
    if len(times) < 2:
        raise asking(
            file.path, "trace.bin", "has only one period, so how long it is cannot be told; give bin, such as '1min'"
        )
    return int(np.gcd.reduce(np.diff(times)))


def _told(skipped: Skipped) -> str:
    return account(skipped) or "it is empty"


READERS: Final = {
    "reports": _reports,
    "alb-log": _access(load_balancer),
    "apigateway-log": _access(gateway),
    "cloudwatch": _cloudwatch,
    "insights": _insights,
}
"""By the names of formats."""
