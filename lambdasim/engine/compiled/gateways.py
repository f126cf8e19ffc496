"""Clients that wait for an answer, through a gateway or not: their attempts, and what becomes of each at the function.
Twin of ``engine/reference/gateways.py``.

What an attempt takes is known when it is admitted, and so is when its client knows what became of it. If that changes
nothing but the client's row, it is written then.
"""

from typing import Any

from lambdasim.engine.compiled import capacity, deliveries, timers, users
from lambdasim.engine.compiled.calls import ARRIVES_LATE, IS_HEARD, IS_TRIED
from lambdasim.engine.compiled.client import SEQUENCE_MASK, delay_of, refunds
from lambdasim.engine.compiled.deliveries import jitter
from lambdasim.engine.compiled.following import NOTHING, follow
from lambdasim.engine.compiled.function import grant
from lambdasim.engine.compiled.invocation import begins, execute, kept, throttled
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.state import CALLS, INVOCATIONS, NOBODY, OF_CALL, WAITING, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model.events import LOAD_SHIFT, DeliveryOutcome, Destination, EventRank, Fate, RetryCause
from lambdasim.model.gateway import NO_ANSWER, answer, is_let_in, longest_wait_ns, refusal, trouble
from lambdasim.model.gateway import REFUSED as REFUSAL
from lambdasim.model.gateway import outcome as outcome_of
from lambdasim.plan import Request

RETRY, ARRIVAL, GIVE_UP = int(EventRank.RETRY), int(EventRank.ARRIVAL), int(EventRank.GIVE_UP)
THROTTLED, REFUSED = int(DeliveryOutcome.THROTTLED), int(DeliveryOutcome.REFUSED)
TIMED_OUT, IN_FLIGHT = int(DeliveryOutcome.TIMED_OUT), int(DeliveryOutcome.IN_FLIGHT)
STILL_WAITING = int(DeliveryOutcome.WAITING)
STAYS, DONE, EXHAUSTED, REMAINS = int(Fate.STAYS), int(Fate.DONE), int(Fate.EXHAUSTED), int(Fate.REMAINS)
NOWHERE = int(Destination.NONE)
NO_TROUBLE_YET = int(RetryCause.THROTTLE)


@routine
def call(state: State, slot: int, now: int) -> None:
    """Let a client send the request in a slot of `waiting`."""
    place = capacity.taken(state.calls, state.rooms[CALLS])
    own, request = state.calls[place], kept(state.waiting[slot])
    own.request, own.arrival_ns, own.function, own.pick = request.request, now, request.function, request.pick
    own.duration_ns, own.init_ns, own.placement_ns = request.duration_ns, request.init_ns, request.placement_ns
    own.outcome, own.lifetime_ns = request.outcome, request.lifetime_ns
    own.idle_timeout_ns, own.surplus_idle_timeout_ns = request.idle_timeout_ns, request.surplus_idle_timeout_ns
    own.source, own.delay_ns, own.attempt, own.last = request.source, request.delay_ns, 0, NO_TROUBLE_YET
    own.is_forsaken, own.chain_depth, own.held, own.timer = 0, request.chain_depth, -1, -1
    capacity.leave(state.waiting, state.rooms[WAITING], slot)
    send(state, place, now)


@routine
def on_timer(state: State, place: int, stage: int, now: int) -> None:
    """Let happen what a call's timer is for."""
    own = state.calls[place]
    if stage == IS_TRIED:
        send(state, place, now)
    elif stage == IS_HEARD:
        own.timer = -1
        heard(state, place, now)
    elif own.is_forsaken:
        arrive(state, place, now)
        forsake(state, own)
        leave(state, place)
    else:
        reach(state, place, now)


