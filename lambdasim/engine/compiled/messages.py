"""A standard queue: its messages until they are deleted, dead-lettered or too old. Twin of
``engine/reference/sqs_queue.py``.

A queue's visibility timeouts are all of one length, so its receipts stand in a list in the order in which they end,
and one timer looks at the first of them.
"""

from typing import Any

from lambdasim.engine.compiled import api_requests, capacity, deliveries, links, timers
from lambdasim.engine.compiled.queues import COMES_BACK, DELAYED, EXPIRED, FREE, IS_DELAYED, RECEIVED, VISIBLE
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.state import DELIVERIES, MESSAGES, RECEIPTS, TIMERS, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model import sqs as spec
from lambdasim.model.events import RANK_SHIFT, DeliveryOutcome, Destination, EventRank, Fate

RANK = int(EventRank.VISIBLE)
SUCCEEDED, FAILED, TIMED_OUT = (
    int(DeliveryOutcome.SUCCEEDED),
    int(DeliveryOutcome.FAILED),
    int(DeliveryOutcome.TIMED_OUT),
)
REFUSED = int(DeliveryOutcome.REFUSED)
STAYS, DONE, EXHAUSTED, AGED_OUT = int(Fate.STAYS), int(Fate.DONE), int(Fate.EXHAUSTED), int(Fate.AGED_OUT)
NOWHERE, DEAD_LETTERED = int(Destination.NONE), int(Destination.DELIVERED)


@kernel
def backlog(queue: Any) -> int:
    """Return how many messages could be received."""
    result: int = queue.visible - queue.deleted
    return result


@kernel
def is_at_rest(queue: Any) -> bool:
    """Say whether a queue holds no message at all."""
    result: bool = backlog(queue) == 0 and queue.receipts == 0 and queue.delayed == 0
    return result


@kernel
def created(
    state: State, queue: int, event: int, attempt: int, chain_depth: int, sent_ns: int, available_ns: int
) -> int:
    """Return the slot of a message that is nowhere yet."""
    slot = capacity.taken(state.messages, state.rooms[MESSAGES])
    message = state.messages[slot]
    message.event, message.attempt, message.sent_ns, message.available_ns = event, attempt, sent_ns, available_ns
    message.queue, message.again, message.group, message.chain_depth = queue, -1, -1, chain_depth
    message.is_deleted = message.is_returned = message.is_failing = 0
    return slot


@kernel
def owe(state: State, queue: Any, count: int) -> None:
    """Keep room for what so many messages more (or fewer) may leave behind when they are received: rows and timers."""
    state.rooms[DELIVERIES].owed += count
    state.rooms[TIMERS].owed += count * queue.owes


@kernel
def forget(state: State, slot: int) -> None:
    """Free the slot of a message."""
    state.messages[slot].phase = FREE
    capacity.leave(state.messages, state.rooms[MESSAGES], slot)


@kernel
def forget_receipt(state: State, slot: int) -> None:
    """Free the slot of a receipt."""
    capacity.leave(state.receipts, state.rooms[RECEIPTS], slot)


@kernel
def let_go(state: State, slot: int) -> None:
    """Free the slots of a receipt that has expired and of what its batch still had."""
    at = state.receipts[slot].first
    while at >= 0:
        following = state.messages[at].next
        forget(state, at)
        at = following
    forget_receipt(state, slot)


@kernel
def show(state: State, queue: Any, slot: int) -> None:
    """Let a message be visible."""
    message = state.messages[slot]
    message.phase, message.next = VISIBLE, -1
    if queue.visible:
        state.messages[queue.last_visible].next = slot
    else:
        queue.first_visible = slot
    queue.last_visible = slot
    queue.visible += 1
    owe(state, queue, 1)


@kernel
def delay(state: State, index: int, slot: int) -> None:
    """Let a message be visible after its queue's delay."""
    queue, message = state.queues[index], state.messages[slot]
    message.phase, message.next = DELAYED, -1
    if queue.delayed:
        state.messages[queue.last_delayed].next = slot
    else:
        queue.first_delayed = slot
    queue.last_delayed = slot
    queue.delayed += 1
    kind = state.sources[queue.source].kind
    timers.arm(state, message.available_ns, RANK, message.event, kind, index, IS_DELAYED)


@kernel
def undelay(state: State, queue: Any) -> None:
    """Let the message be visible that has been delayed longest."""
    slot = queue.first_delayed
    queue.first_delayed = state.messages[slot].next
    queue.delayed -= 1
    show(state, queue, slot)


