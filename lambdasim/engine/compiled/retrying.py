"""A client that tries again. It is seldom, and apart from the loop, which so has the way of a request just once."""

from lambdasim.engine.compiled import capacity, heap
from lambdasim.engine.compiled.asking import request
from lambdasim.engine.compiled.invocation import kept
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.state import WAITING, State


@routine
def retry(state: State, now: int) -> None:
    """Let the first of those that wait try again."""
    loop, slot = state.loop[0], state.retries[0].subject
    loop.retries -= 1
    heap.pop(state.retries, loop.retries, state.waiting)
    waiting = state.waiting[slot]
    capacity.leave(state.waiting, state.rooms[WAITING], slot)
    request(state, kept(waiting), waiting.attempt, now)
