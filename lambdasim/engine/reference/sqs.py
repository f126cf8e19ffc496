"""The event source mapping of an SQS standard queue: pollers that receive, invoke, delete, and receive again.

Read it beside the Developer Guide's pages services-sqs-scaling and services-sqs-errorhandling. A poller here processes
one batch at a time, so there are as many as batches may be processed at once; of provisioned pollers, which process ten
each, there are ten here for one there. One that has nothing to do is in a long poll, which costs no event of ours.
"""

from collections import deque
from heapq import heappop, heappush

from lambdasim.engine.reference.api_requests import ApiRequests
from lambdasim.engine.reference.clock import Process, Signal
from lambdasim.engine.reference.polling import Polling
from lambdasim.engine.reference.simulation import Simulation
from lambdasim.engine.reference.sqs_processing import Processing
from lambdasim.engine.reference.sqs_queue import Message, Queue, Receipt, dead_lettered
from lambdasim.model import rules, sqs
from lambdasim.model.control import Control
from lambdasim.model.events import Destination, EventRank, poller_key
from lambdasim.model.polling import began, ended
from lambdasim.model.sqs import SqsSpec
from lambdasim.plan import Request

POLL = int(EventRank.POLL)


class Batch:
    """Messages on their way to one invocation, by the receives that fetched them."""

    __slots__ = ("full", "limit", "receipts", "size")

    def __init__(self, receipt: Receipt, limit: int) -> None:
        self.limit = limit  # most messages of it
        self.receipts = [receipt]
        self.size = len(receipt.messages)
        self.full: Signal | None = None  # while it waits for more

    def add(self, receipt: Receipt) -> None:
        """Let messages join."""
        self.receipts.append(receipt)
        self.size += len(receipt.messages)


