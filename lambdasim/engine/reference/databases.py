"""Databases with a pool, with a limit of new connections, or with a response that depends on what else is asked.

A transaction borrows a connection, waits for one if none is free, holds it as long as the database takes, and gives it
back to whoever has waited longest. A session that is pinned keeps it until its environment ends.
"""

from collections import deque
from collections.abc import Generator

from simpy.events import Event

from lambdasim.engine.reference.clock import Clock, Signal
from lambdasim.engine.reference.recorder import Recorder
from lambdasim.model import database, rules
from lambdasim.model.downstream import DownstreamState
from lambdasim.model.environment import Environment
from lambdasim.model.events import EventRank
from lambdasim.records import SourceMetric

INVOKE_END = int(EventRank.INVOKE_END)


class Database:
    """One database, with those who use it and wait for it."""

    def __init__(self, clock: Clock, records: Recorder, index: int, state: DownstreamState) -> None:
        self._clock = clock
        self._records = records
        self._index = index
        self._state = state
        self._open = 0
        """Connections of the pool that were opened by now."""
        self._borrowed = 0
        self._pinned: set[int] = set()
        """Numbers of the environments that keep theirs."""
        self._waiting: deque[Signal] = deque()
        self._free_ns = 0
        """When the next connection can be opened."""
        self._busy = 0
        """Transactions that are at work."""

    @property
    def has_pool(self) -> bool:
        """Whether connections are borrowed."""
        return self._state.spec.has_pool

    def connect_ns(self) -> int:
        """Return how long a connection takes to open that is asked for now."""
        spec, now = self._state.spec, self._clock.now_ns
        open_ns = database.opens_ns(spec, self._free_ns, now)
        self._free_ns = open_ns + spec.connect_per_ns
        return open_ns - now

    def borrow(self, environment: Environment, left_ns: int) -> Generator[Event, object, bool]:
        """Wait for a connection of the pool, no longer than ``left_ns``; say whether there is one."""
        spec, now = self._state.spec, self._clock.now_ns
        if environment.number in self._pinned:
            return True
        if self._borrowed < database.pool_size(spec):
            self._borrowed += 1
        else:
            mine = Signal(self._clock)
            self._waiting.append(mine)
            patience_ns = min(spec.borrow_ns, left_ns)
            came = yield from self._clock.within(mine, patience_ns, INVOKE_END, environment.number)
            if not came:
                self._waiting.remove(mine)
            self._sample(SourceMetric.BORROW_WAIT, now, self._clock.now_ns - now)
            if not came:
                return False
        if database.is_pinned(spec, rules.fault_u24(spec.pin_key, environment.number, 0)):
            self._pinned.add(environment.number)
        self._sample(SourceMetric.CONNECTIONS, self._clock.now_ns, 1)
        if self._borrowed > self._open:
            self._open = self._borrowed
            if (wait_ns := self.connect_ns()) > 0:
                yield self._clock.after(min(wait_ns, max(left_ns - (self._clock.now_ns - now), 0)), INVOKE_END,
                                        environment.number)  # fmt: skip
        return True

    def begin(self, time_ns: int) -> int:
        """Let a transaction begin that takes ``time_ns`` alone; return what it takes now."""
        self._busy += 1
        spec = self._state.spec
        size = database.pool_size(spec) if spec.has_pool else spec.connections
        return database.contended_ns(spec, size, self._busy, time_ns)

    def end(self, environment: Environment) -> None:
        """Let a transaction end; its connection is free again unless its session is pinned."""
        self._busy -= 1
        if self.has_pool and environment.number not in self._pinned:
            self._give_back(self._clock.now_ns)

    def ended(self, environment: Environment, at_ns: int) -> None:
        """Take back the connection of a pinned session whose environment ended at ``at_ns``."""
        if environment.number in self._pinned:
            self._pinned.remove(environment.number)
            self._give_back(at_ns)

    def resized(self) -> None:
        """Let those in that the pool has room for now."""
        while self._waiting and self._borrowed < database.pool_size(self._state.spec):
            self._borrowed += 1
            self._waiting.popleft().fire()

    def _give_back(self, at_ns: int) -> None:
        self._sample(SourceMetric.CONNECTIONS, at_ns, -1)
        self._borrowed -= 1
        self.resized()

    def _sample(self, metric: int, at_ns: int, value: int) -> None:
        self._records.sample((-1 - self._index, metric, at_ns, value))
