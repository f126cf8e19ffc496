"""Virtual users, who wait for an answer before they ask again. Twin of ``virtual_user`` of
``engine/reference/arrivals.py``.

When a user has its answer is known as soon as anybody knows it, so that its next request is a timer from then on.
"""

from typing import Any

from lambdasim.engine.compiled import timers
from lambdasim.engine.compiled.asking import ask
from lambdasim.engine.compiled.crowds import IS_TRIED_AGAIN, SENDS
from lambdasim.engine.compiled.invocation import keep
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.routing import function_at, place_of
from lambdasim.engine.compiled.state import OF_CALL, OF_USER, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model.events import EventRank, request_key
from lambdasim.model.users import sends_next_ns, still_sends
from lambdasim.plan import Request

RETRY, THINK_END = int(EventRank.RETRY), int(EventRank.THINK_END)


@routine
def on_timer(state: State, place: int, stage: int, now: int) -> int:
    """Let happen what a user's timer is for; return the slot in `waiting` of a request that goes to a source, or -1."""
    user = state.users[place]
    crowd = state.crowds[user.crowd]
    if stage == IS_TRIED_AGAIN:
        attempt(state, place, now)
        return -1
    if user.iteration == user.known:  # it waits until that is drawn
        goes_on(state, place, now)
        state.loop[0].undrawn, state.loop[0].events = len(state.sources) + user.crowd, 0
        return -1
    user.attempt, user.first_ns = 0, now
    user.place = place_of(state, crowd, user.iteration * crowd.vus + user.number)
    if crowd.source < 0:
        attempt(state, place, now)
        return -1
    slot = keep(state, asked(state, user, now), 0)
    if state.sources[crowd.source].kind != OF_CALL:  # an event has its answer as soon as it is sent
        answered(state, place, now)
    return slot


@kernel
def attempt(state: State, place: int, now: int) -> None:
    """Ask for an environment for a user's request."""
    user = state.users[place]
    request = asked(state, user, user.first_ns)
    again_ns, known_ns = ask(state, request, user.attempt, user.first_ns, now)
    if again_ns >= 0:
        user.attempt += 1
        timers.arm(state, again_ns, RETRY, request.request, OF_USER, place, IS_TRIED_AGAIN)
    elif known_ns < 0:
        held = state.held[-1 - known_ns]
        held.kind, held.actor = OF_USER, place
    else:
        answered(state, place, known_ns)


@routine
def answered(state: State, place: int, at_ns: int) -> None:
    """Let a user have an answer at a time that is not before now."""
    user = state.users[place]
    next_ns = sends_next_ns(at_ns, drawn(state, user, 0).think_ns)
    if still_sends(state.crowds[user.crowd].stop_ns, next_ns):
        user.iteration += 1
        goes_on(state, place, next_ns)


@kernel
def goes_on(state: State, place: int, at_ns: int) -> None:
    """Let a user send its next request at a time."""
    user = state.users[place]
    timers.arm(state, at_ns, THINK_END, key(state, user), OF_USER, place, SENDS)


@kernel
def key(state: State, user: Any) -> int:
    """Return the key of a user's request."""
    crowd = state.crowds[user.crowd]
    result: int = request_key(crowd.load, user.iteration * crowd.vus + user.number)
    return result


@kernel
def drawn(state: State, user: Any, place: int) -> Any:
    """Return what is drawn of a user's request, if it goes to the version at a place."""
    crowd = state.crowds[user.crowd]
    first = crowd.first_ahead + place * crowd.vus * crowd.ahead
    return state.ahead[first + user.number * crowd.ahead + user.iteration % crowd.ahead]


@kernel
def asked(state: State, user: Any, sent_ns: int) -> Request:
    """Return a user's request."""
    crowd = state.crowds[user.crowd]
    row = drawn(state, user, user.place)
    return Request(
        key(state, user), sent_ns, function_at(state, crowd, user.place), row.duration_ns, row.init_ns,
        row.placement_ns, row.outcome, row.idle_timeout_ns, row.surplus_idle_timeout_ns, row.lifetime_ns, row.pick,
        crowd.source, row.delay_ns, 0,
    )  # fmt: skip
