"""A FIFO queue: messages in order within their groups, of which each is in the hands of one batch at a time.

A receive takes as many messages of one group as it may before it goes on to the next (API of SQS, ReceiveMessage,
2026). What comes back at its visibility timeout comes back to the front of its group.
"""

from collections import deque
from collections.abc import Callable, Container
from functools import partial

from simpy.events import Event

from lambdasim.engine.reference.simulation import Simulation
from lambdasim.engine.reference.sqs_queue import (
    AGED_OUT,
    DONE,
    EXHAUSTED,
    REFUSED,
    STAYS,
    SUCCEEDED,
    VISIBLE,
    Message,
    Receipt,
    dead_lettered,
    received_again,
    write_remaining,
)
from lambdasim.model import rules, sqs, sqs_fifo
from lambdasim.model.events import DeliveryOutcome
from lambdasim.model.sqs import EXHAUSTED as SPENT
from lambdasim.model.sqs import TOO_OLD, SqsSpec
from lambdasim.model.sqs_fifo import FifoSpec
from lambdasim.plan import Request

SKIPPED = int(DeliveryOutcome.SKIPPED)


class Group:
    """One message group."""

    __slots__ = ("is_ready", "messages", "number", "size", "taken")

    def __init__(self, number: int) -> None:
        self.number = number
        self.size = 0  # all its messages, wherever they are
        self.messages: deque[Message] = deque()  # those that wait and are not delayed
        self.taken = 0  # messages that were received and neither deleted nor returned: they block the rest
        self.is_ready = False  # whether it stands among the groups that can be received from


