"""Brokers: a fixed number of pollers take batches out of one queue, each waiting a little for more records.

Read it beside the Developer Guide's pages with-mq and with-documentdb. What becomes of a batch is told in
``batches.py``.
"""

from bisect import insort
from collections import deque

from lambdasim.engine.reference.batches import Batches, Process
from lambdasim.engine.reference.clock import Signal
from lambdasim.engine.reference.simulation import Simulation
from lambdasim.engine.reference.switch import Switch
from lambdasim.model import batches
from lambdasim.model.batches import BrokerSpec, Record
from lambdasim.model.events import EventRank, poller_key
from lambdasim.plan import Request

POLL = int(EventRank.POLL)


class Brokers:
    """The records of one broker."""

    def __init__(self, simulation: Simulation, source: int, spec: BrokerSpec) -> None:
        self._simulation = simulation
        self._source = source
        self._spec = spec.batches
        self._batches = Batches(simulation, source, spec.batches, spec.has_iterator_age)
        self._backlog: deque[Record] = deque()
        self._idle = list(range(spec.concurrency))
        self._is_gathering = False
        self._gathered = spec.batches
        """By which the batch is gathered that is."""
        self._full: Signal | None = None
        """Fires when the batch that is being gathered is full."""
        self._switch = Switch(simulation.clock)
        self.enable = self._switch.turn
        self.fail_records = self._batches.fail_records

    def arrive(self, request: Request) -> None:
        """Take in a record."""
        self._backlog.append((request.request, self._simulation.clock.now_ns, request.chain_depth))
        if self._full is not None and batches.is_full(self._gathered, len(self._backlog)):
            self._full.fire()
        self._call()

    def adjust(self, kind: int, value: int) -> None:
        """Let a setting of the mapping be another from now on."""
        self._spec = batches.adjusted(self._spec, kind, value)
        self._batches.adjust(self._spec)

    def finish(self) -> None:
        """Write the rows of the records that remain."""
        self._batches.finish()
        if self._backlog:
            self._batches.remain(list(self._backlog), -1)

    def _call(self) -> None:
        """Let an idle poller gather a batch, unless another one is at it."""
        if self._backlog and self._idle and not self._is_gathering:
            self._is_gathering = True
            self._simulation.clock.start(self._work(self._idle.pop(0)))

    def _work(self, poller: int) -> Process:
        """Gather a batch and process it."""
        clock, backlog, subject = self._simulation.clock, self._backlog, poller_key(self._source, poller)
        yield clock.after(0, POLL, subject)
        spec = self._spec
        if spec.window_ns and not batches.is_full(spec, len(backlog)):
            self._full, self._gathered = Signal(clock), spec
            yield from clock.within(self._full, spec.window_ns, POLL, subject)
            self._full = None
        now = clock.now_ns
        resumes_ns = batches.resumes_ns(spec.pauses, now)
        if resumes_ns > now:
            yield clock.after(resumes_ns - now, POLL, subject)
        yield from self._switch.wait(subject)
        records = self._batch()
        self._is_gathering = False
        self._call()
        if records:
            yield from self._batches.deliver(records, -1, poller)
        insort(self._idle, poller)
        self._call()

    def _batch(self) -> list[Record]:
        """Take the records of a batch out of the queue, and those before them that are too old."""
        backlog = self._backlog
        self._batches.drop_unread(backlog, -1)
        return [backlog.popleft() for _ in range(min(self._spec.size, len(backlog)))]
