"""Programs: loops that are compiled together into one object file. Data only."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

Native = Callable[..., int]
"""``native(arrays, number)`` runs a loop on contiguous arrays, of which it gets addresses and lengths."""

Assembly = dict[str, tuple[str, str]]
"""By name: a function in LLVM assembly, and its name there."""

Entries = Callable[[], dict[str, Callable[..., Any]]]
"""Imports Numba and returns loops by name, as Python functions ``entry(arrays, number)``, for ``jit``."""


class Program(NamedTuple):
    """Loops that are compiled and kept together. They may call, by name, those of the programs they are loaded with."""

    kind: str
    """What it is called, whatever its sources."""
    entries: str
    """Its :data:`Entries`, as ``module:function``."""
    plain: bool = False
    """Whether it is made for plain plans alone."""


PLAIN: Final = "lambdasim.plain"
"""The name of the function by which the loop asks whether its program is made for plain plans."""

EVENT_LOOP: Final = Program("event-loop", "lambdasim.engine.compiled.native:loop")
PLAIN_LOOP: Final = Program("plain-loop", "lambdasim.engine.compiled.native:plain_loop", plain=True)
ASIDE: Final = Program("aside", "lambdasim.engine.compiled.native:aside")
QUEUES: Final = Program("queues", "lambdasim.engine.compiled.native:queues")
FIFO: Final = Program("fifo", "lambdasim.engine.compiled.native:fifo")
STREAMS: Final = Program("streams", "lambdasim.engine.compiled.native:streams")
EVENTS: Final = Program("events", "lambdasim.engine.compiled.native:events")
GATEWAYS: Final = Program("gateways", "lambdasim.engine.compiled.native:gateways")
USERS: Final = Program("users", "lambdasim.engine.compiled.native:users")
LINKS: Final = Program("links", "lambdasim.engine.compiled.native:links")
HANDLERS: Final = Program("handlers", "lambdasim.engine.compiled.native:handlers")
METRICS: Final = Program("metrics", "lambdasim.metrics.compiled.native:entries")
SERIES: Final = Program("series", "lambdasim.metrics.compiled.native:entries_of_series")
WORKLOAD: Final = Program("workload", "lambdasim.workload.compiled.native:entries")

LOOPS: Final = (EVENT_LOOP, PLAIN_LOOP)
"""Made of one source: whoever has compiled the one has the other soon."""
EVERY_RUN: Final = (*LOOPS, ASIDE, METRICS, WORKLOAD)
"""What a run needs whatever it simulates; the loop's families are extra, and so are the time series of many functions.
Those that take longest come first."""
ALL: Final = (*EVERY_RUN, QUEUES, FIFO, STREAMS, EVENTS, GATEWAYS, USERS, LINKS, HANDLERS, SERIES)
