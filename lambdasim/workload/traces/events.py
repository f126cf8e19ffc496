"""The ``events`` format: one row per request.

========== ==================================================================================================
column     meaning
========== ==================================================================================================
time       when it arrives: a number in ``unit``, or a date and time (RFC 3339), of which the first is time 0
function   name of the function or source it goes to; without this column all go to the load's target
duration   handler time of this request, in ``unit``
init       Init Duration, if this request meets a cold start, in ``unit``
error      1 or true when the handler fails, 0 or false when it does not
========== ==================================================================================================

``unit`` is the unit of all three time columns, ``units`` those of single ones; ``columns`` is what the file calls them.
The last four columns are optional, and so is each of their cells except a name; what is not given is drawn from the
function's distributions. Rows are in order of time.
"""

from collections.abc import Iterator

import numpy as np

from lambdasim.config.traffic import Trace
from lambdasim.workload.block import ArrivalBlock
from lambdasim.workload.traces.file import TraceFile
from lambdasim.workload.traces.names import Names
from lambdasim.workload.traces.times import TimeReader
from lambdasim.workload.traces.window import Window


def read_events(file: TraceFile, trace: Trace, window: Window, names: Names) -> Iterator[ArrivalBlock]:
    """Yield the rows inside ``window`` with the trace's own times; raises ``InputError``.

    Rows are read up to the end of the window; ``names`` gains the functions that are named in it. A file without
    a ``function`` column needs ``names`` to hold the one they go to.
    """
    present = file.require(("time",), ("function", "duration", "init", "error"))
    times = TimeReader(*trace.unit_of("time"))
    duration_unit, init_unit = (trace.unit_of(name)[0] for name in ("duration", "init"))
    for batch in file.batches(present):
        time_ns = times.ns(batch.columns["time"])
        low, high = (int(place) for place in np.searchsorted(time_ns, (window.from_ns, window.until_ns)))
        columns = batch.slice(low, high).columns
        if "function" in columns:
            named, codes = columns["function"].names()
            function = names.indices(named)[codes]
        else:
            function = np.broadcast_to(np.int64(0), high - low)
        yield ArrivalBlock(
            time_ns[low:high],
            function,
            columns["duration"].given_ns(duration_unit) if "duration" in columns else None,
            columns["init"].given_ns(init_unit) if "init" in columns else None,
            columns["error"].flags() if "error" in columns else None,
        )
        if high < len(time_ns):
            return