@routine
def receive(state: State, index: int, limit: int, now: int) -> int:
    """Receive up to ``limit`` messages, now; return their receipt, -1 if there are none.

    Those that are too old or were received too often leave the queue.
    """
    queue = state.queues[index]
    receipt = -1
    received = 0
    while queue.visible > 0 and received < limit:
        slot = queue.first_visible
        message = state.messages[slot]
        queue.first_visible = message.next
        queue.visible -= 1
        owe(state, queue, -1)
        message.is_returned = 0
        found = spec.found(queue, message, now)
        if message.is_deleted:
            queue.deleted -= 1
            forget(state, slot)
        elif found == spec.RECEIVED:
            receipt = handed_over(state, queue, receipt, slot, now)
            received += 1
        else:
            drop(state, queue, message, found, now)
            forget(state, slot)
    api_requests.count(state, queue, now, spec.receive_requests(queue, received), 0)
    if receipt >= 0:
        state.receipts[receipt].messages = received
        line_up(state, index, receipt)
    return receipt


@kernel
def handed_over(state: State, queue: Any, receipt: int, slot: int, now: int) -> int:
    """Return the receipt that a message now belongs to, which is a new one if it is the first of its batch."""
    message = state.messages[slot]
    if receipt < 0:
        receipt = new_receipt(state, slot, message.event, now, now + queue.visibility_ns)
    else:
        state.messages[state.receipts[receipt].last].next = slot
    message.phase, message.receipt, message.next = RECEIVED, receipt, -1
    state.receipts[receipt].last = slot
    return receipt


@kernel
def drop(state: State, queue: Any, message: Any, found: int, now: int) -> None:
    """Write that a message is not received but leaves, as too old or to the dead-letter queue."""
    if found == spec.TOO_OLD:
        ended_ns = spec.aged_out_ns(queue, message)
        row(state, queue, message, -1, ended_ns, REFUSED, AGED_OUT, NOWHERE, -1)
        return
    if queue.owes > 0:
        links.dead_letter(state, queue.source, message.chain_depth, now)
    row(state, queue, message, -1, now, REFUSED, EXHAUSTED, DEAD_LETTERED, -1)


@kernel
def new_receipt(state: State, slot: int, event: int, now: int, visible_ns: int) -> int:
    """Return a receipt that is in no list yet, of a batch, and of messages that begin with one."""
    result = capacity.taken(state.receipts, state.rooms[RECEIPTS])
    receipt = state.receipts[result]
    receipt.key, receipt.delivered_ns, receipt.visible_ns = RANK << RANK_SHIFT | event, now, visible_ns
    receipt.batch, receipt.outcome, receipt.has_ended, receipt.has_expired, receipt.is_held = -1, TIMED_OUT, 0, 0, 1
    receipt.first, receipt.next = slot, -1
    return result


@kernel
def line_up(state: State, index: int, slot: int) -> None:
    """Put a receipt among those that will come back: last, but for those that come back later."""
    queue, receipt = state.queues[index], state.receipts[slot]
    earlier, later = queue.last_receipt, -1
    while earlier >= 0 and comes_back_later(state.receipts[earlier], receipt):
        earlier, later = state.receipts[earlier].earlier, earlier
    receipt.earlier, receipt.later = earlier, later
    if later < 0:
        queue.last_receipt = slot
    else:
        state.receipts[later].earlier = slot
    queue.receipts += 1
    if earlier >= 0:
        state.receipts[earlier].later = slot
        return
    queue.first_receipt = slot
    if (
        queue.come_back < 0
        or queue.come_back_ns > receipt.visible_ns
        or (queue.come_back_ns == receipt.visible_ns and state.timers[queue.come_back].request > receipt.key)
    ):
        watch(state, index)


@kernel
def comes_back_later(other: Any, receipt: Any) -> bool:
    """Say whether another receipt comes back after one, at the same moment by its key."""
    if other.visible_ns != receipt.visible_ns:
        return bool(other.visible_ns > receipt.visible_ns)
    return bool(other.key > receipt.key)


@kernel
def watch(state: State, index: int) -> None:
    """Have a timer look at the first receipt when it comes back."""
    queue = state.queues[index]
    timers.withdraw(state, queue.come_back)
    queue.come_back = -1
    if queue.first_receipt < 0:
        return
    receipt = state.receipts[queue.first_receipt]
    event = receipt.key - (RANK << RANK_SHIFT)
    queue.come_back_ns = receipt.visible_ns
    kind = state.sources[queue.source].kind
    queue.come_back = timers.arm(state, receipt.visible_ns, RANK, event, kind, index, COMES_BACK)


