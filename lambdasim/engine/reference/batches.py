"""A batch of records at its function: tried, tried again, split, given up, until every record of it has left.

Read it beside the Developer Guide's pages kinesis-on-failure-destination and services-kinesis-batchfailurereporting.
What comes after an attempt is decided in ``model/batches.py``; who gathers batches is told in ``streams.py`` and
``brokers.py``.
"""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from functools import partial

from simpy.events import Event

from lambdasim.engine.reference.simulation import Simulation
from lambdasim.model import batches, rules
from lambdasim.model.batches import BatchSpec, Ended, Record
from lambdasim.model.events import NEVER_NS, DeliveryOutcome, Destination, EventRank, Fate, Status, poller_key
from lambdasim.model.links import Trigger
from lambdasim.plan import Request
from lambdasim.records import SourceMetric

Process = Generator[Event, object, None]
ReleasePoller = Callable[[], None]

# plain integers, as in invocation.py
RETRY, POLL = int(EventRank.RETRY), int(EventRank.POLL)
SUCCESS, ERROR = int(Status.SUCCESS), int(Status.ERROR)
SUCCEEDED, FAILED, SKIPPED = int(DeliveryOutcome.SUCCEEDED), int(DeliveryOutcome.FAILED), int(DeliveryOutcome.SKIPPED)
THROTTLED, REFUSED = int(DeliveryOutcome.THROTTLED), int(DeliveryOutcome.REFUSED)
STAYS, DONE, EXHAUSTED = int(Fate.STAYS), int(Fate.DONE), int(Fate.EXHAUSTED)
AGED_OUT, REMAINS = int(Fate.AGED_OUT), int(Fate.REMAINS)
NOWHERE = int(Destination.NONE)


class SubBatch:
    """Records that are tried together, now or after those before them."""

    __slots__ = ("attempt", "available_ns", "batch", "delivered_ns", "failures", "moves_ns", "partition", "records")

    def __init__(
        self, records: Sequence[Record], partition: int, attempt: int = 0, available_ns: int = -1, failures: int = 0
    ) -> None:
        self.records = records
        self.partition = partition
        self.attempt = attempt
        """Deliveries before this one, the same for all its records."""
        self.available_ns = available_ns
        """End of the delivery before; -1 if there was none."""
        self.failures = failures
        self.delivered_ns = -1
        self.batch = -1
        self.moves_ns = NEVER_NS
        """From when on its mapping leads elsewhere than its request goes."""


