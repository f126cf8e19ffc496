"""The event source mapping of an SQS standard queue: receive, invoke, delete, and receive again. Twin of
``engine/reference/sqs.py`` with ``sqs_processing.py``.

A poller has one batch at a time, so what is known of a batch stands in its poller.
"""

from typing import Any

import numpy as np

from lambdasim.engine.compiled import api_requests, capacity, fifo, links, messages, pollers, polling, timers
from lambdasim.engine.compiled.client import SEQUENCE_MASK
from lambdasim.engine.compiled.deliveries import jitter
from lambdasim.engine.compiled.drawn import draws, next_key, next_request
from lambdasim.engine.compiled.function import grant
from lambdasim.engine.compiled.invocation import begins, execute, throttled
from lambdasim.engine.compiled.queues import (
    COMES_BACK,
    DELAYED,
    GATHERS,
    GIVES_UP,
    GROWS,
    IDLE,
    IS_DELAYED,
    IS_REVIEWED,
    IS_TRIED,
    PROCESSES,
    RECEIVED,
    RECEIVES,
    VISIBLE,
)
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.state import ENOUGH, INVOCATIONS, MESSAGES, OF_POLLER, SAMPLES, WAITING, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model import sqs as spec
from lambdasim.model.aliases import is_elsewhere
from lambdasim.model.batches import batch_outcome, is_failing
from lambdasim.model.control import Control
from lambdasim.model.events import DeliveryOutcome, EventRank, Status
from lambdasim.model.rules import jitter24
from lambdasim.plan import Request
from lambdasim.records import SourceMetric

BACKLOG, OLDEST_AGE = SourceMetric.BACKLOG, SourceMetric.OLDEST_AGE
RETRY = int(EventRank.RETRY)
SUCCESS = int(Status.SUCCESS)
BATCH_SIZE, BATCHING_WINDOW = int(Control.BATCH_SIZE), int(Control.BATCHING_WINDOW)
VISIBILITY, REPORTS, MINIMUM_CONCURRENCY = (
    int(Control.VISIBILITY), int(Control.REPORTS), int(Control.MINIMUM_CONCURRENCY)
)  # fmt: skip
MAX_RECEIVES = int(Control.MAX_RECEIVES)
OF_THROTTLE = int(DeliveryOutcome.THROTTLED)


@routine
def arrive(state: State, slot: int, now: int) -> None:
    """Take in the message in a slot of `waiting`."""
    event, depth = state.waiting[slot].request, state.waiting[slot].chain_depth
    index = state.number_of[state.waiting[slot].source]
    capacity.leave(state.waiting, state.rooms[WAITING], slot)
    queue = state.queues[index]
    if queue.is_resting:
        queue.is_resting = 0
        polling.resume(state, index, now)
    api_requests.count(state, queue, now, queue.send_requests, 0)
    send(state, index, event, depth, now)
    if queue.duplicates_q24:
        poller_slot: Any = np.uint64(event)
        if spec.is_delivered_twice(queue, int(jitter24(queue.duplicate_key, poller_slot))):
            send(state, index, next_key(state, queue.source), depth, now)
    draws(state, queue.source)


@kernel
def send(state: State, index: int, event: int, chain_depth: int, now: int) -> None:
    """Let a message be visible, or delay it."""
    queue = state.queues[index]
    slot = messages.created(state, index, event, 0, chain_depth, now, now + queue.delay_ns)
    if queue.delay_ns:
        messages.delay(state, index, slot)
    else:
        messages.show(state, queue, slot)
        # who has nothing to do looks; most often that is nobody
        if queue.open > 0 or pollers.has_backlog(queue):
            pollers.wake_pollers(state, index, now)


