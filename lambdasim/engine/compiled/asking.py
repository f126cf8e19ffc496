"""A synchronous request straight to its function: an attempt of it. Twin of ``Invocations.request``."""

from typing import Any

from lambdasim.engine.compiled import capacity, heap
from lambdasim.engine.compiled.client import SEQUENCE_MASK, delay_of, on_answer
from lambdasim.engine.compiled.following import NOTHING, follow
from lambdasim.engine.compiled.function import grant
from lambdasim.engine.compiled.invocation import begins, execute, kept, throttled, wait
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.state import INVOCATIONS, WAITING, State
from lambdasim.machine_code.jit import kernel, rare
from lambdasim.model.client import trouble_of
from lambdasim.model.events import LOAD_SHIFT
from lambdasim.plan import Request


@kernel
def ask(state: State, request: Request, attempt: int, first_ns: int, now: int) -> tuple[int, int]:
    """Ask for an environment. Return when the client tries again, -1 if it does not, and when it knows the end then:
    ``-1 - slot`` where the execution is held in a slot as nobody knows that yet.
    """
    row = capacity.new_row(state.invocations, state.rooms[INVOCATIONS])
    slot, again_ns = granted(state, row, request, attempt, first_ns, now)
    if slot < 0:
        return again_ns, now
    end_ns, status = execute(state, row, request, slot, now, request.outcome)
    client = state.clients[request.request >> LOAD_SHIFT]
    on_answer(client, state.environments[slot], request.request & SEQUENCE_MASK, attempt)
    if end_ns < 0:
        return -1, -1 - status
    follow(state, request, slot, end_ns, status, NOTHING)
    return -1, end_ns


@kernel
def granted(state: State, row: Any, request: Request, attempt: int, first_ns: int, now: int) -> tuple[int, int]:
    """Return the slot of an environment that a request gets, -1 if it is throttled, and when it is tried again then, -1
    for never."""
    slot = grant(state, request, attempt, now, True)
    begins(state, row, request, attempt, first_ns, now)
    if slot >= 0:
        return slot, -1
    throttled(row, -slot)
    client, sequence = state.clients[request.request >> LOAD_SHIFT], request.request & SEQUENCE_MASK
    delay_ns = delay_of(client, state.tokens, sequence, attempt, trouble_of(-slot), client.jitter_key)
    if delay_ns < 0 or now + delay_ns >= state.loop[0].horizon_ns:
        return -1, -1
    row.final = 0
    return -1, now + delay_ns


@kernel
def request(state: State, own: Request, attempt: int, now: int) -> None:
    """Let a client ask for an environment, and try again when it was throttled."""
    again_ns, _ = ask(state, own, attempt, own.arrival_ns, now)
    if rare(again_ns >= 0):
        wait(state, own, attempt + 1, again_ns)


@routine
def retry(state: State, now: int) -> None:
    """Let the first of those that wait try again. It is seldom, and apart from the loop, which so has the way of a
    request just once."""
    loop, slot = state.loop[0], state.retries[0].subject
    loop.retries -= 1
    heap.pop(state.retries, loop.retries, state.waiting)
    waiting = state.waiting[slot]
    capacity.leave(state.waiting, state.rooms[WAITING], slot)
    request(state, kept(waiting), waiting.attempt, now)
