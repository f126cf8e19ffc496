"""A FIFO queue, whose messages stand in order within their groups, and the pollers that go to those. Twin of
``engine/reference/fifo_queue.py`` and ``sqs_fifo.py``.

It is a queue among the others; what is told here is what differs.
"""

from typing import Any

import numpy as np

from lambdasim.engine.compiled import api_requests, capacity, heap, messages, pollers
from lambdasim.engine.compiled.drawn import draws
from lambdasim.engine.compiled.queues import COMES_BACK, EXPIRED, IDLE, IS_DELAYED, VISIBLE
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.state import GROUPS, WAITING, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model import sqs
from lambdasim.model import sqs_fifo as spec
from lambdasim.model.events import NEVER_NS
from lambdasim.model.rules import jitter24


@routine
def arrive(state: State, waiting: int, now: int) -> None:
    """Take in the message in a slot of `waiting`."""
    event, depth = state.waiting[waiting].request, state.waiting[waiting].chain_depth
    index = state.number_of[state.waiting[waiting].source]
    capacity.leave(state.waiting, state.rooms[WAITING], waiting)
    queue = state.queues[index]
    api_requests.count(state, queue, now, queue.send_requests, 0)
    slot = messages.created(state, index, event, 0, depth, now, now + queue.delay_ns)
    message = state.messages[slot]
    message.group = group_of(state, queue, event)
    state.groups[message.group].size += 1
    if queue.delay_ns:
        messages.delay(state, index, slot)
    else:
        show(state, index, slot, now)
    draws(state, queue.source)


@kernel
def group_of(state: State, queue: Any, event: int) -> int:
    """Return the slot of the group of a message, which may be a new one."""
    place: Any = np.uint64(event)
    bounds_q24: Any = state.group_bounds_q24[queue.first_bound : queue.first_bound + queue.bounds]
    number = spec.group_of(queue, bounds_q24, event, int(jitter24(queue.group_key, place)))
    if queue.groups:
        known: int = state.group_at[queue.first_group + number]
        if known >= 0:
            return known
    slot = capacity.taken(state.groups, state.rooms[GROUPS])
    group = state.groups[slot]
    group.number, group.first, group.last, group.stopped = number, -1, -1, -1
    group.waiting = group.taken = group.size = group.is_ready = 0
    if queue.groups:
        state.group_at[queue.first_group + number] = slot
    return slot


@routine
def on_timer(state: State, index: int, stage: int, now: int) -> None:
    """Let happen what a queue's timer is for."""
    queue = state.queues[index]
    if stage == COMES_BACK:
        queue.come_back = -1
        come_back(state, index, queue.first_receipt, now)
        messages.watch(state, index)
    elif stage == IS_DELAYED:
        slot = queue.first_delayed
        queue.first_delayed = state.messages[slot].next
        queue.delayed -= 1
        show(state, index, slot, now)
    else:  # the receipt that a timer was for has gone
        queue.come_back = -1
        messages.watch(state, index)


@kernel
def show(state: State, index: int, slot: int, now: int) -> None:
    """Let a message be received, as soon as it is seen."""
    queue, message = state.queues[index], state.messages[slot]
    message.phase, message.next = VISIBLE, -1
    if queue.unseen:
        state.messages[queue.last_visible].next = slot
    else:
        queue.first_visible = slot
    queue.last_visible = slot
    queue.unseen += 1
    messages.owe(state, queue, 1)
    see(state, index, now)


@kernel
def see(state: State, index: int, now: int) -> None:
    """See as many messages as may be."""
    queue = state.queues[index]
    while queue.unseen > 0 and spec.sees(queue, queue.seen):
        slot = queue.first_visible
        message = state.messages[slot]
        queue.first_visible = message.next
        queue.unseen -= 1
        queue.seen += 1
        group = state.groups[message.group]
        message.next = -1
        if group.waiting:
            state.messages[group.last].next = slot
        else:
            group.first = slot
        group.last = slot
        group.waiting += 1
        offer(state, index, message.group, now)


