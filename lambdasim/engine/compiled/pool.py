"""A pool of environments, and where an environment begins and ends. Twin of ``model/pool.py``.

Here all pools share one heap of expiries, and the loop applies each in its place among the events.
"""

from lambdasim.engine.compiled import SLOT_BITS, capacity, connections, heap, idle, quiet
from lambdasim.engine.compiled.state import CLOCK, ENDED, ENVIRONMENTS, EXPIRIES, State
from lambdasim.machine_code.jit import kernel, plain
from lambdasim.model.environment import begin, falls_idle, of_lifetime
from lambdasim.model.events import NEVER_NS
from lambdasim.model.pool import leaving, struck_next_ns
from lambdasim.records import EndReason

SLOT_MASK = (1 << SLOT_BITS) - 1
OF_IDLENESS, OF_LIFETIME, GIVEN_UP, LOST = EndReason.IDLE, EndReason.LIFETIME, EndReason.GIVEN_UP, EndReason.LOST


@kernel
def is_provisioned(pool: int) -> bool:
    """Say whether a pool is one of provisioned concurrency."""
    return not plain() and pool & 1 == 1


@kernel
def begins_anew(state: State, pool: int) -> bool:
    """Say whether an environment on demand is created for the next request, or begins anew with it; if it is served."""
    own = state.pools[pool]
    result: bool = own.idle == 0 or state.environments[own.last].needs_init > 0
    return result


@kernel
def has_room(state: State) -> bool:
    """Say whether one more environment can be created."""
    room = state.rooms[ENVIRONMENTS]
    result: bool = room.free >= 0 or room.used < room.capacity
    return result


@kernel
def create(state: State, pool: int, now: int, lifetime_ns: int) -> int:
    """Return the slot of a new environment, busy."""
    room, account = state.rooms[ENVIRONMENTS], state.account[0]
    slot: int = room.free
    if slot < 0:
        slot = room.used
        room.used += 1
    else:
        room.free = state.environments[slot].left
    environment = state.environments[slot]
    environment.pool, environment.connected = pool, 0
    begin(environment, account.environments, now, lifetime_ns)
    account.environments += 1
    state.pools[pool].alive += 1
    state.pools[pool].strikes_ns = NEVER_NS
    return slot


@kernel
def seated(state: State, pool: int, seat: int) -> int:
    """Return the slot of the environment of provisioned concurrency on a seat; -1 where it was given up."""
    for slot in range(state.rooms[ENVIRONMENTS].used):
        environment = state.environments[slot]
        if environment.seat == seat and environment.pool == pool and environment.number >= 0:
            return slot
    return -1


@kernel
def expire(state: State) -> None:
    """Take the first of the heap of expiries, and end the idle environment whose time has come with it."""
    room, due = state.rooms[EXPIRIES], state.expiries[0]
    if due.subject >= CLOCK:
        strike(state, due.subject - CLOCK, due.at_ns)
        return
    due_ns, number, slot = due.at_ns, due.subject >> SLOT_BITS, due.subject & SLOT_MASK
    room.used -= 1
    heap.pop(state.expiries, room.used, None)
    environment = state.environments[slot]
    if environment.number != number or environment.queued_ns != due_ns:
        return  # it ended, or an earlier entry took its place
    environment.queued_ns = -1
    if environment.expires_ns == due_ns:
        reuse = state.functions[environment.pool >> 1].reuse
        idle.remove(state.pools[environment.pool], reuse, state.environments, slot)
        end(state, slot, due_ns)
    elif environment.expires_ns >= 0:
        queue(state, slot, environment.expires_ns)


@kernel
def take(state: State, pool: int, pick: int) -> int:
    """Give the idle environment that is next in the reuse order; there is one."""
    reuse = state.functions[pool >> 1].reuse
    slot = idle.choice(state.pools[pool], reuse, state.environments, pick)
    idle.remove(state.pools[pool], reuse, state.environments, slot)
    state.environments[slot].expires_ns = -1
    state.pools[pool].strikes_ns = NEVER_NS
    return slot


