"""Whether an event source mapping is enabled, and who waits until it is."""

from collections.abc import Generator

from simpy.events import Event

from lambdasim.engine.reference.clock import Clock, Signal
from lambdasim.model.events import NEVER_NS, EventRank

POLL = int(EventRank.POLL)


class Switch:
    """The switch of one mapping, on at first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.is_on = True
        self._turned_on = Signal(clock)

    def turn(self, on: bool) -> None:
        """Enable or disable the mapping."""
        self.is_on = on
        if on:
            waited, self._turned_on = self._turned_on, Signal(self._clock)
            waited.fire()

    def wait(self, subject: int) -> Generator[Event, object, None]:
        """Wait until the mapping is enabled; the poller ``subject`` then polls at once."""
        while not self.is_on:
            yield from self._clock.within(self._turned_on, NEVER_NS, POLL, subject)
