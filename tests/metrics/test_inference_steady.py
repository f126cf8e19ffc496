"""One run over time: its transient, and its batch means."""

import math

import numpy as np
import pytest

from lambdasim.metrics.inference.steady import batch_means, mser5


def noise(length: int, correlation: float = 0.0, seed: int = 3) -> np.ndarray:
    """A stationary autoregressive series of mean 0 and standard deviation 1."""
    rng = np.random.default_rng(seed)
    shocks = rng.normal(0, math.sqrt(1 - correlation**2), length)
    values = np.empty(length)
    value = rng.normal()
    for i in range(length):
        value = correlation * value + shocks[i]
        values[i] = value
    return values


def test_mser5_cuts_where_the_standard_error_of_the_rest_is_smallest() -> None:
    series = noise(200) + np.where(np.arange(200) < 40, 8.0, 0.0)
    found = mser5(series)
    means = series.reshape(-1, 5).mean(axis=1)
    errors = [means[d:].var() / (40 - d) for d in range(21)]
    assert found is not None
    assert found.length == 5 * int(np.argmin(errors))
    assert (found.length, found.settled) == (40, True)


def test_a_series_that_never_settles_says_so() -> None:
    found = mser5(np.arange(200.0)[::-1] ** 2)
    assert found is not None
    assert not found.settled


@pytest.mark.parametrize("series", [np.zeros(49), np.full(60, np.nan)])
def test_too_short_or_unknown_series_have_no_answer(series: np.ndarray) -> None:
    assert mser5(series) is None


def test_batches_are_weighted_and_the_ratio_is_that_of_the_sums() -> None:
    weights = np.tile([1.0, 3.0], 40)
    found = batch_means(weights * 5.0, weights, 0.95)
    assert found is not None
    assert (found.mean, found.low, found.high) == (5.0, 5.0, 5.0)


def test_a_run_too_short_or_too_correlated_has_no_batch_means() -> None:
    assert batch_means(np.ones(39), np.ones(39), 0.95) is None
    assert batch_means(np.zeros(80), np.zeros(80), 0.95) is None
    assert batch_means(np.arange(80.0), np.ones(80), 0.95) is None


def test_coverage_of_batch_means() -> None:
    """Of series that forget within a batch; by the central limit theorem for mixing series batch means are normal."""
    cases = 600
    found = [batch_means(10 + noise(1000, 0.3, seed), np.ones(1000), 0.95) for seed in range(cases)]
    kept = [one for one in found if one is not None]
    share = sum(one.low <= 10 <= one.high for one in kept) / len(kept)
    assert len(kept) > 0.85 * cases, "5 % are refused by chance"
    assert share == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / len(kept)))
