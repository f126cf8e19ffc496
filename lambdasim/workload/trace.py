"""Replays a trace file as a load.

A trace is read in passing: once when it is opened, to check its rows and to learn its functions and its end, and once
for each run. Only the rows of one that is short are held, and read once. Each format is one file of
``lambdasim.workload.traces``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from lambdasim.config.traffic import LoadConfig, Trace
from lambdasim.model.events import NEVER_NS
from lambdasim.units import NS_PER_MIN
from lambdasim.workload.block import ArrivalBlock, Stage
from lambdasim.workload.random_streams import UInt64, stream_key
from lambdasim.workload.traces.azure2019 import function_overrides, read_day
from lambdasim.workload.traces.azure2021 import Disorder, read_invocations, shown_names
from lambdasim.workload.traces.bins import Cells, arrivals, scaled_counts
from lambdasim.workload.traces.counts import CountsSummary, read_counts
from lambdasim.workload.traces.events import read_events
from lambdasim.workload.traces.file import TraceFile, asking
from lambdasim.workload.traces.logged import READERS, LogFile, read_logged
from lambdasim.workload.traces.names import Names
from lambdasim.workload.traces.rows import reordered, scaled, take
from lambdasim.workload.traces.window import Window

GIVEN: Final = ("duration", "init", "error")
"""Columns that say something of an invocation."""
HELD_ROWS: Final = 2**20
"""So many rows are held rather than read twice: 40 MB at most."""


@dataclass(frozen=True, slots=True, eq=False)
class TraceLoad:
    """A trace that has been checked and can be replayed any number of times."""

    name: str
    functions: tuple[str, ...]
    """Names of the functions (or sources) its rows go to, as they appear; blocks hold indices into it."""
    ends_ns: int
    """When its last row arrives, or its last bin ends, in the experiment."""
    function_overrides: dict[str, dict[str, Any]]
    """What the trace itself says of functions: ``"duration"`` (a ``Distribution``), ``"memory"`` (MB), or neither."""
    _window: Window
    _replay: Callable[[], Iterator[ArrivalBlock]]
    stages: Sequence[Stage] = ()
    gives: tuple[str, ...] = ()
    """What its rows say of their invocations: ``duration``, ``init`` and ``error``, as far as its file has them."""
    notes: tuple[str, ...] = ()
    """What of a log is not replayed, and what in it is doubtful."""

    def blocks(self) -> Iterator[ArrivalBlock]:
        """Yield all arrivals in order of time, from the beginning."""
        window = self._window
        for block in self._replay():
            inside = take(block, window.inside(block.arrival_ns))
            if len(inside):
                yield replace(inside, arrival_ns=window.moved(inside.arrival_ns))


@dataclass(frozen=True, slots=True)
class _Opening:
    """What a format needs to open a trace."""

    load: LoadConfig
    trace: Trace
    target: str | None
    seed: int
    table: TraceFile | None
    """The file, of a format that is a table."""
    log: LogFile
    """The file, of one that is a log."""
    window: Window

    @property
    def file(self) -> TraceFile:
        """The table."""
        assert self.table is not None
        return self.table

    def names(self) -> Names:
        """Return the names known before reading: the target, when no column names functions."""
        if "function" in self.file.columns:
            return Names()
        if self.target is None:
            raise asking(self.file.path, "target", "has no column called 'function', so the load needs a target")
        return Names([self.target])

    def keys(self, kind: str, functions: Sequence[str]) -> UInt64:
        """Return the key of each function's stream of ``kind`` draws."""
        return np.array([stream_key(self.seed, kind, self.load.name, name) for name in functions], np.uint64)

    def opened(
        self,
        functions: tuple[str, ...],
        last_ns: int,
        replay: Callable[[], Iterator[ArrivalBlock]],
        overrides: dict[str, dict[str, Any]] | None = None,
    ) -> TraceLoad:
        """Return the load that ends at the trace's ``last_ns``."""
        try:
            ends_ns = self.window.end(last_ns)
        except ValueError as error:
            raise (self.table or self.log).error(str(error)) from None
        return TraceLoad(self.load.name, functions, ends_ns, overrides or {}, self.window, replay)

    def rows(self, blocks: Callable[[], Iterator[ArrivalBlock]], functions: tuple[str, ...], last_ns: int) -> TraceLoad:
        """Return the load of a trace whose ``blocks()`` are rows in order of time."""
        fraction, copy = self.keys("trace-scale", functions), self.keys("trace-copy", functions)
        load = self.opened(functions, last_ns, lambda: scaled(blocks(), self.trace.scale, last_ns, fraction, copy))
        return replace(load, gives=tuple(name for name in GIVEN if name in (self.table or self.log).columns))

    def bins(
        self,
        cells: Callable[[], Iterator[Cells]],
        bin_ns: int,
        functions: tuple[str, ...],
        end_ns: int,
        overrides: dict[str, dict[str, Any]] | None = None,
    ) -> TraceLoad:
        """Return the load of a trace whose ``cells()`` are counts in bins of ``bin_ns`` that end at ``end_ns``."""
        fraction, place = self.keys("trace-scale", functions), self.keys("trace-place", functions)
        window, trace = self.window, self.trace

        def replay() -> Iterator[ArrivalBlock]:
            for some in cells():
                low = int(np.searchsorted(some.time_ns, window.from_ns - bin_ns, side="right"))
                high = int(np.searchsorted(some.time_ns, window.until_ns))
                part = Cells(some.time_ns[low:high], some.function[low:high], some.count[low:high])
                count = scaled_counts(part, bin_ns, trace.scale, fraction)
                yield from arrivals(part, count, bin_ns, trace.within_bin, place)
                if high < len(some.time_ns):
                    return

        return self.opened(functions, min(end_ns, window.until_ns), replay, overrides)