@kernel
def put(state: State, slot: int, now: int, idle_timeout_ns: int) -> None:
    """Let a busy environment fall idle, or end when its lifetime has passed."""
    environment = state.environments[slot]
    if not falls_idle(environment, now, idle_timeout_ns):
        end(state, slot, now)
        return
    idle.add(state.pools[environment.pool], state.functions[environment.pool >> 1].reuse, state.environments, slot)
    if environment.queued_ns < 0 or environment.queued_ns > environment.expires_ns:
        # half-way there: it is likely to be used before, and the next expiry is then not likely to be earlier
        queue(state, slot, now + (environment.expires_ns - now >> 1))


@kernel
def queue(state: State, slot: int, at_ns: int) -> None:
    """Look at an idle environment again at its expiry or before."""
    room, environment = state.rooms[EXPIRIES], state.environments[slot]
    environment.queued_ns = at_ns
    heap.push(state.expiries, room.used, at_ns, environment.number << SLOT_BITS | slot, None)
    quiet.expect(state, at_ns)
    room.used += 1


@kernel
def rest(state: State, pool: int, now: int, period_ns: int) -> None:
    """Start the clock of a whole function, none of whose environments is busy."""
    own = state.pools[pool]
    own.period_ns = period_ns
    own.strikes_ns = now + period_ns
    if own.queued_ns < 0 or own.queued_ns > own.strikes_ns:
        wind(state, pool, now + (period_ns >> 1))  # half-way there, as an environment's own expiry


@kernel
def wind(state: State, pool: int, at_ns: int) -> None:
    """Look at the clock of a function again when it strikes or before."""
    room = state.rooms[EXPIRIES]
    state.pools[pool].queued_ns = at_ns
    heap.push(state.expiries, room.used, at_ns, int(CLOCK + pool), None)
    quiet.expect(state, at_ns)
    room.used += 1


@kernel
def strike(state: State, pool: int, due_ns: int) -> None:
    """Look at a clock, which is first of the heap of expiries: end one of those that leave as it strikes.

    The entry stays where it is until they all have, for each needs a row.
    """
    own, room = state.pools[pool], state.rooms[EXPIRIES]
    if own.queued_ns == due_ns and own.strikes_ns == due_ns:
        function = state.functions[pool >> 1]
        if own.leaving == 0:
            own.leaving = leaving(function.expiry, own.idle)
        if own.leaving > 0:
            slot = own.first
            idle.remove(own, function.reuse, state.environments, slot)
            end(state, slot, due_ns)
            own.leaving -= 1
        if own.leaving > 0:
            return
        own.strikes_ns = struck_next_ns(own.idle, due_ns, own.period_ns)
    room.used -= 1
    heap.pop(state.expiries, room.used, None)
    if own.queued_ns == due_ns:
        own.queued_ns = -1
        if own.strikes_ns < NEVER_NS:
            wind(state, pool, own.strikes_ns)


@kernel
def end(state: State, slot: int, at_ns: int) -> None:
    """Write the row of an environment that ends, and free its slot."""
    room, environment = state.rooms[ENVIRONMENTS], state.environments[slot]
    state.pools[environment.pool].alive -= 1
    if environment.connected:
        connections.disconnect(state, slot, at_ns)
    row = capacity.new_row(state.ended, state.rooms[ENDED])
    row.environment = environment.number
    row.function = environment.pool >> 1
    row.provisioned = environment.pool & 1
    row.created_ns = environment.created_ns
    row.initialised_ns = environment.initialised_ns
    row.destroyed_ns = at_ns
    early = GIVEN_UP if environment.pool & 1 else OF_IDLENESS
    row.end_reason = OF_LIFETIME if of_lifetime(environment, at_ns) else early
    if environment.is_lost:
        row.end_reason = LOST
    row.invocations = environment.invocations
    row.init_ns = environment.init_ns
    environment.number = -1
    environment.left = room.free
    room.free = slot
