"""Rates over replications: exact where there is something to compare with, monotone, and covering.

The shares that cover are judged as in ``test_inference_intervals.py``: four standard errors about 95 %.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.metrics.inference.intervals import Interval, proportion_interval, student
from lambdasim.metrics.inference.rates import rate_ceiling, rate_floor, rate_interval

CASES = 2000
ERROR = 4 * math.sqrt(0.95 * 0.05 / CASES)


def test_a_rate_is_all_events_over_all_requests() -> None:
    """Of replications that are all throttled, or without requests, the rate is 1: no mean of 1/1 and 0/0."""
    found = rate_interval([0, 3, 0, 40], [0, 3, 0, 40], 0.95)
    assert found == Interval(1.0, pytest.approx(0.05 ** (1 / 43)), 1.0)
    assert rate_interval([0, 0], [0, 0], 0.95) is None
    unequal = rate_interval([100, 300], [1000, 9000], 0.95)
    assert unequal is not None
    assert unequal.mean == 0.04


def test_its_variance_is_over_the_replications() -> None:
    """By hand: the ratio is 0.2, the residuals are 20, -40 and 20; the jackknife leaves out one after the other."""
    found = rate_interval([60, 20, 100], [200, 300, 400], 0.95)
    assert found is not None
    left_out = [(20 + 100) / 700, (60 + 100) / 600, (60 + 20) / 500]
    error = math.sqrt(2 / 3 * sum((one - 0.2) ** 2 for one in left_out))
    half = student(0.95, 2) * error
    assert (found.mean, found.high) == (0.2, pytest.approx(0.2 + half))
    assert rate_interval([60, 60], [300, 300], 0.95) == Interval(0.2, 0.2, 0.2)


def test_few_events_are_at_least_as_doubtful_as_independent_trials() -> None:
    found = rate_interval([1, 1, 1], [100, 100, 100], 0.95)
    assert found == proportion_interval(3, 300, 0.95)
    assert rate_interval([0, 0, 0], [1000] * 3, 0.95) == Interval(0.0, 0.0, pytest.approx(1 - 0.05 ** (1 / 3000)))


@given(st.data(), st.integers(2, 10), st.floats(0.6, 0.999))
def test_a_ceiling_never_falls_when_an_event_is_added(data: st.DataObject, runs: int, level: float) -> None:
    wholes = data.draw(st.lists(st.integers(0, 200), min_size=runs, max_size=runs))
    parts = [data.draw(st.integers(0, whole)) for whole in wholes]
    room = [i for i in range(runs) if parts[i] < wholes[i]]
    if not room:
        return
    before = rate_ceiling(parts, wholes, level)
    parts[data.draw(st.sampled_from(room))] += 1
    assert rate_ceiling(parts, wholes, level) >= before - 1e-12


@given(st.data(), st.integers(11, 60))
def test_nor_in_many_runs_of_one_length(data: st.DataObject, runs: int) -> None:
    parts = data.draw(st.lists(st.integers(0, 50), min_size=runs, max_size=runs))
    before = rate_ceiling(parts, [50] * runs, 0.95)
    where = data.draw(st.integers(0, runs - 1))
    parts[where] = min(50, parts[where] + 1)
    assert rate_ceiling(parts, [50] * runs, 0.95) >= before - 1e-12


def test_student_alone_would_fall() -> None:
    """What the property above is there for: (0, 0, 10) and (1, 0, 10) of 100 each."""
    without = [0.0, 0.0, 10.0]
    one_more = [1.0, 0.0, 10.0]
    bound = [np.mean(x) + student(0.9, 2) * np.std(x, ddof=1) / math.sqrt(3) for x in (without, one_more)]
    assert bound[1] < bound[0]


def test_a_ceiling_is_hardly_wider_than_students_of_many_runs() -> None:
    parts = np.random.default_rng(1).binomial(1000, 0.1, 48).tolist()
    found = rate_interval(parts, [1000] * 48, 0.9)
    assert found is not None
    ceiling = rate_ceiling(parts, [1000] * 48, 0.95)
    assert found.high <= ceiling <= found.high + 0.025 * found.mean


def test_floors_and_ceilings_of_fewer_than_two_runs_are_empty() -> None:
    assert (rate_floor([1], [10], 0.95), rate_ceiling([1], [10], 0.95)) == (0.0, 1.0)
    assert (rate_floor([5, 0], [10, 0], 0.95), rate_ceiling([5, 0], [10, 0], 0.95)) == (0.0, 1.0)


@pytest.mark.parametrize(("runs", "requests"), [(3, 2000), (8, 400)])
def test_coverage_of_independent_events(runs: int, requests: int) -> None:
    events = np.random.default_rng(7).binomial(requests, 0.2, (CASES, runs))
    found = [rate_interval(row.tolist(), [requests] * runs, 0.95) for row in events]
    share = sum(one.low <= 0.2 <= one.high for one in found if one is not None) / CASES
    assert share == pytest.approx(0.95, abs=ERROR)


def test_coverage_with_bursts_and_unequal_runs() -> None:
    """Runs of 50 to 500 requests, in each of which events come with a probability of its own (mean 0.2).

    The estimand is E[events] / E[requests]; with 30 runs the ratio estimator is nearly without bias.
    """
    rng = np.random.default_rng(3)
    requests = rng.integers(50, 500, (CASES, 30))
    events = rng.binomial(requests, rng.beta(2, 8, (CASES, 30)))
    found = [rate_interval(part.tolist(), whole.tolist(), 0.95) for part, whole in zip(events, requests, strict=True)]
    share = sum(one.low <= 0.2 <= one.high for one in found if one is not None) / CASES
    assert share == pytest.approx(0.95, abs=ERROR + 0.005)
