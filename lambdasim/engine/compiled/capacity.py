"""Room in arrays that grow, on the side of the loop: how many events there is enough of it for, slots, and rows.

Only this is asked before an event: whether there is room for whatever it may be.
"""

from typing import Any, Final

from lambdasim.engine.compiled.state import ENDED, ENOUGH, HELD, LEAST, SAMPLES, TIMERS, UNDRAWN, State
from lambdasim.machine_code.jit import kernel

MOST_EVENTS: Final = 1 << 32


@kernel
def lacks(state: State) -> int:
    """Count how many events there is room for, and return what is lacking for a few."""
    loop = state.loop[0]
    if loop.undrawn >= 0:
        return UNDRAWN
    loop.events = MOST_EVENTS
    for number in range(len(state.rooms)):
        room = state.rooms[number]
        left = room.capacity - room.used - room.owed
        if left < LEAST * room.most:
            loop.events = 0
            return number
        if left < loop.events * room.most:
            loop.events = left // room.most
    return ENOUGH


@kernel
def has_room(state: State, number: int, rows: int) -> bool:
    """Say whether there is room for so many rows of something besides what is owed."""
    room = state.rooms[number]
    result: bool = room.used + room.owed + rows <= room.capacity
    return result


@kernel
def lacks_for_ends(state: State, environments: int) -> int:
    """Return what is lacking for so many environments to end at one instant, before anything else happens."""
    if not has_room(state, ENDED, environments):
        return ENDED
    if not has_room(state, SAMPLES, environments * len(state.downstreams) + state.rooms[SAMPLES].most):
        return SAMPLES
    if len(state.downstreams) > 0 and not has_room(state, TIMERS, min(environments, state.rooms[HELD].used)):
        return TIMERS
    return ENOUGH


@kernel
def taken(records: Any, room: Any) -> int:
    """Return a free slot, which is free no longer."""
    slot: int = room.free
    if slot < 0:
        slot = room.used
        room.used += 1
    else:
        room.free = records[slot].next
    return slot


@kernel
def leave(records: Any, room: Any, slot: int) -> None:
    """Free a slot; it keeps its content until it is taken."""
    records[slot].next = room.free
    room.free = slot


@kernel
def new_row(records: Any, room: Any) -> Any:
    """Return a row to be written."""
    row = records[room.used]
    room.used += 1
    return row
