"""Searches over ordered candidates, against going through all of them."""

import math
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.metrics.queueing import erlang_b
from lambdasim.planning.knobs import Places, Score, best_of_many, best_of_one, best_of_two


def met(cost: float) -> Score:
    return Score((-1.0,), cost)


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
def test_a_monotone_knob_needs_little_more_than_log2_of_its_range(count: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, count), label="first place that passes")
    scores = [Score((float(first - place),), float(place)) for place in range(count)]
    ask, asked = counting(scores)
    assert best_of_one(count, ask) == min(first, count - 1)
    if first < count:
        assert len(asked) <= math.log2(count) + 4


@pytest.mark.parametrize("count", [1, 2, 3, 64, 65, 100, 101])
def test_two_objectives_that_miss_on_opposite_sides_leave_a_window(count: int) -> None:
    """One holds from some place on, the other up to some place: every window of every width is found."""
    for low in range(count):
        for high in range(low, count):
            scores = [Score((float(low - p), float(p - high)), 7.0 - p / count) for p in range(count)]
            ask, asked = counting(scores)
            assert best_of_one(count, ask) == high
            assert len(asked) <= 2 * math.log2(count) + 3


def test_one_feasible_point_in_a_hundred_is_found_from_both_sides() -> None:
    for only in range(100):
        ask, asked = counting([Score((float(only - p), float(p - only)), 1.0) for p in range(100)])
        assert best_of_one(100, ask) == only
        assert len(asked) <= 16


def test_where_the_boundaries_cross_the_nearest_is_told() -> None:
    scores = [Score((float(60 - p), float(p - 40)), 1.0) for p in range(100)]
    ask, _ = counting(scores)
    best = best_of_one(100, ask)
    assert not scores[best].passes
    assert scores[best].miss == scores[exhaustive(scores)].miss


def test_an_objective_that_fails_at_both_ends_is_followed_inward() -> None:
    """Its miss has a valley; it holds from 30 to 34 of 200."""
    scores = [Score((abs(p - 32) - 2.0,), 200.0 - p) for p in range(200)]
    ask, asked = counting(scores)
    assert best_of_one(200, ask) == 34
    assert len(asked) < 40


def test_a_plateau_of_misses_does_not_hide_what_passes() -> None:
    """Everything is throttled below 40, so the misses are alike there."""
    scores = [Score((99.0 if p < 40 else 60.0 - p, -5.0 if p < 90 else 3.0), float(p)) for p in range(100)]
    ask, _ = counting(scores)
    assert best_of_one(100, ask) == exhaustive(scores) == 60


@pytest.mark.parametrize(("first", "last"), [(0, 99), (20, 99), (0, 70), (20, 70), (49, 50)])
def test_what_is_refused_bounds_the_search(first: int, last: int) -> None:
    scores = [
        Score((45.0 - p, p - 60.0), 5.0 + p, refused=not first <= p <= last)
        if first <= p <= last
        else Score((math.inf, math.inf), math.inf, refused=True)
        for p in range(100)
    ]
    ask, _ = counting(scores)
    assert best_of_one(100, ask) == exhaustive(scores)


@given(st.integers(1, 300), st.data())
def test_what_passes_up_to_some_place_is_found_too(count: int, data: st.DataObject) -> None:
    last = data.draw(st.integers(0, count - 1))
    falls = data.draw(st.booleans(), label="cost falls")
    scores = [Score((float(p - last),), float(count - p if falls else p)) for p in range(count)]
    ask, _ = counting(scores)
    assert best_of_one(count, ask) == exhaustive(scores)


@given(st.integers(2, 300), st.data())
def test_a_cost_with_one_valley_is_found_at_its_bottom(count: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, count - 1), label="first place that passes")
    bottom = data.draw(st.integers(first, count - 1), label="bottom")
    # no two places cost the same: between equals nobody could know of a valley
    scores = [
        Score((float(first - p),), 1.0 + (p - bottom if p >= bottom else 2**0.5 * (bottom - p))) for p in range(count)
    ]
    ask, asked = counting(scores)
    assert best_of_one(count, ask, valley=True) == bottom
    assert len(asked) <= 4 * math.log2(count) + 6


