"""The clock of the SimPy engine: integer nanoseconds, and a declared place among simultaneous events for each delay.

All waiting goes through :meth:`Clock.after`, so that ties never fall to the order of scheduling. Who waits for what has
no time yet waits for a :class:`Signal`, and goes on through :meth:`Clock.within`, in a declared place too.
"""

from collections.abc import Callable, Generator
from functools import partial
from heapq import heappop
from typing import Final

from simpy import Environment as SimpyEnvironment
from simpy.core import EmptySchedule
from simpy.events import Event

from lambdasim.model.events import NEVER_NS, RANK_SHIFT, EventRank

Process = Generator[Event, object, None]
"""A story that waits by yielding events."""


EXPIRY_KEY: Final = EventRank.EXPIRY << RANK_SHIFT
LAST_KEY: Final = 2**63
"""Above the key of every event of the model."""


class Moment(Event):
    """An event that has already been given its time."""

    def __init__(self, clock: "Clock", delay_ns: int, key: int) -> None:
        self.env = clock
        self.callbacks = []
        self._value = None
        self._ok = True
        clock.schedule(self, key, delay_ns)  # type: ignore[arg-type]


class Signal(Event):
    """Something that will happen at a time nobody knows yet: the answer to a call. It fires once."""

    def __init__(self, clock: "Clock") -> None:
        self.env = clock
        self.callbacks = []
        self._value = None
        self._ok = True
        self.fired = False

    def fire(self, value: object = None) -> None:
        """Let all who wait for it go on, now and in the order they came, with ``value``; later fires do nothing."""
        if self.fired:
            return
        self.fired = True
        self._value = value
        waiting, self.callbacks = self.callbacks, []
        for go_on in waiting:
            go_on(self)


class Clock(SimpyEnvironment):
    """SimPy's environment, counting ``int`` nanoseconds from the start of the experiment."""

    _now: int

    def __init__(self) -> None:
        super().__init__(initial_time=0)
        self.expire: Callable[[int], bool] | None = None
        """Called before each event with the last time whose expiries come before it, where somebody needs to know. It
        says whether something else is to happen first, after one of them."""

    @property
    def now_ns(self) -> int:
        """The present."""
        return self._now

    def turn_to(self, at_ns: int) -> None:
        """Let it be ``at_ns``, for what no event tells of: nothing is to happen before."""
        self._now = at_ns

    def after(self, delay_ns: int, rank: int, subject: int) -> Event:
        """Return an event ``delay_ns`` from now, ranked among simultaneous ones by its EventRank, then ``subject``."""
        return Moment(self, delay_ns, rank << RANK_SHIFT | subject)

    def within(self, signal: Signal, timeout_ns: int, rank: int, subject: int) -> Generator[Event, object, bool]:
        """Wait for a signal, but no longer than ``timeout_ns`` (NEVER_NS: for ever); return whether it came.

        Either way the waiter goes on in the place of ``rank`` and ``subject`` among the events of that instant,
        whoever fired the signal. One that fires at the very instant of the timeout counts if its own place is earlier.
        """
        if not signal.fired:
            timer = None
            first = signal
            if timeout_ns < NEVER_NS:
                first = Signal(self)
                signal.callbacks.append(first.fire)
                timer = self.after(timeout_ns, rank, subject)
                timer.callbacks.append(first.fire)
            yield first
            if not signal.fired:
                return False
            if timer is not None:
                self.withdraw(timer)
        yield self.after(0, rank, subject)
        return True

    @staticmethod
    def withdraw(event: Event) -> None:
        """Let an event of :meth:`after` not happen: a simulation does not last until a timer that nobody awaits."""
        event.callbacks = None  # type: ignore[assignment]

    def step(self) -> None:
        """Let the next event happen that was not withdrawn."""
        while self._queue:
            time_ns, key, _, event = self._queue[0]
            if (callbacks := event.callbacks) is None:
                heappop(self._queue)
                continue
            if self.expire is not None and self.expire(int(time_ns) - (key < EXPIRY_KEY)):
                continue
            heappop(self._queue)
            self._now = time_ns  # type: ignore[assignment]
            event.callbacks = None  # type: ignore[assignment]
            for callback in callbacks:
                callback(event)
            return
        raise EmptySchedule

    def step_before(self, until_ns: int) -> bool:
        """Let the next event happen if it is before ``until_ns``; say whether there was one."""
        while self._queue and self._queue[0][3].callbacks is None:
            heappop(self._queue)
        if not self._queue or self._queue[0][0] >= until_ns:
            return False
        self.step()
        return True

    def start(self, process: Generator[Event, object, object]) -> None:
        """Run a process that nobody waits for, up to its first wait, now.

        It does what ``env.process`` does without that call's two events of bookkeeping, and starts at once instead
        of after a pass through the queue.
        """
        try:
            event = next(process)
        except StopIteration:
            return
        event.callbacks.append(partial(self._resume, process))

    def _resume(self, process: Generator[Event, object, object], _: Event) -> None:
        try:
            event = next(process)
        except StopIteration:
            return
        event.callbacks.append(partial(self._resume, process))

    def run_through(self, last_ns: int) -> None:
        """Let everything happen that happens at or before ``last_ns``, and set the clock to that time."""
        if last_ns >= self._now:
            self.run(until=Moment(self, last_ns - self._now, LAST_KEY))
