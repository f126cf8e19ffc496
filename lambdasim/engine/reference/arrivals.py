"""Who calls: requests that arrive by the plan, and virtual users who wait for an answer before they ask again."""

from collections.abc import Mapping
from itertools import repeat
from typing import Protocol

from lambdasim.engine.reference.clock import Process
from lambdasim.engine.reference.simulation import Simulation
from lambdasim.model.events import EventRank, request_key
from lambdasim.plan import PLAN_COLUMNS, PlanChunk, Request

MINIMUM_THINK_NS = 1_000_000
"""A virtual user's next request leaves at least 1 ms after the last answer: a throttled one would otherwise ask
without end at one instant."""


class ClosedLoop(Protocol):
    """A load of virtual users, as ``workload`` draws it."""

    load: int
    function: int
    vus: int
    start_ns: int
    stop_ns: int

    def row(self, sequence: int) -> Mapping[str, int]:
        """Return a request's plan columns but its arrival, its source if it has one, and ``think_ns``, the pause
        after it."""


def open_loop(simulation: Simulation, chunk: PlanChunk) -> Process:
    """Let each request of a chunk arrive at its time, whatever became of the others."""
    arrival, clock = int(EventRank.ARRIVAL), simulation.clock
    columns = [getattr(chunk, column).tolist() for column in PLAN_COLUMNS]
    source = repeat(-1) if chunk.source is None else chunk.source.tolist()
    delay_ns = repeat(0) if chunk.delay_ns is None else chunk.delay_ns.tolist()
    for request in map(Request._make, zip(*columns, source, delay_ns, repeat(0), strict=False)):
        yield clock.after(request.arrival_ns - clock.now_ns, arrival, request.request)
        simulation.send(request)


def virtual_user(simulation: Simulation, loop: ClosedLoop, user: int) -> Process:
    """One of the loop's users: ask, wait for the answer, think, ask again; no request starts at or after its stop."""
    clock, sequence = simulation.clock, user
    wait_ns, rank = loop.start_ns, EventRank.ARRIVAL
    while clock.now_ns + wait_ns < loop.stop_ns:
        row = dict(loop.row(sequence))
        think_ns = row.pop("think_ns")
        yield clock.after(wait_ns, rank, request_key(loop.load, sequence))
        yield from simulation.call(Request(arrival_ns=clock.now_ns, **row))
        wait_ns, rank = max(think_ns, MINIMUM_THINK_NS), EventRank.THINK_END
        sequence += loop.vus