class FifoQueue:
    """The messages of one source, by their groups."""

    def __init__(
        self, simulation: Simulation, source: int, spec: FifoSpec, group_key: int, on_visible: Callable[[], None]
    ) -> None:
        """``group_key`` keys the draw of each message's group; ``on_visible`` is called when a group becomes ready."""
        self._simulation = simulation
        self._clock = simulation.clock
        self._source = source
        self._spec = spec
        self._queue = spec.queue
        self._group_key = group_key
        self._on_visible = on_visible
        self._delayed: deque[Message] = deque()
        self._groups: dict[int, Group] = {}  # those that have messages
        self._of: dict[int, Group] = {}  # by event
        self._ready: deque[Group] = deque()
        self._seen = 0  # messages that are seen and have not left
        self._unseen: deque[Message] = deque()  # behind those
        self._receipts: dict[int, Receipt] = {}

    @property
    def ready(self) -> int:
        """Groups from which something can be received."""
        return len(self._ready)

    @property
    def backlog(self) -> int:
        """Messages that are neither delayed nor received."""
        return len(self._unseen) + sum(len(group.messages) for group in self._groups.values())

    def oldest_age_ns(self) -> int:
        """Return the age of the oldest message that has not been deleted, 0 without any."""
        waiting = (message for group in self._groups.values() for message in group.messages)
        received = (message for receipt in self._receipts.values() for message in receipt.messages)
        now = self._clock.now_ns
        every = (*waiting, *received, *self._unseen, *self._delayed)
        return now - min((message.sent_ns for message in every), default=now)

    @property
    def is_at_rest(self) -> bool:
        """Whether it holds no message at all."""
        return not self._of

    def adjust(self, queue: SqsSpec) -> None:
        """Let the settings be others from now on."""
        self._queue = queue

    def send(self, request: Request) -> None:
        """Take in a message, now."""
        now = self._clock.now_ns
        event, delay_ns = request.request, self._queue.delay_ns
        spec = self._spec
        number = sqs_fifo.group_of(spec, spec.bounds_q24, event, rules.jitter24(self._group_key, event))
        group = self._groups.get(number)
        if group is None:
            self._groups[number] = group = Group(number)
        group.size += 1
        self._of[event] = group
        message = Message(event, 0, now, now + delay_ns, request.chain_depth)
        if delay_ns:
            self._delayed.append(message)
            self._clock.after(delay_ns, VISIBLE, event).callbacks.append(self._undelay)
        else:
            self._show(message)

    def receive(self, limit: int) -> list[Message]:
        """Take out up to ``limit`` messages, now; those that are too old or received too often leave the queue."""
        now = self._clock.now_ns
        received: list[Message] = []
        while self._ready and len(received) < limit:
            group = self._ready.popleft()
            group.is_ready = False
            messages = group.messages
            while messages and len(received) < limit:
                message = messages.popleft()
                found = sqs.found(self._queue, message, now)
                if found == TOO_OLD:
                    self._aged_out(message)
                elif found == SPENT:
                    self._row(
                        message, -1, now, REFUSED, EXHAUSTED, dead_lettered(self._simulation, self._source, message), -1
                    )
                    self._forget(message.event)
                else:
                    group.taken += 1
                    received.append(message)
        self._see()
        return received

    def hold(self, messages: list[Message]) -> Receipt:
        """Make messages that were received now invisible; return their receipt."""
        now, event = self._clock.now_ns, messages[0].event
        visible_ns = now + self._queue.visibility_ns
        timer = self._clock.after(visible_ns - now, VISIBLE, event)
        self._receipts[event] = receipt = Receipt(messages, now, visible_ns, timer)
        timer.callbacks.append(partial(self._come_back, receipt))
        return receipt

    def settle(self, receipt: Receipt, failing: Container[int], has_failed: bool) -> int:
        """End the delivery of a receipt's messages now; return how many of them are asked to be deleted."""
        now, batch = self._clock.now_ns, receipt.batch
        left: list[Message] = []
        stopped: set[int] = set()
        groups: dict[int, Group] = {}
        first, deleted = receipt.messages[0].event, 0
        for message in receipt.messages:
            event = message.event
            if not sqs_fifo.settles(receipt.expired):
                deleted += not (has_failed or event in failing)
                continue
            group = self._of[event]
            outcome = sqs_fifo.outcome(has_failed, event in failing, group.number in stopped)
            if outcome == SUCCEEDED:
                self._row(message, receipt.delivered_ns, now, SUCCEEDED, DONE, 0, batch)
                group.taken -= 1
                groups[group.number] = group
                self._forget(event)
                deleted += 1
                continue
            stopped.add(group.number)
            self._row(message, receipt.delivered_ns, now, outcome, STAYS, 0, batch)
            left.append(message)
        if not sqs_fifo.settles(receipt.expired):
            return deleted
        del self._receipts[first]
        if left:
            receipt.messages, receipt.ended = left, True
            self._receipts[left[0].event] = receipt
        else:
            self._clock.withdraw(receipt.timer)
        for group in groups.values():
            self._offer(group)
        self._see()
        return deleted

    def finish(self) -> None:
        """Write the rows of all messages that are left when the simulation ends, which is now."""
        waiting = [*(message for group in self._groups.values() for message in group.messages), *self._unseen]
        write_remaining(
            self._queue, self._clock.now_ns, self._receipts.values(), [*waiting, *self._delayed], self._row,
            self._aged_out,
        )  # fmt: skip

    def _show(self, message: Message) -> None:
        """Let a message be received, as soon as it is seen."""
        self._unseen.append(message)
        self._see()

    def _see(self) -> None:
        """See as many messages as may be."""
        while self._unseen and sqs_fifo.sees(self._spec, self._seen):
            self._seen += 1
            message = self._unseen.popleft()
            group = self._of[message.event]
            group.messages.append(message)
            self._offer(group)

    def _offer(self, group: Group) -> None:
        """Let a group be received from, if it has messages and none of it is in a batch."""
        if sqs_fifo.is_open(len(group.messages), group.taken) and not group.is_ready:
            group.is_ready = True
            self._ready.append(group)
            self._on_visible()

    def _undelay(self, _: Event) -> None:
        self._show(self._delayed.popleft())

    def _come_back(self, receipt: Receipt, _: Event) -> None:
        """Return the messages of a receipt to the front of their groups: their visibility timeout ends now."""
        now = receipt.visible_ns
        messages = receipt.messages
        del self._receipts[messages[0].event]
        receipt.expired = True
        groups: dict[int, Group] = {}
        for message in reversed(messages):
            if not receipt.ended:
                self._row(message, receipt.delivered_ns, now, receipt.outcome, STAYS, 0, receipt.batch)
            group = self._of[message.event]
            group.taken -= 1
            group.messages.appendleft(received_again(message, now))
            groups[group.number] = group
        for group in reversed(groups.values()):
            self._offer(group)

    def _forget(self, event: int) -> None:
        group = self._of.pop(event)
        self._seen -= 1
        group.size -= 1
        if not group.size:
            del self._groups[group.number]

    def _aged_out(self, message: Message) -> None:
        self._row(message, -1, sqs.aged_out_ns(self._queue, message), REFUSED, AGED_OUT, 0, -1)
        self._forget(message.event)

    def _row(
        self, message: Message, delivered_ns: int, ended_ns: int, outcome: int, fate: int, destination: int, batch: int
    ) -> None:
        event, attempt, sent_ns, available_ns, _ = message
        number = self._of[event].number if self._spec.groups else -1
        self._simulation.records.delivery(
            (self._source, event, attempt, number, sent_ns, available_ns, delivered_ns, ended_ns, outcome, fate,
             destination, 0, batch)
        )  # fmt: skip
