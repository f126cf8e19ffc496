"""The clock of the SimPy engine: integer nanoseconds, and a declared place among simultaneous events for each delay.

All waiting goes through :meth:`Clock.after`, so that ties never fall to the order of scheduling.
"""

from collections.abc import Generator
from functools import partial
from typing import Final

from simpy import Environment as SimpyEnvironment
from simpy.events import Event

from lambdasim.model.events import RANK_SHIFT

Process = Generator[Event, object, None]
"""A story that waits by yielding events."""


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


class Clock(SimpyEnvironment):
    """SimPy's environment, counting ``int`` nanoseconds from the start of the experiment."""

    _now: int

    def __init__(self) -> None:
        super().__init__(initial_time=0)

    @property
    def now_ns(self) -> int:
        """The present."""
        return self._now

    def after(self, delay_ns: int, rank: int, subject: int) -> Event:
        """Return an event ``delay_ns`` from now, ranked among simultaneous ones by its EventRank, then ``subject``."""
        return Moment(self, delay_ns, rank << RANK_SHIFT | subject)

    def start(self, process: Process) -> None:
        """Run a process that nobody waits for, up to its first wait, now.

        It does what ``env.process`` does without that call's two events of bookkeeping, and starts at once instead
        of after a pass through the queue.
        """
        try:
            event = next(process)
        except StopIteration:
            return
        event.callbacks.append(partial(self._resume, process))

    def _resume(self, process: Process, _: Event) -> None:
        try:
            event = next(process)
        except StopIteration:
            return
        event.callbacks.append(partial(self._resume, process))

    def run_through(self, last_ns: int) -> None:
        """Let everything happen that happens at or before ``last_ns``, and set the clock to that time."""
        if last_ns >= self._now:
            self.run(until=Moment(self, last_ns - self._now, LAST_KEY))
