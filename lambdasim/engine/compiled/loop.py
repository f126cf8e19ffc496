"""The event loop: a synchronous request, from its arrival to the freeze of its environment, with its caller's retries.

Twin of ``engine/reference``: its clock, arrivals, invocations and provisioned concurrency. Open this file first.
What a synchronous invocation takes is known when it is admitted, so its row is written then. The end of an init
decides nothing and is no event.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdasim.engine.compiled import control, events, heap, pool, room, sqs, timers
from lambdasim.engine.compiled.client import SEQUENCE_MASK, answered, delay_of, on_answer
from lambdasim.engine.compiled.function import acquire, release
from lambdasim.engine.compiled.invocation import execute, levels, throttled, wait
from lambdasim.engine.compiled.pool import SLOT_MASK
from lambdasim.engine.compiled.state import HEAP_MARGIN, OF_BATCH, State
from lambdasim.machine_code.jit import kernel, prefetch
from lambdasim.model.asynchronous import is_last, is_too_old
from lambdasim.model.events import LOAD_SHIFT, NEVER_NS, EventRank
from lambdasim.plan import Request

INVOKE_END, EXPIRY = int(EventRank.INVOKE_END), int(EventRank.EXPIRY)
CHANGE, RETRY, ARRIVAL = int(EventRank.CHANGE), int(EventRank.RETRY), int(EventRank.ARRIVAL)
STOP = -1  # a rank before all, for the end of what the loop is asked to do

# ranks of their own
EVENT = 64  # for arrivals that are in no chunk: they stand among the others by their requests
TIMER = 65  # for what queues wait for, which follows all else

MOST_DELIVERIES = 4
MOST_WAITING = 2
"""What one event of the loop may need: an event and its duplicate, each refused and then given up."""

AHEAD = 8
"""How many arrivals before its own the memory that a request needs is asked for: about as long as memory takes."""


@kernel
def run(
    state: State,
    until_ns: int,
    request: NDArray[np.int64],
    arrival_ns: NDArray[np.int64],
    function: NDArray[np.int64],
    duration_ns: NDArray[np.int64],
    init_ns: NDArray[np.int64],
    placement_ns: NDArray[np.int64],
    outcome: NDArray[np.int64],
    idle_timeout_ns: NDArray[np.int64],
    surplus_idle_timeout_ns: NDArray[np.int64],
    lifetime_ns: NDArray[np.int64],
    pick: NDArray[np.int64],
    source: NDArray[np.int64],
    delay_ns: NDArray[np.int64],
) -> int:
    """Let everything happen that happens before ``until_ns``, or as far as there is room; say which.

    Without an end (``NEVER_NS``) it stops when nothing but expiries is to come. Once it ``is_over``, queues count
    what they have not yet. ``source`` and ``delay_ns`` are empty
    when all requests go straight to their functions.
    """
    loop = state.loop[0]
    if loop.is_over:
        result: int = sqs.close(state, until_ns - 1)
        return result
    while True:
        # the next event; of several at one instant, the one of the lowest rank
        at_ns, rank = NEVER_NS, ARRIVAL
        if loop.row < len(arrival_ns):
            at_ns = arrival_ns[loop.row]
        first = state.firsts[0]
        if first.at_ns <= at_ns and is_next(state, first, at_ns, request):
            at_ns, rank = first.at_ns, EVENT
        if state.retries[0].at_ns <= at_ns:
            at_ns, rank = state.retries[0].at_ns, RETRY
        if state.control[loop.change].at_ns <= at_ns:
            at_ns, rank = state.control[loop.change].at_ns, CHANGE
        if state.completions[0].at_ns <= at_ns:
            at_ns, rank = state.completions[0].at_ns, INVOKE_END
        if state.moments[0].at_ns < at_ns:
            if not sqs.is_awaited(state):
                sqs.drop(state, 0)
                continue
            at_ns, rank = state.moments[0].at_ns, TIMER
        if at_ns >= until_ns:
            if until_ns == NEVER_NS:
                return room.ENOUGH
            at_ns, rank = until_ns, STOP
        if state.expiries[0].at_ns <= at_ns - (rank < EXPIRY):
            if loop.ended == len(state.ended):
                return room.ENDED
            pool.expire(state)
            continue
        if rank == STOP:
            return room.ENOUGH

        if len(state.queues) > 0:
            lacking = sqs.lacks(state)
            if lacking != room.ENOUGH:
                return lacking
        if rank == INVOKE_END:
            if loop.ended == len(state.ended):
                return room.ENDED
            if loop.expiries == len(state.expiries) - HEAP_MARGIN:
                return room.EXPIRIES
            slot = state.completions[0].subject & SLOT_MASK
            loop.completions -= 1
            heap.pop(state.completions, loop.completions, None)
            prefetch_completions(state)
            environment = state.environments[slot]
            answered(state.tokens, environment)
            release(state, slot, at_ns)
            if environment.refunds == OF_BATCH:
                sqs.ended(state, environment.refund_to, environment.refund, at_ns)
        elif rank == CHANGE:
            lacking = control.happen(state, at_ns)
            if lacking != room.ENOUGH:
                return lacking
        else:
            if loop.invocations == len(state.invocations):
                return room.INVOCATIONS
            if not pool.has_room(state):
                return room.ENVIRONMENTS
            if loop.new_waiting > len(state.waiting) - MOST_WAITING and loop.free_waiting < 0:
                return room.WAITING
            if len(state.sources) > 0 and loop.new_waiting > len(state.waiting) - MOST_WAITING:
                return room.WAITING
            if loop.deliveries > len(state.deliveries) - MOST_DELIVERIES and len(state.sources) > 0:
                return room.DELIVERIES
            if rank == TIMER:
                if sqs.lacks_drawn(state):
                    return room.DRAWN
                sqs.goes_off(state, timers.take(state), at_ns)
                loop.now_ns = at_ns
                continue
            if rank == ARRIVAL:
                row = loop.row
                loop.row += 1
                if row + AHEAD < len(arrival_ns):
                    prefetch_arrivals(state, function[row + AHEAD // 2], function[row + AHEAD])
                attempt = 0
                asked = Request(
                    request[row], at_ns, function[row], duration_ns[row], init_ns[row], placement_ns[row], outcome[row],
                    idle_timeout_ns[row], surplus_idle_timeout_ns[row], lifetime_ns[row], pick[row],
                )  # fmt: skip
                if len(source) > 0 and source[row] >= 0:
                    if delay_ns[row] > 0:
                        reach(state, asked, source[row], at_ns + delay_ns[row])
                    else:
                        arrive(state, asked, source[row], at_ns)
                    loop.now_ns = at_ns
                    continue
            else:
                slot = taken(state, rank)
                waiting = state.waiting[slot]
                asked, attempt = waited(state, slot)
                if waiting.stage == events.ARRIVES:
                    arrive(state, asked, waiting.source, at_ns)
                    loop.now_ns = at_ns
                    continue
                if waiting.stage == sqs.IS_BATCH:
                    sqs.attempt_batch(state, waiting.failures, attempt, at_ns)
                    loop.now_ns = at_ns
                    continue
                if waiting.stage == events.IS_TRIED:
                    attempt_event(state, asked, waiting.source, waiting.sent_ns, waiting.failures, attempt, at_ns)
                    loop.now_ns = at_ns
                    continue
            ask(state, asked, at_ns, attempt)
        loop.now_ns = at_ns


@kernel
def ask(state: State, request: Request, now: int, attempt: int) -> None:
    """Ask for an environment; then run, or wait for the next attempt, or give up."""
    loop = state.loop[0]
    row = state.invocations[loop.invocations]
    loop.invocations += 1
    slot = acquire(state, request.function, now, request.pick, request.lifetime_ns, True)
    row.request, row.attempt, row.function = request.request, attempt, request.function
    row.first_arrival_ns, row.arrival_ns = request.arrival_ns, now
    levels(state, row, request.function)
    client = state.clients[request.request >> LOAD_SHIFT]
    sequence = request.request & SEQUENCE_MASK
    row.final = 1
    if slot < 0:
        throttled(row, -slot)
        delay_ns = delay_of(client, state.tokens, sequence, attempt)
        if delay_ns >= 0 and now + delay_ns < loop.horizon_ns:
            row.final = 0
            wait(state, request, attempt + 1, now + delay_ns)
        return

    execute(state, row, request, slot, now, request.outcome)
    on_answer(client, state.environments[slot], sequence, attempt)


@kernel
def attempt_event(
    state: State, request: Request, source: int, sent_ns: int, failures: int, attempt: int, now: int
) -> None:
    """Try an event at its function."""
    loop = state.loop[0]
    row = state.invocations[loop.invocations]
    loop.invocations += 1
    slot = acquire(state, request.function, now, request.pick, request.lifetime_ns, False)
    row.request, row.attempt, row.function = request.request, attempt, request.function
    row.first_arrival_ns, row.arrival_ns = sent_ns, now
    levels(state, row, request.function)
    throttles = attempt - failures
    if slot < 0:
        throttled(row, -slot)
        next_ns = events.after_throttle_ns(state, source, request.request, attempt, throttles + 1, now)
        row.final = is_too_old(state.sources[source], sent_ns, next_ns) or next_ns >= loop.horizon_ns
        events.delivery(
            state, source, request.request, attempt, sent_ns, now, now, now, events.THROTTLED, events.STAYS, 0, -1
        )
        events.again(state, request, source, sent_ns, failures, throttles + 1, now, next_ns, False)
        return
    outcome = events.tried_outcome(state, source, request, failures, attempt)
    end_ns, status = execute(state, row, request, slot, now, outcome)
    law = state.sources[source]
    row.final = end_ns >= loop.horizon_ns or is_last(law, sent_ns, status, failures + 1, end_ns, loop.horizon_ns)
    events.ended(state, request, source, sent_ns, failures, throttles, now, end_ns, status)


@kernel
def arrive(state: State, request: Request, source: int, now: int) -> None:
    """Let an event's source take it in."""
    if state.queue_of[source] >= 0:
        sqs.arrive(state, request.request, state.queue_of[source], now)
    else:
        events.arrive(state, request, source, now)