@routine
def send(state: State, place: int, now: int) -> None:
    """Send an attempt."""
    own, horizon_ns = state.calls[place], state.loop[0].horizon_ns
    own.available_ns, own.delivered_ns, own.batch = now, -1, -1
    own.result, own.answer = TIMED_OUT, NO_ANSWER
    if own.delay_ns == 0:
        reach(state, place, now)
        return
    traveller, arrives_ns, longest_ns = place, now + own.delay_ns, longest_wait_ns_of(state, own)[0]
    if longest_ns < own.delay_ns:  # its client does not wait until it arrives
        if arrives_ns < horizon_ns:
            traveller = capacity.taken(state.calls, state.rooms[CALLS])
            state.calls[traveller] = state.calls[place]
            state.calls[traveller].is_forsaken = 1
        hears(state, place, now + longest_ns)
        if arrives_ns >= horizon_ns:
            return
    elif arrives_ns >= horizon_ns:
        hears(state, place, arrives_ns)
        return
    timers.arm(state, arrives_ns, ARRIVAL, state.calls[traveller].request, OF_CALL, traveller, ARRIVES_LATE)


@kernel
def reach(state: State, place: int, now: int) -> None:
    """Let an attempt arrive whose client waits for it."""
    own = state.calls[place]
    known_ns = arrive(state, place, now)
    if own.held < 0:
        hears(state, place, known_ns)
    elif known_ns < state.loop[0].horizon_ns:  # that is when it waits no longer
        own.timer = timers.arm(state, known_ns, GIVE_UP, own.request, OF_CALL, place, IS_HEARD)


@kernel
def longest_wait_ns_of(state: State, own: Any) -> tuple[int, int]:
    """Return how long the client of a call waits for an attempt at most, and the answer it then has."""
    gateway = state.gateways[own.source]
    return longest_wait_ns(gateway, gateway, client_of(state, own).timeout_ns, own.delay_ns)


@routine
def arrive(state: State, place: int, now: int) -> int:
    """Let an attempt arrive at its gateway; return when its client knows what became of it, at the latest if it is
    held."""
    own = state.calls[place]
    gateway, limits = state.gateways[own.source], state.limits
    stage = limits[1 + own.source]
    if not is_let_in(gateway, stage, stage, limits[0], limits[0], now):
        own.result, own.answer = REFUSED, REFUSAL
        return now
    request = tried(state, own)
    own.delivered_ns = now
    row = capacity.new_row(state.invocations, state.rooms[INVOCATIONS])
    granted = grant(state, request, 0, now, True)
    begins(state, row, request, 0, now, now)
    if granted < 0:
        throttled(row, -granted)
        own.result, own.answer = THROTTLED, refusal(gateway, -granted)
        return now
    own.batch = request.request
    end_ns, status = execute(state, row, request, granted, now, request.outcome)
    longest_ns, own.answer = longest_wait_ns_of(state, own)
    latest_ns: int = own.available_ns + longest_ns
    if end_ns < 0:
        own.held = status
        state.held[status].kind, state.held[status].actor = OF_CALL, place
        return latest_ns
    follow(state, request, granted, end_ns, status, NOTHING)
    if end_ns > latest_ns:
        return latest_ns
    own.result, own.answer = answer(gateway, status)
    return end_ns


@routine
def known(state: State, slot: int, now: int) -> None:
    """Let the client of an attempt, which still waits, hear of it when the execution that was held has ended."""
    held = state.held[slot]
    place, end_ns = held.actor, held.end_ns
    own = state.calls[place]
    latest_ns = own.available_ns + longest_wait_ns_of(state, own)[0]
    own.held = -1
    if end_ns <= latest_ns:
        timers.withdraw(state, own.timer)
        own.timer = -1
        own.result, own.answer = answer(state.gateways[own.source], held.status)
        hears(state, place, end_ns)
    elif latest_ns >= state.loop[0].horizon_ns:
        hears(state, place, latest_ns)


@kernel
def forsake(state: State, own: Any) -> None:
    """Let an attempt run whose client waits no longer."""
    if own.held >= 0:
        state.held[own.held].kind = NOBODY
        own.held = -1


