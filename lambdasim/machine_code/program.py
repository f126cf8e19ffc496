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
    tenths: int = 50
    """It takes about so many tenths of a second to compile, of which the ratios count."""
    plain: bool = False
    """Whether it is made for plain plans alone."""


PLAIN: Final = "lambdasim.plain"
"""The name of the function by which the loop asks whether its program is made for plain plans."""

EVENT_LOOP: Final = Program("event-loop", "lambdasim.engine.compiled.native:loop", 70)
PLAIN_LOOP: Final = Program("plain-loop", "lambdasim.engine.compiled.native:plain_loop", 60, plain=True)
ASIDE: Final = Program("aside", "lambdasim.engine.compiled.native:aside", 45)
QUEUES: Final = Program("queues", "lambdasim.engine.compiled.native:queues", 85)
FIFO: Final = Program("fifo", "lambdasim.engine.compiled.native:fifo", 35)
STREAMS: Final = Program("streams", "lambdasim.engine.compiled.native:streams", 70)
EVENTS: Final = Program("events", "lambdasim.engine.compiled.native:events", 40)
GATEWAYS: Final = Program("gateways", "lambdasim.engine.compiled.native:gateways", 40)
USERS: Final = Program("users", "lambdasim.engine.compiled.native:users", 35)
LINKS: Final = Program("links", "lambdasim.engine.compiled.native:links", 45)
HANDLERS: Final = Program("handlers", "lambdasim.engine.compiled.native:handlers", 90)
METRICS: Final = Program("metrics", "lambdasim.metrics.compiled.native:entries", 30)
SERIES: Final = Program("series", "lambdasim.metrics.compiled.native:entries_of_series", 30)
WORKLOAD: Final = Program("workload", "lambdasim.workload.compiled.native:entries", 15)

EVERY_RUN: Final = (METRICS, WORKLOAD)
"""What a run needs whatever it simulates, besides a loop; the time series of many functions are extra."""
FOR_PLAIN: Final = (PLAIN_LOOP,)
"""What runs a plain plan."""
FOR_ALL: Final = (EVENT_LOOP, ASIDE)
"""What runs any plan, with the families that it has."""
ALL: Final = (
    *FOR_ALL, *FOR_PLAIN, *EVERY_RUN, QUEUES, FIFO, STREAMS, EVENTS, GATEWAYS, USERS, LINKS, HANDLERS, SERIES,
)  # fmt: skip