def test_a_valley_that_nobody_told_of_is_found_when_a_point_betrays_it() -> None:
    ask, _ = counting([met(1.0 + abs(place - 40.4)) for place in range(100)])
    assert best_of_one(100, ask) == 40


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 9)), min_size=1, max_size=40))
def test_whatever_the_scores_nothing_that_fails_is_preferred(drawn: list[tuple[int, int, int]]) -> None:
    scores = [Score((float(a), float(b)), float(cost)) for a, b, cost in drawn]
    for valley in (False, True):
        ask, asked = counting(scores)
        best = best_of_one(len(scores), ask, valley=valley)
        assert best in asked
        assert scores[best].passes == any(scores[place].passes for place in asked)


def sought(lengths: tuple[int, ...], score: Callable[[Places], Score]) -> tuple[Score, Score, int]:
    """Return the best that is found, the best there is, and how many were asked for."""
    asked: set[Places] = set()

    def ask(places: Places) -> Score:
        assert places not in asked
        asked.add(places)
        return score(places)

    best = best_of_many(lengths, ask)
    return score(best), min((score(at) for at in product(*map(range, lengths))), key=lambda one: one.rank), len(asked)


@pytest.mark.parametrize("sizes", [(9, 9), (9, 100), (30, 40), (60, 60)])
@pytest.mark.parametrize("slope", [0.3, 1.0, 3.0])
def test_a_trade_off_of_two_knobs_is_found(sizes: tuple[int, int], slope: float) -> None:
    """Passes above a falling curve; each step of a knob costs something, so along the curve there is one cheapest."""
    outer, inner = sizes

    def score(at: Places) -> Score:
        need = 0.8 * inner * math.exp(-3 * at[0] / outer)
        return Score((need - at[1],), slope * at[0] * inner / outer + at[1])

    found, least, asked = sought(sizes, score)
    assert found.cost == pytest.approx(least.cost)
    assert asked <= 250


def test_an_account_split_among_three_is_found() -> None:
    """Erlang B: 40, 30 and 120 erlangs in 240, the last with what is left; 36 pairs throttle below 1 %."""

    def score(at: Places) -> Score:
        first, second = at[0] + 1, at[1] + 1
        limits = ((40, first), (30, second), (120, 240 - first - second))
        return Score(tuple(erlang_b(load, limit) / 0.01 - 1 for load, limit in limits), 1.0)

    assert sum(score(at).passes for at in product(range(70), range(70))) == 36
    found, _, asked = sought((70, 70), score)
    assert found.passes
    assert asked < 60


@given(st.data())
def test_two_and_three_knobs_with_two_objectives_against_every_candidate(data: st.DataObject) -> None:
    """Enough of a weighted sum, and not too much of the first knob; the cost is another weighted sum.

    What passes is found whenever there is something, and costs at most a tenth more than the cheapest.
    """
    lengths = tuple(data.draw(st.lists(st.integers(2, 14), min_size=2, max_size=3), label="lengths"))
    weights, costs = (
        data.draw(st.lists(st.floats(low, high), min_size=len(lengths), max_size=len(lengths)))
        for low, high in ((0.5, 2), (0.2, 3))
    )
    enough = data.draw(st.floats(0.1, 0.9)) * sum(w * (n - 1) for w, n in zip(weights, lengths, strict=True))
    most = data.draw(st.integers(0, lengths[0] - 1))

    def score(at: Places) -> Score:
        total = sum(w * place for w, place in zip(weights, at, strict=True))
        return Score((enough - total, float(at[0] - most)), 1 + sum(c * p for c, p in zip(costs, at, strict=True)))

    found, least, _ = sought(lengths, score)
    assert found.passes == least.passes
    if least.passes:
        assert found.cost <= 1.1 * least.cost + max(costs)


@pytest.mark.parametrize("sizes", [(1, 1), (3, 40), (8, 100)])
@pytest.mark.parametrize("slope", [0.3, 1.0, 3.0])
def test_a_short_outer_knob_is_gone_through(sizes: tuple[int, int], slope: float) -> None:
    outer, inner = sizes

    def score(a: int, b: int) -> Score:
        return Score((0.8 * inner * math.exp(-3 * a / outer) - b,), slope * a * inner / outer + b)

    asked: set[tuple[int, int]] = set()

    def ask(a: int, b: int) -> Score:
        assert (a, b) not in asked
        asked.add((a, b))
        return score(a, b)

    best = best_of_two(outer, inner, ask)
    assert score(*best).rank == min(score(a, b).rank for a in range(outer) for b in range(inner))
    assert len(asked) <= outer * (math.log2(inner) + 4)
