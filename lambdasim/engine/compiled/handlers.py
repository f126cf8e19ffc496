"""What a handler does that takes a time nobody knows beforehand: it uses downstreams and calls other functions. Twin of
``engine/reference/handler.py``.

Its execution is held until its end is known, which may be before that; :mod:`families` then tells who waits for it.
"""

from typing import Any

import numpy as np

from lambdasim.engine.compiled import capacity, connections, databases, links, timers
from lambdasim.engine.compiled.asking import granted
from lambdasim.engine.compiled.client import SEQUENCE_MASK, THROTTLE, refunds
from lambdasim.engine.compiled.deliveries import jitter
from lambdasim.engine.compiled.holds import (
    ARRIVES_AT_ONCE,
    BEGINS,
    CALLED_ROWS,
    GIVES_UP,
    IS_ANSWERED,
    IS_LATE,
    IS_TRIED,
)
from lambdasim.engine.compiled.invocation import execute, kept
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.routing import function_at, place_of
from lambdasim.engine.compiled.state import INVOCATIONS, MADE, OF_CALLED, OF_HANDLER, State
from lambdasim.engine.compiled.working import ends, works
from lambdasim.machine_code.jit import kernel
from lambdasim.model import calls
from lambdasim.model.downstream import used_ns
from lambdasim.model.events import LOAD_SHIFT, NEVER_NS, EventRank, Status, request_key
from lambdasim.model.losses import is_cut
from lambdasim.model.rules import jitter24

INVOKE_END, RETRY, ARRIVAL = int(EventRank.INVOKE_END), int(EventRank.RETRY), int(EventRank.ARRIVAL)
SUCCESS, ERROR = int(Status.SUCCESS), int(Status.ERROR)
TIMEOUT, THROTTLED = int(Status.TIMEOUT), int(Status.THROTTLED)


@routine
def on_timer(state: State, slot: int, stage: int, now: int) -> int:
    """Let happen what the timer of a held execution is for; say whether it has been decided when that ends."""
    own = state.held[slot]
    if stage == BEGINS:
        return begins(state, slot, now)
    if stage == IS_LATE:
        state.called[own.called].holder = -1
        return ends(state, slot, now - own.began_ns, own.stopped)
    if stage == IS_ANSWERED:
        call = state.callees[state.call_numbers[own.call]]
        status = calls.answered(call, own.answer)
        if status != SUCCESS:
            return ends(state, slot, now - own.began_ns, status)
    if stage >= GIVES_UP:
        return databases.goes_on(state, slot, stage, now)
    return goes_on(state, slot, now)


@kernel
def begins(state: State, slot: int, now: int) -> int:
    """Let a handler begin; say whether it is known when it ends."""
    own, row = state.held[slot], state.held_rows[slot]
    function, environment = state.functions[row.function], state.environments[own.environment]
    own.began_ns = now
    own.stops_ns, own.stopped = calls.stops(function.timeout_ns, now, lost_ns(state, environment, now))
    if databases.takes_turns(state, function):
        own.use, own.own_ns = function.first_use, row.duration_ns
        return databases.goes_through(state, slot, now)
    duration_ns, status = row.duration_ns, row.status
    if status != TIMEOUT:
        duration_ns, status = used(state, function, environment, duration_ns, status, now)
    left_ns, status = calls.ended_by(own.stops_ns - now, own.stopped, duration_ns, status)
    return works(state, slot, left_ns, status, now)


@kernel
def lost_ns(state: State, environment: Any, now: int) -> int:
    """Return when an environment is lost that serves from now on."""
    for number in range(len(state.losses)):
        loss = state.losses[number]
        if is_cut(loss, now, NEVER_NS, jitter(loss.key, environment.number, 0)):
            result: int = loss.at_ns
            return result
    return NEVER_NS


@kernel
def used(state: State, function: Any, environment: Any, duration_ns: int, status: int, now: int) -> tuple[int, int]:
    """Return what a handler takes and how it ends, given what it uses of downstreams as it begins."""
    for number in range(function.first_use, function.first_use + function.uses):
        use = state.uses[number]
        downstream = state.downstreams[use.downstream]
        if not connections.takes(state, use, environment, now):
            return downstream.fail_ns, ERROR
        windows: Any = state.windows[downstream.first_window : downstream.first_window + downstream.windows]
        duration_ns = used_ns(use, windows, downstream.permille, now, duration_ns)
    return duration_ns, status


