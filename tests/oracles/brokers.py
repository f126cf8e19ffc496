"""Brokers: a fixed number of pollers, of which one at a time gathers a batch."""

from functools import partial
from typing import Any

from oracles.agenda import POLL
from oracles.batches import REMAINS, WAITING, Batches, Part, Record


class Broker:
    """One broker and its mapping."""

    def __init__(self, world: Any, index: int, spec: Any) -> None:
        self.world, self.index, self.spec = world, index, spec
        self.batches = Batches(world, index, spec, spec.has_iterator_age, lambda poller: None)
        self.backlog: list[Record] = []
        self.working: set[int] = set()
        self.gathering = False
        self.filled: Any = None

    def arrive(self, request: Any) -> None:
        """Take in a record."""
        self.backlog.append(Record(request.key, self.world.now, request.chain_depth))
        if self.filled is not None and len(self.backlog) >= self.spec.batches.size:
            filled, self.filled = self.filled, None
            filled()
        self._call()

    def change(self, what: str, value: int) -> None:
        """Let a setting be another from now on."""
        self.batches.change(what, value)

    def finish(self) -> None:
        """Write what remains."""
        self.batches.finish()
        self.batches.rows(Part(self.backlog), self.backlog, -1, -1, WAITING, REMAINS)

    def _call(self) -> None:
        idle = [poller for poller in range(self.spec.concurrency) if poller not in self.working]
        if self.backlog and idle and not self.gathering:
            self.gathering = True
            self.working.add(idle[0])
            self._at(self.world.now, idle[0], partial(self._gather, idle[0]))

    def _at(self, time: int, poller: int, what: Any) -> Any:
        return self.world.at(time, POLL, self.index * 2**40 + poller, what)

    def _gather(self, poller: int) -> None:
        now, spec = self.world.now, self.spec.batches
        if not spec.window_ns or len(self.backlog) >= spec.size:
            self._hold(poller)
            return

        def over() -> None:
            self.filled = None
            self._hold(poller)

        def filled() -> None:
            self.world.drop(timer)
            self._at(self.world.now, poller, partial(self._hold, poller))

        timer = self._at(now + spec.window_ns, poller, over)
        self.filled = filled

    def _hold(self, poller: int) -> None:
        go = self.batches.resumes(self.world.now)
        if go > self.world.now:
            self._at(go, poller, partial(self._process, poller))
        else:
            self._process(poller)

    def _process(self, poller: int) -> None:
        expired = self.batches.old(self.backlog, self.world.now)
        self.batches.expire(Part(self.backlog), expired, -1)
        lasting = [record for record in self.backlog if record not in expired]
        records, self.backlog = lasting[: self.spec.batches.size], lasting[self.spec.batches.size :]
        self.gathering = False
        self._call()
        if records:
            self.batches.deliver(records, -1, poller, partial(self._processed, poller))
        else:
            self._processed(poller)

    def _processed(self, poller: int) -> None:
        self.working.remove(poller)
        self._call()
