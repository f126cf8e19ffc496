"""A standard queue: messages that are visible, delayed or received, until they are deleted, dead-lettered or too old.

It knows nothing of who receives. A message that was received comes back at its visibility timeout unless it has been
deleted; where a batch is still being processed then, the message is delivered a second time beside it.
"""

from collections import deque
from collections.abc import Callable, Container, Iterable
from functools import partial
from typing import NamedTuple

from simpy.events import Event

from lambdasim.engine.reference.simulation import Simulation
from lambdasim.model import sqs
from lambdasim.model.events import DeliveryOutcome, Destination, EventRank, Fate
from lambdasim.model.links import Trigger
from lambdasim.model.sqs import EXHAUSTED as SPENT
from lambdasim.model.sqs import TOO_OLD, SqsSpec
from lambdasim.plan import Request

VISIBLE = int(EventRank.VISIBLE)
# plain integers: there are several for each message
SUCCEEDED, FAILED, TIMED_OUT = (
    int(DeliveryOutcome.SUCCEEDED),
    int(DeliveryOutcome.FAILED),
    int(DeliveryOutcome.TIMED_OUT),
)
THROTTLED, REFUSED = int(DeliveryOutcome.THROTTLED), int(DeliveryOutcome.REFUSED)
IN_FLIGHT, WAITING = int(DeliveryOutcome.IN_FLIGHT), int(DeliveryOutcome.WAITING)
STAYS, DONE, REMAINS = int(Fate.STAYS), int(Fate.DONE), int(Fate.REMAINS)
EXHAUSTED, AGED_OUT = int(Fate.EXHAUSTED), int(Fate.AGED_OUT)


class Message(NamedTuple):
    """A message since it could last be received."""

    event: int
    attempt: int
    """Receives before."""
    sent_ns: int
    available_ns: int
    chain_depth: int


class Receipt:
    """Messages that were received at once and not deleted yet; they come back at ``visible_ns``."""

    __slots__ = ("batch", "delivered_ns", "ended", "expired", "messages", "outcome", "timer", "visible_ns")

    def __init__(self, messages: list[Message], delivered_ns: int, visible_ns: int, timer: Event) -> None:
        self.messages = messages
        self.delivered_ns = delivered_ns
        self.visible_ns = visible_ns
        self.timer = timer
        self.batch = -1
        self.outcome = TIMED_OUT  # what is to be written when they come back
        self.ended = False  # whether their delivery has already ended, and only their visibility timeout has not
        self.expired = False


