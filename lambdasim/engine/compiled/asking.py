"""A synchronous request straight to its function: an attempt of it. Twin of ``Invocations.request``."""

from lambdasim.engine.compiled import capacity
from lambdasim.engine.compiled.client import SEQUENCE_MASK, delay_of, on_answer
from lambdasim.engine.compiled.following import NOTHING, follow
from lambdasim.engine.compiled.function import grant
from lambdasim.engine.compiled.invocation import begins, execute, throttled
from lambdasim.engine.compiled.state import INVOCATIONS, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model.client import trouble_of
from lambdasim.model.events import LOAD_SHIFT
from lambdasim.plan import Request


@kernel
def ask(state: State, request: Request, attempt: int, first_ns: int, now: int) -> tuple[int, int]:
    """Ask for an environment. Return when the client tries again, -1 if it does not, and when it knows the end then."""
    row = capacity.new_row(state.invocations, state.rooms[INVOCATIONS])
    slot = grant(state, request, attempt, now, True)
    begins(state, row, request, attempt, first_ns, now)
    client = state.clients[request.request >> LOAD_SHIFT]
    sequence = request.request & SEQUENCE_MASK
    if slot < 0:
        throttled(row, -slot)
        delay_ns = delay_of(client, state.tokens, sequence, attempt, trouble_of(-slot), client.jitter_key)
        if delay_ns >= 0 and now + delay_ns < state.loop[0].horizon_ns:
            row.final = 0
            return now + delay_ns, now
        return -1, now

    end_ns, status = execute(state, row, request, slot, now, request.outcome)
    follow(state, request, slot, end_ns, status, NOTHING)
    on_answer(client, state.environments[slot], sequence, attempt)
    return -1, end_ns
