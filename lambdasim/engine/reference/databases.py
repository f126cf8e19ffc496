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
        self._own = database.DatabaseState()
        self._pinned: set[int] = set()
        """Numbers of the environments that keep their connection."""
        self._waiting: deque[Signal] = deque()

    @property
    def has_pool(self) -> bool:
        """Whether connections are borrowed."""
        return self._state.spec.has_pool

    @property
    def keeps(self) -> bool:
        """Whether environments may keep connections that others wait for."""
        return self.has_pool and self._state.spec.pinned_q24 > 0

    def connect_ns(self) -> int:
        """Return how long a connection takes to open that is asked for now."""
        return database.connect_ns(self._state.spec, self._own, self._clock.now_ns)

    def opens(self, wait_ns: int, environment: Environment, stops_ns: int) -> Generator[Event, object, None]:
        """Wait for a connection that is being opened, no longer than until ``stops_ns``."""
        if wait_ns > 0:
            left_ns = stops_ns - self._clock.now_ns
            yield self._clock.after(min(wait_ns, left_ns), INVOKE_END, environment.number)

    def borrow(self, environment: Environment, stops_ns: int) -> Generator[Event, object, bool]:
        """Wait for a connection of the pool, no longer than until ``stops_ns``; say whether there is one."""
        clock, spec, now = self._clock, self._state.spec, self._clock.now_ns
        if environment.number in self._pinned:
            return True
        if database.may_borrow(spec, self._own):
            self._own.borrowed += 1
        else:
            mine = Signal(clock)
            self._waiting.append(mine)
            patience_ns = min(spec.borrow_ns, stops_ns - now)
            came = yield from clock.within(mine, patience_ns, INVOKE_END, environment.number)
            if not came:
                self._waiting.remove(mine)
            self._sample(SourceMetric.BORROW_WAIT, now, clock.now_ns - now)
            if not came:
                return False
        if database.is_pinned(spec, rules.fault_u24(spec.pin_key, environment.number, 0)):
            self._pinned.add(environment.number)
        self._sample(SourceMetric.CONNECTIONS, clock.now_ns, 1)
        yield from self.opens(database.borrowed_ns(spec, self._own, clock.now_ns), environment, stops_ns)
        return True

    def begin(self, time_ns: int) -> int:
        """Let a transaction begin that takes ``time_ns`` alone; return what it takes now."""
        return database.begin(self._state.spec, self._own, time_ns)

    def end(self, environment: Environment) -> None:
        """Let a transaction end."""
        self._own.busy -= 1
        self.leave(environment)

    def leave(self, environment: Environment) -> None:
        """Let a connection of the pool be free again, unless its session is pinned."""
        if self.has_pool and environment.number not in self._pinned:
            self._give_back(self._clock.now_ns)

    def ended(self, environment: Environment, at_ns: int) -> bool:
        """Take back the connection of a pinned session whose environment ended at ``at_ns``; say whether somebody has
        waited for it."""
        if environment.number not in self._pinned:
            return False
        self._pinned.remove(environment.number)
        return self._give_back(at_ns)

    def resized(self) -> bool:
        """Let those in that the pool has room for now; say whether there are any."""
        does_let_in = False
        while self._waiting and database.may_borrow(self._state.spec, self._own):
            self._own.borrowed += 1
            self._waiting.popleft().fire()
            does_let_in = True
        return does_let_in

    def _give_back(self, at_ns: int) -> bool:
        self._sample(SourceMetric.CONNECTIONS, at_ns, -1)
        self._own.borrowed -= 1
        return self.resized()

    def _sample(self, metric: int, at_ns: int, value: int) -> None:
        self._records.sample((-1 - self._index, metric, at_ns, value))