@routine
def on_timer(state: State, index: int, stage: int, now: int) -> None:
    """Let happen what a queue's timer is for."""
    queue = state.queues[index]
    if stage == COMES_BACK:
        queue.come_back = -1
        messages.come_back(state, queue, queue.first_receipt, now)
        messages.watch(state, index)
        pollers.wake_pollers(state, index, now)
    elif stage == IS_DELAYED:
        messages.undelay(state, queue)
        pollers.wake_pollers(state, index, now)
    elif stage == GROWS:
        polling.grow(state, index, now)
    elif stage == IS_REVIEWED:
        polling.reviewed(state, index, now)
    else:  # the receipt that a timer was for has gone
        queue.come_back = -1
        messages.watch(state, index)


@routine
def resume(state: State, poller_slot: int, stage: int, now: int) -> None:
    """Let happen what a poller's timer is for."""
    if stage == IS_TRIED and is_elsewhere(state.pollers[poller_slot].moves_ns, now):
        hand_over(state, poller_slot, now)
    elif stage == IS_TRIED:
        attempt_batch(state, poller_slot, state.pollers[poller_slot].attempt, now)
    else:
        state.pollers[poller_slot].timer = -1
        go_on(state, poller_slot, now)


@kernel
def go_on(state: State, poller_slot: int, now: int) -> None:
    """Let a poller do what it does next."""
    poller = state.pollers[poller_slot]
    queue = state.queues[poller.queue]
    if poller.stage == RECEIVES:
        if queue.per_poller:
            ready_ns = state.pollers[poller_slot - poller.number % queue.per_poller].ready_ns
            if ready_ns > now:
                pollers.schedule_poll(state, poller_slot, ready_ns)
                return
        queue.coming -= 1
        if queue.is_fifo:
            slot = fifo.receive(state, poller.queue, queue.limit, now)
        else:
            slot = messages.receive(state, poller.queue, queue.limit, now)
        received = state.receipts[slot].messages if slot >= 0 else 0
        if queue.per_poller:
            busy_ns = spec.poller_busy_ns(queue, received)
            state.pollers[poller_slot - poller.number % queue.per_poller].ready_ns = now + busy_ns
        if received:
            poller.first = poller.last = slot
            poller.messages, poller.limit = received, queue.limit
            if spec.gathers(queue, received, poller.limit):
                poller.stage = GATHERS
                queue.open += 1
                pollers.takes_turn(queue, poller)
                pollers.schedule_poll(state, poller_slot, now + queue.window_ns)
                return
    if poller.stage == GATHERS and poller.messages < poller.limit:
        queue.open -= 1
    if poller.first >= 0:
        poller.stage = PROCESSES
        invoke(state, poller_slot, now)
    else:
        poll_again_or_park(state, poller_slot, now)


@kernel
def poll_again_or_park(state: State, poller_slot: int, now: int) -> None:
    """Let a poller receive again if there is anything to receive, or have nothing to do."""
    poller = state.pollers[poller_slot]
    queue = state.queues[poller.queue]
    if queue.is_fifo:
        fifo.goes_round(state, poller_slot, now)
    elif spec.receives_again(poller.number, queue.target, pollers.has_backlog(queue)):
        pollers.goes_to_receive(state, poller_slot, now)
    else:
        pollers.park(state, poller_slot, now)


@kernel
def invoke(state: State, poller_slot: int, now: int) -> None:
    """Invoke the function with a poller's batch."""
    poller = state.pollers[poller_slot]
    queue = state.queues[poller.queue]
    may_fail = queue.poison_q24 > 0 or queue.record_errors_q24 > 0
    poller.has_failing = may_fail and mark_failing(state, queue, poller.first)
    poller.visible_ns = state.receipts[poller.first].visible_ns
    poller.chain_depth = deepest(state, poller.first) if len(state.links) > 0 else 0
    hand_over(state, poller_slot, now)


@kernel
def hand_over(state: State, poller_slot: int, now: int) -> None:
    """Hand a poller's batch over to the function that the mapping leads to now."""
    poller = state.pollers[poller_slot]
    queue = state.queues[poller.queue]
    poller.request = next_request(state, queue.source, poller)
    poller.duration_ns += poller.messages * state.functions[poller.function].per_record_ns
    slot = poller.first
    while slot >= 0:
        state.receipts[slot].batch = poller.request
        slot = state.receipts[slot].next
    poller.outcome = batch_outcome(queue.partial, poller.outcome, poller.has_failing != 0)
    poller.first_ns = now
    attempt_batch(state, poller_slot, 0, now)


