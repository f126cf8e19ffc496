"""The event source mapping of an SQS FIFO queue: as many batches at once as there are groups with messages.

Read it beside the Developer Guide's pages services-sqs-scaling and services-sqs-errorhandling.
"""

from dataclasses import replace
from heapq import heappop, heappush

from lambdasim.engine.reference.api_requests import ApiRequests
from lambdasim.engine.reference.clock import Process
from lambdasim.engine.reference.fifo_queue import FifoQueue
from lambdasim.engine.reference.simulation import Simulation
from lambdasim.engine.reference.sqs_processing import Processing
from lambdasim.engine.reference.sqs_queue import dead_lettered
from lambdasim.model import rules, sqs, sqs_fifo
from lambdasim.model.events import Destination, EventRank, poller_key
from lambdasim.model.sqs_fifo import FifoSpec
from lambdasim.plan import Request

POLL = int(EventRank.POLL)


class FifoMapping:
    """One FIFO queue and the pollers of its event source mapping, of which each processes a batch at a time."""

    def __init__(self, simulation: Simulation, source: int, spec: FifoSpec) -> None:
        self._simulation = simulation
        self._clock = simulation.clock
        self._source = source
        self._spec = spec
        self._limit = spec.queue.batch_limit
        requests = simulation.requests(source)
        self._queue = FifoQueue(simulation, source, spec, requests.key("sqs-group"), self._look)
        self._api = ApiRequests(simulation, source)
        self._processing = Processing(simulation, spec.queue, requests, self._queue, self._api, self._ignore)
        self._parked_ns = [0] * min(rules.SQS_INITIAL, spec.maximum)  # since when in a long poll; -1 for one at work
        self._idle = list(range(len(self._parked_ns)))  # a heap
        self._coming = 0
        self._is_enabled = True

    def arrive(self, request: Request) -> None:
        """Take in a message."""
        self._api.count(self._clock.now_ns, self._spec.queue.send_requests)
        self._queue.send(request)

    def fail_records(self, record_errors_q24: int) -> None:
        """Let such a share of messages fail at each delivery from now on."""
        self._processing.fail_records(record_errors_q24)

    def enable(self, enabled: bool) -> None:
        """Enable or disable the mapping."""
        self._is_enabled = enabled
        for poller in self._idle:
            self._leave_long_poll(poller)
            self._rest(poller)
        self._look()

    def limit(self, maximum: int) -> None:
        """Let the mapping process so many batches at once at most; what runs goes on."""
        self._spec = replace(self._spec, maximum=maximum)
        self._look()

    def adjust(self, kind: int, value: int) -> None:
        """Let a setting of the mapping or its queue be another from now on."""
        queue = sqs.adjusted(self._spec.queue, kind, value)
        self._spec = replace(self._spec, queue=queue)
        self._limit = queue.batch_limit
        self._queue.adjust(queue)
        self._processing.adjust(queue)

    def meter(self) -> tuple[int, int]:
        """Return how many messages can be received, and the age of the oldest of all in ns, 0 without any."""
        return self._queue.backlog, self._queue.oldest_age_ns()

    def stopped(self, request: Request) -> int:
        """Move a message to the dead-letter queue, if there is one, that goes round a loop; return where it went."""
        if sqs.stopped(self._spec.queue) == Destination.NONE:
            return int(Destination.NONE)
        return dead_lettered(self._simulation, self._source, request)

    def finish(self) -> None:
        """Write the rows of the messages that remain, and count the calls of the time since the last ones."""
        self._queue.finish()
        for poller in self._idle:
            self._leave_long_poll(poller)
        self._api.finish()

    def _ignore(self) -> None:
        """Errors and throttles do not change how many batches there may be: the groups decide."""

    def _look(self) -> None:
        """Send pollers for the groups that can be received from, one each."""
        while self._is_wanted() and sqs_fifo.may_begin(self._spec, len(self._parked_ns) - len(self._idle)):
            if self._idle:
                poller = heappop(self._idle)
                self._leave_long_poll(poller)
            else:
                poller = len(self._parked_ns)
                self._parked_ns.append(-1)
            self._coming += 1
            self._clock.start(self._work(poller))

    def _work(self, poller: int) -> Process:
        """A poller, from a group it sees until there is none."""
        key = poller_key(self._source, poller)
        spec = self._spec.queue
        while True:
            yield self._clock.after(spec.receive_ns, POLL, key)
            self._coming -= 1
            messages = self._queue.receive(self._limit)
            self._api.count(self._clock.now_ns, sqs.receive_requests(spec, len(messages)))
            if messages:
                yield from self._processing.run([self._queue.hold(messages)], key)
            others = len(self._parked_ns) - len(self._idle) - 1
            if not self._is_wanted() or not sqs_fifo.may_begin(self._spec, others):
                break
            self._coming += 1
        heappush(self._idle, poller)
        self._rest(poller)

    def _is_wanted(self) -> bool:
        """Say whether there are groups that no poller is about to receive from: each takes one."""
        return self._is_enabled and sqs.is_wanted(self._queue.ready, self._coming, 1)

    def _rest(self, poller: int) -> None:
        """Let a poller that has nothing to do go into a long poll."""
        if sqs_fifo.polls_at_rest(poller, self._is_enabled):
            self._parked_ns[poller] = self._clock.now_ns

    def _leave_long_poll(self, poller: int) -> None:
        """Count the receives that a poller has made in vain."""
        since_ns, now = self._parked_ns[poller], self._clock.now_ns
        self._parked_ns[poller] = -1
        self._api.count_empty(now, sqs.empty_receives(self._spec.queue, poller, since_ns, now))