class Batches:
    """The batches of one source."""

    def __init__(self, simulation: Simulation, source: int, spec: BatchSpec, has_iterator_age: bool) -> None:
        self._simulation = simulation
        self._source = source
        self._spec = spec
        self._has_iterator_age = has_iterator_age
        self._requests = requests = simulation.requests(source)
        self._poison_key, self._error_key = requests.key("poison"), requests.key("record-errors")
        self._backoff_key, self._outcome_key = requests.key("batch-backoff"), requests.key("batch-outcome")
        self._open: dict[int, list[SubBatch]] = {}
        self.throttles = 0
        """Attempts that were throttled."""
        self.left = 0
        """Records that have left the source."""

    def fail_records(self, record_errors_q24: int) -> None:
        """Let such a share of records fail at each delivery from now on."""
        self._spec = replace(self._spec, record_errors_q24=record_errors_q24)

    def adjust(self, spec: BatchSpec) -> None:
        """Let the settings be others from now on."""
        self._spec = replace(spec, record_errors_q24=self._spec.record_errors_q24)

    def deliver(
        self, records: Sequence[Record], partition: int, poller: int, release_poller: ReleasePoller | None = None
    ) -> Process:
        """Process records that a poller has gathered now; ``release_poller`` is called whenever they are tried
        again."""
        parts = self._open[poller] = [SubBatch(records, partition)]
        while parts:
            yield from self._part(parts, poller, release_poller)
        del self._open[poller]

    def finish(self) -> None:
        """Write the rows of the records that are being processed or wait to be tried again."""
        for parts in self._open.values():
            for part in reversed(parts):
                outcome = DeliveryOutcome.WAITING if part.delivered_ns < 0 else DeliveryOutcome.IN_FLIGHT
                self._rows(part, 0, len(part.records), -1, outcome, REMAINS)

    def remain(self, records: Sequence[Record], partition: int) -> None:
        """Write the rows of records that no poller has gathered when the simulation ends."""
        self._rows(SubBatch(records, partition), 0, len(records), -1, DeliveryOutcome.WAITING, REMAINS)

    def refuse(self, record: Record, partition: int, now: int) -> None:
        """Write the row of a record that its source does not take."""
        self._rows(SubBatch([record], partition), 0, 1, now, REFUSED, EXHAUSTED)

    def drop_unread(self, backlog: deque[Record], partition: int) -> None:
        """Take the records that are too old out of a backlog."""
        spec, now = self._spec, self._simulation.clock.now_ns
        expired = []
        while backlog and batches.is_too_old(spec, backlog[0][1], now):
            expired.append(backlog.popleft())
        if expired:
            self._expire(SubBatch(expired, partition), len(expired))

    def _expire(self, part: SubBatch, count: int) -> None:
        """Let the first records of a part leave, now, because they are too old."""
        part.delivered_ns = part.batch = -1
        destination = self._sent_away(part.records[:count], batches.destination_of_expired(self._spec, part.attempt))
        self._rows(part, 0, count, self._simulation.clock.now_ns, REFUSED, AGED_OUT, destination)
        part.records = part.records[count:]

    def _part(self, parts: list[SubBatch], poller: int, release_poller: ReleasePoller | None) -> Process:
        """Try the part on top of ``parts`` until its records have left or are to be tried in other parts."""
        clock, spec, part = self._simulation.clock, self._spec, parts[-1]
        now = clock.now_ns
        start_ns = batches.resumes_ns(spec.pauses, now)
        expiring = self._expired(part.records, start_ns)
        request = None
        if expiring < len(part.records):
            part.moves_ns = self._requests.moves_ns
            request = self._request(part.records[expiring:])
        if part.attempt or start_ns > now:
            rank, subject = (POLL, poller_key(self._source, poller)) if request is None else (RETRY, request.request)
            if release_poller is not None:
                release_poller()
            yield clock.after(start_ns - now, rank, subject)
        if expiring:
            self._expire(part, expiring)
        if request is None:
            parts.pop()
            return
        yield from self._attempts(parts, request, start_ns, release_poller)

    def _attempts(
        self, parts: list[SubBatch], request: Request, first_ns: int, release_poller: ReleasePoller | None
    ) -> Process:
        """Try a batch until it is not the same any more."""
        clock, part = self._simulation.clock, parts[-1]
        invocations, size = self._simulation.invocations, len(part.records)
        now, tries = first_ns, 0
        while True:
            tries += 1
            spec = self._spec  # by which what comes after this attempt goes too
            part.delivered_ns, part.batch = now, -1
            grant = invocations.admit(request, attempt=tries - 1)
            if isinstance(grant, int):
                self.throttles += 1
                again_ns = self._again_ns(request, tries, True)
                last = self._changes(spec, part, again_ns)
                invocations.refused(request, tries - 1, first_ns, grant, last)
                self._rows(part, 0, size, now, THROTTLED, STAYS)
            else:
                part.batch = request.request
                if self._has_iterator_age:
                    self._simulation.records.sample(
                        (self._source, SourceMetric.ITERATOR_AGE, now, now - part.records[-1][1])
                    )
                failing = self._failing(part)
                tried = self._tried(request, tries, failing)
                ended: list[tuple[Ended, int]] = []
                is_final = partial(self._is_final, spec, part, request, tries, failing, ended)
                status = yield from invocations.execute(grant, tried, tries - 1, first_ns, is_final)
                now = clock.now_ns
                after, again_ns = ended[0]
                self._write(part, after, now, status, failing)
                if not batches.stays_whole(after, size):
                    parts.pop()
                    begin = size
                    for length in (after.second, after.first):
                        if length:
                            begin -= length
                            records = part.records[begin : begin + length]
                            parts.append(SubBatch(records, part.partition, part.attempt + 1, now, after.failures))
                    return
                part.failures = after.failures
                last = self._changes(spec, part, again_ns)
            part.attempt += 1
            part.available_ns = now
            part.delivered_ns = part.batch = -1
            if release_poller is not None:
                release_poller()
            yield clock.after(again_ns - now, RETRY, request.request)
            now = again_ns
            if last:
                self._expire(part, self._expired(part.records, now))
                if not part.records:
                    parts.pop()
                return

    def _is_final(
        self,
        spec: BatchSpec,
        part: SubBatch,
        request: Request,
        tries: int,
        failing: int,
        ended: list[tuple[Ended, int]],
        status: int,
    ) -> bool:
        """Decide what comes after an attempt that ends now with ``status``; say whether it is its batch's last."""
        size = len(part.records)
        after = batches.ended(spec, size, part.failures, status, failing)
        again_ns = self._again_ns(request, tries, False)
        ended.append((after, again_ns))
        return not batches.stays_whole(after, size) or self._changes(spec, part, again_ns)

    def _again_ns(self, request: Request, tries: int, is_throttle: bool) -> int:
        """Return when a batch is tried again after its ``tries``-th vain attempt, which ends now."""
        jitter = rules.jitter24(self._backoff_key, rules.jitter_index(request.request, tries & 127))
        delay_ns = batches.delay_ns(self._spec, tries, is_throttle, jitter)
        return batches.resumes_ns(self._spec.pauses, self._simulation.clock.now_ns + delay_ns)

    def _changes(self, spec: BatchSpec, part: SubBatch, again_ns: int) -> bool:
        """Say whether a batch will not be tried again as it is, by the settings at its last attempt."""
        return batches.is_last(spec, part.records[0][1], again_ns, self._simulation.horizon_ns, part.moves_ns)

    def _expired(self, records: Sequence[Record], now: int) -> int:
        """Return how many records, from the first on, are too old; they are in the order they came."""
        count = 0
        while count < len(records) and batches.is_too_old(self._spec, records[count][1], now):
            count += 1
        return count

    def _request(self, records: Sequence[Record]) -> Request:
        """Return the request of a new batch."""
        request = self._requests.next(len(records))
        chain_depth = max(record[2] for record in records)
        return request._replace(chain_depth=chain_depth) if chain_depth else request

    def _tried(self, request: Request, tries: int, failing: int) -> Request:
        """Return the request of an attempt: a batch takes as long each time, but may end otherwise."""
        function = self._simulation.functions[request.function].spec
        u24 = rules.jitter24(self._outcome_key, rules.jitter_index(request.request, tries & 127))
        outcome = batches.attempt_outcome(request.outcome, tries, u24, function.errors_q24, function.crashes_q24)
        outcome = batches.batch_outcome(self._spec.reports, outcome, failing >= 0)
        return request if outcome == request.outcome else request._replace(outcome=outcome)

    def _failing(self, part: SubBatch) -> int:
        """Return the place of the first record that the function cannot process this time, -1 if all are well."""
        spec = self._spec
        if not spec.poison_q24 and not spec.record_errors_q24:
            return -1
        attempt = part.attempt & 127
        for place, (event, _, _) in enumerate(part.records):
            poison = rules.jitter24(self._poison_key, event)
            if batches.is_failing(spec, poison, rules.jitter24(self._error_key, rules.jitter_index(event, attempt))):
                return place
        return -1

    def _write(self, part: SubBatch, after: Ended, now: int, status: int, failing: int) -> None:
        """Write the rows of a batch's records after an attempt: those that are done, that failed, and behind them."""
        size, done = len(part.records), after.processed
        harmed = batches.untouched_from(size, status, failing) if done < size else size
        for told, records in ((SUCCESS, part.records[:done]), (ERROR, part.records[done:harmed])):
            for event, _, chain_depth in records:
                self._simulation.links.event_ended(event, told, chain_depth)
        self._rows(part, 0, done, now, SUCCEEDED, DONE)
        if done == size:
            return
        fate, destination = batches.fate(after), 0
        if fate == EXHAUSTED:
            destination = self._sent_away(part.records[done:], batches.destination_of_exhausted(self._spec))
        self._rows(part, done, harmed, now, FAILED, fate, destination)
        self._rows(part, harmed, size, now, SKIPPED, fate, destination)

    def _sent_away(self, records: Sequence[Record], destination: int) -> int:
        """Send what is known of records that are given up to where such go, if anywhere: one message for all."""
        if not records:
            return NOWHERE
        if destination != NOWHERE:
            deepest = max(record[2] for record in records)
            self._simulation.links.trigger(Trigger.DEAD_LETTER, self._source, deepest)
        return destination

    def _rows(
        self, part: SubBatch, begin: int, end: int, ended_ns: int, outcome: int, fate: int, destination: int = 0
    ) -> None:
        if begin == end:
            return
        put, source, partition, batch = self._simulation.records.delivery, self._source, part.partition, part.batch
        attempt, available_ns, delivered_ns = part.attempt, part.available_ns, part.delivered_ns
        whole = begin == 0 and end == len(part.records)
        for event, sent_ns, _ in part.records if whole else part.records[begin:end]:
            put(
                (source, event, attempt, partition, sent_ns, sent_ns if available_ns < 0 else available_ns,
                 delivered_ns, ended_ns, outcome, fate, destination, 0, batch)
            )  # fmt: skip
        if fate != STAYS:
            self.left += end - begin