@kernel
def tried(state: State, own: Any) -> Request:
    """Return an attempt as a request of its own: it takes as long as the first one, but may end otherwise."""
    source, function = state.sources[own.source], state.functions[own.function]
    key = own.request
    if own.attempt > 0:
        key = source.first_key + source.made
        source.made += 1
    u24 = jitter(state.gateways[own.source].outcome_key, own.request, own.attempt)
    outcome = outcome_of(own.outcome, own.attempt, u24, function.errors_q24, function.crashes_q24)
    return Request(
        key, own.arrival_ns, own.function, own.duration_ns, own.init_ns, own.placement_ns, outcome,
        own.idle_timeout_ns, own.surplus_idle_timeout_ns, own.lifetime_ns, own.pick, own.source, own.delay_ns,
        own.chain_depth,
    )  # fmt: skip


@kernel
def client_of(state: State, own: Any) -> Any:
    """Return the client of the event's load, or the source's own where nothing is said of that."""
    client = state.clients[own.request >> LOAD_SHIFT]
    if client.is_default:
        client = state.clients[state.sources[own.source].first_key >> LOAD_SHIFT]
    return client


@routine
def hears(state: State, place: int, at_ns: int) -> None:
    """Let a client know, at a time that is not before now, what became of its attempt."""
    own = state.calls[place]
    if at_ns >= state.loop[0].horizon_ns:
        remains(state, place)
    elif client_of(state, own).quota > 0 or trouble(own.answer) >= 0:
        timers.arm(state, at_ns, GIVE_UP, own.request, OF_CALL, place, IS_HEARD)
    else:
        ends(state, place, at_ns, DONE)


@kernel
def heard(state: State, place: int, now: int) -> None:
    """Let a client that knows what became of its attempt be content, try again, or give up."""
    own = state.calls[place]
    forsake(state, own)
    client, sequence = client_of(state, own), own.request & SEQUENCE_MASK
    wrong = trouble(own.answer)
    if wrong < 0:
        refunds(client, state.tokens, sequence, own.attempt, own.last)
        ends(state, place, now, DONE)
        return
    jitter_key = state.clients[own.request >> LOAD_SHIFT].jitter_key
    delay_ns = delay_of(client, state.tokens, sequence, own.attempt, wrong, jitter_key)
    if delay_ns < 0:
        ends(state, place, now, EXHAUSTED)
        return
    write(state, own, now, own.result, STAYS, own.answer)
    own.last = wrong
    own.attempt += 1
    own.available_ns, own.delivered_ns, own.batch = now + delay_ns, -1, -1
    if now + delay_ns >= state.loop[0].horizon_ns:
        remains(state, place)
    else:
        timers.arm(state, now + delay_ns, RETRY, own.request, OF_CALL, place, IS_TRIED)


@kernel
def ends(state: State, place: int, at_ns: int, fate: int) -> None:
    """Let a client have its answer, or give up, at a time that is not before now."""
    own = state.calls[place]
    write(state, own, at_ns, own.result, fate, own.answer)
    index = state.clients[own.request >> LOAD_SHIFT].crowd
    if index >= 0:
        crowd = state.crowds[index]
        users.answered(state, crowd.first + (own.request & SEQUENCE_MASK) % crowd.vus, at_ns)
    leave(state, place)


@routine
def remains(state: State, place: int) -> None:
    """Write that a client still waits when the simulation ends, for an answer or to try again."""
    own = state.calls[place]
    write(state, own, -1, STILL_WAITING if own.delivered_ns < 0 else IN_FLIGHT, REMAINS, NO_ANSWER)
    leave(state, place)


@kernel
def leave(state: State, place: int) -> None:
    """Forget a call."""
    capacity.leave(state.calls, state.rooms[CALLS], place)


@kernel
def write(state: State, own: Any, ended_ns: int, result: int, fate: int, told: int) -> None:
    """Write the row of an attempt."""
    row = deliveries.write(
        state, own.source, own.request, own.attempt, own.arrival_ns, own.available_ns, own.delivered_ns, ended_ns,
        result, fate, NOWHERE, own.batch,
    )  # fmt: skip
    row.answer = told
