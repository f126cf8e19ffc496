"""The pollers of a Kafka mapping: which partitions they serve, and how their number follows the offset lag.

Read it beside the Developer Guide's page kafka-scaling-modes. How many there should be is decided in
``model/pollers.py``. A poller that waits to try a batch again serves its other partitions meanwhile.
"""

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import replace

from simpy.events import Event

from lambdasim.engine.reference.clock import Process, Signal
from lambdasim.engine.reference.simulation import Simulation
from lambdasim.model import pollers
from lambdasim.model.events import NEVER_NS, EventRank, poller_key
from lambdasim.model.pollers import PollerSpec
from lambdasim.records import SourceMetric

POLL, SCALE = int(EventRank.POLL), int(EventRank.SCALE)


class Pollers:
    """The pollers of one mapping; partition p is served by poller p modulo their number."""

    def __init__(
        self, simulation: Simulation, source: int, spec: PollerSpec, lag: Callable[[], tuple[int, int]]
    ) -> None:
        """``lag`` returns how many records wait and how many invocations were throttled until now."""
        self._simulation = simulation
        self._source = source
        self._spec = spec
        self._lag = lag
        self._count = spec.initial
        self._busy = [0] * spec.initial
        self._waiting: list[deque[tuple[int, Signal]]] = [deque() for _ in range(spec.initial)]
        self._served: dict[int, int] = {}
        """Partitions with a batch, in the order they came."""
        self._is_watched = False
        self._looked_ns = 0
        """When the lag was last looked at."""
        self._sample(SourceMetric.POLLERS, spec.initial)

    def poller(self, partition: int) -> int:
        """Return the poller of a partition."""
        return pollers.poller_of(partition, self._count)

    def take(self, partition: int) -> Generator[Event, object, None]:
        """Wait until the partition's poller can take a batch of it."""
        poller = self.poller(partition)
        if pollers.has_room(self._spec, self._busy[poller]) and not self._waiting[poller]:
            self._serve(partition)
            return
        clock = self._simulation.clock
        signal = Signal(clock)
        self._waiting[poller].append((partition, signal))
        yield from clock.within(signal, NEVER_NS, POLL, poller_key(self._source, partition))

    def release_poller(self, partition: int) -> None:
        """Let the poller take another batch, because that of this partition is over or waits to be tried again."""
        if self._served.pop(partition, None) is not None:
            poller = self.poller(partition)
            self._busy[poller] -= 1
            self._next(poller)

    def wake(self) -> None:
        """Look after the lag from now on, as there is something."""
        if not self._is_watched:
            self._is_watched = True
            self._rest(self._simulation.clock.now_ns)
            self._simulation.clock.start(self._watch())

    def adjust(self, **settings: int) -> None:
        """Let settings of the spec be others from now on; at bounds that do not hold their number there are others."""
        self._spec = replace(self._spec, **settings)
        self._scale(pollers.within_bounds(self._spec, self._count))

    def finish(self) -> None:
        """Account for the minutes since the lag was last looked at."""
        if not self._is_watched:
            self._rest(self._simulation.clock.now_ns)

    def _serve(self, partition: int) -> None:
        self._served[partition] = 1
        self._busy[self.poller(partition)] += 1

    def _next(self, poller: int) -> None:
        waiting = self._waiting[poller]
        while waiting and pollers.has_room(self._spec, self._busy[poller]):
            partition, signal = waiting.popleft()
            self._serve(partition)
            signal.fire()

    def _rest(self, now: int) -> None:
        """Let pollers go for each minute without lag; nobody has looked meanwhile, so that an idle run can end."""
        self._scale(pollers.rested(self._spec, self._count, self._looked_ns, now))

    def _watch(self) -> Process:
        """Look at the lag each minute, until there is none."""
        clock = self._simulation.clock
        lag_before, throttles_before = 0, self._lag()[1]
        changes: deque[tuple[int, int]] = deque()
        lag = 1
        while lag:
            now = clock.now_ns
            yield clock.after(pollers.next_look_ns(now) - now, SCALE, poller_key(self._source, 0))
            now = self._looked_ns = clock.now_ns
            lag, throttles = self._lag()
            self._sample(SourceMetric.OFFSET_LAG, lag)
            if changes and now >= changes[0][0]:
                self._scale(pollers.within_bounds(self._spec, changes.popleft()[1]))
            if not changes:
                wanted = pollers.wanted(self._spec, self._count, lag, lag_before, throttles > throttles_before)
                if wanted != self._count:
                    changes.append((now + self._spec.delay_ns, wanted))
            lag_before, throttles_before = lag, throttles
        self._is_watched = False

    def _scale(self, count: int) -> None:
        """Change the number of pollers; partitions that are served stay so, those that wait may have another poller."""
        if count == self._count:
            return
        waiting = [pair for queue in self._waiting for pair in queue]
        self._count = count
        self._busy = [0] * count
        self._waiting = [deque() for _ in range(count)]
        for partition in self._served:
            self._busy[self.poller(partition)] += 1
        for pair in waiting:
            self._waiting[self.poller(pair[0])].append(pair)
        for poller in range(count):
            self._next(poller)
        self._sample(SourceMetric.POLLERS, count)

    def _sample(self, metric: int, value: int) -> None:
        self._simulation.records.sample((self._source, metric, self._simulation.clock.now_ns, value))