@kernel
def offer(state: State, index: int, number: int, now: int) -> None:
    """Let a group be received from, if it can be."""
    queue, group = state.queues[index], state.groups[number]
    if spec.is_open(group.waiting, group.taken) and not group.is_ready:
        group.is_ready, group.next = 1, -1
        if queue.ready:
            state.groups[queue.last_ready].next = number
        else:
            queue.first_ready = number
        queue.last_ready = number
        queue.ready += 1
        look(state, index, now)


@routine
def receive(state: State, index: int, limit: int, now: int) -> int:
    """Receive up to ``limit`` messages, now; return their receipt, -1 if there are none.

    Those that are too old or were received too often leave the queue.
    """
    queue = state.queues[index]
    receipt = -1
    received = 0
    while queue.ready > 0 and received < limit:
        group = state.groups[queue.first_ready]
        queue.first_ready = group.next
        queue.ready -= 1
        group.is_ready = 0
        while group.waiting > 0 and received < limit:
            slot = group.first
            message = state.messages[slot]
            group.first = message.next
            group.waiting -= 1
            messages.owe(state, queue, -1)
            found = sqs.found(queue, message, now)
            if found == sqs.RECEIVED:
                receipt = messages.handed_over(state, queue, receipt, slot, now)
                group.taken += 1
                received += 1
            else:
                messages.drop(state, queue, message, found, now)
                forget(state, queue, slot)
    see(state, index, now)
    api_requests.count(state, queue, now, sqs.receive_requests(queue, received), 0)
    if receipt >= 0:
        state.receipts[receipt].messages = received
        messages.line_up(state, index, receipt)
    return receipt


@routine
def settle(state: State, slot: int, has_failed: int, now: int) -> int:
    """End the delivery of a receipt's messages now; return how many of them are asked to be deleted.

    ``has_failed`` says that the whole batch did. The batch lets go of the receipt.
    """
    receipt = state.receipts[slot]
    if not spec.settles(receipt.has_expired != 0):
        asked = 0 if has_failed else receipt.messages
        messages.let_go(state, slot)
        return asked
    index = state.messages[receipt.first].queue
    queue = state.queues[index]
    at, kept, last, deleted = receipt.first, -1, -1, 0
    while at >= 0:
        message = state.messages[at]
        following, number = message.next, message.group
        group = state.groups[number]
        outcome = spec.outcome(has_failed != 0, message.is_failing != 0, group.stopped == receipt.batch)
        if outcome == messages.SUCCEEDED:
            messages.row(state, queue, message, receipt.delivered_ns, now, outcome, messages.DONE,
                         messages.NOWHERE, receipt.batch)  # fmt: skip
            group.taken -= 1
            forget(state, queue, at)
            deleted += 1
        else:
            group.stopped = receipt.batch
            messages.row(state, queue, message, receipt.delivered_ns, now, outcome, messages.STAYS,
                         messages.NOWHERE, receipt.batch)  # fmt: skip
            if kept < 0:
                kept = at
            else:
                state.messages[last].next = at
            last = at
        if group.size > 0 and (following < 0 or state.messages[following].group != number):
            offer(state, index, number, now)
        at = following
    if kept < 0:
        messages.leave_line(state, queue, slot)
        messages.forget_receipt(state, slot)
    else:
        state.messages[last].next = -1
        receipt.first, receipt.last, receipt.has_ended, receipt.is_held = kept, last, 1, 0
    see(state, index, now)
    return deleted