class SqsMapping:
    """One queue and the pollers of its event source mapping."""

    def __init__(self, simulation: Simulation, source: int, spec: SqsSpec) -> None:
        self._simulation = simulation
        self._clock = simulation.clock
        self._source = source
        self._spec = spec
        self._limit = spec.batch_limit
        self._requests = requests = simulation.requests(source)
        self._duplicate_key = requests.key("sqs-duplicate")
        self._queue = Queue(simulation, source, spec, self._look)
        self._polling = Polling(
            simulation, source, spec.polling, self._has_backlog, self._target_changed, spec.per_poller
        )
        self._api = api = ApiRequests(simulation, source)
        self._processing = Processing(simulation, spec, requests, self._queue, api, self._polling.failed)
        self._idle = list(range(self._polling.target))  # a heap: the pollers that are not processing a batch
        self._parked_ns = [0] * len(self._idle)  # since when each of them is in a long poll, -1 for one out of service
        self._ready_ns: dict[int, int] = {}  # when a provisioned poller can receive again
        self._coming = 0  # pollers that are about to receive
        self._open: deque[Batch] = deque()  # in their batching windows; the first is the next to receive
        self._is_resting = True

    def arrive(self, request: Request) -> None:
        """Take in a message."""
        if self._is_resting:
            self._is_resting = False
            self._polling.resume(self._clock.now_ns)
        spec, queue = self._spec, self._queue
        self._api.count(self._clock.now_ns, spec.send_requests)
        queue.send(request)
        if sqs.is_delivered_twice(spec, rules.jitter24(self._duplicate_key, request.request)):
            queue.send(request._replace(request=self._requests.next_key()))

    def fail_records(self, record_errors_q24: int) -> None:
        """Let such a share of messages fail at each delivery from now on."""
        self._processing.fail_records(record_errors_q24)

    def enable(self, enabled: bool) -> None:
        """Enable or disable the mapping."""
        now = self._clock.now_ns
        self._polling.catch_up(now)
        self._polling.state.is_disabled = not enabled
        self._target_changed(now)

    def limit(self, maximum: int) -> None:
        """Let the mapping process so many batches at once at most."""
        self._polling.limit(maximum)

    def adjust(self, kind: int, value: int) -> None:
        """Let a setting of the mapping or its queue be another from now on."""
        if kind == Control.MINIMUM_CONCURRENCY:
            self._polling.hold_up(value)
        elif kind in sqs.SETTINGS:
            self._spec = spec = sqs.adjusted(self._spec, kind, value)
            self._limit = spec.batch_limit
            self._queue.adjust(spec)
            self._processing.adjust(spec)
            if self._queue.backlog:
                self._look()

    def meter(self) -> tuple[int, int]:
        """Return how many messages can be received, and the age of the oldest of all in ns, 0 without any."""
        return self._queue.backlog, self._queue.oldest_age_ns()

    def stopped(self, request: Request) -> int:
        """Move a message to the dead-letter queue, if there is one, that goes round a loop; return where it went."""
        gone = sqs.stopped(self._spec)
        return dead_lettered(self._simulation, self._source, request) if gone == Destination.DELIVERED else gone

    def finish(self) -> None:
        """Write the rows of the messages that remain, and count the calls of the time since the last ones."""
        now = self._clock.now_ns
        self._polling.catch_up(now)
        self._queue.finish()
        for poller in self._idle:
            self._leave_long_poll(poller, now)
        self._api.finish()

    def _has_backlog(self) -> bool:
        """Say whether messages wait that no poller is about to receive."""
        if self._polling.state.is_disabled:
            return False
        return sqs.is_wanted(self._queue.backlog, self._coming, self._limit)

    def _look(self) -> None:
        """Let who has nothing to do see that there are messages."""
        idle, polling = self._idle, self._polling
        if self._spec.shares_window and not polling.state.is_disabled:
            self._join()
        while self._has_backlog():
            if not idle or idle[0] >= polling.target:
                self._join()
                if self._has_backlog():
                    polling.wanted()
                return
            poller = heappop(idle)
            self._leave_long_poll(poller, self._clock.now_ns)
            self._coming += 1
            began(polling.state)
            self._clock.start(self._work(poller))
        self._rest()

    def _join(self) -> None:
        """Let messages that are there join batches in their windows, in turn; one that is full is sent."""
        while self._open and self._queue.backlog:
            batch = self._open[0]
            messages = self._receive(batch.limit - batch.size)
            if not messages:
                return
            batch.add(self._queue.hold(messages))
            self._open.popleft()
            if batch.size < batch.limit:
                self._open.append(batch)
            elif batch.full is not None:
                batch.full.fire()

    def _work(self, poller: int) -> Process:
        """A poller, from a message it sees until there is none."""
        clock, key = self._clock, poller_key(self._source, poller)
        while True:
            yield clock.after(self._spec.receive_ns, POLL, key)
            if self._spec.per_poller:
                of = poller // self._spec.per_poller
                while (ready_ns := self._ready_ns.get(of, 0)) > clock.now_ns:
                    yield clock.after(ready_ns - clock.now_ns, POLL, key)
            self._coming -= 1
            messages = self._receive(self._limit)
            if self._spec.per_poller:
                self._ready_ns[of] = clock.now_ns + sqs.poller_busy_ns(self._spec, len(messages))
            if messages:
                batch = Batch(self._queue.hold(messages), self._limit)
                if sqs.gathers(self._spec, batch.size, batch.limit):
                    yield from self._window(batch, key)
                yield from self._processing.run(batch.receipts, key)
            if not sqs.receives_again(poller, self._polling.target, self._has_backlog()):
                break
            self._coming += 1
        self._park(poller)

    def _receive(self, limit: int) -> list[Message]:
        messages = self._queue.receive(limit)
        self._api.count(self._clock.now_ns, sqs.receive_requests(self._spec, len(messages)))
        return messages

    def _window(self, batch: Batch, key: int) -> Process:
        """Wait for more messages, until the batch is full or its batching window is over."""
        batch.full = signal = Signal(self._clock)
        self._open.append(batch)
        yield from self._clock.within(signal, self._spec.window_ns, POLL, key)
        batch.full = None
        if batch in self._open:
            self._open.remove(batch)

    def _park(self, poller: int) -> None:
        """Let a poller go into a long poll, or out of service if there are more than there may be."""
        ended(self._polling.state)
        heappush(self._idle, poller)
        if self._is_in_service(poller):
            self._parked_ns[poller] = self._clock.now_ns
        self._rest()

    def _rest(self) -> None:
        """Stop the timers if there is nothing left to do."""
        if not self._is_resting and not self._polling.state.busy and self._queue.is_at_rest:
            self._is_resting = True
            self._polling.rest()

    def _leave_long_poll(self, poller: int, now: int) -> None:
        """Count the receives that a poller has made in vain."""
        since_ns = self._parked_ns[poller]
        self._parked_ns[poller] = -1
        self._api.count_empty(now, sqs.empty_receives(self._spec, poller, since_ns, now))

    def _is_in_service(self, poller: int) -> bool:
        return poller < self._polling.target and not self._polling.state.is_disabled

    def _target_changed(self, now: int) -> None:
        """Bring pollers into service, or take them out of it."""
        target, parked_ns = self._polling.target, self._parked_ns
        for poller in self._idle:
            if not self._is_in_service(poller):
                self._leave_long_poll(poller, now)
            elif parked_ns[poller] < 0:
                parked_ns[poller] = now
        while len(parked_ns) < target:
            heappush(self._idle, len(parked_ns))
            parked_ns.append(-1 if self._polling.state.is_disabled else now)
        if self._queue.backlog:
            self._look()
