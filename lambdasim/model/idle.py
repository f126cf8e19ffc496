"""The idle environments of a pool, under each reuse order: which one does a request get?

Each order has the same four methods: ``add`` an environment that has just fallen idle, ``take`` out the one a request
gets, where there is one (``pick`` is uniform on 0 .. 2**31 - 1), ``remove`` one that expires, and ``first``, the one
that ends first when some are to end: the one that has waited longest, or under an order that does not keep this the one
that stands first. All take constant time, those of the newest-created order logarithmic time.
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

    def take(self, pick: int) -> Environment:
        return self._idle.popitem()[1]

    def first(self) -> Environment:
        return next(iter(self._idle.values()))

    def remove(self, environment: Environment) -> None:
        del self._idle[environment.number]


class LeastRecent:
    """The environment that has waited longest is used first."""

    __slots__ = ("_idle",)

    def __init__(self) -> None:
        self._idle: OrderedDict[int, Environment] = OrderedDict()

    def add(self, environment: Environment) -> None:
        self._idle[environment.number] = environment

    def take(self, pick: int) -> Environment:
        return self._idle.popitem(last=False)[1]

    def first(self) -> Environment:
        return next(iter(self._idle.values()))

    def remove(self, environment: Environment) -> None:
        del self._idle[environment.number]


class Random:
    """Any idle environment, with equal chances.

    They stand in slots; who leaves hands his slot to the last one, which is what makes the choice the same in
    every engine.
    """

    __slots__ = ("_slots",)

    def __init__(self) -> None:
        self._slots: list[Environment] = []

    def add(self, environment: Environment) -> None:
        environment.place = len(self._slots)
        self._slots.append(environment)

    def take(self, pick: int) -> Environment:
        environment = self._slots[pick * len(self._slots) >> 31]
        self.remove(environment)
        return environment

    def first(self) -> Environment:
        return self._slots[0]

    def remove(self, environment: Environment) -> None:
        last = self._slots.pop()
        if last is not environment:
            last.place = environment.place
            self._slots[last.place] = last


class Newest:
    """The environment that was created last is used first, as SimFaaS has it."""

    __slots__ = ("_idle", "_numbers")

    def __init__(self) -> None:
        self._idle: dict[int, Environment] = {}
        self._numbers: list[int] = []  # a heap of negated numbers; those of environments that left are skipped

    def add(self, environment: Environment) -> None:
        self._idle[environment.number] = environment
        heappush(self._numbers, -environment.number)

    def take(self, pick: int) -> Environment:
        while (environment := self._idle.pop(-heappop(self._numbers), None)) is None:
            pass
        return environment

    def first(self) -> Environment:
        while (environment := self._idle.get(-self._numbers[0])) is None:
            heappop(self._numbers)
        return environment

    def remove(self, environment: Environment) -> None:
        del self._idle[environment.number]


IdleSet = MostRecent | LeastRecent | Random | Newest

IDLE_SETS: dict[Reuse, type[MostRecent] | type[LeastRecent] | type[Random] | type[Newest]] = {
    Reuse.MOST_RECENT: MostRecent,
    Reuse.LEAST_RECENT: LeastRecent,
    Reuse.RANDOM: Random,
    Reuse.NEWEST: Newest,
}
