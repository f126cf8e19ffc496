"""Intervals: exact where there is something to compare with, then their coverage over hundreds of known models.

An interval of 95 % covers in 95 of 100 cases; over N independent cases the share that it covers has the standard error
sqrt(0.95 * 0.05 / N), and four of these are allowed (the binomial distribution is close to normal there).
"""

import math

import numpy as np
import pytest
from scipy import special, stats

from lambdasim.metrics.inference.bootstrap import bootstrap_interval, resamples
from lambdasim.metrics.inference.intervals import (
    OF_ONE_RUN,
    Interval,
    mean_interval,
    proportion_bounds,
    proportion_interval,
    quantile_interval,
    student,
    trials_for,
)

CASES = 1500


def test_what_is_known_without_scipy_is_what_it_says() -> None:
    confidence, degrees = OF_ONE_RUN
    assert student(*OF_ONE_RUN) == special.stdtrit(degrees, (1 + confidence) / 2)


def covered(intervals: list[Interval], truth: float) -> float:
    return sum(one.low <= truth <= one.high for one in intervals) / len(intervals)


def error(cases: int, share: float = 0.95) -> float:
    return 4 * math.sqrt(share * (1 - share) / cases)


def draws(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_mean_has_students_interval() -> None:
    values = [3.0, 5.0, 4.0, 8.0]
    low, high = stats.t.interval(0.9, 3, np.mean(values), stats.sem(values))
    found = mean_interval(values, 0.9)
    assert (found.mean, found.low, found.high) == pytest.approx((5.0, low, high))
    assert found.to_json() == {"mean": found.mean, "ci": [found.low, found.high]}
    assert found.relative == pytest.approx((high - low) / 10)


def test_what_cannot_be_negative_has_no_negative_bound() -> None:
    assert mean_interval([0.0, 0.0, 9.0], 0.95).low == 0.0
    assert mean_interval([-1.0, 0.0, 9.0], 0.95).low < -1.0


def test_one_value_has_no_interval() -> None:
    with pytest.raises(ValueError, match="no interval"):
        mean_interval([1.0], 0.95)


@pytest.mark.parametrize(("interval", "relative"), [(Interval(0, 0, 0), 0.0), (Interval(0, 0, 1), math.inf)])
def test_an_estimate_of_nothing_is_precise_only_without_doubt(interval: Interval, relative: float) -> None:
    assert interval.relative == relative


@pytest.mark.parametrize(("successes", "trials"), [(0, 20), (3, 20), (20, 20), (0, 1), (50, 1000)])
def test_a_proportion_has_clopper_and_pearsons_interval(successes: int, trials: int) -> None:
    found = proportion_interval(successes, trials, 0.95)
    one_sided = 0.90 if successes in (0, trials) else 0.95
    exact = stats.binomtest(successes, trials).proportion_ci(one_sided, "exact")
    assert (found.mean, found.low, found.high) == pytest.approx((successes / trials, exact.low, exact.high))


@pytest.mark.parametrize(("successes", "trials"), [(0, 928), (3, 20), (20, 20), (50, 1000)])
def test_bounds_of_a_proportion_hold_one_by_one(successes: int, trials: int) -> None:
    exact = stats.binomtest(successes, trials).proportion_ci(0.9, "exact")
    assert proportion_bounds(successes, trials, 0.95) == pytest.approx(
        (exact.low if successes else 0.0, exact.high if successes < trials else 1.0)
    )


def test_no_success_of_928_trials_leaves_room_for_a_third_of_a_percent() -> None:
    assert proportion_bounds(0, 928, 0.95)[1] == pytest.approx(1 - 0.05 ** (1 / 928))
    assert proportion_bounds(0, 928, 0.95)[1] == pytest.approx(0.00322, abs=5e-6)


@pytest.mark.parametrize(("probability", "level", "trials"), [(0.9, 0.95, 29), (0.99, 0.95, 299), (0.9, 0.975, 36)])
def test_clean_runs_that_show_a_share(probability: float, level: float, trials: int) -> None:
    assert trials_for(probability, level) == trials
    assert (
        proportion_bounds(trials, trials, level)[0] >= probability > proportion_bounds(trials - 1, trials - 1, level)[0]
    )


@pytest.mark.parametrize("quantile", [0.5, 0.9])
def test_a_quantiles_interval_has_the_ranks_of_the_binomial_distribution(quantile: float) -> None:
    values = list(range(1, 61))
    found = quantile_interval(values, quantile, 0.95)
    below = stats.binom(60, quantile)
    assert below.cdf(found.low - 1) <= 0.025 < below.cdf(found.low)
    assert below.sf(found.high - 1) <= 0.025 < below.sf(found.high - 2)
    assert found.mean == 60 * quantile


def test_too_few_values_for_a_quantile_say_how_many_it_takes() -> None:
    with pytest.raises(ValueError, match="it takes 36"):
        quantile_interval(range(35), 0.9, 0.95)
    assert quantile_interval(range(36), 0.9, 0.95).high == 35


def test_resamples_are_of_the_seed_and_the_name_alone() -> None:
    first = resamples(5, 1, "a", 100)
    assert (first == resamples(5, 1, "a", 100)).all()
    assert (first != resamples(5, 1, "b", 100)).any()
    assert (first != resamples(5, 2, "a", 100)).any()
    assert set(first.ravel()) == set(range(5))
    assert (first[:50] == resamples(5, 1, "a", 50)).all()


def test_a_bootstrap_of_the_mean_is_near_students() -> None:
    values = draws().normal(10, 2, 40)
    found = bootstrap_interval(values, lambda sample: sample.mean(axis=1), 0.95, seed=3, name="mean")
    exact = mean_interval(values.tolist(), 0.95)
    assert found.mean == pytest.approx(exact.mean)
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=0.25 * exact.half_width)


