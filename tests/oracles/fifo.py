"""SQS FIFO queues and their event source mapping."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from oracles.agenda import ALL, MINUTE, POLL, RETRY, SECOND, VISIBLE, bits24, doubled, part
from oracles.links import DEAD_LETTER

SUCCEEDED, FAILED, THROTTLED, TIMED_OUT, REFUSED, SKIPPED, IN_FLIGHT, WAITING = range(8)
STAYS, DONE, EXHAUSTED, AGED_OUT, REMAINS = 0, 1, 2, 3, 5
CHUNK = 64 * 1024


@dataclass(eq=False)
class Message:
    """A message; ``place`` is ``delayed``, ``waiting``, ``gone`` or the receipt that holds it."""

    event: int
    group: int
    sent: int
    available: int
    chain_depth: int
    attempt: int = 0
    place: Any = "delayed"
    seen: bool = False


@dataclass(eq=False)
class Receipt:
    """Messages that were received at once."""

    messages: list[Message]
    at: int
    until: int
    state: str = "running"
    batch: int = -1
    timer: Any = None


class Fifo:
    """One FIFO queue; ``messages`` are in their order, which never changes."""

    def __init__(self, world: Any, index: int, spec: Any) -> None:
        self.world, self.index, self.spec, self.queue = world, index, spec, spec.queue
        self.key = world.draws[index].key
        self.messages: list[Message] = []
        self.ready: list[int] = []
        self.coming = 0
        self.pollers: list[int | None] = [0] * min(5, spec.maximum)
        """Since when each waits in a long poll; None while it works or, if it is one of those added later, rests."""
        self.at_work: set[int] = set()
        self.requests: Counter[int] = Counter()
        self.empty: Counter[int] = Counter()
        self.limit = max(1, min(self.queue.batch_size, 6 * 2**20 // max(1, self.queue.payload)))

    # messages

    def arrive(self, request: Any) -> None:
        """Take in a message."""
        world, queue = self.world, self.queue
        self._count(max(1, self._chunks(queue.payload)))
        u24 = bits24(self.key("sqs-group"), request.key)
        if not self.spec.groups:
            group = request.key
        elif self.spec.bounds_q24:
            group = next((n for n, bound in enumerate(self.spec.bounds_q24) if u24 < bound), self.spec.groups - 1)
        else:
            group = next(n for n in range(self.spec.groups) if u24 * self.spec.groups < (n + 1) * ALL)
        available = world.now + queue.delay_ns
        message = Message(request.key, group, world.now, available, request.chain_depth)
        self.messages.append(message)

        def show() -> None:  # as they were sent
            first = next(message for message in self.messages if message.place == "delayed")
            first.place = "waiting"
            self._see()

        if queue.delay_ns:
            world.at(available, VISIBLE, message.event, show)
        else:
            show()

    def change(self, what: str, value: int) -> None:
        """Let a message be received so often from now on."""
        if what == "MAX_RECEIVES":
            self.queue.max_receives = value

    def stopped(self, request: Any) -> int:
        """A message goes round a loop."""
        if not self.queue.max_receives:
            return 0
        self.world.links.trigger(DEAD_LETTER, self.index, request.chain_depth)
        return 1

    def finish(self) -> None:
        """Write what remains."""
        now = self.world.now
        for message in list(self.messages):
            receipt = message.place
            if isinstance(receipt, Receipt):
                if receipt.state == "ended":
                    self._row(message, -1, -1, WAITING, REMAINS, 0, -1, message.attempt + 1, receipt.until)
                else:
                    self._row(message, receipt.at, -1, IN_FLIGHT, REMAINS, 0, receipt.batch)
            elif now - message.sent >= self.queue.retention_ns:
                self._too_old(message)
            else:
                self._row(message, -1, -1, WAITING, REMAINS, 0, -1)
        for poller in range(len(self.pollers)):
            self._leave_poll(poller)
        for metric, counts in ((4, self.requests), (3, self.empty)):
            for minute, count in counts.items():
                if count:
                    self.world.samples.append((self.index, metric, minute, count))

    def _waiting(self, group: int) -> list[Message]:
        return [m for m in self.messages if m.group == group and m.place == "waiting" and m.seen]

    def _see(self) -> None:
        """Look for groups among the first messages that are not delayed."""
        for message in [m for m in self.messages if m.place != "delayed"][: self.spec.look_ahead]:
            if not message.seen:
                message.seen = True
                self._offer(message.group)

    def _offer(self, group: int) -> None:
        """Let a group be received from if it can be."""
        blocked = any(m.group == group and m.place not in ("delayed", "waiting") for m in self.messages)
        if self._waiting(group) and not blocked and group not in self.ready:
            self.ready.append(group)
            self._look()

    def _receive(self) -> list[Message]:
        now, queue = self.world.now, self.queue
        received: list[Message] = []
        while self.ready and len(received) < self.limit:
            for message in self._waiting(self.ready.pop(0)):
                if len(received) == self.limit:
                    break
                if now - message.sent >= queue.retention_ns:
                    self._too_old(message)
                elif queue.max_receives and message.attempt >= queue.max_receives:
                    self.world.links.trigger(DEAD_LETTER, self.index, message.chain_depth)
                    self._row(message, -1, now, REFUSED, EXHAUSTED, 1, -1)
                    self._remove(message)
                else:
                    received.append(message)
        for message in received:
            message.place = "received"
        self._see()
        return received

    def _return(self, receipt: Receipt) -> None:
        """The visibility timeout of a receipt ends."""
        back = [message for message in receipt.messages if message.place is receipt]
        for message in back:
            if receipt.state != "ended":
                outcome = THROTTLED if receipt.state == "throttled" else TIMED_OUT
                self._row(message, receipt.at, self.world.now, outcome, STAYS, 0, receipt.batch)
            message.place, message.available = "waiting", self.world.now
            message.attempt += 1
        for group in dict.fromkeys(message.group for message in back):
            self._offer(group)

    def _too_old(self, message: Message) -> None:
        ended = max(message.sent + self.queue.retention_ns, message.available)
        self._row(message, -1, ended, REFUSED, AGED_OUT, 0, -1)
        self._remove(message)

    def _remove(self, message: Message) -> None:
        message.place = "gone"
        self.messages.remove(message)

    def _row(self, message, delivered, ended, outcome, fate, gone, batch, attempt=None, available=None):  # type: ignore[no-untyped-def]
        group = message.group if self.spec.groups else -1
        attempt = message.attempt if attempt is None else attempt
        available = message.available if available is None else available
        self.world.deliveries.append((self.index, message.event, attempt, group, message.sent, available, delivered,
                                      ended, outcome, fate, gone, 0, batch))  # fmt: skip

    # pollers

    def _look(self) -> None:
        while len(self.ready) > self.coming:
            idle = [poller for poller in range(len(self.pollers)) if poller not in self.at_work]
            if idle:
                poller = idle[0]
            elif len(self.pollers) < self.spec.maximum:
                poller = len(self.pollers)
                self.pollers.append(None)
            else:
                return
            self._leave_poll(poller)
            self.at_work.add(poller)
            self._come(poller)

    def _come(self, poller: int) -> None:
        self.coming += 1
        self._at(self.world.now + self.queue.receive_ns, poller, lambda: self._poll(poller))

    def _at(self, time: int, poller: int, what: Any) -> None:
        self.world.at(time, POLL, self.index * 2**40 + poller, what)

    def _poll(self, poller: int) -> None:
        self.coming -= 1
        messages = self._receive()
        calls = self._calls(len(messages))
        self._count(max(calls, self._chunks(len(messages) * self.queue.payload)))
        if not messages:
            self._go_on(poller)
            return
        until = self.world.now + self.queue.visibility_ns
        receipt = Receipt(messages, self.world.now, until)
        for message in messages:
            message.place = receipt
        receipt.timer = self.world.at(until, VISIBLE, messages[0].event, lambda: self._return(receipt))
        self._invoke(poller, receipt)

    def _go_on(self, poller: int) -> None:
        if len(self.ready) > self.coming:
            self._come(poller)
            return
        self.at_work.remove(poller)
        if poller < 5:
            self.pollers[poller] = self.world.now

    def _leave_poll(self, poller: int) -> None:
        since, self.pollers[poller] = self.pollers[poller], None
        if since is not None:
            vain = (self.world.now - since) // (20 * SECOND)
            self._count(vain)
            self.empty[self._minute()] += vain

    def _count(self, requests: int) -> None:
        self.requests[self._minute()] += requests

    def _minute(self) -> int:
        return int(self.world.now - self.world.now % MINUTE)

    @staticmethod
    def _chunks(size: int) -> int:
        return len(range(0, size, CHUNK))

    @staticmethod
    def _calls(messages: int) -> int:
        return max(1, len(range(0, messages, 10)))

    # invocations

    def _invoke(self, poller: int, receipt: Receipt) -> None:
        world, queue = self.world, self.queue
        failing = {
            m.event
            for m in receipt.messages
            if bits24(self.key("sqs-poison"), m.event) < queue.poison_q24
            or bits24(self.key("sqs-record"), m.event * 128 + m.attempt % 128) < queue.record_errors_q24
        }

        def hand_over() -> None:
            request = world.next(self.index, len(receipt.messages), max(m.chain_depth for m in receipt.messages))
            if failing and not queue.partial and request.outcome == 0:
                request = replace(request, outcome=1)
            receipt.batch = request.key
            attempt(request, world.now, 0)

        def attempt(request: Any, first: int, number: int) -> None:
            got = world.admit(request)
            if not isinstance(got, int):
                world.execute(got, request, number, first, lambda status: self._ended(poller, receipt, failing, status))
                return
            delay = doubled(number, queue.backoff_base_ns, queue.backoff_cap_ns)
            if queue.backoff_jitter:
                u24 = bits24(self.key("sqs-backoff"), request.number * 128 + number % 128)
                delay = delay // 2 + part(delay, u24)
            again = world.now + (delay or 1)
            last = again >= receipt.until or number + 1 == queue.throttle_tries
            moves = world.moves(request, again)
            world.refused(request, number, first, got, last or moves or again >= world.horizon)
            if not last:
                world.at(again, RETRY, request.key, hand_over if moves else lambda: attempt(request, first, number + 1))
                return
            receipt.state = "throttled"
            free = world.now if queue.throttle_tries else max(receipt.until, world.now)
            self._at(free, poller, lambda: self._go_on(poller))

        hand_over()

    def _ended(self, poller: int, receipt: Receipt, failing: set[int], status: int) -> None:
        now, deleted = self.world.now, 0
        stopped: set[int] = set()
        groups: dict[int, None] = {}
        for message in receipt.messages:
            self.world.links.event_ended(
                message.event, int(status != 0 or message.event in failing), message.chain_depth
            )
        for message in receipt.messages:
            lost = status != 0 or message.event in failing
            if message.place is not receipt:  # it came back meanwhile, and this receipt is worth nothing
                deleted += not lost
            elif message.group in stopped and status == 0:
                self._row(message, receipt.at, now, SKIPPED, STAYS, 0, receipt.batch)
            elif lost:
                stopped.add(message.group)
                self._row(message, receipt.at, now, FAILED, STAYS, 0, receipt.batch)
            else:
                deleted += 1
                groups[message.group] = None
                self._row(message, receipt.at, now, SUCCEEDED, DONE, 0, receipt.batch)
                self._remove(message)
        receipt.state = "ended"
        if all(message.place is not receipt for message in receipt.messages):
            self.world.drop(receipt.timer)
        for group in groups:
            self._offer(group)
        self._see()
        if deleted:
            self._count(self._calls(deleted))
        self._go_on(poller)
