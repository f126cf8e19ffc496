"""Who calls: requests that arrive by the plan, and virtual users who wait for an answer before they ask again."""

from itertools import repeat

from lambdasim.engine.reference.clock import Process
from lambdasim.engine.reference.simulation import Simulation
from lambdasim.model.events import EventRank, request_key
from lambdasim.model.users import sends_next_ns, still_sends
from lambdasim.plan import PLAN_COLUMNS, ClosedLoop, PlanChunk, Request, Rows, Series


def open_loop(simulation: Simulation, chunk: PlanChunk) -> Process:
    """Let each request of a chunk arrive at its time, whatever became of the others."""
    arrival, clock = int(EventRank.ARRIVAL), simulation.clock
    columns = [getattr(chunk, column).tolist() for column in PLAN_COLUMNS]
    source = repeat(-1) if chunk.source is None else chunk.source.tolist()
    delay_ns = repeat(0) if chunk.delay_ns is None else chunk.delay_ns.tolist()
    for request in map(Request._make, zip(*columns, source, delay_ns, repeat(0), strict=False)):
        yield clock.after(request.arrival_ns - clock.now_ns, arrival, request.request)
        simulation.send(request)


def virtual_user(simulation: Simulation, loop: ClosedLoop, series: Series, rows: Rows, user: int) -> Process:
    """One of the loop's users: ask, wait for the answer, think, ask again; no request starts at or after its stop."""
    clock, sequence = simulation.clock, user
    at_ns, rank = loop.start_ns, EventRank.ARRIVAL
    while still_sends(loop.stop_ns, at_ns):
        yield clock.after(at_ns - clock.now_ns, rank, request_key(loop.load, sequence))
        row = dict(rows.row(sequence, simulation.versions.place(series, sequence)))
        think_ns = row.pop("think_ns")
        yield from simulation.call(Request(arrival_ns=clock.now_ns, **row))
        at_ns, rank = sends_next_ns(clock.now_ns, think_ns), EventRank.THINK_END
        sequence += loop.vus
