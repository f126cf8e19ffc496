"""What changes at a known time: each row of the control table. Twin of ``engine/reference/control.py``.

There is room for all that ends at once before any of it does; what is installed one by one goes on where it stopped
when there was no more.
"""

from typing import Any

from lambdasim.engine.compiled import capacity, connections, families, pool
from lambdasim.engine.compiled.api_requests import sample
from lambdasim.engine.compiled.function import give_back, install, lose, replace, retire, tell
from lambdasim.engine.compiled.invocation import environments_of
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.routing import lead
from lambdasim.engine.compiled.state import ENOUGH, HELD, SAMPLES, TIMERS, State
from lambdasim.engine.compiled.state import ENVIRONMENTS as NO_ENVIRONMENTS
from lambdasim.machine_code.jit import kernel
from lambdasim.model import downstream as of_calls
from lambdasim.model import gateway
from lambdasim.model.control import OF_BATCHES, Control
from lambdasim.model.function import allocate, catch_up, claim, deallocate, limit, refill_ramp, reserve
from lambdasim.model.utilization import forget
from lambdasim.records import LevelMetric

MAPPING_ENABLED, PROVISIONED_METERED = int(Control.MAPPING_ENABLED), int(Control.PROVISIONED_METERED)
ACCOUNT_CONCURRENCY, RESERVED_CONCURRENCY = int(Control.ACCOUNT_CONCURRENCY), int(Control.RESERVED_CONCURRENCY)
FUNCTION_ERRORS, LAMBDA_ERRORS = int(Control.FUNCTION_ERRORS), int(Control.LAMBDA_ERRORS)
ENVIRONMENTS_LOST, RECORD_ERRORS = int(Control.ENVIRONMENTS_LOST), int(Control.RECORD_ERRORS)
MAXIMUM_CONCURRENCY = int(Control.MAXIMUM_CONCURRENCY)
WEIGHT, RETIRED = int(Control.WEIGHT), int(Control.RETIRED)
LINK_ENABLED, MAPPING_FUNCTION = int(Control.LINK_ENABLED), int(Control.MAPPING_FUNCTION)
SLOWDOWN, DOWN, CONNECTIONS = int(Control.SLOWDOWN), int(Control.DOWN), int(Control.CONNECTIONS)
SETTINGS = tuple(int(kind) for kind in OF_BATCHES)
SOURCE_METERED = int(Control.SOURCE_METERED)
RATE_LIMIT, BURST_LIMIT = int(Control.RATE_LIMIT), int(Control.BURST_LIMIT)
DOWNSTREAM_RATE, DOWNSTREAM_BURST = int(Control.DOWNSTREAM_RATE), int(Control.DOWNSTREAM_BURST)
SCALING_CAPACITY, SCALING_AMOUNT = int(Control.SCALING_CAPACITY), int(Control.SCALING_AMOUNT)
PROVISIONED_REQUESTED, PROVISIONED_READY = int(Control.PROVISIONED_REQUESTED), int(Control.PROVISIONED_READY)
PROVISIONED_REPLACED = int(Control.PROVISIONED_REPLACED)
OF_FUNCTIONS = (
    RESERVED_CONCURRENCY, PROVISIONED_REQUESTED, PROVISIONED_READY, PROVISIONED_REPLACED,
    int(Control.PROVISIONED_DECREASED),
)  # fmt: skip
ENVIRONMENTS, FUNCTION_ENVIRONMENTS = LevelMetric.ENVIRONMENTS, LevelMetric.FUNCTION_ENVIRONMENTS
METERED, SUM_Q24, MOST_Q24 = LevelMetric.METERED, LevelMetric.SUM_Q24, LevelMetric.MOST_Q24


