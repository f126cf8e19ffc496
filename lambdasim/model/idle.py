"""The idle environments of a pool, under each reuse order: which one does a request get?

Each order has the same four methods: ``add`` an environment that has just fallen idle, ``take`` out the one a request
gets (None if there is none; ``pick`` is uniform on 0 .. 2**31 - 1), ``remove`` one that expires, and ``len``. All take
constant time, those of the newest-created order logarithmic time.
"""

from collections import OrderedDict
from heapq import heappop, heappush

from lambdasim.model.environment import Environment
from lambdasim.model.events import Reuse


class MostRecent:
    """The environment that fell idle last is used first, so that a surplus can expire. AWS's order, as observed."""

    __slots__ = ("_idle",)

    def __init__(self) -> None:
        self._idle: dict[int, Environment] = {}

    def add(self, environment: Environment) -> None:
        self._idle[environment.number] = environment

    def take(self, pick: int) -> Environment | None:
        return self._idle.popitem()[1] if self._idle else None

    def remove(self, environment: Environment) -> None:
        del self._idle[environment.number]

    def __len__(self) -> int:
        return len(self._idle)


class LeastRecent:
    """The environment that has waited longest is used first."""

    __slots__ = ("_idle",)

    def __init__(self) -> None:
        self._idle: OrderedDict[int, Environment] = OrderedDict()

    def add(self, environment: Environment) -> None:
        self._idle[environment.number] = environment

    def take(self, pick: int) -> Environment | None:
        return self._idle.popitem(last=False)[1] if self._idle else None

    def remove(self, environment: Environment) -> None:
        del self._idle[environment.number]

    def __len__(self) -> int:
        return len(self._idle)


class Random:
    """Any idle environment, with equal chances.

    They stand in slots; who leaves hands his slot to the last one, which is what makes the choice the same in
    every engine.
    """

    __slots__ = ("_slots",)

    def __init__(self) -> None:
        self._slots: list[Environment] = []

    def add(self, environment: Environment) -> None:
        environment.slot = len(self._slots)
        self._slots.append(environment)

    def take(self, pick: int) -> Environment | None:
        if not self._slots:
            return None
        environment = self._slots[pick * len(self._slots) >> 31]
        self.remove(environment)
        return environment

    def remove(self, environment: Environment) -> None:
        last = self._slots.pop()
        if last is not environment:
            last.slot = environment.slot
            self._slots[last.slot] = last

    def __len__(self) -> int:
        return len(self._slots)


class Newest:
    """The environment that was created last is used first, as SimFaaS has it."""

    __slots__ = ("_idle", "_numbers")

    def __init__(self) -> None:
        self._idle: dict[int, Environment] = {}
        self._numbers: list[int] = []  # a heap of negated numbers; those of environments that left are skipped

    def add(self, environment: Environment) -> None:
        self._idle[environment.number] = environment
        heappush(self._numbers, -environment.number)

    def take(self, pick: int) -> Environment | None:
        while self._numbers:
            environment = self._idle.pop(-heappop(self._numbers), None)
            if environment is not None:
                return environment
        return None

    def remove(self, environment: Environment) -> None:
        del self._idle[environment.number]

    def __len__(self) -> int:
        return len(self._idle)


IDLE_SETS: dict[Reuse, type[MostRecent] | type[LeastRecent] | type[Random] | type[Newest]] = {
    Reuse.MOST_RECENT: MostRecent,
    Reuse.LEAST_RECENT: LeastRecent,
    Reuse.RANDOM: Random,
    Reuse.NEWEST: Newest,
}