@kernel
def goes_on(state: State, slot: int, now: int) -> int:
    """Let a handler make its next call; say whether there is none, so that it ends now."""
    own, row = state.held[slot], state.held_rows[slot]
    function = state.functions[row.function]
    while own.left == 0:
        own.call += 1
        if own.call == function.first_call + function.calls:
            return ends(state, slot, now - own.began_ns, SUCCESS)
        call = state.callees[state.call_numbers[own.call]]
        request: Any = np.uint64(row.request)
        own.left = calls.times(call, int(jitter24(call.count_key, request)))
    own.left -= 1
    own.called = makes(state, state.call_numbers[own.call], slot, own.chain_depth, now)
    own.timer = timers.arm(state, own.stops_ns, INVOKE_END, row.environment, OF_HANDLER, slot, IS_LATE)
    return 0


@kernel
def makes(state: State, number: int, holder: int, chain_depth: int, now: int) -> int:
    """Make a call, now; return its slot."""
    slot = capacity.taken(state.called, state.rooms[MADE])
    own, call = state.called[slot], state.callees[number]
    own.request, own.source, own.delay_ns = request_key(call.load, call.made), -1, 0
    own.callee, own.attempt, own.holder, own.chain_depth = number, 0, holder, chain_depth
    call.made += 1
    timers.arm(state, now, ARRIVAL, own.request, OF_CALLED, slot, ARRIVES_AT_ONCE)
    return slot


@routine
def on_call_timer(state: State, slot: int, stage: int, now: int) -> None:
    """Let a call arrive, or be tried again."""
    own = state.called[slot]
    if stage == ARRIVES_AT_ONCE:
        call = state.callees[own.callee]
        if call.arrived // CALLED_ROWS != call.block:  # it waits until that is drawn
            timers.arm(state, now, ARRIVAL, own.request, OF_CALLED, slot, ARRIVES_AT_ONCE)
            state.loop[0].events = 0
            state.loop[0].undrawn = len(state.sources) + len(state.crowds) + len(state.links) + own.callee
            return
        place = place_of(state, call, call.arrived)
        row = state.called_rows[call.first_drawn + place * CALLED_ROWS + call.arrived % CALLED_ROWS]
        call.arrived += 1
        own.arrival_ns, own.function, own.pick = now, function_at(state, call, place), row.pick
        own.duration_ns, own.init_ns, own.placement_ns = row.duration_ns, row.init_ns, row.placement_ns
        own.outcome, own.lifetime_ns = row.outcome, row.lifetime_ns
        own.idle_timeout_ns, own.surplus_idle_timeout_ns = row.idle_timeout_ns, row.surplus_idle_timeout_ns
    attempt(state, slot, now)


@kernel
def attempt(state: State, slot: int, now: int) -> None:
    """Ask for an environment for a call; then run, or wait for the next attempt, or give up."""
    own = state.called[slot]
    request = kept(own)
    row = capacity.new_row(state.invocations, state.rooms[INVOCATIONS])
    environment_slot, again_ns = granted(state, row, request, own.attempt, own.arrival_ns, now)
    if environment_slot >= 0:
        end_ns, status = execute(state, row, request, environment_slot, now, request.outcome)
        environment = state.environments[environment_slot]
        environment.tells, environment.actor, environment.answer = OF_CALLED, slot, status
        if end_ns < 0:
            state.held[status].kind = OF_CALLED
    elif again_ns >= 0:
        own.attempt += 1
        timers.arm(state, again_ns, RETRY, own.request, OF_CALLED, slot, IS_TRIED)
    else:
        tell(state, slot, THROTTLED, now)


@routine
def ended(state: State, slot: int, status: int, now: int) -> None:
    """Let who waits for a call go on, of which the execution ended now."""
    own = state.called[slot]
    if len(state.links) > 0:
        links.call_ended(state, slot, status, now)
    client = state.clients[own.request >> LOAD_SHIFT]
    refunds(client, state.tokens, own.request & SEQUENCE_MASK, own.attempt, THROTTLE)
    tell(state, slot, status, now)


@kernel
def tell(state: State, slot: int, status: int, now: int) -> None:
    """Let the execution that waits for a call go on, if it still does; the call is over."""
    holder = state.called[slot].holder
    if holder >= 0:
        own = state.held[holder]
        timers.withdraw(state, own.timer)
        own.answer = status
        timers.arm(state, now, INVOKE_END, state.held_rows[holder].environment, OF_HANDLER, holder, IS_ANSWERED)
    capacity.leave(state.called, state.rooms[MADE], slot)
