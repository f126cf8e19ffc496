"""A function and its concurrency: who gets an environment, who is throttled and why. Twin of ``model/function.py``,
with its ``request_rate.py`` and ``scaling.py``: the same questions in the same order.
"""

from typing import Any

from lambdasim.engine.compiled import idle, pool
from lambdasim.engine.compiled.state import State
from lambdasim.machine_code.jit import kernel
from lambdasim.model import rules
from lambdasim.model.events import StartKind, Status, ThrottleReason

WARM, COLD = int(StartKind.WARM), int(StartKind.COLD)
SUPPRESSED_INIT, COLD_INIT_TIMEOUT = int(StartKind.SUPPRESSED_INIT), int(StartKind.COLD_INIT_TIMEOUT)
CRASH, OUT_OF_MEMORY, TIMEOUT = int(Status.CRASH), int(Status.OUT_OF_MEMORY), int(Status.TIMEOUT)

NO_CONCURRENCY = -int(ThrottleReason.ACCOUNT_CONCURRENCY)
NO_SCALING = -int(ThrottleReason.SCALING_RATE)
NO_RESERVED = -int(ThrottleReason.RESERVED_CONCURRENCY)
NO_RESERVED_RATE = -int(ThrottleReason.RESERVED_RATE)
NO_ACCOUNT_RATE = -int(ThrottleReason.ACCOUNT_RATE)

repeated_init_ns = kernel(rules.repeated_init_ns)
bucket_refilled = kernel(rules.bucket_refilled)
bucket_stepped = kernel(rules.bucket_stepped)


@kernel
def acquire(state: State, index: int, now: int, pick: int, lifetime_ns: int, metered: bool) -> int:
    """Return the slot of the environment that a request gets, or the throttle's reason, negated.

    ``metered`` unless the quotas of requests per second do not apply.
    """
    account, function = state.account[0], state.functions[index]
    reserved = function.reserved
    if reserved >= 0:
        if reserved == 0:
            return NO_RESERVED
        if metered and not allows(state.rates[1 + 2 * index], now):
            return NO_RESERVED_RATE
    if metered:
        if not allows(state.rates[0], now):
            return NO_ACCOUNT_RATE
        state.rates[0].admitted += 1
    if reserved >= 0:
        if metered:
            state.rates[1 + 2 * index].admitted += 1
        if function.concurrency >= reserved:
            return NO_RESERVED
    if (
        function.provisioned
        and account.executing < account.concurrency
        and (not metered or allows(state.rates[2 + 2 * index], now))
    ):
        slot = pool.take(state, 2 * index + 1, pick)
        if slot >= 0:
            if metered:
                state.rates[2 + 2 * index].admitted += 1
            function.provisioned_concurrency += 1
            return granted(state, index, slot)
    return on_demand(state, index, now, pick, lifetime_ns)


@kernel
def on_demand(state: State, index: int, now: int, pick: int, lifetime_ns: int) -> int:
    """Give an on-demand environment, warm if one is idle, or say why not."""
    account, function = state.account[0], state.functions[index]
    reserved = function.reserved
    if reserved < 0:
        if account.claimed >= account.concurrency or account.executing >= account.concurrency:
            return NO_CONCURRENCY
    elif function.concurrency - function.provisioned_concurrency >= reserved - state.pools[2 * index + 1].alive:
        return NO_RESERVED
    slot = pool.take(state, 2 * index, pick)
    if slot < 0:
        if not permits(account, state.buckets[function.bucket], now):
            return NO_SCALING
        slot = pool.create(state, 2 * index, now, lifetime_ns)
    if reserved < 0:
        account.unreserved += 1
        account.claimed += 1
    return granted(state, index, slot)


@kernel
def granted(state: State, index: int, slot: int) -> int:
    """Count an execution that begins."""
    state.environments[slot].invocations += 1
    state.functions[index].concurrency += 1
    state.account[0].executing += 1
    return slot


@kernel
def serve(
    state: State, index: int, slot: int, now: int, placement_ns: int, init_ns: int, duration_ns: int, outcome: int
) -> tuple[int, int, int, int, int]:
    """Say how a granted invocation starts and what it takes: start, placement, Init Duration, Duration and status."""
    function, environment = state.functions[index], state.environments[slot]
    start = WARM
    if environment.needs_init:
        start = SUPPRESSED_INIT
    elif environment.invocations == 1 and not environment.pool & 1:
        start = COLD
    init_phase_ns = 0
    if start == WARM:
        placement_ns = 0
    else:
        repeated_ns = repeated_init_ns(min(init_ns, function.longest_init_ns), function.suppressed_init_permille)
        if start == SUPPRESSED_INIT:
            placement_ns = 0
            duration_ns += repeated_ns
        else:
            init_phase_ns = init_ns
            if init_ns > function.init_limit_ns:
                start = COLD_INIT_TIMEOUT
                init_phase_ns = function.init_limit_ns
                duration_ns += repeated_ns
            environment.init_ns = init_phase_ns
            environment.initialised_ns = now + placement_ns + init_phase_ns
    if duration_ns > function.timeout_ns:
        return start, placement_ns, init_phase_ns, function.timeout_ns, TIMEOUT
    return start, placement_ns, init_phase_ns, duration_ns, outcome


@kernel
def release(state: State, slot: int, now: int) -> None:
    """Take back an environment whose invocation ended now."""
    account, environment = state.account[0], state.environments[slot]
    function = state.functions[environment.pool >> 1]
    function.concurrency -= 1
    account.executing -= 1
    if environment.pool & 1:
        function.provisioned_concurrency -= 1
        idle.add(state.pools[environment.pool], function.reuse, state.environments, slot)
        return
    if function.reserved < 0:
        account.unreserved -= 1
        account.claimed -= 1
    surplus = function.surplus_differs == 1 and state.pools[environment.pool].alive > 1
    pool.put(state, slot, now, environment.surplus_idle_timeout_ns if surplus else environment.idle_timeout_ns)


@kernel
def resets(status: int) -> bool:
    """Say whether the environment is reset after an invocation that ends so."""
    return status in (CRASH, OUT_OF_MEMORY, TIMEOUT)


@kernel
def allows(rate: Any, now: int) -> bool:
    """Say whether one more request may pass in the second that holds ``now``. Twin of ``RequestRate.allows``."""
    if now >= rate.ends_ns:
        rate.ends_ns = (now // rules.NS_PER_S + 1) * rules.NS_PER_S
        rate.admitted = 0
    within: bool = rate.admitted < rate.quota
    return within


@kernel
def permits(account: Any, bucket: Any, now: int) -> bool:
    """Use one permission to add an environment if there is one. Twin of ``ScalingBucket.take``."""
    capacity, amount, per_ns = account.scaling_capacity, account.scaling_amount, account.scaling_per_ns
    elapsed_ns = now - bucket.refilled_ns
    if account.scaling_continuous:
        bucket.credit = bucket_refilled(bucket.credit, elapsed_ns, capacity, amount, per_ns)
        bucket.refilled_ns = now
    else:
        ticks = elapsed_ns // per_ns
        bucket.credit = bucket_stepped(bucket.credit, ticks, capacity, amount, per_ns)
        bucket.refilled_ns += ticks * per_ns
    if bucket.credit < per_ns:
        return False
    bucket.credit -= per_ns
    return True
