"""The requests that a source makes by itself, of which the next ones are drawn ahead. Twin of ``Requests`` of
``engine/reference/simulation.py``.
"""

from typing import Any

from lambdasim.engine.compiled.queues import DRAWN_AT_ONCE
from lambdasim.engine.compiled.routing import function_at, place_of
from lambdasim.engine.compiled.state import State
from lambdasim.machine_code.jit import kernel


@kernel
def draws(state: State, number: int) -> None:
    """See to it that the row of a source's next request is drawn before anything else happens."""
    loop, source = state.loop[0], state.sources[number]
    if source.made // DRAWN_AT_ONCE != source.block:
        loop.undrawn, loop.events = number, 0


@kernel
def next_key(state: State, number: int) -> int:
    """Return the key of the next request of a source, whose row is not needed."""
    source = state.sources[number]
    source.made += 1
    key: int = source.first_key + source.made - 1
    return key


@kernel
def next_request(state: State, number: int, record: Any) -> int:
    """Write the function and the drawn columns of a source's next request into a record, and when its mapping leads
    elsewhere; return its key."""
    source = state.sources[number]
    place = place_of(state, source, source.made)
    record.function = function_at(state, source, place)
    record.moves_ns = source.moves_ns
    place += source.first_place
    drawn = state.drawn[source.first_drawn + place * DRAWN_AT_ONCE + source.made % DRAWN_AT_ONCE]
    record.duration_ns, record.init_ns, record.placement_ns = drawn.duration_ns, drawn.init_ns, drawn.placement_ns
    record.outcome, record.pick, record.lifetime_ns = drawn.outcome, drawn.pick, drawn.lifetime_ns
    record.idle_timeout_ns, record.surplus_idle_timeout_ns = drawn.idle_timeout_ns, drawn.surplus_idle_timeout_ns
    key: int = next_key(state, number)
    draws(state, number)
    return key