@routine
def happen(state: State, now: int) -> int:
    """Let the next row of the control table happen; return what there is no room for, if anything."""
    loop, account = state.loop[0], state.account[0]
    change = state.control[loop.change]
    kind, index, value, lacking = change.kind, change.subject, change.value, ENOUGH
    if kind in OF_FUNCTIONS:
        lacking = change_function(state, change, now)
    elif kind == ACCOUNT_CONCURRENCY:
        limit(account, state.rates[0], value, now)
    elif kind == PROVISIONED_METERED:
        metered = state.functions[index]
        sample(state, index, METERED, now, metered.metered)
        sample(state, index, SUM_Q24, now, metered.metered_q24)
        sample(state, index, MOST_Q24, now, metered.metered_most_q24)
        forget(metered)
    elif kind == LAMBDA_ERRORS:
        account.service_errors_q24 = value
    elif kind == ENVIRONMENTS_LOST:
        idle = 0
        for number in range(len(state.pools)):
            idle += state.pools[number].idle
        lacking = capacity.lacks_for_ends(state, idle)
        if lacking == ENOUGH:
            lose(state, state.losses[index], now)
    elif kind == FUNCTION_ERRORS:
        state.functions[index].fault_q24 = value
    elif kind == WEIGHT:
        if index < len(state.weights):
            state.weights[index] = value
    elif kind == LINK_ENABLED:
        if index < len(state.links):
            state.links[index].is_enabled = value
    elif kind == MAPPING_FUNCTION:
        lead(state, index, value)
    elif kind == RETIRED:
        lacking = capacity.lacks_for_ends(state, state.pools[2 * index].alive)
        if lacking == ENOUGH:
            retire_all(state, index, now)
    elif kind == RECORD_ERRORS:
        families.fail_records(state, index, value)
    elif kind == SOURCE_METERED:
        if capacity.has_room(state, SAMPLES, state.rooms[SAMPLES].most):
            families.meter(state, index, now)
        else:
            lacking = SAMPLES
    elif kind in (RATE_LIMIT, BURST_LIMIT):
        change_rate(state, kind, index, value, now)
    elif kind in (DOWNSTREAM_RATE, DOWNSTREAM_BURST):
        change_calls(state.downstreams[index], kind, value, now)
    elif kind in (SCALING_CAPACITY, SCALING_AMOUNT):
        change_scaling(state, kind, value, now)
    elif kind == MAPPING_ENABLED:
        families.enable(state, index, value, now)
    elif kind == SLOWDOWN:
        state.downstreams[index].permille = value
    elif kind == DOWN:
        state.downstreams[index].is_down = value
    elif kind == CONNECTIONS:
        if capacity.has_room(state, TIMERS, state.rooms[HELD].used):  # all may have waited for this
            connections.resize(state, index, value, now)
        else:
            lacking = TIMERS
    elif kind == MAXIMUM_CONCURRENCY:
        families.limit(state, index, value, now)
    elif kind in SETTINGS:
        families.adjust(state, index, kind, value, now)
    loop.change += lacking == ENOUGH  # of what nothing is here nothing happens
    return lacking


@kernel
def change_function(state: State, change: Any, now: int) -> int:
    """Let a function's concurrency be another, reserved or provisioned; return what there is no room for, if anything.

    ``change`` is the row, which holds what is still to be installed of it.
    """
    index, value = change.subject, change.value
    if change.kind == PROVISIONED_REPLACED:
        replace(state, index, now, value, state.provisioned_init_ns[change.init])
        return ENOUGH
    function, provisioned = state.functions[index], state.pools[2 * index + 1]
    shared, provisioned_rate = state.functions[function.first], state.rates[2 + 2 * index]
    if change.kind == RESERVED_CONCURRENCY:
        reserve(state.account[0], shared, state.rates[1 + 2 * function.first], value, now)
    elif change.kind == PROVISIONED_REQUESTED:
        claim(state.account[0], shared, function, value)
    elif change.kind == PROVISIONED_READY:
        while change.value > 0:
            if not pool.has_room(state):
                return NO_ENVIRONMENTS
            if not capacity.has_room(state, SAMPLES, state.rooms[SAMPLES].most):
                return SAMPLES
            allocate(shared, function, provisioned_rate, now)
            install(state, index, now, state.provisioned_init_ns[change.init], function.seats - 1)
            change.init += 1
            change.value -= 1
        sample(state, index, ENVIRONMENTS, now, state.pools[2 * index].alive + provisioned.alive)
        if function.sibling != index:
            sample(state, index, FUNCTION_ENVIRONMENTS, now, environments_of(state, index))
    else:
        given_up = min(value, function.allocated)
        lacking: int = capacity.lacks_for_ends(state, given_up)
        if lacking != ENOUGH:
            return lacking
        for _ in range(given_up):
            deallocate(function, provisioned_rate, now)
            if provisioned.idle > 0:
                give_back(state, pool.take(state, 2 * index + 1, 0), now)
    tell(state, index, now)
    return ENOUGH


@kernel
def retire_all(state: State, index: int, now: int) -> None:
    """Let the environments on demand of a function serve nobody after what they are doing."""
    for slot in range(state.rooms[NO_ENVIRONMENTS].used):
        environment = state.environments[slot]
        if environment.number >= 0 and environment.pool == 2 * index:
            retire(state, slot, now)


@kernel
def change_rate(state: State, kind: int, place: int, value: int, now: int) -> None:
    """Let a rate of API Gateway be another from now on: that of the account, or of a source's stage."""
    if place >= len(state.limits):
        return
    rate = state.limits[place]
    gateway.catch_up(rate, rate, now)
    if kind == RATE_LIMIT:
        rate.amount = value
    else:
        rate.burst = value


@kernel
def change_calls(downstream: Any, kind: int, value: int, now: int) -> None:
    """Let a downstream take other numbers of calls from now on."""
    of_calls.catch_up(downstream, downstream, now)
    if kind == DOWNSTREAM_RATE:
        downstream.calls = value
    else:
        downstream.burst = value


@kernel
def change_scaling(state: State, kind: int, value: int, now: int) -> None:
    """Let the scaling rate be another from now on."""
    for index in range(len(state.functions)):
        if state.functions[index].first == index:
            bucket = state.buckets[state.functions[index].bucket]
            catch_up(bucket, bucket, now)
            refill_ramp(bucket, state.functions[index], now)
    for number in range(len(state.buckets)):
        if kind == SCALING_CAPACITY:
            state.buckets[number].capacity = value
        else:
            state.buckets[number].amount = value