@kernel
def reach(state: State, request: Request, source: int, at_ns: int) -> None:
    """Let an event be on its way to its source until ``at_ns``."""
    if at_ns < state.loop[0].horizon_ns:
        events.waits(state, request, source, events.ARRIVES, 0, 0, 0, at_ns, True)


@kernel
def is_next(state: State, first: Any, at_ns: int, request: NDArray[np.int64]) -> bool:
    """Say whether the first of the arrivals that are in no chunk comes before the chunk's next one, at ``at_ns``."""
    if first.at_ns < at_ns or at_ns == NEVER_NS:
        result: bool = first.at_ns < at_ns
        return result
    result = state.waiting[first.subject].request < request[state.loop[0].row]
    return result


@kernel
def taken(state: State, rank: int) -> int:
    """Take the first of the requests that wait, and return its slot."""
    loop = state.loop[0]
    if rank == RETRY:
        slot: int = state.retries[0].subject
        loop.retries -= 1
        heap.pop(state.retries, loop.retries, state.waiting)
    else:
        slot = state.firsts[0].subject
        loop.firsts -= 1
        heap.pop(state.firsts, loop.firsts, state.waiting)
    return slot


@kernel
def waited(state: State, slot: int) -> tuple[Request, int]:
    """Return the request that waited in a slot, and its next attempt; the slot is free from now on."""
    loop = state.loop[0]
    waiting = state.waiting[slot]
    waiting.next = loop.free_waiting
    loop.free_waiting = slot
    request = Request(
        waiting.request, waiting.arrival_ns, waiting.function, waiting.duration_ns, waiting.init_ns,
        waiting.placement_ns, waiting.outcome, waiting.idle_timeout_ns, waiting.surplus_idle_timeout_ns,
        waiting.lifetime_ns, waiting.pick,
    )  # fmt: skip
    return request, waiting.attempt


@kernel
def prefetch_arrivals(state: State, sooner: int, later: int) -> None:
    """Ask for what two requests will need: of the later one its function, of the sooner one its environment."""
    prefetch(state.functions, later)
    prefetch(state.pools, 2 * later)
    prefetch(state.environments, state.pools[2 * sooner].last)


@kernel
def prefetch_completions(state: State) -> None:
    """Ask for what the next completion needs, and for the environments of those that may be the one after it."""
    following = state.environments[state.completions[0].subject & SLOT_MASK].pool
    prefetch(state.functions, following >> 1)
    prefetch(state.pools, following)
    for child in range(1, 5):
        prefetch(state.environments, state.completions[child].subject & SLOT_MASK)