def test_coverage_of_means() -> None:
    every = draws().normal(5, 2, (CASES, 5))
    found = covered([mean_interval(row.tolist(), 0.95) for row in every], 5)
    assert found == pytest.approx(0.95, abs=error(CASES))


@pytest.mark.parametrize("probability", [0.001, 0.02, 0.3])
def test_coverage_of_proportions_is_at_least_what_is_asked(probability: float) -> None:
    counts = draws().binomial(200, probability, CASES)
    found = covered([proportion_interval(int(n), 200, 0.95) for n in counts], probability)
    assert found >= 0.95 - error(CASES)


def test_coverage_of_quantiles_is_what_their_ranks_say() -> None:
    """With 60 values the two ranks about the 90th percentile cover with their exact binomial probability."""
    ranks = quantile_interval(list(range(1, 61)), 0.9, 0.95)
    exact = stats.binom(60, 0.9).cdf(ranks.high - 1) - stats.binom(60, 0.9).cdf(ranks.low - 1)
    every = draws().exponential(1.0, (CASES, 60))
    found = covered([quantile_interval(row.tolist(), 0.9, 0.95) for row in every], math.log(10))
    assert exact >= 0.95
    assert found == pytest.approx(exact, abs=error(CASES, exact))


def test_coverage_of_percentiles_by_replications() -> None:
    """The 99th percentile of a run of 2000 requests, over 10 runs: what ``summary.json`` gives an interval for."""
    rng = draws()
    every = np.quantile(rng.exponential(1.0, (500, 10, 2000)), 0.99, axis=2, method="inverted_cdf")
    ranks = np.arange(2000 - 1980 + 1, 2001)
    truth = float((1 / ranks).sum())  # the mean of the 1980th of 2000 exponential values (A. Renyi, 1953)
    found = covered([mean_interval(row.tolist(), 0.95) for row in every], truth)
    assert found == pytest.approx(0.95, abs=error(500))


def test_coverage_of_a_bootstrapped_ratio() -> None:
    """A ratio of two means over pairs, as the relative change of a comparison is."""
    rng = draws()
    cases = 600
    hits = []
    for _ in range(cases):
        luck = rng.normal(0, 1, 20)
        pairs = np.column_stack((10 + luck + rng.normal(0, 0.2, 20), 8 + luck + rng.normal(0, 0.2, 20)))
        hits.append(
            bootstrap_interval(
                pairs, lambda s: s[..., 1].mean(axis=1) / s[..., 0].mean(axis=1), 0.95, seed=0, name="ratio"
            )
        )
    assert covered(hits, 0.8) == pytest.approx(0.95, abs=error(cases))
