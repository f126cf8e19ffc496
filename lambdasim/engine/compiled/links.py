"""What follows from an execution: events that it sends on, and those that are sent on because it failed. Twin of
``engine/reference/links.py``.

When an execution ends is known as it begins, so a timer is armed then, in the place of that end.
"""

from typing import Any

import numpy as np

from lambdasim.engine.compiled import capacity, deliveries, timers
from lambdasim.engine.compiled.asking import ask
from lambdasim.engine.compiled.chains import LINK_ROWS
from lambdasim.engine.compiled.following import first_follower
from lambdasim.engine.compiled.invocation import keep, wait
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.routing import function_at, place_of
from lambdasim.engine.compiled.state import AWAITED, OF_EVENT, OF_FIFO, OF_LINK, OF_QUEUE, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model import links as rules
from lambdasim.model import sqs
from lambdasim.model.events import (
    LOAD_SHIFT,
    NEVER_NS,
    DeliveryOutcome,
    Destination,
    EventRank,
    Fate,
    Status,
    request_key,
)
from lambdasim.model.links import Trigger
from lambdasim.model.rules import jitter24
from lambdasim.plan import Request

ARRIVAL = int(EventRank.ARRIVAL)
LOAD, SOURCE, FUNCTION = int(Trigger.LOAD), int(Trigger.SOURCE), int(Trigger.FUNCTION)
DEAD_LETTER, ASYNC_FAILURE = int(Trigger.DEAD_LETTER), int(Trigger.ASYNC_FAILURE)
SUCCESS, ERROR, ANY_STATUS = int(Status.SUCCESS), int(Status.ERROR), -1
REFUSED, EXHAUSTED = int(DeliveryOutcome.REFUSED), int(Fate.EXHAUSTED)
NOWHERE, DELIVERED = int(Destination.NONE), int(Destination.DELIVERED)


@routine
def ended(state: State, slot: int, now: int) -> None:
    """Send on what links send after an end that they waited for."""
    end = state.awaited[slot]
    if end.status >= 0:
        executed(state, end.load, end.source, end.function, end.status, end.chain_depth, now)
    if end.trigger >= 0:
        triggered(state, end.trigger, end.function, ANY_STATUS, end.chain_depth, now)
    capacity.leave(state.awaited, state.rooms[AWAITED], slot)


@kernel
def executed(state: State, load: int, source: int, function: int, status: int, chain_depth: int, now: int) -> None:
    """Send on what links send after an execution."""
    triggered(state, LOAD, load, status, chain_depth, now)
    triggered(state, SOURCE, source, status, chain_depth, now)
    triggered(state, FUNCTION, function, status, chain_depth, now)


@kernel
def triggered(state: State, trigger: int, subject: int, status: int, chain_depth: int, now: int) -> None:
    """Send on what links send that wait for this, and for such a status."""
    at = first_follower(state, trigger, subject)
    while at >= 0:
        follower = state.followers[at]
        if status < 0 or rules.follows(state.links[follower.link], status):
            send(state, follower.link, chain_depth, now)
        at = follower.next


@routine
def send(state: State, index: int, chain_depth: int, now: int) -> None:
    """Send a link's events, now, from an execution that was the ``chain_depth``-th of its loop (0 for the first)."""
    link = state.links[index]
    if not rules.goes_on(link, chain_depth):
        return
    trigger: Any = np.uint64(link.triggered)
    count = rules.count(link, int(jitter24(link.count_key, trigger)))
    link.triggered += 1
    for _ in range(count):
        key = request_key(link.load, link.sent)
        timers.arm(state, now, ARRIVAL, key, OF_LINK, index, 1 + rules.next_depth(link, chain_depth))
        link.sent += 1


