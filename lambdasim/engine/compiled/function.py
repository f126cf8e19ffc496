"""A function: the environment that a request gets, and takes back. What is decided, ``model/function.py`` decides."""

from typing import Any

from lambdasim.engine.compiled import connections, idle, pool
from lambdasim.engine.compiled.api_requests import sample
from lambdasim.engine.compiled.deliveries import jitter
from lambdasim.engine.compiled.state import ENVIRONMENTS, State
from lambdasim.machine_code.jit import kernel, plain
from lambdasim.model.account import fails
from lambdasim.model.environment import falls_due, of_lifetime, retires
from lambdasim.model.events import NEVER_NS, ThrottleReason
from lambdasim.model.function import NEW_ON_DEMAND, PROVISIONED, admit, configured, end, is_given_up, lose_allocated
from lambdasim.model.function import give_back as given_back
from lambdasim.model.losses import is_struck
from lambdasim.model.pool import is_surplus, rests
from lambdasim.plan import Request
from lambdasim.records import LevelMetric

SERVICE = int(ThrottleReason.SERVICE)
RESERVED, CONFIGURED = LevelMetric.RESERVED, LevelMetric.CONFIGURED
ALLOCATED, CLAIMED = LevelMetric.ALLOCATED, LevelMetric.CLAIMED


@kernel
def grant(state: State, request: Request, attempt: int, now: int, metered: bool) -> int:
    """Return the slot of the environment that an attempt of a request gets, or why it is refused, negated."""
    account = state.account[0]
    if account.service_errors_q24 > 0 and fails(account, jitter(account.service_key, request.request, attempt)):
        return -SERVICE
    slot: int = acquire(state, request.function, now, request.pick, request.lifetime_ns, metered)
    return slot


@kernel
def acquire(state: State, index: int, now: int, pick: int, lifetime_ns: int, metered: bool) -> int:
    """Return the slot of the environment that a request gets, or the throttle's reason, negated."""
    function, rates = state.functions[index], state.rates
    first = index if plain() else function.first
    bucket = state.buckets[function.bucket]
    admitted = admit(
        state.account[0], state.functions[first], function, state.pools[2 * index], state.pools[2 * index + 1],
        rates[0], rates[1 + 2 * first], rates[2 + 2 * index], bucket, bucket, now, metered,
    )  # fmt: skip
    if admitted < 0:
        return admitted
    if admitted == NEW_ON_DEMAND:
        slot = pool.create(state, 2 * index, now, lifetime_ns)
    else:
        slot = pool.take(state, 2 * index + (admitted == PROVISIONED), pick)
    state.environments[slot].invocations += 1
    return slot


@kernel
def release(state: State, slot: int, now: int) -> None:
    """Take back an environment whose invocation ended now."""
    environment = state.environments[slot]
    index = environment.pool >> 1
    function, is_provisioned = state.functions[index], pool.is_provisioned(environment.pool)
    first = index if plain() else function.first
    end(state.account[0], state.functions[first], function, is_provisioned)
    if environment.needs_init and environment.connected:
        connections.disconnect(state, slot, now)
    if is_provisioned:
        if is_given_up(function, state.pools[environment.pool]):
            give_back(state, slot, now)
        elif of_lifetime(environment, now):
            succeed(state, slot, now)
        else:
            environment.expires_ns = NEVER_NS
            idle.add(state.pools[environment.pool], function.reuse, state.environments, slot)
        return
    own, period_ns = state.pools[environment.pool], environment.idle_timeout_ns
    surplus = is_surplus(function.expiry, own)
    pool.put(state, slot, now, environment.surplus_idle_timeout_ns if surplus else period_ns)
    if rests(function.expiry, own):
        pool.rest(state, environment.pool, now, period_ns)


@kernel
def install(state: State, index: int, now: int, init_ns: int, seat: int) -> None:
    """Let a new environment of provisioned concurrency be idle."""
    slot = pool.create(state, 2 * index + 1, now, NEVER_NS)
    environment = state.environments[slot]
    environment.init_ns = init_ns
    environment.seat = seat
    environment.expires_ns = NEVER_NS
    idle.add(state.pools[2 * index + 1], state.functions[index].reuse, state.environments, slot)
    if state.functions[index].uses > 0:
        connections.ready(state, slot, now)


@kernel
def replace(state: State, index: int, now: int, seat: int, init_ns: int) -> None:
    """Let the environment on a seat be replaced, as soon as it is idle."""
    slot = pool.seated(state, 2 * index + 1, seat)
    if slot >= 0 and falls_due(state.environments[slot], now, init_ns):
        idle.remove(state.pools[2 * index + 1], state.functions[index].reuse, state.environments, slot)
        succeed(state, slot, now)


@kernel
def retire(state: State, slot: int, now: int) -> None:
    """Let an environment on demand serve nobody after what it is doing."""
    environment = state.environments[slot]
    if retires(environment, now):
        reuse = state.functions[environment.pool >> 1].reuse
        idle.remove(state.pools[environment.pool], reuse, state.environments, slot)
        pool.end(state, slot, now)


@kernel
def succeed(state: State, slot: int, now: int) -> None:
    """End an environment of provisioned concurrency, and let its successor take its seat."""
    ending = state.environments[slot]
    index, init_ns, seat = ending.pool >> 1, ending.successor_init_ns, ending.seat
    pool.end(state, slot, now)
    install(state, index, now, init_ns, seat)


@kernel
def lose(state: State, loss: Any, now: int) -> None:
    """Let the environments that a loss strikes be lost.

    They are lost function by function, in order of their numbers; executions in them have just ended.
    """
    for index in range(len(state.functions)):
        function, allocated = state.functions[index], state.functions[index].allocated
        for pool_index in range(2 * index, 2 * index + 2):
            while True:
                slot = next_struck(state, loss, pool_index)
                if slot < 0:
                    break
                idle.remove(state.pools[pool_index], function.reuse, state.environments, slot)
                state.environments[slot].is_lost = True
                if pool_index & 1:
                    lose_allocated(state.functions[function.first], function, state.rates[2 + 2 * index], now)
                pool.end(state, slot, now)
        if function.allocated < allocated:
            tell(state, index, now)


@kernel
def next_struck(state: State, loss: Any, pool_index: int) -> int:
    """Return the slot of the first of a pool's idle environments, by number, that a loss strikes; -1 for none."""
    found = -1
    for slot in range(state.rooms[ENVIRONMENTS].used):
        environment = state.environments[slot]
        if environment.number < 0 or environment.pool != pool_index or environment.expires_ns < 0:
            continue
        if found >= 0 and environment.number > state.environments[found].number:
            continue
        if is_struck(loss, jitter(loss.key, environment.number, 0)):
            found = slot
    return found


@kernel
def tell(state: State, index: int, now: int) -> None:
    """Tell of the levels of a function after a change."""
    function, shared = state.functions[index], state.functions[state.functions[index].first]
    sample(state, function.first, RESERVED, now, shared.reserved)
    sample(state, index, CONFIGURED, now, configured(function, state.pools[2 * index + 1]))
    sample(state, index, ALLOCATED, now, function.allocated)
    sample(state, index, CLAIMED, now, state.account[0].claimed)


@kernel
def give_back(state: State, slot: int, now: int) -> None:
    """End an environment of provisioned concurrency that was given up."""
    state.environments[slot].ends_ns = NEVER_NS  # which is not what ends it
    function = state.functions[state.environments[slot].pool >> 1]
    given_back(state.account[0], state.functions[function.first], function)
    pool.end(state, slot, now)