@kernel
def come_back(state: State, index: int, slot: int, now: int) -> None:
    """Return the messages of a receipt to the front of their groups: their visibility timeout ends now."""
    queue, receipt = state.queues[index], state.receipts[slot]
    messages.leave_line(state, queue, slot)
    receipt.has_expired = 1
    at, asked, kept, last_kept = receipt.first, 0, -1, -1
    while at >= 0:
        first, number, count = at, state.messages[at].group, 0
        group, last = state.groups[number], at
        while at >= 0 and state.messages[at].group == number:
            message = state.messages[at]
            if not receipt.has_ended:
                messages.row(state, queue, message, receipt.delivered_ns, now, receipt.outcome, messages.STAYS,
                             messages.NOWHERE, receipt.batch)  # fmt: skip
            asked += message.is_failing == 0
            if receipt.is_held and len(state.links) > 0:  # which are to hear how it ended
                copy = copied(state, at)
                if kept < 0:
                    kept = copy
                else:
                    state.messages[last_kept].next = copy
                last_kept = copy
            message.phase, message.attempt, message.available_ns = VISIBLE, message.attempt + 1, now
            message.is_failing = 0
            count += 1
            last, at = at, message.next
        messages.owe(state, queue, count)
        state.messages[last].next = group.first if group.waiting else -1
        if group.waiting == 0:
            group.last = last
        group.first = first
        group.waiting += count
        group.taken -= count
        offer(state, index, number, now)
    if receipt.is_held:  # whose batch will ask for what it has processed to be deleted
        receipt.first, receipt.messages = kept, asked
    else:
        messages.forget_receipt(state, slot)


@kernel
def copied(state: State, slot: int) -> int:
    """Return the slot of a copy of a message, for the batch that still has it after its visibility timeout."""
    message = state.messages[slot]
    copy = messages.created(
        state, message.queue, message.event, message.attempt, message.chain_depth, message.sent_ns, message.available_ns
    )
    own = state.messages[copy]
    own.phase, own.is_failing, own.next = EXPIRED, message.is_failing, -1
    return copy


@kernel
def forget(state: State, queue: Any, slot: int) -> None:
    """Forget a message that has left, and its group if that was the last of it."""
    number = state.messages[slot].group
    group = state.groups[number]
    queue.seen -= 1
    group.size -= 1
    if group.size == 0:
        if queue.groups:
            state.group_at[queue.first_group + group.number] = -1
        capacity.leave(state.groups, state.rooms[GROUPS], number)
    messages.forget(state, slot)


@kernel
def is_wanted(queue: Any) -> bool:
    """Say whether there are groups that no poller is about to receive from: each takes one."""
    return not queue.is_disabled and sqs.is_wanted(queue.ready, queue.coming, 1)


@routine
def look(state: State, index: int, now: int) -> None:
    """Send pollers for the groups that can be received from, one each."""
    queue = state.queues[index]
    while is_wanted(queue) and spec.may_begin(queue, queue.known - queue.idle):
        number = state.idle[queue.first_idle].at_ns  # NEVER_NS if there is none
        if number < NEVER_NS:
            queue.idle -= 1
            heap.pop(state.idle[queue.first_idle :], queue.idle, None)
            pollers.leave_long_poll(state, queue, state.pollers[queue.first_poller + number], now)
        else:
            number = queue.known
            queue.known += 1
        pollers.goes_to_receive(state, queue.first_poller + number, now)


@kernel
def goes_round(state: State, poller_slot: int, now: int) -> None:
    """Let a poller receive again if there is anything to receive, or have nothing to do."""
    poller = state.pollers[poller_slot]
    queue = state.queues[poller.queue]
    if is_wanted(queue) and spec.may_begin(queue, queue.known - queue.idle - 1):
        pollers.goes_to_receive(state, poller_slot, now)
    else:
        poller.stage = IDLE
        pollers.has_nothing_to_do(state, queue, poller.number)
        rest(queue, poller, now)


@kernel
def rest(queue: Any, poller: Any, now: int) -> None:
    """Let a poller that has nothing to do go into a long poll."""
    if spec.polls_at_rest(poller.number, not queue.is_disabled):
        poller.parked_ns = now


@routine
def limit(state: State, index: int, maximum: int, now: int) -> None:
    """Let a mapping process so many batches at once at most; what runs goes on."""
    queue = state.queues[index]
    queue.maximum = min(maximum, queue.pollers)
    look(state, index, now)


@routine
def enable(state: State, index: int, enabled: int, now: int) -> None:
    """Enable or disable a mapping."""
    queue = state.queues[index]
    queue.is_disabled = not enabled
    for slot in range(queue.first_poller, queue.first_poller + queue.known):
        poller = state.pollers[slot]
        if poller.stage == IDLE:
            pollers.leave_long_poll(state, queue, poller, now)
            rest(queue, poller, now)
    look(state, index, now)
