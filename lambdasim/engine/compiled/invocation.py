"""One invocation: the row of an attempt, and its way through an environment. Twin of
``engine/reference/invocation.py``.
"""

from typing import Any

from lambdasim.engine.compiled import calendar, capacity, heap, holding, pool, quiet
from lambdasim.engine.compiled.deliveries import jitter
from lambdasim.engine.compiled.state import INVOCATIONS, NOBODY, OF_CLIENT, WAITING, State
from lambdasim.machine_code.jit import kernel, plain
from lambdasim.model.events import Status
from lambdasim.model.losses import cut, is_cut
from lambdasim.model.rules import suffered
from lambdasim.model.start import resets, serve
from lambdasim.plan import Request

THROTTLED, IN_FLIGHT, LOST = int(Status.THROTTLED), int(Status.IN_FLIGHT), int(Status.LOST)


@kernel
def execute(state: State, row: Any, request: Request, slot: int, now: int, outcome: int) -> tuple[int, int]:
    """Let a request that was granted an environment run; return when it ends and with which status.

    Where nobody knows that yet its execution is held: then -1, and the slot of that. Its row is the last one, ``row``.
    """
    placement_ns, init_ns, duration_ns, status = starts(state, row, request, slot, now, outcome)
    is_held = state.functions[request.function].has_blocking_calls > 0
    known_ns = now + placement_ns + init_ns + (0 if is_held else duration_ns)
    for number in range(len(state.losses)):
        loss, environment = state.losses[number], state.environments[slot]
        if is_cut(loss, now, known_ns, jitter(loss.key, environment.number, 0)):
            placement_ns, init_ns, duration_ns = cut(loss, environment, now, placement_ns, init_ns)
            status, is_held = LOST, False
            break
    if is_held:
        row.placement_ns, row.init_ns, row.duration_ns, row.status = placement_ns, init_ns, duration_ns, status
        return -1, holding.hold(state, slot, request.source, request.chain_depth)
    return ends(state, row, slot, now, placement_ns, init_ns, duration_ns, status), status


@kernel
def starts(state: State, row: Any, request: Request, slot: int, now: int, outcome: int) -> tuple[int, int, int, int]:
    """Let an invocation start; return what it takes by itself: placement, Init Duration, Duration, and its status."""
    function, environment = state.functions[request.function], state.environments[slot]
    if function.fault_q24 > 0:
        outcome = suffered(outcome, function.fault_q24, jitter(function.fault_key, request.request, row.attempt))
    u24, is_provisioned = 0, pool.is_provisioned(environment.pool)
    if function.ahead_q24 > 0:
        u24 = jitter(function.ahead_key, request.request, row.attempt)
    start, placement_ns, init_ns, duration_ns, status = serve(
        function, function, environment, is_provisioned, now, request.placement_ns, request.init_ns,
        request.duration_ns, outcome, u24,
    )  # fmt: skip
    row.reason, row.environment, row.provisioned, row.start = 0, environment.number, is_provisioned, start
    environment.idle_timeout_ns = request.idle_timeout_ns
    environment.tells = NOBODY
    if function.expiry:
        environment.surplus_idle_timeout_ns = request.surplus_idle_timeout_ns
    return placement_ns, init_ns, duration_ns, status


@kernel
def ends(
    state: State, row: Any, slot: int, began_ns: int, placement_ns: int, init_ns: int, duration_ns: int, status: int
) -> int:
    """Let an invocation end when it has taken so long; return when that is."""
    loop, environment = state.loop[0], state.environments[slot]
    end_ns = began_ns + placement_ns + init_ns + duration_ns
    if end_ns < loop.horizon_ns:
        row.status, row.placement_ns, row.init_ns = status, placement_ns, init_ns
        row.duration_ns, row.end_ns = duration_ns, end_ns
    else:
        row.status, row.placement_ns, row.init_ns, row.duration_ns, row.end_ns = IN_FLIGHT, 0, 0, 0, -1
    environment.needs_init = resets(status)
    calendar.add(state, slot, end_ns)
    return end_ns