@routine
def arrive(state: State, index: int, stage: int, now: int) -> int:
    """Let a link's next event arrive; return the slot in `waiting` of one that goes to a source, or -1."""
    link, chain_depth = state.links[index], stage - 1
    key = request_key(link.load, link.arrived)
    if link.arrived // LINK_ROWS != link.block:  # it waits until that is drawn
        timers.arm(state, now, ARRIVAL, key, OF_LINK, index, stage)
        state.loop[0].undrawn, state.loop[0].events = len(state.sources) + len(state.crowds) + index, 0
        return -1
    place = place_of(state, link, link.arrived)
    row = state.link_rows[link.first_drawn + place * LINK_ROWS + link.arrived % LINK_ROWS]
    link.arrived += 1
    if rules.is_stopped(link, chain_depth):
        stop(state, link, key, now)
        return -1
    request = Request(
        key, now, function_at(state, link, place), row.duration_ns, row.init_ns, row.placement_ns, row.outcome,
        row.idle_timeout_ns, row.surplus_idle_timeout_ns, row.lifetime_ns, row.pick, link.source, row.delay_ns,
        chain_depth,
    )  # fmt: skip
    if link.source >= 0:
        return keep(state, request, 0)
    again_ns, _ = ask(state, request, 0, now, now)
    if again_ns >= 0:
        wait(state, request, 1, again_ns)
    return -1


@kernel
def stop(state: State, link: Any, key: int, now: int) -> None:
    """Send an event away, now, that goes round a loop which AWS stops."""
    gone = NOWHERE
    kind = state.sources[link.source].kind if link.source >= 0 else -1
    if kind == OF_EVENT:
        gone = deliveries.sent_away(state, state.sources[link.source], key, now)
        if gone == DELIVERED:
            triggered(state, ASYNC_FAILURE, link.function, ANY_STATUS, NEVER_NS, now)
    elif kind in (OF_QUEUE, OF_FIFO):
        gone = sqs.stopped(state.queues[state.number_of[link.source]])
        if gone == DELIVERED:
            triggered(state, DEAD_LETTER, link.source, ANY_STATUS, NEVER_NS, now)
    deliveries.write(state, link.source, key, 0, now, now, -1, now, REFUSED, EXHAUSTED, gone, -1)


@routine
def lane_ended(state: State, number: int, status: int, now: int) -> None:
    """Send on what links send after a batch of a stream."""
    lane = state.lanes[number]
    stream = state.streams[lane.stream]
    load = lane.request >> LOAD_SHIFT
    executed(state, load, stream.source, lane.function, status, lane.chain_depth, now)


@routine
def record_ended(state: State, slot: int, status: int, now: int) -> None:
    """Send on what links send after a delivery of a record."""
    record = state.records[slot]
    triggered(state, LOAD, record.event >> LOAD_SHIFT, status, record.chain_depth, now)


@routine
def dead_letter(state: State, source: int, chain_depth: int, now: int) -> None:
    """Send on a dead letter of a source."""
    triggered(state, DEAD_LETTER, source, ANY_STATUS, chain_depth, now)


@routine
def given_up(state: State, function: int, chain_depth: int, now: int) -> None:
    """Send on an event that invoked a function asynchronously and was given up."""
    triggered(state, ASYNC_FAILURE, function, ANY_STATUS, chain_depth, now)


@routine
def call_ended(state: State, slot: int, status: int, now: int) -> None:
    """Send on what links send after a call of a handler."""
    own = state.called[slot]
    executed(state, own.request >> LOAD_SHIFT, -1, own.function, status, own.chain_depth, now)


@routine
def batch_ended(state: State, poller_slot: int, status: int, now: int) -> None:
    """Send on what links send after a batch of a queue, and after each message of it."""
    poller = state.pollers[poller_slot]
    queue = state.queues[poller.queue]
    load, depth = poller.request >> LOAD_SHIFT, poller.chain_depth
    executed(state, load, queue.source, poller.function, status, depth, now)
    slot = poller.first
    while slot >= 0:
        at = state.receipts[slot].first
        while at >= 0:
            message = state.messages[at]
            own = ERROR if status != SUCCESS or message.is_failing else SUCCESS
            triggered(state, LOAD, message.event >> LOAD_SHIFT, own, message.chain_depth, now)
            at = message.next
        slot = state.receipts[slot].next
