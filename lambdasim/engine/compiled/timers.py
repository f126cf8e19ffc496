"""Timers of queues: what may happen at a moment, each in its declared place. Twin of ``Clock.after`` and ``withdraw``.

Who arms one keeps its slot, and forgets it when it no longer waits; a timer that nobody remembers does nothing.
"""

from lambdasim.engine.compiled import capacity, heap
from lambdasim.engine.compiled.state import TIMERS, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model.events import RANK_SHIFT

OF_QUEUE, OF_DELAY = -1, -2


@kernel
def arm(state: State, at_ns: int, rank: int, subject: int, queue: int, poller: int) -> int:
    """Return the slot of a timer that goes off at ``at_ns``, in the place of ``rank`` and ``subject``."""
    loop, slot = state.loop[0], capacity.taken(state.timers, state.rooms[TIMERS])
    timer = state.timers[slot]
    timer.request, timer.queue, timer.poller = rank << RANK_SHIFT | subject, queue, poller
    heap.push(state.moments, loop.moments, at_ns, slot, state.timers)
    loop.moments += 1
    return slot


@kernel
def take(state: State) -> int:
    """Take the timer that goes off first; its slot is free, and keeps its content until another is armed."""
    loop = state.loop[0]
    slot: int = state.moments[0].subject
    loop.moments -= 1
    heap.pop(state.moments, loop.moments, state.timers)
    capacity.leave(state.timers, state.rooms[TIMERS], slot)
    return slot
