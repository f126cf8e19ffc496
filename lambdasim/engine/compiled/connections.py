"""The connections of environments to downstreams, and those who wait for one. Twin of ``DownstreamState`` of
``model/downstream.py``, and of ``engine/reference/databases.py``.
"""

from typing import Any

from lambdasim.engine.compiled import timers
from lambdasim.engine.compiled.api_requests import sample
from lambdasim.engine.compiled.holds import BORROWS
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.state import OF_HANDLER, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model.database import may_borrow
from lambdasim.model.downstream import may_connect, passes
from lambdasim.model.events import EventRank
from lambdasim.records import SourceMetric

INVOKE_END = int(EventRank.INVOKE_END)
CONNECTIONS, REFUSALS = SourceMetric.CONNECTIONS, SourceMetric.REFUSALS


@kernel
def takes(state: State, use: Any, environment: Any, now: int) -> bool:
    """Say whether a downstream that nobody waits for takes an invocation."""
    downstream = state.downstreams[use.downstream]
    if downstream.is_down or not connect(state, use.downstream, environment, now):
        refused(state, use.downstream, now)
        return False
    if not passes(downstream, downstream, now, use.calls):
        refused(state, use.downstream, now)
        return False
    return True


@kernel
def connect(state: State, index: int, environment: Any, now: int) -> bool:
    """Give an environment a connection to a downstream unless it has one; say whether it has one now."""
    downstream = state.downstreams[index]
    if downstream.connections == 0 or environment.connected >> downstream.bit & 1:
        return True
    if not may_connect(downstream, downstream.held):
        return False
    environment.connected |= 1 << downstream.bit
    downstream.held += 1
    sample(state, -1 - index, CONNECTIONS, now, 1)
    return True


@kernel
def refused(state: State, index: int, now: int) -> None:
    """Count what a downstream refused now."""
    sample(state, -1 - index, REFUSALS, now, 1)


@routine
def disconnect(state: State, slot: int, at_ns: int) -> None:
    """Take back all connections of an environment that ended at ``at_ns``, or was reset then."""
    environment = state.environments[slot]
    for index in range(len(state.downstreams)):
        downstream = state.downstreams[index]
        if downstream.bit < 0 or not environment.connected >> downstream.bit & 1:
            continue
        if downstream.has_pool:
            give_back(state, index, at_ns)
        else:
            downstream.held -= 1
            sample(state, -1 - index, CONNECTIONS, at_ns, -1)
    environment.connected = 0


@routine
def ready(state: State, slot: int, now: int) -> None:
    """Open the connections that an environment of provisioned concurrency opens as it initialises."""
    environment = state.environments[slot]
    function = state.functions[environment.pool >> 1]
    for number in range(function.first_use, function.first_use + function.uses):
        use = state.uses[number]
        if use.connects_in_init and not connect(state, use.downstream, environment, now):
            refused(state, use.downstream, now)


@routine
def resize(state: State, index: int, connections: int, now: int) -> None:
    """Let a downstream take so many connections from now on."""
    downstream = state.downstreams[index]
    downstream.connections = connections
    let_in(state, downstream, now)


@kernel
def give_back(state: State, index: int, at_ns: int) -> None:
    """Let a connection of a pool be free again."""
    downstream = state.downstreams[index]
    sample(state, -1 - index, CONNECTIONS, at_ns, -1)
    downstream.borrowed -= 1
    let_in(state, downstream, at_ns)


@kernel
def let_in(state: State, downstream: Any, now: int) -> None:
    """Let those in that a pool has room for now; nobody waits where there is none."""
    while downstream.first_waiting >= 0 and may_borrow(downstream, downstream):
        downstream.borrowed += 1
        slot = downstream.first_waiting
        leave(state, downstream, slot)
        timers.withdraw(state, state.held[slot].timer)
        timers.arm(state, now, INVOKE_END, state.held_rows[slot].environment, OF_HANDLER, slot, BORROWS)


@kernel
def wait(state: State, downstream: Any, slot: int) -> None:
    """Let a held execution be the last of those who wait for a connection."""
    own, last = state.held[slot], downstream.last_waiting
    own.before, own.after = last, -1
    if last >= 0:
        state.held[last].after = slot
    else:
        downstream.first_waiting = slot
    downstream.last_waiting = slot


@kernel
def leave(state: State, downstream: Any, slot: int) -> None:
    """Let a held execution wait no longer."""
    own = state.held[slot]
    if own.before >= 0:
        state.held[own.before].after = own.after
    else:
        downstream.first_waiting = own.after
    if own.after >= 0:
        state.held[own.after].before = own.before
    else:
        downstream.last_waiting = own.before
