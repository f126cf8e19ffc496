"""Asynchronous events, from their acceptance until they are processed or given up. Twin of
``engine/reference/asynchronous.py``; what is decided, ``model/asynchronous.py`` decides.

What an attempt takes is known when it is admitted, so its rows are written then, and only attempts are events.
"""

from typing import Any

import numpy as np

from lambdasim.engine.compiled import capacity, deliveries, links, timers
from lambdasim.engine.compiled.deliveries import jitter
from lambdasim.engine.compiled.following import ASYNC_FAILURE, NOTHING, follow, follow_given_up, follow_held
from lambdasim.engine.compiled.function import grant
from lambdasim.engine.compiled.invocation import begins, execute, kept, throttled
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.state import INVOCATIONS, OF_EVENT, WAITING, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model.asynchronous import fate as fate_of
from lambdasim.model.asynchronous import (
    is_doubled,
    is_last,
    is_refused,
    is_taken,
    is_too_old,
    leaves_ns,
    retry_delay_ns,
    throttle_delay_ns,
)
from lambdasim.model.asynchronous import outcome as outcome_of
from lambdasim.model.events import DeliveryOutcome, Destination, EventRank, Fate
from lambdasim.model.links import Trigger
from lambdasim.model.rules import jitter24

IS_TRIED = 1
"""Stage of an event that waits."""

RETRY, ARRIVAL = int(EventRank.RETRY), int(EventRank.ARRIVAL)
SUCCEEDED, FAILED, THROTTLED = (
    int(DeliveryOutcome.SUCCEEDED),
    int(DeliveryOutcome.FAILED),
    int(DeliveryOutcome.THROTTLED),
)
REFUSED, IN_FLIGHT, STILL_WAITING = (
    int(DeliveryOutcome.REFUSED),
    int(DeliveryOutcome.IN_FLIGHT),
    int(DeliveryOutcome.WAITING),
)
STAYS, DONE, EXHAUSTED = int(Fate.STAYS), int(Fate.DONE), int(Fate.EXHAUSTED)
AGED_OUT, REMAINS = int(Fate.AGED_OUT), int(Fate.REMAINS)
NOWHERE, DELIVERED = int(Destination.NONE), int(Destination.DELIVERED)
ASYNC_SUCCESS = int(Trigger.ASYNC_SUCCESS)


@routine
def arrive(state: State, slot: int, now: int) -> None:
    """Accept the event in a slot of `waiting`, unless its caller is throttled."""
    event = state.waiting[slot]
    spec = state.sources[event.source]
    if not is_taken(spec, spec, now):
        event.sent_ns, event.failures = now, 0
        delivery(state, event, now, -1, now, THROTTLED, EXHAUSTED, NOWHERE, -1)
        leave(state, slot)
        return
    index: Any = np.uint64(event.request)
    is_twice = is_doubled(spec, int(jitter24(spec.duplicate_key, index)))
    if is_twice:
        copy = capacity.taken(state.waiting, state.rooms[WAITING])
        state.waiting[copy] = state.waiting[slot]
        state.waiting[copy].request = spec.first_key + spec.made
        spec.made += 1
        accept(state, copy, now)
    accept(state, slot, now)


@kernel
def accept(state: State, slot: int, now: int) -> None:
    """Let an event wait for its first attempt, or send it away at once."""
    event = state.waiting[slot]
    spec = state.sources[event.source]
    event.sent_ns, event.failures = now, 0
    if is_refused(state.functions[state.functions[spec.function].first].reserved):
        gone = deliveries.sent_away(state, spec, event.request, now)
        if gone == DELIVERED and len(state.links) > 0:
            links.given_up(state, spec.function, event.chain_depth, now)
        delivery(state, event, now, -1, now, REFUSED, EXHAUSTED, gone, -1)
        leave(state, slot)
    else:
        again(state, slot, now, now + spec.dequeue_ns, ARRIVAL)


@kernel
def again(state: State, slot: int, now: int, next_ns: int, rank: int) -> None:
    """Let an event wait for its next attempt, unless it would be too old by then."""
    loop, event = state.loop[0], state.waiting[slot]
    spec = state.sources[event.source]
    ended_ns = next_ns
    if is_too_old(spec, event.sent_ns, next_ns):
        next_ns, ended_ns = now, leaves_ns(spec, event.sent_ns, now)
    elif next_ns < loop.horizon_ns:
        timers.arm(state, next_ns, rank, event.request, OF_EVENT, slot, IS_TRIED)
        return
    if ended_ns >= loop.horizon_ns:
        delivery(state, event, next_ns, -1, -1, STILL_WAITING, REMAINS, NOWHERE, -1)
    else:
        gone = deliveries.sent_away(state, spec, event.request, ended_ns)
        if gone == DELIVERED:
            follow_given_up(state, spec.function, event.request, event.chain_depth, ended_ns)
        delivery(state, event, now, -1, ended_ns, REFUSED, AGED_OUT, gone, -1)
        loop.last_ns = max(loop.last_ns, ended_ns)
    leave(state, slot)