@kernel
def deepest(state: State, first: int) -> int:
    """Return the greatest depth of the messages of some receipts."""
    found, slot = 0, first
    while slot >= 0:
        at = state.receipts[slot].first
        while at >= 0:
            found = max(found, state.messages[at].chain_depth)
            at = state.messages[at].next
        slot = state.receipts[slot].next
    return found


@kernel
def mark_failing(state: State, queue: Any, first: int) -> bool:
    """Mark the messages that the function cannot process, this time or ever; say whether there are any."""
    found, came_back, slot = False, False, first
    while slot >= 0:
        came_back = came_back or state.receipts[slot].has_expired != 0
        at = state.receipts[slot].first
        while at >= 0:
            message = state.messages[at]
            index: Any = np.uint64(message.event)
            poison = int(jitter24(queue.poison_key, index))
            if is_failing(queue, poison, jitter(queue.record_key, message.event, message.attempt)):
                message.is_failing = 1
                found = True
            at = message.next
        slot = state.receipts[slot].next
    if found and came_back:
        mark_copies(state, first)
    return found


@kernel
def mark_copies(state: State, first: int) -> None:
    """Where a message is in a batch several times, as it came back during the batch's window, let all fail together."""
    slot = first
    while slot >= 0:
        at = state.receipts[slot].first
        while at >= 0:
            if state.messages[at].is_failing:
                mark_event(state, first, state.messages[at].event)
            at = state.messages[at].next
        slot = state.receipts[slot].next


@kernel
def mark_event(state: State, slot: int, event: int) -> None:
    """Let all deliveries of a message fail that are in a batch."""
    while slot >= 0:
        at = state.receipts[slot].first
        while at >= 0:
            if state.messages[at].event == event:
                state.messages[at].is_failing = 1
            at = state.messages[at].next
        slot = state.receipts[slot].next


@routine
def attempt_batch(state: State, poller_slot: int, attempt: int, now: int) -> None:
    """Ask for an environment for a batch; then run, or wait for the next attempt, or give up."""
    poller = state.pollers[poller_slot]
    queue = state.queues[poller.queue]
    request = Request(
        poller.request, poller.first_ns, poller.function, poller.duration_ns, poller.init_ns, poller.placement_ns,
        poller.outcome, poller.idle_timeout_ns, poller.surplus_idle_timeout_ns, poller.lifetime_ns, poller.pick,
        queue.source, 0, poller.chain_depth,
    )  # fmt: skip
    row = capacity.new_row(state.invocations, state.rooms[INVOCATIONS])
    slot = grant(state, request, attempt, now, True)
    begins(state, row, request, attempt, poller.first_ns, now)
    if slot >= 0:
        end_ns, status = execute(state, row, request, slot, now, request.outcome)
        if end_ns < 0:
            state.held[status].kind = OF_POLLER
        environment = state.environments[slot]
        environment.tells, environment.actor, environment.answer = OF_POLLER, poller_slot, status
        return
    throttled(row, -slot)
    drawn = jitter(queue.backoff_key, request.request & SEQUENCE_MASK, attempt)
    again_ns = spec.throttled_again_ns(queue, now, attempt + 1, drawn)
    polling.failed(state, poller.queue, now)
    if spec.is_given_up(queue, attempt + 1, again_ns, poller.visible_ns):
        give_up(state, poller_slot, now)
        return
    row.final = is_elsewhere(poller.moves_ns, again_ns) or again_ns >= state.loop[0].horizon_ns
    poller.attempt = attempt + 1
    timers.arm(state, again_ns, RETRY, request.request, OF_POLLER, poller_slot, IS_TRIED)


