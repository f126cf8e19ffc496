"""The consumers of a Kafka mapping, and how their number follows the offset lag."""

from collections.abc import Callable
from typing import Any

from oracles.agenda import MINUTE, POLL, SCALE

POLLERS, OFFSET_LAG = 0, 2


class Consumers:
    """Partition p belongs to consumer p modulo their number."""

    def __init__(self, world: Any, index: int, spec: Any, lag: Callable[[], tuple[int, int]]) -> None:
        self.world, self.index, self.spec, self.lag = world, index, spec, lag
        self.count = spec.initial
        self.served: set[int] = set()
        self.waiting: list[tuple[int, Callable[[], None]]] = []
        self.watched = False
        self.looked = self.lag_before = self.throttles_before = 0
        self.change: tuple[int, int] | None = None
        self._sample(POLLERS, self.count)

    def consumer(self, partition: int) -> int:
        """Return whose a partition is."""
        return partition % self.count

    def take(self, partition: int, then: Callable[[], None]) -> None:
        """Call ``then`` once the partition's consumer has room for a batch of it."""
        mine = self.consumer(partition)
        if self._busy(mine) < self.spec.invokes and all(self.consumer(p) != mine for p, _ in self.waiting):
            self.served.add(partition)
            then()
        else:
            self.waiting.append((partition, then))

    def release_poller(self, partition: int) -> None:
        """A batch is over, or waits to be tried again."""
        if partition in self.served:
            self.served.remove(partition)
            self._serve(self.consumer(partition))

    def wake(self) -> None:
        """There is something to look after."""
        if not self.watched:
            self.watched = True
            self._rest()
            self.change = None
            self.lag_before, self.throttles_before = 0, self.lag()[1]
            self._look_later()

    def finish(self) -> None:
        """Make up for the time since the lag was last looked at."""
        if not self.watched:
            self._rest()

    def _busy(self, consumer: int) -> int:
        return sum(self.consumer(partition) == consumer for partition in self.served)

    def _serve(self, consumer: int) -> None:
        for pair in [pair for pair in self.waiting if self.consumer(pair[0]) == consumer]:
            if self._busy(consumer) < self.spec.invokes:
                self.waiting.remove(pair)
                self.served.add(pair[0])
                self.world.at(self.world.now, POLL, self.index * 2**40 + pair[0], pair[1])

    def _rest(self) -> None:
        """One consumer fewer for each full minute that nobody looked."""
        count = self.count
        minute = self.looked - self.looked % MINUTE + MINUTE
        while minute <= self.world.now:
            count, minute = max(self.spec.minimum, count - 1), minute + MINUTE
        self._scale(max(self.spec.minimum, count))

    def _look_later(self) -> None:
        now = self.world.now
        self.world.at(now - now % MINUTE + MINUTE, SCALE, self.index * 2**40, self._look)

    def _look(self) -> None:
        now, spec = self.world.now, self.spec
        self.looked = now
        lag, throttles = self.lag()
        self._sample(OFFSET_LAG, lag)
        if self.change and now >= self.change[0]:
            count, self.change = self.change[1], None
            self._scale(count)
        if not self.change:
            wanted = self.count
            held = wanted * spec.invokes * spec.batch
            if throttles > self.throttles_before:
                wanted = max(spec.minimum, wanted // 2)
            elif lag > held and lag >= self.lag_before:
                wanted = min(spec.maximum, wanted * 2)
            elif lag < held / 2:
                wanted = max(spec.minimum, wanted - 1)
            if wanted != self.count:
                self.change = now + spec.delay_ns, wanted
        self.lag_before, self.throttles_before = lag, throttles
        if lag:
            self._look_later()
        else:
            self.watched = False

    def _scale(self, count: int) -> None:
        if count == self.count:
            return
        self.waiting.sort(key=lambda pair: self.consumer(pair[0]))
        self.count = count
        for consumer in range(count):
            self._serve(consumer)
        self._sample(POLLERS, count)

    def _sample(self, metric: int, value: int) -> None:
        self.world.samples.append((self.index, metric, self.world.now, value))