@routine
def attempt(state: State, slot: int, now: int) -> None:
    """Try an event at its function."""
    event = state.waiting[slot]
    spec, request = state.sources[event.source], kept(event)
    row = capacity.new_row(state.invocations, state.rooms[INVOCATIONS])
    granted = grant(state, request, event.attempt, now, False)
    begins(state, row, request, event.attempt, event.sent_ns, now)
    if granted < 0:
        throttled(row, -granted)
        throttles = event.attempt + 1 - event.failures
        next_ns = now + throttle_delay_ns(spec, throttles, jitter(spec.backoff_key, event.request, event.attempt))
        row.final = is_too_old(spec, event.sent_ns, next_ns) or next_ns >= state.loop[0].horizon_ns
        delivery(state, event, now, now, now, THROTTLED, STAYS, NOWHERE, -1)
        event.attempt += 1
        again(state, slot, now, next_ns, RETRY)
        return
    u24, function = jitter(spec.outcome_key, event.request, event.attempt), state.functions[request.function]
    outcome = outcome_of(request.outcome, event.failures, u24, function.errors_q24, function.crashes_q24)
    end_ns, status = execute(state, row, request, granted, now, outcome)
    if end_ns < 0:
        state.held[status].kind, state.held[status].actor = OF_EVENT, slot
        return
    row.final = is_final(state, event, end_ns, status)
    trigger = ended(state, slot, now, end_ns, status)
    follow(state, request, granted, end_ns, status, trigger)


@routine
def known(state: State, slot: int, now: int) -> None:
    """Take note of how an attempt ends whose execution was held, as that is known now."""
    held = state.held[slot]
    row = state.invocations[state.rooms[INVOCATIONS].used - 1]
    row.final = is_final(state, state.waiting[held.actor], held.end_ns, held.status)
    trigger = ended(state, held.actor, row.arrival_ns, held.end_ns, held.status)
    follow_held(state, slot, trigger)


@routine
def remains(state: State, slot: int) -> None:
    """Write that an event was being processed when the simulation ended, by an execution that is held."""
    event, began_ns = state.waiting[state.held[slot].actor], state.held_rows[slot].arrival_ns
    delivery(state, event, began_ns, began_ns, -1, IN_FLIGHT, REMAINS, NOWHERE, event.request)


@kernel
def is_final(state: State, event: Any, end_ns: int, status: int) -> bool:
    """Say whether no attempt follows one that ends so."""
    spec, horizon_ns = state.sources[event.source], state.loop[0].horizon_ns
    result: bool = end_ns >= horizon_ns or is_last(spec, event.sent_ns, status, event.failures + 1, end_ns, horizon_ns)
    return result


@kernel
def ended(state: State, slot: int, began_ns: int, end_ns: int, status: int) -> int:
    """Take note of how an attempt ends; return what links may then wait for besides."""
    event = state.waiting[slot]
    spec, request = state.sources[event.source], event.request
    if end_ns >= state.loop[0].horizon_ns:
        delivery(state, event, began_ns, began_ns, -1, IN_FLIGHT, REMAINS, NOWHERE, request)
        leave(state, slot)
        return NOTHING
    fate = fate_of(spec, status, event.failures + 1)
    gone = NOWHERE
    if fate == EXHAUSTED:  # an end comes before what changes at its instant
        gone = deliveries.sent_away(state, spec, request, end_ns - 1)
    outcome = SUCCEEDED if fate == DONE else FAILED
    trigger = ASYNC_SUCCESS if fate == DONE else ASYNC_FAILURE if gone == DELIVERED else NOTHING
    delivery(state, event, began_ns, began_ns, end_ns, outcome, fate, gone, request)
    if fate == STAYS:
        event.attempt += 1
        event.failures += 1
        again(state, slot, end_ns, end_ns + retry_delay_ns(event.failures), RETRY)
    else:
        leave(state, slot)
    return trigger


@kernel
def leave(state: State, slot: int) -> None:
    """Forget an event."""
    capacity.leave(state.waiting, state.rooms[WAITING], slot)


@kernel
def delivery(
    state: State, event: Any, available_ns: int, delivered_ns: int, ended_ns: int, outcome: int, fate: int,
    destination: int, batch: int,
) -> None:  # fmt: skip
    """Write the row of a delivery of an event in a slot."""
    deliveries.write(
        state, event.source, event.request, event.attempt, event.sent_ns, available_ns, delivered_ns, ended_ns, outcome,
        fate, destination, batch,
    )  # fmt: skip
