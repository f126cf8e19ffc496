"""Databases with a pool, with a limit of new connections, or with a response that depends on what else is asked: the
way of a handler through what it uses. Twin of ``engine/reference/databases.py``, and of ``Handlers._in_turn``.
"""

from typing import Any

from lambdasim.engine.compiled import connections, timers
from lambdasim.engine.compiled.api_requests import sample
from lambdasim.engine.compiled.deliveries import jitter
from lambdasim.engine.compiled.holds import BORROWS, ENTERS, GIVES_UP, LEAVES
from lambdasim.engine.compiled.state import OF_HANDLER, State
from lambdasim.engine.compiled.working import works
from lambdasim.machine_code.jit import kernel
from lambdasim.model import calls, database
from lambdasim.model.downstream import slowed_ns, spent_in, used_ns
from lambdasim.model.events import EventRank, Status
from lambdasim.records import SourceMetric

INVOKE_END, ERROR = int(EventRank.INVOKE_END), int(Status.ERROR)
CONNECTIONS, BORROW_WAIT = SourceMetric.CONNECTIONS, SourceMetric.BORROW_WAIT


@kernel
def takes_turns(state: State, function: Any) -> bool:
    """Say whether a handler of a function may have to wait for others who use what it uses."""
    for number in range(function.first_use, function.first_use + function.uses):
        if state.downstreams[state.uses[number].downstream].takes_turns:
            return True
    return False


@kernel
def goes_through(state: State, slot: int, now: int) -> int:
    """Let a handler use one downstream after the other, from the one on that it is at; say whether it is known when it
    ends."""
    own, row = state.held[slot], state.held_rows[slot]
    function, environment = state.functions[row.function], state.environments[own.environment]
    while own.use < function.first_use + function.uses:
        use = state.uses[own.use]
        downstream = state.downstreams[use.downstream]
        if downstream.takes_turns:
            return connects(state, slot, downstream, environment, now)
        if not connections.takes(state, use, environment, now):
            return fails(state, slot, downstream, now)
        windows: Any = state.windows[downstream.first_window : downstream.first_window + downstream.windows]
        own.own_ns = used_ns(use, windows, downstream.permille, now, own.own_ns)
        own.use += 1
    left_ns, status = calls.ended_by(own.stops_ns - now, own.stopped, max(own.own_ns, 0), row.status)
    return works(state, slot, left_ns, status, now)


@kernel
def fails(state: State, slot: int, downstream: Any, now: int) -> int:
    """Let a handler fail that was refused."""
    own = state.held[slot]
    left_ns, status = calls.ended_by(own.stops_ns - now, own.stopped, downstream.fail_ns, ERROR)
    return works(state, slot, left_ns, status, now)


@kernel
def is_refused(state: State, slot: int, downstream: Any, now: int) -> int:
    """Let a handler fail that gets no connection, unless it is stopped now."""
    own = state.held[slot]
    if now >= own.stops_ns:
        return works(state, slot, 0, own.stopped, now)
    connections.refused(state, state.uses[own.use].downstream, now)
    return fails(state, slot, downstream, now)


@kernel
def connects(state: State, slot: int, downstream: Any, environment: Any, now: int) -> int:
    """Let a handler ask for a connection to the database it is at."""
    own, index = state.held[slot], state.uses[state.held[slot].use].downstream
    if downstream.is_down:
        return is_refused(state, slot, downstream, now)
    if not downstream.has_pool:
        held = downstream.held
        if not connections.connect(state, index, environment, now):
            return is_refused(state, slot, downstream, now)
        return opens(
            state, slot, database.connect_ns(downstream, downstream, now) if downstream.held > held else 0, now
        )
    if environment.connected >> downstream.bit & 1:
        return enters(state, slot, now)
    if database.may_borrow(downstream, downstream):
        downstream.borrowed += 1
        return borrows(state, slot, now)
    own.since_ns = now
    connections.wait(state, downstream, slot)
    patience_ns = min(downstream.borrow_ns, own.stops_ns - now)
    own.timer = timers.arm(state, now + patience_ns, INVOKE_END, environment.number, OF_HANDLER, slot, GIVES_UP)
    return 0


@kernel
def goes_on(state: State, slot: int, stage: int, now: int) -> int:
    """Let happen what the timer of a handler in a database is for; say whether it is known when it ends."""
    own = state.held[slot]
    index = state.uses[own.use].downstream
    downstream = state.downstreams[index]
    if stage == ENTERS:
        return enters(state, slot, now)
    if stage == LEAVES:
        downstream.busy -= 1
        leaves(state, slot, index, now)
        if own.is_cut:
            return works(state, slot, 0, own.stopped, now)
        own.use += 1
        return goes_through(state, slot, now)
    sample(state, -1 - index, BORROW_WAIT, own.since_ns, now - own.since_ns)
    if stage == BORROWS:
        return borrows(state, slot, now)
    connections.leave(state, downstream, slot)
    return is_refused(state, slot, downstream, now)


@kernel
def borrows(state: State, slot: int, now: int) -> int:
    """Let a handler have a connection of the pool that was counted for it."""
    own = state.held[slot]
    index, environment = state.uses[own.use].downstream, state.environments[own.environment]
    downstream = state.downstreams[index]
    if database.is_pinned(downstream, jitter(downstream.pin_key, environment.number, 0)):
        environment.connected |= 1 << downstream.bit
    sample(state, -1 - index, CONNECTIONS, now, 1)
    return opens(state, slot, database.borrowed_ns(downstream, downstream, now), now)


@kernel
def opens(state: State, slot: int, wait_ns: int, now: int) -> int:
    """Let a handler begin its transaction as soon as its connection is open."""
    if wait_ns == 0:
        return enters(state, slot, now)
    open_ns = min(now + wait_ns, state.held[slot].stops_ns)
    timers.arm(state, open_ns, INVOKE_END, state.held_rows[slot].environment, OF_HANDLER, slot, ENTERS)
    return 0


@kernel
def enters(state: State, slot: int, now: int) -> int:
    """Let a handler begin its transaction, unless it is stopped now."""
    own, row = state.held[slot], state.held_rows[slot]
    use = state.uses[own.use]
    downstream = state.downstreams[use.downstream]
    if now >= own.stops_ns:
        leaves(state, slot, use.downstream, now)
        return works(state, slot, 0, own.stopped, now)
    spent_ns = spent_in(use, row.duration_ns)
    own.own_ns -= spent_ns
    windows: Any = state.windows[downstream.first_window : downstream.first_window + downstream.windows]
    slow_ns = slowed_ns(windows, downstream.permille, now, spent_ns)
    takes_ns = database.begin(downstream, downstream, slow_ns)
    own.is_cut = takes_ns > own.stops_ns - now
    timers.arm(
        state, min(now + takes_ns, own.stops_ns), INVOKE_END, row.environment, OF_HANDLER, slot, LEAVES
    )  # fmt: skip
    return 0


@kernel
def leaves(state: State, slot: int, index: int, now: int) -> None:
    """Give a connection back to its pool, unless its session is pinned."""
    downstream, environment = state.downstreams[index], state.environments[state.held[slot].environment]
    if downstream.has_pool and not environment.connected >> downstream.bit & 1:
        connections.give_back(state, index, now)
