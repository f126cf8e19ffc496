"""A function: the environment that a request gets, and takes back. What is decided, ``model/function.py`` decides."""

from lambdasim.engine.compiled import connections, idle, pool
from lambdasim.engine.compiled.state import State
from lambdasim.machine_code.jit import kernel
from lambdasim.model.environment import falls_due, of_lifetime
from lambdasim.model.events import NEVER_NS
from lambdasim.model.function import NEW_ON_DEMAND, PROVISIONED, admit, end, is_given_up
from lambdasim.model.function import give_back as given_back
from lambdasim.model.pool import is_surplus, rests


@kernel
def acquire(state: State, index: int, now: int, pick: int, lifetime_ns: int, metered: bool) -> int:
    """Return the slot of the environment that a request gets, or the throttle's reason, negated."""
    function, rates = state.functions[index], state.rates
    first = function.first
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
    function = state.functions[environment.pool >> 1]
    end(state.account[0], state.functions[function.first], function, environment.pool & 1)
    if environment.needs_init and environment.connected:
        connections.disconnect(state, slot, now)
    if environment.pool & 1:
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
def succeed(state: State, slot: int, now: int) -> None:
    """End an environment of provisioned concurrency, and let its successor take its seat."""
    ending = state.environments[slot]
    index, init_ns, seat = ending.pool >> 1, ending.successor_init_ns, ending.seat
    pool.end(state, slot, now)
    install(state, index, now, init_ns, seat)


@kernel
def give_back(state: State, slot: int, now: int) -> None:
    """End an environment of provisioned concurrency that was given up."""
    state.environments[slot].ends_ns = NEVER_NS  # which is not what ends it
    function = state.functions[state.environments[slot].pool >> 1]
    given_back(state.account[0], state.functions[function.first], function)
    pool.end(state, slot, now)
