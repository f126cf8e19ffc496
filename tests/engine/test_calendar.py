"""The calendar of the compiled engine, as Python runs it: ends come out in their order whatever the length of a day."""

from collections.abc import Iterator
from heapq import heappop, heappush
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from by_hand import plan_of
from interpreted import interpreter

from lambdasim.model.events import NEVER_NS
from lambdasim.model.spec import AccountSpec, FunctionSpec

SLOTS = 60
MUTANTS = {
    "of two ends at once the later number": ("calendar", "number < state.environments", "number > state.environments"),
    "the heap's end before an equal one": ("calendar", "tied: bool = in_heap", "tied: bool = 0 * in_heap"),
    "the heap's end after an equal one": ("calendar", "in_heap.at_ns == loop.first_ns", "False"),
    "heap and calendar mixed up": ("calendar", "sooner: bool = in_heap.at_ns <", "sooner: bool = in_heap.at_ns >"),
    "an end a whole cycle ahead": ("calendar", "> loop.last_day:", "> loop.last_day + 1:"),
    "a first end that is forgotten": ("calendar", "enter(state, loop.first, loop.first_ns)", "pass"),
    "one end a day": ("calendar", "slot = environment.right", "slot = -1"),
    "nothing later today": ("calendar", "(-1 << (day & MONTH_MASK))", "(-2 << (day & MONTH_MASK))"),
    "a month that is skipped": ("calendar", "(-2 << (month & MONTH_MASK))", "(-4 << (month & MONTH_MASK))"),
    "a month without end": ("calendar", "state.months[month] &= ~(bits & -bits)", "pass"),
    "a year without end": ("calendar", "state.years[month >> MONTH_BITS] &= ~", "state.years[0] &= ~0 * "),
    "years that do not come again": ("calendar", ">> 2 * MONTH_BITS)", ">> MONTH_BITS)"),
    "no others of a day that is left": ("day_length", "slots.extend(following)", "slots.extend(following[:1])"),
    "no first end left": ("day_length", 'slots, following = [loop["first"]]', "slots, following = []"),
}


@pytest.fixture
def engine(tmp_path) -> Iterator[Any]:
    with interpreter(tmp_path) as engine:
        yield engine


class Ends:
    """Pending ends in a calendar and, the same, in a sorted heap of pairs."""

    def __init__(self, package: str) -> None:
        self._calendar, self._day_length = (import_module(f"{package}.{name}") for name in ("calendar", "day_length"))
        spec = AccountSpec(concurrency=SLOTS, functions=(FunctionSpec("f", timeout_ns=1),))
        enlarged, initial = import_module(f"{package}.room").enlarged, import_module(f"{package}.beginning").initial
        environments = import_module(f"{package}.state").ENVIRONMENTS
        self._state = self._records(enlarged(initial(plan_of(spec)), environments))
        self._state.environments.number = np.arange(len(self._state.environments))[::-1]
        self._state.environments.pool, self._state.environments.right = 0, -1
        self._free = list(range(SLOTS))
        self._known: list[tuple[int, int]] = []

    def adapt(self, gap_ns: int, duration_ns: int) -> None:
        """Let days suit requests so far apart that take so long."""
        arrival_ns, durations_ns = gap_ns * np.arange(200), np.full(200, duration_ns)
        self._state = self._records(self._day_length.suited(self._state, arrival_ns, durations_ns))

    def add(self, after_ns: int) -> None:
        """Let one more end so long after now, if there is an environment."""
        if self._free:
            slot, at_ns = self._free.pop(), int(self._state.loop[0].now_ns) + after_ns
            self._calendar.add(self._state, slot, at_ns)
            heappush(self._known, (at_ns, int(self._state.environments[slot].number)))

    def take(self) -> bool:
        """Take the first and say whether it is the right one, and is known to be before it is taken."""
        if not self._known:
            return bool(self._calendar.first_ns(self._state) == NEVER_NS)
        at_ns, number = heappop(self._known)
        known = self._calendar.first_ns(self._state), self._calendar.first_number(self._state)
        slot = self._calendar.take(self._state)
        self._free.append(int(slot))
        self._state.loop[0].now_ns = at_ns
        return known == (at_ns, number) and self._state.environments[slot].number == number

    @staticmethod
    def _records(state: Any) -> Any:
        return type(state)(*[array.view(np.recarray) if array.dtype.names else array for array in state])


def in_order(package: str, seed: int) -> bool:
    """Say whether ends come out right, some at once and some far ahead, while the length of a day changes."""
    rng = np.random.default_rng(seed)
    ends = Ends(package)
    longest_ns = 10 ** int(rng.integers(1, 8))
    with np.errstate(over="ignore"):
        for _ in range(400):
            event = rng.random()
            if event < 0.02:
                ends.adapt(*(10 ** rng.integers(0, 8, 2)))
            elif event < 0.55:
                far = rng.random() < 0.1
                ends.add(int(rng.integers(0, 10)) * (10 * longest_ns if far else longest_ns // 10))
            elif not ends.take():
                return False
        return all([ends.take() for _ in range(SLOTS + 1)])


def a_cycle_apart(package: str) -> bool:
    """Say whether an end a whole cycle of days after now comes after those before it."""
    ends = Ends(package)
    ends.adapt(4, 1)  # days of 1 ns, 4,096 of them
    for after_ns in (4_096, 1, 4_095, 2_000):
        ends.add(after_ns)
    return all([ends.take() for _ in range(5)])


def right(package: str) -> bool:
    try:
        return a_cycle_apart(package) and all(in_order(package, seed) for seed in range(30))
    except (IndexError, OverflowError, TypeError, ValueError):
        return False


def test_ends_come_out_in_their_order(engine) -> None:
    assert right(engine().__module__.rpartition(".")[0])


@pytest.mark.parametrize("mutant", MUTANTS)
def test_errors_are_noticed(engine, mutant) -> None:
    assert not right(engine(MUTANTS[mutant]).__module__.rpartition(".")[0])


def test_a_month_whose_last_days_come_sooner_than_its_first_ones(engine) -> None:
    """The days before the present one of its month are those of the next year, and are not lost with this year's."""
    ends = Ends(engine().__module__.rpartition(".")[0])
    ends.adapt(1_000, 1_000_000)
    day_ns, days = 1 << int(ends._state.loop[0].day_shift), int(ends._state.loop[0].last_day) + 1
    ends.add(10 * day_ns)
    ends.add(20 * day_ns)
    assert ends.take()
    ends.add((days - 5) * day_ns)  # on the fifth day of this month, a year later
    ends.add(15 * day_ns)
    assert [ends.take() for _ in range(4)] == [True] * 4
