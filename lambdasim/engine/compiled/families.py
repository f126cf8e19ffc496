"""The families of what happens besides requests that go straight to their functions: the place to register one.

The loop knows none of them. A family has kinds of actors (in :mod:`state`, with its arrays), whose handlers are
routines, in a program of its own: who does not use it does not compile it.
"""

from lambdasim.engine.compiled import (
    batches,
    capacity,
    events,
    fifo,
    gateways,
    handlers,
    links,
    sqs,
    streams,
    timers,
    users,
)
from lambdasim.engine.compiled.following import NOTHING, follow_held
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.state import (
    DELIVERIES,
    ENOUGH,
    HELD,
    OF_CALL,
    OF_CALLED,
    OF_END,
    OF_EVENT,
    OF_FIFO,
    OF_HANDLER,
    OF_LANE,
    OF_LINK,
    OF_POLLER,
    OF_QUEUE,
    OF_USER,
    WAITING,
    State,
)
from lambdasim.engine.compiled.timers import ARRIVES
from lambdasim.machine_code.jit import kernel

ENDS_BY_THEMSELVES = (OF_EVENT, OF_LANE, OF_POLLER, OF_CALLED)
"""Actors that tell links of an execution's end by themselves."""


@kernel
def arrive(state: State, kind: int, slot: int, now: int) -> None:
    """Let a source of a kind take in the event in a slot of `waiting`."""
    if kind == OF_QUEUE:
        sqs.arrive(state, slot, now)
    elif kind == OF_FIFO:
        fifo.arrive(state, slot, now)
    elif kind == OF_LANE:
        streams.arrive(state, slot, now)
    else:
        events.arrive(state, slot, now)


@kernel
def send(state: State, slot: int, now: int) -> None:
    """Let the source of the request in a slot of `waiting` have it after its delay, or its client wait from now on."""
    event = state.waiting[slot]
    kind, arrives_ns = state.sources[event.source].kind, now + event.delay_ns
    if kind == OF_CALL:
        gateways.call(state, slot, now)
    elif arrives_ns >= state.loop[0].horizon_ns:
        capacity.leave(state.waiting, state.rooms[WAITING], slot)
    elif event.delay_ns > 0:
        timers.arm(state, arrives_ns, timers.ARRIVAL, event.request, kind, slot, ARRIVES)
    else:
        arrive(state, kind, slot, now)


@routine
def on_timer(state: State, kind: int, actor: int, stage: int, now: int) -> None:
    """Let happen what a timer is for."""
    if stage == ARRIVES:
        arrive(state, kind, actor, now)
    elif kind == OF_POLLER:
        sqs.resume(state, actor, stage, now)
    elif kind == OF_QUEUE:
        sqs.on_timer(state, actor, stage, now)
    elif kind == OF_FIFO:
        fifo.on_timer(state, actor, stage, now)
    elif kind == OF_LANE:
        streams.on_timer(state, actor, stage, now)
    elif kind == OF_CALL:
        gateways.on_timer(state, actor, stage, now)
    elif kind == OF_END:
        links.ended(state, actor, now)
    elif kind == OF_HANDLER:
        if handlers.on_timer(state, actor, stage, now):
            known(state, actor, now)
            capacity.leave(state.held, state.rooms[HELD], actor)
    elif kind == OF_CALLED:
        handlers.on_call_timer(state, actor, stage, now)
    elif kind in (OF_USER, OF_LINK):
        slot = users.on_timer(state, actor, stage, now) if kind == OF_USER else links.arrive(state, actor, stage, now)
        if slot >= 0:
            send(state, slot, now)
    else:
        events.attempt(state, actor, now)


@routine
def drop(state: State, now: int) -> None:
    """Take away the first timer, as nobody waits for it."""
    timer = state.timers[timers.take(state)]
    if timer.stage == timers.MOVED:
        on_timer(state, timer.kind, timer.actor, timer.stage, now)


@kernel
def known(state: State, slot: int, now: int) -> None:
    """Tell who waits for an execution that was held, as it is known now when it ends, which is not before now."""
    own = state.held[slot]
    if own.kind == OF_EVENT:
        events.known(state, slot, now)
    elif own.kind == OF_LANE:
        batches.known(state, slot, now)
    elif own.kind == OF_CALL:
        gateways.known(state, slot, now)
    elif own.kind == OF_USER:
        users.answered(state, own.actor, own.end_ns)
    if own.kind not in ENDS_BY_THEMSELVES:
        follow_held(state, slot, NOTHING)


@kernel
def ended(state: State, kind: int, actor: int, status: int, now: int) -> None:
    """Tell who waits for the end of an invocation."""
    if kind == OF_POLLER:
        sqs.ended(state, actor, status, now)
    elif kind == OF_LANE:
        batches.ended(state, actor, status, now)
    elif kind == OF_CALLED:
        handlers.ended(state, actor, status, now)


@kernel
def enable(state: State, source: int, enabled: int, now: int) -> None:
    """Enable or disable a source's mapping, if it has one."""
    kind = state.sources[source].kind
    if kind == OF_QUEUE:
        sqs.enable(state, state.number_of[source], enabled, now)
    elif kind == OF_FIFO:
        fifo.enable(state, state.number_of[source], enabled, now)
    elif kind == OF_LANE:
        streams.enable(state, state.number_of[source], enabled, now)


@kernel
def limit(state: State, source: int, maximum: int, now: int) -> None:
    """Let a source's mapping process so many batches at once at most, if it is of a queue."""
    kind = state.sources[source].kind
    if kind == OF_QUEUE:
        sqs.limit(state, state.number_of[source], maximum, now)
    elif kind == OF_FIFO:
        fifo.limit(state, state.number_of[source], maximum, now)


@kernel
def adjust(state: State, source: int, setting: int, value: int, now: int) -> None:
    """Let a setting of a source's mapping, of those of ``OF_BATCHES``, be another from now on."""
    kind = state.sources[source].kind
    if kind in (OF_QUEUE, OF_FIFO):
        sqs.adjust(state, state.number_of[source], setting, value, now)
    elif kind == OF_LANE:
        streams.adjust(state, state.number_of[source], setting, value, now)


@kernel
def meter(state: State, source: int, now: int) -> None:
    """Tell what alarms ask of a source, if it is a queue."""
    if state.sources[source].kind in (OF_QUEUE, OF_FIFO):
        sqs.meter(state, state.number_of[source], now)


@kernel
def fail_records(state: State, source: int, record_errors_q24: int) -> None:
    """Let such a share of a source's records fail at each delivery from now on."""
    kind, number = state.sources[source].kind, state.number_of[source]
    if kind in (OF_QUEUE, OF_FIFO):
        state.queues[number].record_errors_q24 = record_errors_q24
    elif kind == OF_LANE:
        state.streams[number].record_errors_q24 = record_errors_q24


@routine
def close(state: State, now: int) -> int:
    """Count what families have not counted when the simulation ends, which is now; return what there is no room for."""
    if len(state.queues) > 0:
        lacking: int = sqs.close(state, now)
        if lacking != ENOUGH:
            return lacking
    if len(state.streams) > 0:
        streams.close(state, now)
    loop = state.loop[0]
    while loop.closed_held < state.rooms[HELD].used:
        if state.rooms[DELIVERIES].used == state.rooms[DELIVERIES].capacity:
            return DELIVERIES
        slot = loop.closed_held
        loop.closed_held += 1
        held = state.held[slot]
        if held.environment >= 0 and held.kind == OF_EVENT:
            events.remains(state, slot)
        elif held.environment >= 0 and held.kind == OF_CALL:
            gateways.remains(state, held.actor)
    return ENOUGH
