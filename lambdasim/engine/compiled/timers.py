"""What is to happen at a moment, each in its declared place: one heap for all families. Twin of ``Clock.after`` and
``withdraw``.

A timer has a kind, which is a family's, and says which of its actors goes on, and with which stage.
"""

from typing import Any

from lambdasim.engine.compiled import calendar, capacity, heap, quiet
from lambdasim.engine.compiled.state import TIMERS, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model.events import NEVER_NS, RANK_SHIFT, EventRank

INVOKE_END, RETRY, ARRIVAL = int(EventRank.INVOKE_END), int(EventRank.RETRY), int(EventRank.ARRIVAL)

ARRIVES = 0
WITHDRAWN = -1
MOVED = -2
"""Stages of any kind: a request arrives, of which the actor is the slot in `waiting`; nobody waits for it, so it must
not have anything happen on its account; nor for this one, but its actor is to be asked, which may arm another."""


@kernel
def arm(state: State, at_ns: int, rank: int, subject: int, kind: int, actor: int, stage: int) -> int:
    """Return the slot of a timer that goes off at ``at_ns``, in the place of ``rank`` and ``subject``.

    Who keeps it forgets it when it goes off.
    """
    loop, slot = state.loop[0], capacity.taken(state.timers, state.rooms[TIMERS])
    timer = state.timers[slot]
    timer.request, timer.kind, timer.actor, timer.stage = rank << RANK_SHIFT | subject, kind, actor, stage
    heap.push(state.timer_heap, loop.timer_heap, at_ns, slot, state.timers)
    quiet.expect(state, at_ns)
    loop.timer_heap += 1
    return slot


@kernel
def withdraw(state: State, slot: int) -> None:
    """Let nobody wait for a timer any more, if there is one."""
    if slot >= 0:
        state.timers[slot].stage = WITHDRAWN


@kernel
def take(state: State) -> int:
    """Take the timer that goes off first; its slot is free, and keeps its content until another is armed."""
    loop = state.loop[0]
    slot: int = state.timer_heap[0].subject
    loop.timer_heap -= 1
    heap.pop(state.timer_heap, loop.timer_heap, state.timers)
    capacity.leave(state.timers, state.rooms[TIMERS], slot)
    return slot


@kernel
def is_next(state: State, at_ns: int, rank: int, chunk: Any) -> bool:
    """Say whether the first timer comes before what is the first of all else, at the same time or later."""
    first = state.timer_heap[0]
    if first.at_ns < at_ns or at_ns == NEVER_NS:
        result: bool = first.at_ns < at_ns
        return result
    subject = 0
    if rank == INVOKE_END:
        subject = calendar.first_number(state)
    elif rank == RETRY:
        subject = state.waiting[state.retries[0].subject].request
    elif rank == ARRIVAL:
        subject = chunk.request[state.loop[0].row]
    result = state.timers[first.subject].request < rank << RANK_SHIFT | subject
    return result
