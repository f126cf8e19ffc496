"""Executions that are held as nobody knows yet when they end. They begin here, and are told of in :mod:`handlers`."""

from lambdasim.engine.compiled import capacity, timers
from lambdasim.engine.compiled.holds import BEGINS
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.state import HELD, INVOCATIONS, NOBODY, OF_HANDLER, State
from lambdasim.model.events import EventRank

INIT_END = int(EventRank.INIT_END)


@routine
def hold(state: State, granted: int, source: int, chain_depth: int) -> int:
    """Hold the execution of the last row of `invocations`, which has what it takes by itself and how that would end.

    Return its slot. Its handler begins as soon as its environment, in the slot ``granted``, is initialised.
    """
    slot = capacity.taken(state.held, state.rooms[HELD])
    own, room = state.held[slot], state.rooms[INVOCATIONS]
    room.used -= 1
    state.held_rows[slot] = state.invocations[room.used]
    row = state.held_rows[slot]
    own.environment, own.kind, own.actor, own.source, own.chain_depth = granted, NOBODY, -1, source, chain_depth
    begins_ns = row.arrival_ns + row.placement_ns + row.init_ns
    timers.arm(state, begins_ns, INIT_END, row.environment, OF_HANDLER, slot, BEGINS)
    return slot