class Queue:
    """The messages of one source."""

    def __init__(self, simulation: Simulation, source: int, spec: SqsSpec, on_visible: Callable[[], None]) -> None:
        self._simulation = simulation
        self._clock = simulation.clock
        self._source = source
        self._spec = spec
        self._on_visible = on_visible
        self._delayed: deque[Message] = deque()
        self._visible: deque[Message] = deque()
        self._receipts: dict[int, Receipt] = {}
        self._returned: dict[int, int] = {}  # attempt by event: visible again while a batch still has it
        self._deleted: dict[int, None] = {}  # of those, deleted since, and still among the visible

    @property
    def backlog(self) -> int:
        """Messages that could be received."""
        return len(self._visible) - len(self._deleted)

    @property
    def is_at_rest(self) -> bool:
        """Whether it holds no message at all."""
        return not (self.backlog or self._receipts or self._delayed)

    def adjust(self, spec: SqsSpec) -> None:
        """Let the settings be others from now on."""
        self._spec = spec

    def send(self, request: Request) -> None:
        """Take in a message, now."""
        now = self._clock.now_ns
        delay_ns = self._spec.delay_ns
        message = Message(request.request, 0, now, now + delay_ns, request.chain_depth)
        if delay_ns:
            self._delayed.append(message)
            self._clock.after(delay_ns, VISIBLE, message.event).callbacks.append(self._undelay)
        else:
            self._visible.append(message)
            self._on_visible()

    def receive(self, limit: int) -> list[Message]:
        """Take out up to ``limit`` messages, now; those that are too old or received too often leave the queue."""
        now = self._clock.now_ns
        visible, spec = self._visible, self._spec
        received: list[Message] = []
        while visible and len(received) < limit:
            message = visible.popleft()
            event = message.event
            if self._deleted and event in self._deleted:
                del self._deleted[event]
                continue
            if self._returned:
                self._returned.pop(event, None)
            found = sqs.found(spec, message, now)
            if found == TOO_OLD:
                self._aged_out(message)
            elif found == SPENT:
                self._row(
                    message, -1, now, REFUSED, EXHAUSTED, dead_lettered(self._simulation, self._source, message), -1
                )
            else:
                received.append(message)
        return received

    def hold(self, messages: list[Message]) -> Receipt:
        """Make messages that were received now invisible; return their receipt."""
        event = messages[0].event
        visibility_ns = self._spec.visibility_ns
        now = self._clock.now_ns
        timer = self._clock.after(visibility_ns, VISIBLE, event)
        self._receipts[event] = receipt = Receipt(messages, now, now + visibility_ns, timer)
        timer.callbacks.append(partial(self._come_back, receipt))
        return receipt

    def settle(self, receipt: Receipt, failing: Container[int], has_failed: bool) -> int:
        """End the delivery of a receipt's messages now; return how many of them are asked to be deleted.

        ``failing`` holds the events that failed by themselves; ``has_failed`` says that the whole batch did.
        """
        messages = receipt.messages
        failed = messages if has_failed else [m for m in messages if m.event in failing] if failing else []
        if receipt.expired:
            self._delete_late(receipt, failed)
            return len(messages) - len(failed)
        now, row, batch, delivered_ns = self._clock.now_ns, self._row, receipt.batch, receipt.delivered_ns
        first = messages[0].event
        if not failed:
            for message in messages:
                row(message, delivered_ns, now, SUCCEEDED, DONE, 0, batch)
            self._clock.withdraw(receipt.timer)
            del self._receipts[first]
            return len(messages)
        lost = {message.event for message in failed}
        for message in messages:
            if message.event in lost:
                row(message, delivered_ns, now, FAILED, STAYS, 0, batch)
            else:
                row(message, delivered_ns, now, SUCCEEDED, DONE, 0, batch)
        receipt.messages = failed
        receipt.ended = True
        if first not in lost:
            del self._receipts[first]
            self._receipts[failed[0].event] = receipt
        return len(messages) - len(failed)

    def oldest_age_ns(self) -> int:
        """Return the age of the oldest message that has not been deleted, 0 without any."""
        waiting = (message for message in (*self._visible, *self._delayed) if message.event not in self._deleted)
        received = (message for receipt in self._receipts.values() for message in receipt.messages)
        now = self._clock.now_ns
        return now - min((message.sent_ns for message in (*waiting, *received)), default=now)

    def finish(self) -> None:
        """Write the rows of all messages that are left when the simulation ends, which is now."""
        waiting = [message for message in (*self._visible, *self._delayed) if message.event not in self._deleted]
        write_remaining(self._spec, self._clock.now_ns, self._receipts.values(), waiting, self._row, self._aged_out)

    def _undelay(self, _: Event) -> None:
        self._visible.append(self._delayed.popleft())
        self._on_visible()

    def _come_back(self, receipt: Receipt, _: Event) -> None:
        """Make the messages of a receipt visible again: their visibility timeout ends now."""
        now = receipt.visible_ns
        messages = receipt.messages
        del self._receipts[messages[0].event]
        receipt.expired = True
        for message in messages:
            if not receipt.ended:
                self._row(message, receipt.delivered_ns, now, receipt.outcome, STAYS, 0, receipt.batch)
            message = received_again(message, now)
            if sqs.is_too_old(self._spec, message.sent_ns, now):
                self._aged_out(message)
                continue
            self._visible.append(message)
            if receipt.outcome == TIMED_OUT and not receipt.ended:
                self._returned[message.event] = message.attempt
        self._on_visible()

    def _delete_late(self, receipt: Receipt, failed: Iterable[Message]) -> None:
        """Delete what a batch processed that outlived the visibility timeout, unless it was received again since."""
        lost = {message.event for message in failed}
        now = self._clock.now_ns
        for message in receipt.messages:
            again = received_again(message, receipt.visible_ns)
            returned = self._returned.get(message.event, -1)
            if not sqs.settles_late(message.attempt, returned, returned >= 0):
                continue
            del self._returned[message.event]
            if message.event not in lost:
                self._deleted[message.event] = None
                self._row(again, -1, now, SUCCEEDED, DONE, 0, receipt.batch)

    def _aged_out(self, message: Message) -> None:
        self._row(message, -1, sqs.aged_out_ns(self._spec, message), REFUSED, AGED_OUT, 0, -1)

    def _row(
        self, message: Message, delivered_ns: int, ended_ns: int, outcome: int, fate: int, destination: int, batch: int
    ) -> None:
        event, attempt, sent_ns, available_ns, _ = message
        self._simulation.records.delivery(
            (self._source, event, attempt, -1, sent_ns, available_ns, delivered_ns, ended_ns, outcome, fate,
             destination, 0, batch)
        )  # fmt: skip


def received_again(message: Message, available_ns: int) -> Message:
    """Return a message that can be received once more from ``available_ns`` on."""
    event, attempt, sent_ns, _, chain_depth = message
    return Message(event, attempt + 1, sent_ns, available_ns, chain_depth)


def dead_lettered(simulation: Simulation, source: int, message: Message | Request) -> int:
    """Move a message to the dead-letter queue; return where it went."""
    simulation.links.trigger(Trigger.DEAD_LETTER, source, message.chain_depth)
    return int(Destination.DELIVERED)


def write_remaining(
    spec: SqsSpec,
    now: int,
    receipts: Iterable[Receipt],
    waiting: Iterable[Message],
    row: Callable[[Message, int, int, int, int, int, int], None],
    aged_out: Callable[[Message], None],
) -> None:
    """Write the rows of what is in flight and of what waits when the simulation ends, which is now."""
    for receipt in receipts:
        for message in receipt.messages:
            if receipt.ended:
                row(received_again(message, receipt.visible_ns), -1, -1, WAITING, REMAINS, 0, -1)
            else:
                row(message, receipt.delivered_ns, -1, IN_FLIGHT, REMAINS, 0, receipt.batch)
    for message in waiting:
        if sqs.is_too_old(spec, message.sent_ns, now):
            aged_out(message)
        else:
            row(message, -1, -1, WAITING, REMAINS, 0, -1)
