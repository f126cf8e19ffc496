"""One invocation: the row of an attempt, and its way through an environment. Twin of
``engine/reference/invocation.py``.
"""

from typing import Any

from lambdasim.engine.compiled import SLOT_BITS, heap
from lambdasim.engine.compiled.state import State
from lambdasim.machine_code.jit import kernel
from lambdasim.model.events import Status
from lambdasim.model.function import resets, serve
from lambdasim.plan import Request

THROTTLED, IN_FLIGHT = int(Status.THROTTLED), int(Status.IN_FLIGHT)


@kernel
def execute(state: State, row: Any, request: Request, slot: int, now: int, outcome: int) -> tuple[int, int]:
    """Let a request that was granted an environment run; return when it ends and with which status."""
    loop, environment = state.loop[0], state.environments[slot]
    start, placement_ns, init_ns, duration_ns, status = serve(
        state.functions[request.function], environment, environment.pool & 1, now, request.placement_ns,
        request.init_ns, request.duration_ns, outcome,
    )  # fmt: skip
    end_ns = now + placement_ns + init_ns + duration_ns
    row.reason, row.environment, row.provisioned, row.start = 0, environment.number, environment.pool & 1, start
    if end_ns < loop.horizon_ns:
        row.status, row.placement_ns, row.init_ns = status, placement_ns, init_ns
        row.duration_ns, row.end_ns = duration_ns, end_ns
    else:
        row.status, row.placement_ns, row.init_ns, row.duration_ns, row.end_ns = IN_FLIGHT, 0, 0, 0, -1
    environment.needs_init = resets(status)
    environment.idle_timeout_ns = request.idle_timeout_ns
    environment.refunds = False
    if state.functions[request.function].surplus_differs:
        environment.surplus_idle_timeout_ns = request.surplus_idle_timeout_ns
    heap.push(state.completions, loop.completions, end_ns, environment.number << SLOT_BITS | slot, None)
    loop.completions += 1
    return end_ns, status


@kernel
def throttled(row: Any, reason: int) -> None:
    """Write what a row says of an attempt that was refused."""
    row.status, row.reason, row.environment, row.provisioned, row.start = THROTTLED, reason, -1, 0, 0
    row.placement_ns, row.init_ns, row.duration_ns, row.end_ns = 0, 0, 0, -1


@kernel
def levels(state: State, row: Any, index: int) -> None:
    """Write the concurrency columns of a row, as they stand now."""
    account, function = state.account[0], state.functions[index]
    row.function_concurrency = function.concurrency
    row.provisioned_concurrency = function.provisioned_concurrency
    row.unreserved_concurrency = account.unreserved
    row.account_concurrency = account.executing
    row.claimed_concurrency = account.claimed
    row.environments = state.pools[2 * index].alive + state.pools[2 * index + 1].alive
    row.allocated_concurrency = function.allocated


@kernel
def wait(state: State, request: Request, attempt: int, at_ns: int) -> int:
    """Keep a throttled request until its next attempt; return its slot."""
    loop = state.loop[0]
    slot = kept(state, request, attempt)
    state.waiting[slot].stage = 0
    heap.push(state.retries, loop.retries, at_ns, slot, state.waiting)
    loop.retries += 1
    return slot


@kernel
def kept(state: State, request: Request, attempt: int) -> int:
    """Return the slot in which a request waits for an attempt, from now on."""
    loop = state.loop[0]
    slot: int = loop.free_waiting
    if slot < 0:
        slot = loop.new_waiting
        loop.new_waiting += 1
    else:
        loop.free_waiting = state.waiting[slot].next
    waiting = state.waiting[slot]
    waiting.attempt, waiting.request, waiting.arrival_ns = attempt, request.request, request.arrival_ns
    waiting.function, waiting.duration_ns, waiting.init_ns = request.function, request.duration_ns, request.init_ns
    waiting.placement_ns, waiting.outcome, waiting.pick = request.placement_ns, request.outcome, request.pick
    waiting.idle_timeout_ns, waiting.surplus_idle_timeout_ns = request.idle_timeout_ns, request.surplus_idle_timeout_ns
    waiting.lifetime_ns = request.lifetime_ns
    return slot
