"""The event loop: a synchronous request, from its arrival to the freeze of its environment, with its caller's retries.

Twin of ``engine/reference``: its clock, arrivals, invocations and provisioned concurrency. Open this file first.
What a synchronous invocation takes is known when it is admitted, so its row is written then. The end of an init
decides nothing and is no event.
"""

from typing import Any, cast

import numpy as np

from lambdasim.engine.compiled import calendar, capacity, control, families, pool, quiet, timers
from lambdasim.engine.compiled.asking import request, retry
from lambdasim.engine.compiled.client import answered
from lambdasim.engine.compiled.function import release
from lambdasim.engine.compiled.invocation import keep
from lambdasim.engine.compiled.state import ENOUGH, MONTH_BITS, OF_CLIENT, UNDRAWN, State
from lambdasim.machine_code.jit import kernel, plain, prefetch, rare
from lambdasim.model.events import NEVER_NS, RANK_SHIFT, EventRank
from lambdasim.plan import Request

INVOKE_END, EXPIRY = int(EventRank.INVOKE_END), int(EventRank.EXPIRY)
CHANGE, RETRY, ARRIVAL = int(EventRank.CHANGE), int(EventRank.RETRY), int(EventRank.ARRIVAL)
FIRST = cast(int, np.int64(0))  # attempt; for a literal 0 Numba would compile all that follows a second time
STOP = 0  # a rank before all, for the end of what the loop is asked to do

RANKS = 63
TIMER = RANKS + 1  # is added to the ranks of timers

AHEAD = 8
"""How many arrivals before its own the memory that a request needs is asked for: about as long as memory takes."""


@kernel
def run(state: State, chunk: Any, until_ns: int) -> int:
    """Let everything happen that happens before ``until_ns``, or as far as there is room; say which.

    ``chunk`` has the columns of the requests that arrive.
    Without an end (``NEVER_NS``) it stops when nothing but expiries is to come. Once it ``is_over``, queues count
    what they have not yet.
    """
    loop = state.loop[0]
    if rare(loop.is_over > 0):
        result: int = families.close(state, until_ns - 1)
        return result
    loop.events = 0
    loop.quiet_ns = 0
    while True:
        loop.events -= 1
        if rare(loop.events < 0):
            lacking = capacity.lacks(state)
            if lacking != ENOUGH:
                return lacking
            loop.events -= 1
        # the next event; of several at one instant, the one of the lowest rank
        at_ns, rank = NEVER_NS, ARRIVAL
        if loop.row < len(chunk.arrival_ns):
            at_ns = chunk.arrival_ns[loop.row]
        if calendar.first_ns(state) <= at_ns:
            at_ns, rank = calendar.first_ns(state), INVOKE_END
        if rare(at_ns >= loop.quiet_ns):  # something else may come before it
            loop.quiet_ns = min(until_ns, quiet.until_ns(state))
            retry_ns, change_ns = state.retries[0].at_ns, state.control[loop.change].at_ns
            if retry_ns < at_ns or (retry_ns == at_ns and rank == ARRIVAL):
                at_ns, rank = retry_ns, RETRY
            if change_ns < at_ns or (change_ns == at_ns and rank != INVOKE_END):
                at_ns, rank = change_ns, CHANGE
            if state.timer_heap[0].at_ns <= at_ns and timers.is_next(state, at_ns, rank, chunk):
                timer = state.timers[state.timer_heap[0].subject]
                if rare(timer.stage < 0):
                    families.drop(state, loop.now_ns)
                    continue
                at_ns, rank = state.timer_heap[0].at_ns, TIMER + (timer.request >> RANK_SHIFT)
            if at_ns >= until_ns:
                if until_ns == NEVER_NS:
                    return ENOUGH
                at_ns, rank = until_ns, STOP
            if state.expiries[0].at_ns <= at_ns - (rank & RANKS < EXPIRY):
                pool.expire(state)
                continue
            if rank == STOP:
                return ENOUGH

        if rank == INVOKE_END:
            slot = calendar.take(state)
            environment = state.environments[slot]
            answered(state.tokens, environment)
            release(state, slot, at_ns)
            if rare(environment.tells > OF_CLIENT):
                families.ended(state, environment.tells, environment.actor, environment.answer, at_ns)
        elif rare(rank == CHANGE):
            unfinished: int = control.happen(state, at_ns)
            if unfinished != ENOUGH:
                return unfinished
            loop.events = 0  # it may have needed much
        elif rare(rank >= TIMER):
            timer = state.timers[timers.take(state)]
            families.on_timer(state, timer.kind, timer.actor, timer.stage, at_ns)
        elif rare(rank == RETRY):
            retry(state, at_ns)
        else:
            row = loop.row
            if plain() and row >= loop.drawn and rare(pool.begins_anew(state, 2 * chunk.function[row])):
                loop.undrawn = 0
                return UNDRAWN
            loop.row += 1
            if row + AHEAD < len(chunk.arrival_ns):
                prefetch_arrivals(state, chunk, row)
            source = delay_ns = -1
            if rare(len(chunk.source) > 0) and chunk.source[row] >= 0:
                source, delay_ns = chunk.source[row], chunk.delay_ns[row]
            asked = Request(
                chunk.request[row], at_ns, chunk.function[row], chunk.duration_ns[row], chunk.init_ns[row],
                chunk.placement_ns[row], chunk.outcome[row], chunk.idle_timeout_ns[row],
                chunk.surplus_idle_timeout_ns[row], chunk.lifetime_ns[row], chunk.pick[row], source, delay_ns, 0,
            )  # fmt: skip
            if rare(source >= 0):
                families.send(state, keep(state, asked, FIRST), at_ns)
            else:
                request(state, asked, FIRST, at_ns)
        loop.now_ns = at_ns


@kernel
def prefetch_arrivals(state: State, chunk: Any, row: int) -> None:
    """Ask for what later requests will need: the function, and the day on which it ends unless it starts cold; a little
    later, the environment.
    """
    sooner, later = chunk.function[row + AHEAD // 2], row + AHEAD
    prefetch(state.functions, chunk.function[later])
    prefetch(state.pools, 2 * chunk.function[later])
    prefetch(state.environments, state.pools[2 * sooner].last)
    day = calendar.place(state, chunk.arrival_ns[later] + chunk.duration_ns[later])
    prefetch(state.days, day)
    prefetch(state.months, day >> MONTH_BITS)
