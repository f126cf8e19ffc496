"""Exact searches over ordered candidates, against going through all of them."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.planning.knobs import Score, best_of_one, best_of_two


def counting(scores: list[Score]) -> tuple[Callable[[int], Score], list[int]]:
    asked: list[int] = []

    def ask(place: int) -> Score:
        assert place not in asked, "no candidate is asked for twice"
        asked.append(place)
        return scores[place]

    return ask, asked


def exhaustive(scores: list[Score]) -> int:
    return min(range(len(scores)), key=lambda place: (scores[place].rank, place))


@given(st.integers(1, 3000), st.data())
def test_a_monotone_knob_needs_at_most_log2_of_its_range_and_two(count: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, count), label="first place that passes")
    scores = [Score(place >= first, float(place), float(max(0, first - place))) for place in range(count)]
    ask, asked = counting(scores)
    assert best_of_one(count, ask) == min(first, count - 1)
    if first < count:
        assert len(asked) <= math.log2(count) + 2


@pytest.mark.parametrize("count", [1, 2, 3, 64, 65, 100, 101, 1024])
def test_the_bound_holds_at_every_first_place(count: int) -> None:
    for first in range(count):
        ask, asked = counting([Score(place >= first, 7.0 + place, 1.0) for place in range(count)])
        assert best_of_one(count, ask) == first
        assert len(asked) <= math.log2(count) + 2


def test_equal_costs_give_the_smallest_that_passes() -> None:
    ask, _ = counting([Score(place >= 13, 5.0, 1.0) for place in range(40)])
    assert best_of_one(40, ask) == 13


@given(st.integers(1, 300), st.data())
def test_what_passes_up_to_some_place_is_found_too(count: int, data: st.DataObject) -> None:
    last = data.draw(st.integers(0, count - 1))
    falls = data.draw(st.booleans(), label="cost falls")
    scores = [Score(p <= last, float(count - p if falls else p), float(max(0, p - last))) for p in range(count)]
    ask, _ = counting(scores)
    assert best_of_one(count, ask) == exhaustive(scores)


@given(st.integers(2, 300), st.data())
def test_a_cost_with_one_valley_is_found_at_its_bottom(count: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, count - 1), label="first place that passes")
    bottom = data.draw(st.integers(first, count - 1), label="bottom")
    # no two places cost the same: between equals nobody could know of a valley
    scores = [
        Score(p >= first, 1.0 + (p - bottom if p >= bottom else 2**0.5 * (bottom - p)), 1.0) for p in range(count)
    ]
    ask, asked = counting(scores)
    assert best_of_one(count, ask, valley=True) == bottom
    assert len(asked) <= 4 * math.log2(count) + 6


def test_a_valley_that_nobody_told_of_is_found_when_a_point_betrays_it() -> None:
    ask, _ = counting([Score(True, 1.0 + abs(place - 40.4), 1.0) for place in range(100)])
    assert best_of_one(100, ask) == 40


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=40))
def test_whatever_the_scores_nothing_that_fails_is_preferred(drawn: list[tuple[bool, int, int]]) -> None:
    scores = [Score(passes, float(cost), float(miss)) for passes, cost, miss in drawn]
    ask, asked = counting(scores)
    best = best_of_one(len(scores), ask)
    assert best in asked
    assert scores[best].passes == any(scores[place].passes for place in asked)


def test_when_nothing_passes_the_nearest_is_told() -> None:
    ask, _ = counting([Score(False, 1.0, float(10 - place)) for place in range(10)])
    assert best_of_one(10, ask) == 9


@pytest.mark.parametrize("sizes", [(1, 1), (3, 40), (8, 100), (30, 40), (60, 60)])
@pytest.mark.parametrize("slope", [0.3, 1.0, 3.0])
def test_two_knobs_against_every_pair(sizes: tuple[int, int], slope: float) -> None:
    outer, inner = sizes

    def score(a: int, b: int) -> Score:
        """Passes above a falling line; each step of a knob costs something: cost falls, then rises along it."""
        need = 0.8 * inner * math.exp(-3 * a / outer)
        return Score(b >= need, slope * a * inner / outer + b, max(0.0, need - b))

    asked: set[tuple[int, int]] = set()

    def ask(a: int, b: int) -> Score:
        assert (a, b) not in asked
        asked.add((a, b))
        return score(a, b)

    best = best_of_two(outer, inner, ask)
    pairs = [(a, b) for a in range(outer) for b in range(inner)]
    least = min(score(a, b).rank for a, b in pairs)
    found = score(*best)
    assert found.passes == (not least[0])
    if outer <= 8:
        assert found.rank == least
    else:  # rounding to whole places leaves small false valleys along the outer knob
        assert found.cost <= least[1] + 2
    assert len(asked) <= max(len(pairs) // 2, 2 * len(pairs) if len(pairs) < 150 else 0)
