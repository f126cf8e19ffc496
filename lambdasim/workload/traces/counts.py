"""The ``counts`` format: how many requests arrive in each bin.

========== ==================================================================================================
column     meaning
========== ==================================================================================================
time       when the bin begins: a number in ``unit``, or a date and time (RFC 3339), of which the first is time 0
count      how many arrive in it
function   name of the function or source they go to; without this column all go to the load's target
========== ==================================================================================================

Rows are in order of time. A bin that is left out is empty; rows with the same time and function add up. Bins are
as wide as the smallest step from one time to the next, of which all steps must be multiples, unless ``bin`` says
how wide they are.
"""

import math
from collections.abc import Iterator

import numpy as np

from lambdasim.config.traffic import Trace
from lambdasim.errors import InputError
from lambdasim.units import format_duration
from lambdasim.workload.block import Int64
from lambdasim.workload.traces.bins import MOST_PER_BIN, Cells, merged
from lambdasim.workload.traces.file import TraceFile, asking
from lambdasim.workload.traces.logged import LogFile
from lambdasim.workload.traces.names import Names
from lambdasim.workload.traces.times import TimeReader


def read_counts(file: TraceFile, trace: Trace, names: Names) -> Iterator[Cells]:
    """Yield the counts of all bins, some complete bins at a time; raises ``InputError``.

    ``names`` gains the functions that are named; a file without a ``function`` column needs it to hold the one
    they go to.
    """
    present = file.require(("time", "count"), ("function",))
    times = TimeReader(*trace.unit_of("time"))
    open_bin = Cells(*(np.zeros(0, np.int64) for _ in range(3)))
    for batch in file.batches(present):
        time_ns, count = times.ns(batch.columns["time"]), batch.columns["count"].counts()
        if "function" in present:
            named, codes = batch.columns["function"].names()
            function = names.indices(named)[codes]
        else:
            function = np.zeros(len(time_ns), np.int64)
        cells = Cells(
            np.append(open_bin.time_ns, time_ns),
            np.append(open_bin.function, function),
            np.append(open_bin.count, count),
        )
        complete = int(np.searchsorted(cells.time_ns, cells.time_ns[-1:].max(initial=0)))
        yield merged(_part(cells, 0, complete))
        open_bin = _part(cells, complete, len(cells.time_ns))
    yield merged(open_bin)


def _part(cells: Cells, low: int, high: int) -> Cells:
    return Cells(cells.time_ns[low:high], cells.function[low:high], cells.count[low:high])


class CountsSummary:
    """What one pass over all cells tells: their total, the last bin, and how wide bins are."""

    def __init__(self) -> None:
        self.first_ns = self.last_ns = -1
        self.most = 0
        """The most arrivals in one bin, all functions together."""
        self._smallest_step = self._common_step = 0

    def add(self, cells: Cells) -> None:
        """Take in the next complete bins."""
        if len(cells.time_ns) == 0:
            return
        begins = np.append(0, np.flatnonzero(np.diff(cells.time_ns)) + 1)
        self.most = max(self.most, int(np.add.reduceat(cells.count, begins).max()))
        times: Int64 = cells.time_ns[begins]
        if self.first_ns < 0:
            self.first_ns = int(times[0])
        else:
            times = np.append(self.last_ns, times)
        self.last_ns = int(times[-1])
        if len(times) > 1:
            steps = np.diff(times)
            smallest = int(steps.min())
            self._smallest_step = min(self._smallest_step or smallest, smallest)
            self._common_step = math.gcd(self._common_step, int(np.gcd.reduce(steps)))

    def bin_ns(self, file: TraceFile, given_ns: int | None) -> int:
        """Return how wide bins are; raises ``InputError`` when that cannot be told or is not what was given."""
        step = self._smallest_step
        if given_ns is not None:
            if step and step < given_ns:
                raise self._error(
                    file, f"times as near as {format_duration(step)} cannot begin bins of {format_duration(given_ns)}"
                )
            return given_ns
        if step == 0:
            raise asking(
                file.path,
                "trace.bin",
                "has only one time, so how wide its bin is cannot be told; give bin, such as '1min'",
            )
        if self._common_step != step:
            raise self._error(
                file,
                f"the steps between times are no multiples of the smallest, {format_duration(step)}; correct them, "
                "or say how wide bins are with bin, such as '1min'",
            )
        return step

    def check_size(self, file: TraceFile | LogFile, scale: float) -> None:
        """Raise ``InputError`` when a bin holds more arrivals than fit in memory."""
        if self.most * scale > MOST_PER_BIN:
            raise file.error(
                f"one bin has {self.most * scale:.3g} arrivals, more than {MOST_PER_BIN:,}; give narrower bins "
                "or a smaller scale",
                column="count",
            )

    def _error(self, file: TraceFile, message: str) -> InputError:
        return file.error(message, column="time")
