"""The pollers of a queue that have nothing to do, and how they come to have something. Twin of
``engine/reference/sqs.py``, from ``_look`` on, with the timers of ``polling.py``.
"""

from typing import Any

from lambdasim.engine.compiled import api_requests, heap, messages, timers
from lambdasim.engine.compiled.queues import GATHERS, GOES_ON, GROWS, IDLE, RECEIVES
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.state import OF_POLLER, OF_QUEUE, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model import polling, sqs
from lambdasim.model.events import EventRank, poller_key

SCALE, POLL = int(EventRank.SCALE), int(EventRank.POLL)


@kernel
def has_backlog(queue: Any) -> bool:
    """Say whether messages wait that no poller is about to receive."""
    if queue.is_disabled:
        return False
    result: bool = sqs.is_wanted(messages.backlog(queue), queue.coming, queue.limit)
    return result


@kernel
def wanted(state: State, index: int, now: int) -> None:
    """Take note that messages wait and no poller is free."""
    queue = state.queues[index]
    if queue.growth < 0 and polling.may_grow(queue):
        subject = poller_key(queue.source, 0)
        queue.growth = timers.arm(state, now + queue.every_ns, SCALE, subject, OF_QUEUE, index, GROWS)


@routine
def wake_pollers(state: State, index: int, now: int) -> None:
    """Let who has nothing to do see that there are messages."""
    queue = state.queues[index]
    if queue.shares_window and not queue.is_disabled:
        join(state, index, now)
    while has_backlog(queue):
        number = state.idle[queue.first_idle].at_ns  # NEVER_NS if there is none
        if number >= queue.target:
            join(state, index, now)
            if has_backlog(queue):
                wanted(state, index, now)
            return
        queue.idle -= 1
        heap.pop(state.idle[queue.first_idle :], queue.idle, None)
        poller_slot = queue.first_poller + number
        leave_long_poll(state, queue, state.pollers[poller_slot], now)
        polling.began(queue)
        goes_to_receive(state, poller_slot, now)
    rest(state, queue)


@kernel
def has_nothing_to_do(state: State, queue: Any, number: int) -> None:
    """Put a poller among the idle ones."""
    heap.push(state.idle[queue.first_idle :], queue.idle, number, 0, None)
    queue.idle += 1


@kernel
def goes_to_receive(state: State, poller_slot: int, now: int) -> None:
    """Let a poller fetch messages."""
    poller = state.pollers[poller_slot]
    queue = state.queues[poller.queue]
    queue.coming += 1
    poller.stage = RECEIVES
    schedule_poll(state, poller_slot, now + queue.receive_ns)


@kernel
def schedule_poll(state: State, poller_slot: int, at_ns: int) -> None:
    """Let a poller go on at ``at_ns``."""
    poller = state.pollers[poller_slot]
    subject = poller_key(state.queues[poller.queue].source, poller.number)
    timers.withdraw(state, poller.timer)
    poller.timer = timers.arm(state, at_ns, POLL, subject, OF_POLLER, poller_slot, GOES_ON)


@kernel
def join(state: State, index: int, now: int) -> None:
    """Let messages that are there join batches in their windows, in turn; one that is full is sent."""
    queue = state.queues[index]
    while queue.open > 0 and messages.backlog(queue) > 0:
        poller_slot = first_open(state, queue)
        poller = state.pollers[poller_slot]
        slot = messages.receive(state, index, poller.limit - poller.messages, now)
        if slot < 0:
            return
        state.receipts[poller.last].next = slot
        poller.last = slot
        poller.messages += state.receipts[slot].messages
        if poller.messages >= poller.limit:
            queue.open -= 1
            schedule_poll(state, poller_slot, now)
        else:
            takes_turn(queue, poller)


@kernel
def takes_turn(queue: Any, poller: Any) -> None:
    """Let a batch in its window be the last to receive again."""
    poller.turn = queue.turns
    queue.turns += 1


@kernel
def first_open(state: State, queue: Any) -> int:
    """Return the place of the poller that is the next to receive of those whose batches are in their windows."""
    found = -1
    for poller_slot in range(queue.first_poller, queue.first_poller + queue.known):
        poller = state.pollers[poller_slot]
        is_open = poller.stage == GATHERS and poller.messages < poller.limit
        if is_open and (found < 0 or poller.turn < state.pollers[found].turn):
            found = poller_slot
    return found


@kernel
def park(state: State, poller_slot: int, now: int) -> None:
    """Let a poller go into a long poll, or out of service if there are more than there may be."""
    poller = state.pollers[poller_slot]
    queue = state.queues[poller.queue]
    polling.ended(queue)
    poller.stage = IDLE
    has_nothing_to_do(state, queue, poller.number)
    if is_in_service(queue, poller.number):
        poller.parked_ns = now
    rest(state, queue)


@kernel
def rest(state: State, queue: Any) -> None:
    """Stop the timers if there is nothing left to do."""
    if not queue.is_resting and queue.busy == 0 and messages.is_at_rest(queue):
        queue.is_resting = 1
        timers.withdraw(state, queue.growth)
        timers.withdraw(state, queue.review)
        queue.growth = queue.review = -1


@kernel
def leave_long_poll(state: State, queue: Any, poller: Any, now: int) -> None:
    """Count the receives that a poller has made in vain."""
    receives = sqs.empty_receives(queue, poller.number, poller.parked_ns, now)
    poller.parked_ns = -1
    if receives:
        api_requests.count(state, queue, now, receives, receives)


@kernel
def is_in_service(queue: Any, number: int) -> bool:
    """Say whether a poller may be in a long poll."""
    result: bool = number < queue.target and not queue.is_disabled
    return result


@routine
def target_changed(state: State, index: int, now: int) -> None:
    """Bring pollers into service, or take them out of it."""
    queue = state.queues[index]
    for poller_slot in range(queue.first_poller, queue.first_poller + queue.known):
        poller = state.pollers[poller_slot]
        if poller.stage == IDLE:
            if not is_in_service(queue, poller.number):
                leave_long_poll(state, queue, poller, now)
            elif poller.parked_ns < 0:
                poller.parked_ns = now
    while queue.known < queue.target:
        has_nothing_to_do(state, queue, queue.known)
        state.pollers[queue.first_poller + queue.known].parked_ns = -1 if queue.is_disabled else now
        queue.known += 1
    if messages.backlog(queue):
        wake_pollers(state, index, now)
