"""A function: the environment that a request gets, and takes back. What is decided, ``model/function.py`` decides."""

from lambdasim.engine.compiled import idle, pool
from lambdasim.engine.compiled.state import State
from lambdasim.machine_code.jit import kernel
from lambdasim.model.function import NEW_ON_DEMAND, PROVISIONED, admit, end, is_given_up
from lambdasim.model.function import give_back as given_back
from lambdasim.model.pool import is_surplus


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
    if environment.pool & 1:
        if is_given_up(function, state.pools[environment.pool]):
            give_back(state, slot, now)
        else:
            idle.add(state.pools[environment.pool], function.reuse, state.environments, slot)
        return
    surplus = function.has_surplus_timeout == 1 and is_surplus(state.pools[environment.pool])
    pool.put(state, slot, now, environment.surplus_idle_timeout_ns if surplus else environment.idle_timeout_ns)


@kernel
def give_back(state: State, slot: int, now: int) -> None:
    """End an environment of provisioned concurrency that was given up."""
    function = state.functions[state.environments[slot].pool >> 1]
    given_back(state.account[0], state.functions[function.first], function)
    pool.end(state, slot, now)
