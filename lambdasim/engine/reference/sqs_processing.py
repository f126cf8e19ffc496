"""What happens to a batch of queue messages once a poller has it: invocation, back-off of throttles, deletion.

It is the same for standard and FIFO queues, and knows neither. When to try again is decided in ``model/sqs.py``.
"""

from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from typing import Protocol

from lambdasim.engine.reference.api_requests import ApiRequests
from lambdasim.engine.reference.clock import Process
from lambdasim.engine.reference.simulation import Requests, Simulation
from lambdasim.engine.reference.sqs_queue import THROTTLED, Receipt
from lambdasim.model import batches, rules, sqs
from lambdasim.model.aliases import is_elsewhere
from lambdasim.model.events import LOAD_SHIFT, EventRank, Status
from lambdasim.model.sqs import SqsSpec
from lambdasim.plan import Request

POLL, RETRY = int(EventRank.POLL), int(EventRank.RETRY)
SUCCESS, ERROR = int(Status.SUCCESS), int(Status.ERROR)
SEQUENCE_MASK = (1 << LOAD_SHIFT) - 1
NOTHING: frozenset[int] = frozenset()


class Queue(Protocol):
    """A queue, for one that has processed messages of it."""

    def settle(self, receipt: Receipt, failing: Container[int], has_failed: bool) -> int:
        """End the delivery of a receipt's messages now; return how many of them are asked to be deleted.

        ``failing`` holds the events that failed by themselves; ``has_failed`` says that the whole batch did.
        """


class Processing:
    """The batches of one source, on their way through its function."""

    def __init__(
        self,
        simulation: Simulation,
        spec: SqsSpec,
        requests: Requests,
        queue: Queue,
        api: ApiRequests,
        on_failure: Callable[[], None],
    ) -> None:
        """``on_failure`` is called at each throttle, and at each error of a function that does not name its records."""
        self._simulation = simulation
        self._clock = simulation.clock
        self._spec = spec
        self._requests = requests
        self._queue = queue
        self._api = api
        self._on_failure = on_failure
        self._may_fail = spec.poison_q24 > 0 or spec.record_errors_q24 > 0
        self._backoff_key = requests.key("sqs-backoff")
        self._poison_key, self._record_key = requests.key("sqs-poison"), requests.key("sqs-record")

    def run(self, receipts: Sequence[Receipt], key: int) -> Process:
        """Invoke the function with a batch until it takes it, and delete what it has processed.

        ``key`` is the poller's. A batch is given up after so many throttles, or when its visibility timeout ends.
        """
        clock, spec, invocations = self._clock, self._spec, self._simulation.invocations
        failing = self._failing(receipts) if self._may_fail else NOTHING
        moves_ns, request = self._requests.moves_ns, self._request(receipts, failing)
        first_ns = now = clock.now_ns
        visible_ns = receipts[0].visible_ns
        attempt = 0
        while isinstance(grant := invocations.admit(request, attempt=attempt), int):
            index = rules.jitter_index(request.request & SEQUENCE_MASK, attempt & 127)
            again_ns = sqs.throttled_again_ns(spec, now, attempt + 1, rules.jitter24(self._backoff_key, index))
            is_last = sqs.is_given_up(spec, attempt + 1, again_ns, visible_ns)
            moves = is_elsewhere(moves_ns, again_ns)
            is_final = is_last or moves or again_ns >= self._simulation.horizon_ns
            invocations.refused(request, attempt, first_ns, grant, is_final)
            self._on_failure()
            if is_last:
                for receipt in receipts:
                    receipt.outcome = THROTTLED
                yield clock.after(sqs.gave_up_ns(spec, now, visible_ns) - now, POLL, key)
                return
            yield clock.after(again_ns - now, RETRY, request.request)
            now = again_ns
            attempt += 1
            if moves:
                moves_ns, request = self._requests.moves_ns, self._request(receipts, failing)
                first_ns, attempt = now, 0
        status = yield from invocations.execute(grant, request, attempt, first_ns)
        has_failed = status != SUCCESS
        if sqs.slows_polling(self._spec, status):
            self._on_failure()
        self._tell(receipts, failing, has_failed)
        deleted = 0
        for receipt in receipts:
            deleted += self._queue.settle(receipt, failing, has_failed)
        if deleted:
            self._api.count(clock.now_ns, sqs.receives(deleted))

    def _request(self, receipts: Sequence[Receipt], failing: frozenset[int]) -> Request:
        """Return the request of a batch, which is handed over now."""
        request = self._requests.next(sum([len(r.messages) for r in receipts]))
        outcome = batches.batch_outcome(self._spec.partial, request.outcome, bool(failing))
        if outcome != request.outcome:
            request = request._replace(outcome=outcome)
        chain_depth = max([message.chain_depth for receipt in receipts for message in receipt.messages])
        if chain_depth:
            request = request._replace(chain_depth=chain_depth)
        for receipt in receipts:
            receipt.batch = request.request
        return request

    def fail_records(self, record_errors_q24: int) -> None:
        """Let such a share of messages fail at each delivery from now on."""
        self._spec = replace(self._spec, record_errors_q24=record_errors_q24)
        self._may_fail = self._spec.poison_q24 > 0 or record_errors_q24 > 0

    def adjust(self, spec: SqsSpec) -> None:
        """Let the settings be others from now on."""
        self._spec = replace(spec, record_errors_q24=self._spec.record_errors_q24)

    def _tell(self, receipts: Sequence[Receipt], failing: Container[int], has_failed: bool) -> None:
        """Tell who follows the loads of messages how each has ended."""
        for receipt in receipts:
            for message in receipt.messages:
                status = ERROR if has_failed or message.event in failing else SUCCESS
                self._simulation.links.event_ended(message.event, status, message.chain_depth)

    def _failing(self, receipts: Sequence[Receipt]) -> frozenset[int]:
        """Return the messages that the function cannot process, this time or ever."""
        spec = self._spec
        return frozenset(
            message.event
            for receipt in receipts
            for message in receipt.messages
            if batches.is_failing(
                spec,
                rules.jitter24(self._poison_key, message.event),
                rules.jitter24(self._record_key, rules.jitter_index(message.event, message.attempt & 127)),
            )
        )
