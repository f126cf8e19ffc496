"""The ``azure2021`` format: Azure Functions Invocation Trace 2021, one row per invocation.

Source: Zhang et al., "Faster and Cheaper Serverless Computing on Harvested Resources", SOSP 2021 (CC-BY 4.0).
Columns ``app``, ``func``, ``end_timestamp``, ``duration`` as published, or ``app``, ``func``, ``start_s``,
``duration_s``; all times in seconds. A function is called after ``func``, and ``app/func`` when more than one app
has a function of that name.

Rows may be in order of their end, of their start, or nearly so: a first pass finds how much later than a row with
a later start a row can come (for rows in order of their end, that is less than the longest duration), and the
second holds back only rows of that span. A file that is out of order by more than ``MOST_DISORDER_NS`` is refused.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from lambdasim.units import NS_PER_D, NS_PER_S
from lambdasim.workload.block import ArrivalBlock
from lambdasim.workload.traces.file import TraceFile
from lambdasim.workload.traces.names import Names

MOST_DISORDER_NS: Final = NS_PER_D
SEPARATOR: Final = "\0"  # between app and func in names, until it is known which need their app


def read_invocations(file: TraceFile, names: Names) -> Iterator[ArrivalBlock]:
    """Yield all rows in the order of the file, with the trace's own times; raises ``InputError``.

    ``names`` gains an app and a func, joined by ``SEPARATOR``, for each function. A row that began before the
    trace begins at 0.
    """
    time, duration = ("start_s", "duration_s") if "start_s" in file.columns else ("end_timestamp", "duration")
    for batch in file.batches(file.require(("app", "func", time, duration))):
        apps, app = batch.columns["app"].names()
        funcs, func = batch.columns["func"].names()
        pairs, pair = np.unique(app * len(funcs) + func, return_inverse=True)
        indices = names.indices(f"{apps[i // len(funcs)]}{SEPARATOR}{funcs[i % len(funcs)]}" for i in pairs.tolist())
        duration_ns = batch.columns[duration].ns(NS_PER_S)
        time_ns = batch.columns[time].ns(NS_PER_S)
        start_ns = time_ns if time == "start_s" else np.maximum(time_ns - duration_ns, 0)
        yield ArrivalBlock(start_ns, indices[pair], duration_ns)


def shown_names(names: Names) -> tuple[str, ...]:
    """Return what the functions are called, in the order of ``names``."""
    pairs = [name.split(SEPARATOR) for name in names]
    funcs = [func for _, func in pairs]
    twice = {func for func in funcs if funcs.count(func) > 1} if len(set(funcs)) < len(funcs) else set()
    return tuple(f"{app}/{func}" if func in twice else func for app, func in pairs)


class Disorder:
    """What one pass over all rows tells: the latest start, and how far out of order they are."""

    def __init__(self) -> None:
        self.last_ns = 0
        self.most_ns = 0

    def add(self, block: ArrivalBlock) -> None:
        """Take in the next rows of the file."""
        if len(block) == 0:
            return
        latest = np.maximum.accumulate(np.maximum(block.arrival_ns, self.last_ns))
        self.most_ns = max(self.most_ns, int((latest - block.arrival_ns).max()))
        self.last_ns = int(latest[-1])

    def check(self, file: TraceFile) -> None:
        """Raise ``InputError`` when the rows are too far out of order to be put in order in passing."""
        if self.most_ns > MOST_DISORDER_NS:
            raise file.error("rows are out of order by more than a day; sort the file by start or by end")