@kernel
def decide(state: State, slot: int, duration_ns: int, status: int) -> None:
    """Let what was held take so long and end so, which is not before now. Its row is written; who waits for it is to be
    told."""
    own = state.held[slot]
    granted, own.environment = own.environment, -1
    state.invocations[state.rooms[INVOCATIONS].used] = state.held_rows[slot]
    row = capacity.new_row(state.invocations, state.rooms[INVOCATIONS])
    own.end_ns = ends(state, row, granted, row.arrival_ns, row.placement_ns, row.init_ns, duration_ns, status)
    own.status = status
    if state.environments[granted].tells > OF_CLIENT:
        state.environments[granted].answer = status


@kernel
def throttled(row: Any, reason: int) -> None:
    """Write what a row says of an attempt that was refused."""
    row.status, row.reason, row.environment, row.provisioned, row.start = THROTTLED, reason, -1, 0, 0
    row.placement_ns, row.init_ns, row.duration_ns, row.end_ns = 0, 0, 0, -1


@kernel
def levels(state: State, row: Any, index: int) -> None:
    """Write the concurrency columns of a row, as they stand now."""
    account, function = state.account[0], state.functions[index]
    first = index if plain() else function.first
    row.function_concurrency = state.functions[first].concurrency
    on_demand = state.pools[2 * index]
    alive, idle = on_demand.alive, on_demand.idle
    if not plain():  # else those of provisioned concurrency need not come from memory
        alive += state.pools[2 * index + 1].alive
        idle += state.pools[2 * index + 1].idle
    row.version_concurrency = alive - idle
    row.provisioned_concurrency = function.provisioned_concurrency
    row.unreserved_concurrency = account.unreserved
    row.account_concurrency = account.executing
    row.claimed_concurrency = account.claimed
    row.environments = row.function_environments = alive
    if not plain() and function.sibling != index:
        row.function_environments = environments_of(state, index)
    row.allocated_concurrency = function.allocated


@kernel
def environments_of(state: State, index: int) -> int:
    """Return how many environments all versions of a function have."""
    found: int = state.pools[2 * index].alive + state.pools[2 * index + 1].alive
    version = state.functions[index].sibling
    while version != index:
        found += state.pools[2 * version].alive + state.pools[2 * version + 1].alive
        version = state.functions[version].sibling
    return found


@kernel
def begins(state: State, row: Any, request: Request, attempt: int, first_arrival_ns: int, now: int) -> None:
    """Write what a row says of any attempt, after an environment was asked for."""
    row.request, row.attempt, row.function = request.request, attempt, request.function
    row.first_arrival_ns, row.arrival_ns, row.final = first_arrival_ns, now, 1
    levels(state, row, request.function)


@kernel
def wait(state: State, request: Request, attempt: int, at_ns: int) -> None:
    """Let a throttled request wait for its next attempt."""
    loop, slot = state.loop[0], keep(state, request, attempt)
    heap.push(state.retries, loop.retries, at_ns, slot, state.waiting)
    if plain() and attempt == 1 and loop.row > loop.drawn:  # it is of the chunk's last row, and lacks some of it
        loop.kept, loop.undrawn, loop.events = slot, 0, 0
    quiet.expect(state, at_ns)
    loop.retries += 1


@kernel
def keep(state: State, request: Request, attempt: int) -> int:
    """Keep a request until an attempt; return its slot."""
    slot = capacity.taken(state.waiting, state.rooms[WAITING])
    waiting = state.waiting[slot]
    waiting.attempt, waiting.request, waiting.arrival_ns = attempt, request.request, request.arrival_ns
    waiting.function, waiting.duration_ns, waiting.init_ns = request.function, request.duration_ns, request.init_ns
    waiting.placement_ns, waiting.outcome, waiting.pick = request.placement_ns, request.outcome, request.pick
    waiting.idle_timeout_ns, waiting.surplus_idle_timeout_ns = request.idle_timeout_ns, request.surplus_idle_timeout_ns
    waiting.lifetime_ns = request.lifetime_ns
    waiting.source, waiting.delay_ns, waiting.chain_depth = request.source, request.delay_ns, request.chain_depth
    return slot


@kernel
def kept(waiting: Any) -> Request:
    """Return the request that is kept in a slot, or the like."""
    return Request(
        waiting.request, waiting.arrival_ns, waiting.function, waiting.duration_ns, waiting.init_ns,
        waiting.placement_ns, waiting.outcome, waiting.idle_timeout_ns, waiting.surplus_idle_timeout_ns,
        waiting.lifetime_ns, waiting.pick, waiting.source, waiting.delay_ns, waiting.chain_depth,
    )  # fmt: skip
