"""Exact levels and integrals of intervals over periods, against counting each interval in each period."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.metrics.occupancy import Levels, Occupancy

FUNCTIONS = 3
intervals = st.tuples(st.integers(0, FUNCTIONS - 1), st.integers(0, 60), st.integers(0, 60)).map(
    lambda t: (t[0], min(t[1:]), max(t[1:]))
)


def levels_of(chunks: list[list[tuple[int, int, int]]], period: int, warmup: int, loads_end: int = 100) -> Levels:
    occupancy = Occupancy(FUNCTIONS, period, warmup, loads_end)
    for chunk in chunks:
        occupancy.add(*np.array(chunk, np.int64).reshape(-1, 3).T)
    return occupancy.levels()


@given(
    st.lists(st.lists(intervals, max_size=15), max_size=3), st.integers(1, 25), st.integers(0, 30), st.integers(1, 65)
)
def test_against_counting(chunks: list[list[tuple[int, int, int]]], period: int, warmup: int, loads_end: int) -> None:
    levels = levels_of(chunks, period, warmup, loads_end)
    everything = [interval for chunk in chunks for interval in chunk]
    places = list(zip(levels.function.tolist(), levels.period.tolist(), strict=True))
    assert places == sorted(set(places))
    found = dict(zip(places, zip(levels.start.tolist(), levels.integral_ns.tolist(), strict=True), strict=True))
    for function in range(FUNCTIONS):
        mine = [(begin, end) for owner, begin, end in everything if owner == function]
        for index in range(62 // period + 1):
            low, high = index * period, (index + 1) * period
            start = sum(begin < low < end for begin, end in mine)
            integral = sum(max(min(end, high) - max(begin, low), 0) for begin, end in mine)
            assert found.get((function, index), (0, 0)) == (start, integral)
        assert levels.totals[function] == sum(end - begin for begin, end in mine)
        assert levels.at_warmup[function] == sum(begin < warmup < end for begin, end in mine)
        assert levels.before_ns[function] == sum(max(min(end, warmup) - begin, 0) for begin, end in mine)
        assert levels.after_ns[function] == sum(max(end - max(begin, loads_end), 0) for begin, end in mine)


def test_an_interval_that_ends_on_a_boundary_has_left_by_then() -> None:
    levels = levels_of([[(0, 5, 20), (0, 20, 20), (0, 10, 25)]], period=10, warmup=0)
    assert levels.period.tolist() == [0, 1, 2]
    assert levels.start.tolist() == [0, 1, 1]
    assert levels.integral_ns.tolist() == [5, 20, 5]


def test_long_intervals_fill_the_periods_between() -> None:
    levels = levels_of([[(1, 3, 1_000_003)]], period=10, warmup=0)
    assert len(levels.period) == 100_001
    assert levels.start.sum() == 100_000
    assert levels.integral_ns.sum() == 1_000_000