def open_trace(load: LoadConfig, target_function: str | None, seed: int) -> TraceLoad:
    """Check the rows of the trace of ``load``, at least up to the end of its window, and return it ready for replay.

    ``target_function`` gets the rows of a trace that names no functions; ``seed`` keys the draws of ``scale`` and
    ``within_bin``. Time runs from the trace's own 0 (for dates, its first row; for ``azure2019``, its first
    minute) or from ``from``, which is moved to the load's ``start_time``; then all is divided by ``speed``.
    ``scale`` multiplies rows (see ``traces.rows.scaled``) or counts (see ``traces.bins.scaled_counts``).

    Raises ``InputError`` that names file, line and column for anything in the files that cannot be used.
    """
    trace = load.trace
    assert trace is not None
    until_ns = NEVER_NS if trace.until is None else trace.until
    table = None if trace.format in READERS else TraceFile(trace.file, trace.columns)
    window = Window(trace.from_ or 0, until_ns, trace.speed, load.start_time)
    opening = _Opening(load, trace, target_function, seed, table, LogFile(trace.file), window)
    return _FORMATS.get(trace.format, _logged)(opening)


class _Rows:
    """The rows of a file, by blocks: :meth:`first` reads them, after which :meth:`again` may yield those it held."""

    def __init__(self, read: Callable[[], Iterator[ArrivalBlock]]) -> None:
        self._read = read
        self._held: list[ArrivalBlock] = []
        self._count = 0

    def first(self) -> Iterator[ArrivalBlock]:
        for block in self._read():
            self._count += len(block)
            if self._count <= HELD_ROWS:
                self._held.append(block)
            else:
                self._held.clear()
            yield block

    def again(self) -> Iterator[ArrivalBlock]:
        return iter(self._held) if self._count <= HELD_ROWS else self._read()


def _events(opening: _Opening) -> TraceLoad:
    names = opening.names()
    rows = _Rows(lambda: read_events(opening.file, opening.trace, opening.window, names))
    last_ns = -1
    for block in rows.first():
        last_ns = int(block.arrival_ns[-1]) if len(block) else last_ns
    if last_ns < 0:
        raise asking(opening.trace.file, "trace", "has no row between from and until")
    return opening.rows(rows.again, tuple(names), last_ns)


def _counts(opening: _Opening) -> TraceLoad:
    names, summary, file = opening.names(), CountsSummary(), opening.file
    for cells in read_counts(file, opening.trace, names):
        summary.add(cells)
    summary.check_size(file, opening.trace.scale)
    bin_ns = summary.bin_ns(file, opening.trace.bin)
    end_ns = summary.last_ns + bin_ns
    if not summary.first_ns < opening.window.until_ns or not opening.window.from_ns < end_ns:
        raise asking(file.path, "trace", "has no bin between from and until")
    return opening.bins(lambda: read_counts(file, opening.trace, names), bin_ns, tuple(names), end_ns)


def _azure2019(opening: _Opening) -> TraceLoad:
    day, summary = read_day(opening.file, opening.window), CountsSummary()
    summary.add(day.cells)
    summary.check_size(opening.file, opening.trace.scale)
    overrides = function_overrides(day, opening.trace.durations, opening.trace.memory)
    return opening.bins(lambda: iter((day.cells,)), NS_PER_MIN, tuple(day.names), day.end_ns, overrides)


def _azure2021(opening: _Opening) -> TraceLoad:
    names, disorder, window = Names(), Disorder(), opening.window
    invocations = _Rows(lambda: read_invocations(opening.file, names))
    last_ns = -1
    for block in invocations.first():
        disorder.add(block)
        inside = block.arrival_ns[(block.arrival_ns >= window.from_ns) & (block.arrival_ns < window.until_ns)]
        last_ns = max(last_ns, int(inside.max(initial=-1)))
    disorder.check(opening.file)
    if last_ns < 0:
        raise asking(opening.trace.file, "trace", "has no row between from and until")

    def rows() -> Iterator[ArrivalBlock]:
        ordered = reordered(invocations.again(), disorder.most_ns)
        return (take(block, window.inside(block.arrival_ns)) for block in ordered)

    return opening.rows(rows, shown_names(names), last_ns)


def _logged(opening: _Opening) -> TraceLoad:
    logged, window = read_logged(opening.trace, opening.log, opening.target), opening.window
    names = logged.names or (str(opening.target),)
    last_ns = int(logged.time_ns[-1])
    if not window.from_ns < last_ns + max(logged.bin_ns, 1):
        raise asking(opening.log.path, "trace", "has nothing between from and until")
    if logged.bin_ns:
        cells, summary = logged.cells(), CountsSummary()
        summary.add(cells)
        summary.check_size(opening.log, opening.trace.scale)
        load = opening.bins(lambda: iter((cells,)), logged.bin_ns, names, last_ns + logged.bin_ns)
    else:
        load = opening.rows(logged.blocks, names, min(last_ns, window.until_ns))
    return replace(load, notes=logged.notes)


_FORMATS: Final[dict[str, Callable[[_Opening], TraceLoad]]] = {
    "events": _events,
    "counts": _counts,
    "azure2019": _azure2019,
    "azure2021": _azure2021,
}