@kernel
def leave_line(state: State, queue: Any, slot: int) -> None:
    """Take a receipt out of those that will come back."""
    receipt = state.receipts[slot]
    if receipt.earlier < 0:
        queue.first_receipt = receipt.later
        if queue.come_back >= 0:  # a later one is seldom worth a timer before this one has passed
            state.timers[queue.come_back].stage = timers.MOVED
    else:
        state.receipts[receipt.earlier].later = receipt.later
    if receipt.later < 0:
        queue.last_receipt = receipt.earlier
    else:
        state.receipts[receipt.later].earlier = receipt.earlier
    queue.receipts -= 1


@kernel
def settle(state: State, queue: Any, slot: int, has_failed: bool, now: int) -> int:
    """End the delivery of a receipt's messages now; return how many of them are asked to be deleted.

    ``has_failed`` says that the whole batch did. The batch lets go of the receipt.
    """
    receipt = state.receipts[slot]
    batch, delivered_ns, expired = receipt.batch, receipt.delivered_ns, receipt.has_expired
    at, kept, last, deleted = receipt.first, -1, -1, 0
    while at >= 0:
        message = state.messages[at]
        following = message.next
        lost = has_failed or message.is_failing
        if not lost:
            deleted += 1
        if expired:
            delete_late(state, queue, message, receipt.visible_ns, batch, lost, now)
            forget(state, at)
        elif lost:
            row(state, queue, message, delivered_ns, now, FAILED, STAYS, NOWHERE, batch)
            if kept < 0:
                kept = at
            else:
                state.messages[last].next = at
            last = at
        else:
            row(state, queue, message, delivered_ns, now, SUCCEEDED, DONE, NOWHERE, batch)
            forget(state, at)
        at = following
    if kept < 0:
        if not expired:
            leave_line(state, queue, slot)
        forget_receipt(state, slot)
    else:
        state.messages[last].next = -1
        receipt.first, receipt.last, receipt.has_ended, receipt.is_held = kept, last, 1, 0
    return deleted


@kernel
def delete_late(state: State, queue: Any, message: Any, visible_ns: int, batch: int, lost: bool, now: int) -> None:
    """Delete what was processed after its visibility timeout, unless it was received again since."""
    if message.again < 0:
        return
    again = state.messages[message.again]
    if again.event != message.event or not spec.settles_late(message.attempt, again.attempt, again.is_returned != 0):
        return
    again.is_returned = 0
    if not lost:
        again.is_deleted = 1
        queue.deleted += 1
        row(state, queue, again, -1, now, SUCCEEDED, DONE, NOWHERE, batch)


@kernel
def come_back(state: State, queue: Any, slot: int, now: int) -> None:
    """Make the messages of a receipt visible again: their visibility timeout ends now."""
    receipt = state.receipts[slot]
    leave_line(state, queue, slot)
    receipt.has_expired = 1
    at = receipt.first
    while at >= 0:
        message = state.messages[at]
        following = message.next
        if not receipt.has_ended:
            row(state, queue, message, receipt.delivered_ns, now, receipt.outcome, STAYS, NOWHERE, receipt.batch)
        again = at
        if receipt.is_held:  # the batch still has the old one
            again = created(
                state, message.queue, message.event, message.attempt + 1, message.chain_depth, message.sent_ns, now
            )
            message.phase, message.again = EXPIRED, again
            state.messages[again].is_returned = 1
        else:
            message.attempt += 1
            message.available_ns, message.is_failing = now, 0
        if spec.is_too_old(queue, message.sent_ns, now):
            drop(state, queue, state.messages[again], spec.TOO_OLD, now)
            forget(state, again)
            if receipt.is_held:
                message.again = -1
        else:
            show(state, queue, again)
        at = following
    if not receipt.is_held:
        forget_receipt(state, slot)


@kernel
def release_poller(state: State, slot: int, outcome: int) -> None:
    """Let a batch give up a receipt, which comes back with ``outcome``."""
    receipt = state.receipts[slot]
    receipt.is_held, receipt.outcome = 0, outcome
    if receipt.has_expired:
        let_go(state, slot)


@kernel
def row(
    state: State, queue: Any, message: Any, delivered_ns: int, ended_ns: int, outcome: int, fate: int,
    destination: int, batch: int,
) -> None:  # fmt: skip
    """Write the row of a message's delivery, with its group if its queue keeps those apart."""
    written = deliveries.write(
        state, queue.source, message.event, message.attempt, message.sent_ns, message.available_ns, delivered_ns,
        ended_ns, outcome, fate, destination, batch,
    )  # fmt: skip
    if message.group >= 0 and queue.groups:
        written.partition = state.groups[message.group].number
