"""Provisioned concurrency as rows of the control table: requests for it, and environments that are replaced, with all
that chance decides about them.
"""

from collections import Counter
from collections.abc import Iterable
from heapq import heappop, heappush
from itertools import count
from typing import Final

from lambdasim.model import rules
from lambdasim.model.control import Change, Control, provisioned
from lambdasim.workload.plan import Workload


class Provisioner:
    """Numbers the requests and environments of each function, from those on that ``control`` has asked for already."""

    def __init__(self, workload: Workload, control: Iterable[Change] = ()) -> None:
        self._workload = workload
        self._requests: Counter[int] = Counter()
        self._environments: Counter[int] = Counter()
        for change in control:
            if change.kind == Control.PROVISIONED_REQUESTED:
                self._count(change.subject, change.value)

    def long_before(self, function: int, count: int) -> tuple[Change, ...]:
        """Return the rows of a request that is ready when the experiment starts."""
        init_ns = self._inits(function, count)
        self._count(function, count)
        return provisioned(function, 0, 0, init_ns)

    def request(self, function: int, at_ns: int, count: int) -> tuple[Change, ...]:
        """Return the rows of a request for so many environments of a function, by index, at ``at_ns``.

        It is allocated after its preparation, at AWS's rate, and ready when the slowest init is over.
        """
        init_ns = self._inits(function, count)
        preparation_ns = self._workload.preparation_ns(function, self._requests[function])
        self._count(function, count)
        return provisioned(function, at_ns, at_ns + rules.provisioned_wait_ns(preparation_ns, init_ns), init_ns)

    def _inits(self, function: int, count: int) -> tuple[int, ...]:
        timeout_ns = self._workload.functions[function].config.timeout
        drawn_ns = self._workload.provisioned_init_ns(function, count, self._environments[function])
        return tuple(rules.provisioned_init_ns(init_ns, timeout_ns) for init_ns in drawn_ns.tolist())

    def _count(self, function: int, count: int) -> None:
        self._requests[function] += 1
        self._environments[function] += count


DRAWN_AT_ONCE: Final = 16
"""So many lives of a seat, or inits of successors, are drawn at a time."""


class Replacements:
    """When environments of provisioned concurrency are replaced: each has a life, and so has its successor.

    Those that are ready when the experiment starts have an even share of their first life behind them.
    """

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self._seats: Counter[int] = Counter()
        self._lives: dict[tuple[int, int], list[int]] = {}
        self._inits: dict[tuple[int, int], list[int]] = {}
        """By function and seat: of successors, which most runs need few of."""
        self._order = count()
        self._coming: list[tuple[int, int, int, Change | tuple[int, int]]] = []
        """By time, function and order: what becomes ready, or the seat and number of an environment whose life ends."""

    def add(self, changes: Iterable[Change]) -> None:
        """Take note of rows of the control table."""
        for change in changes:
            if change.kind == Control.PROVISIONED_READY:
                heappush(self._coming, (change.at_ns, change.subject, next(self._order), change))

    def before(self, until_ns: int) -> list[Change]:
        """Return the rows of what is replaced before ``until_ns`` and has not been returned yet."""
        rows = []
        while self._coming and self._coming[0][0] < until_ns:
            at_ns, function, _, what = heappop(self._coming)
            if isinstance(what, Change):
                self._begin(at_ns, function, what.value)
                continue
            seat, number = what
            init_ns = self._init_ns(function, seat, number)
            rows.append(Change(at_ns, Control.PROVISIONED_REPLACED, function, seat, (init_ns,)))
            self._live(at_ns, function, seat, number + 1)
        return rows

    def _begin(self, at_ns: int, function: int, count: int) -> None:
        """Let the first environments of so many more seats live."""
        seats = range(self._seats[function], self._seats[function] + count)
        self._seats[function] += count
        if not self._draw(function, seats, 0):
            return
        for seat in seats:
            age_ns = 0
            if at_ns == 0:
                age_ns = self._lives[function, seat][0] * self._workload.age_q24(function, seat) >> 24
            self._live(at_ns - age_ns, function, seat, 0)

    def _live(self, since_ns: int, function: int, seat: int, number: int) -> None:
        if number == len(self._lives[function, seat]):
            self._draw(function, range(seat, seat + 1), number)
        ends_ns = since_ns + max(self._lives[function, seat][number], rules.NS_PER_S)
        heappush(self._coming, (max(ends_ns, 1), function, next(self._order), (seat, number)))

    def _draw(self, function: int, seats: range, first: int) -> bool:
        """Draw more lives of some seats, from a number on; say whether they have an end."""
        drawn = self._workload.lives_ns(function, seats, first, DRAWN_AT_ONCE)
        if drawn is None:
            return False
        for seat, lives in zip(seats, drawn.tolist(), strict=True):
            self._lives.setdefault((function, seat), []).extend(lives)
        return True

    def _init_ns(self, function: int, seat: int, number: int) -> int:
        """Return the Init Duration of what replaces an environment of a seat, by its number."""
        inits = self._inits.setdefault((function, seat), [])
        if number == len(inits):
            timeout_ns = self._workload.functions[function].config.timeout
            drawn = self._workload.successor_init_ns(function, seat, number, DRAWN_AT_ONCE)
            inits += [rules.provisioned_init_ns(init_ns, timeout_ns) for init_ns in drawn.tolist()]
        return inits[number]