@kernel
def give_up(state: State, poller_slot: int, now: int) -> None:
    """Let a poller go on without its batch: at once, or when its visibility timeout ends."""
    poller = state.pollers[poller_slot]
    slot = poller.first
    while slot >= 0:
        following = state.receipts[slot].next
        messages.release_poller(state, slot, OF_THROTTLE)
        slot = following
    poller.stage, poller.first, poller.last = GIVES_UP, -1, -1
    pollers.schedule_poll(state, poller_slot, spec.gave_up_ns(state.queues[poller.queue], now, poller.visible_ns))


@routine
def ended(state: State, poller_slot: int, status: int, now: int) -> None:
    """Delete what a batch has processed whose invocation ended now."""
    poller = state.pollers[poller_slot]
    queue = state.queues[poller.queue]
    has_failed = status != SUCCESS
    if len(state.links) > 0:
        links.batch_ended(state, poller_slot, status, now)
    if spec.slows_polling(queue, status):
        polling.failed(state, poller.queue, now)
    deleted = 0
    slot = poller.first
    while slot >= 0:
        following = state.receipts[slot].next
        if queue.is_fifo:
            deleted += fifo.settle(state, slot, has_failed, now)
        else:
            deleted += messages.settle(state, queue, slot, has_failed, now)
        slot = following
    poller.first = poller.last = -1
    if deleted:
        api_requests.count(state, queue, now, spec.receives(deleted), 0)
    poll_again_or_park(state, poller_slot, now)


@routine
def enable(state: State, index: int, enabled: int, now: int) -> None:
    """Enable or disable a mapping."""
    polling.catch_up(state, index, now)
    state.queues[index].is_disabled = not enabled
    pollers.target_changed(state, index, now)


@routine
def limit(state: State, index: int, maximum: int, now: int) -> None:
    """Let a mapping process so many batches at once at most."""
    polling.limit(state, index, maximum, now)


@routine
def adjust(state: State, index: int, kind: int, value: int, now: int) -> None:
    """Let a setting of a mapping or its queue be another from now on."""
    queue = state.queues[index]
    if kind == MINIMUM_CONCURRENCY:
        if not queue.is_fifo:
            polling.hold_up(state, index, value, now)
        return
    if kind == BATCH_SIZE:
        queue.limit = spec.batch_limit(queue, min(value, queue.largest))
    elif kind == BATCHING_WINDOW and not queue.is_fifo:
        queue.window_ns = value
    elif kind == VISIBILITY:
        queue.visibility_ns = value
    elif kind == REPORTS:
        queue.partial = value
    elif kind == MAX_RECEIVES:
        queue.max_receives = value
    else:
        return
    if not queue.is_fifo and messages.backlog(queue):
        pollers.wake_pollers(state, index, now)


@routine
def meter(state: State, index: int, now: int) -> None:
    """Tell what alarms ask of a queue: how many messages can be received, and the age of the oldest of all."""
    source, waiting, oldest_ns = state.queues[index].source, 0, now
    for slot in range(state.rooms[MESSAGES].used):
        message = state.messages[slot]
        if message.queue == index and message.phase in (DELAYED, VISIBLE, RECEIVED) and not message.is_deleted:
            waiting += message.phase == VISIBLE
            oldest_ns = min(oldest_ns, message.sent_ns)
    api_requests.sample(state, source, BACKLOG, now, waiting)
    api_requests.sample(state, source, OLDEST_AGE, now, now - oldest_ns)


@routine
def close(state: State, now: int) -> int:
    """Count what queues have not counted when the simulation ends, which is now; return what there is no room for."""
    loop, room = state.loop[0], state.rooms[SAMPLES]
    while loop.closed < len(state.queues):
        if room.used + room.most > room.capacity:
            return SAMPLES
        queue = state.queues[loop.closed]
        polling.catch_up(state, loop.closed, now)
        for poller_slot in range(queue.first_poller, queue.first_poller + queue.known):
            if state.pollers[poller_slot].stage == IDLE:
                pollers.leave_long_poll(state, queue, state.pollers[poller_slot], now)
        api_requests.write(state, queue)
        loop.closed += 1
    return ENOUGH
