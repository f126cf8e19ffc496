"""Histograms: what they keep exactly, how near their quantiles are, and that they merge exactly."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.metrics.histogram import EMPTY, Histogram, Samples, bin_of, rank_of, value_of

values = st.integers(0, 2**62) | st.integers(0, 1000) | st.integers(0, 40).map(lambda e: 2**e - 1)
groups = st.integers(0, 3)
QUANTILES = (0.0, 0.07, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0)


def histogram_of(sample: list[int]) -> Histogram:
    samples = Samples()
    samples.add(np.zeros(len(sample), np.int64), np.array(sample, np.int64))
    return samples.histograms().histogram(0)


def exact(sample: list[int], quantile: float) -> int:
    return sorted(sample)[max(math.ceil(Fraction(str(quantile)) * len(sample)), 1) - 1]


def within(value: int, truth: int) -> bool:
    return abs(value - truth) <= 0.004 * truth


def test_bins_are_in_order_and_small_integers_have_their_own() -> None:
    small = np.arange(256)
    assert len(set(bin_of(small).tolist())) == 256
    assert value_of(bin_of(small)).tolist() == small.tolist()
    assert bin_of(np.array([0, 1])).tolist() == [0, 1]
    assert bin_of(np.array([2**63 - 1]))[0] < 2**13
    assert (np.diff(bin_of(2 ** np.arange(62))) > 0).all()


@given(values)
def test_a_bins_value_is_within_four_thousandths(value: int) -> None:
    assert within(int(value_of(bin_of(np.array([value])))[0]), value)


@pytest.mark.parametrize(
    ("quantile", "count", "rank"),
    [(0.5, 2, 1), (0.5, 3, 2), (0.07, 100, 7), (0.99, 100, 99), (0.999, 1000, 999), (0.0, 5, 1), (1.0, 5, 5)],
)
def test_nearest_rank(quantile: float, count: int, rank: int) -> None:
    assert rank_of(quantile, np.array([count])).tolist() == [rank]


@given(st.lists(values, min_size=1, max_size=60))
def test_moments_are_exact_and_quantiles_near(sample: list[int]) -> None:
    histogram = histogram_of(sample)
    assert (histogram.count, histogram.total) == (len(sample), sum(sample))
    assert (histogram.minimum, histogram.maximum) == (min(sample), max(sample))
    for quantile, value in zip(QUANTILES, histogram.quantiles(QUANTILES), strict=True):
        assert within(value, exact(sample, quantile))
        assert min(sample) <= value <= max(sample)


@given(st.lists(st.lists(values, max_size=20), min_size=1, max_size=4))
def test_merging_is_the_histogram_of_all(samples: list[list[int]]) -> None:
    merged = Histogram.merged([histogram_of(sample) for sample in samples])
    again = Histogram.merged([Histogram.merged([histogram_of(s) for s in samples[1:]]), histogram_of(samples[0])])
    whole = histogram_of([value for sample in samples for value in sample])
    for other in (merged, again):
        assert other.bins.tolist() == whole.bins.tolist()
        assert other.counts.tolist() == whole.counts.tolist()
        assert (other.count, other.total, other.minimum, other.maximum) == (
            whole.count,
            whole.total,
            whole.minimum,
            whole.maximum,
        )


@given(st.lists(st.tuples(groups, values), max_size=60), st.lists(groups, min_size=4, max_size=4))
def test_groups_are_kept_apart_and_regrouped(pairs: list[tuple[int, int]], renamed: list[int]) -> None:
    samples = Samples()
    for part in (pairs[: len(pairs) // 2], pairs[len(pairs) // 2 :]):
        samples.add(np.array([g for g, _ in part], np.int64), np.array([v for _, v in part], np.int64))
    histograms = samples.histograms()
    kept = histograms.groups != 3
    regrouped = histograms.regroup(np.array(renamed)[histograms.groups], kept)
    for name, table in {"as they are": histograms, "regrouped": regrouped}.items():
        expected: dict[int, list[int]] = {}
        for group, value in pairs:
            if name == "as they are":
                expected.setdefault(group, []).append(value)
            elif group != 3:
                expected.setdefault(renamed[group], []).append(value)
        assert table.groups.tolist() == sorted(expected)
        samples_of = [expected[group] for group in sorted(expected)]
        assert table.count.tolist() == [len(sample) for sample in samples_of]
        assert table.minimum.tolist() == [min(sample) for sample in samples_of]
        assert table.maximum.tolist() == [max(sample) for sample in samples_of]
        assert table.mean().tolist() == pytest.approx([sum(sample) / len(sample) for sample in samples_of])
        for quantile in QUANTILES:
            for value, sample in zip(table.quantile(quantile).tolist(), samples_of, strict=True):
                assert within(value, exact(sample, quantile))
        for group, sample in expected.items():
            assert table.histogram(group).total == sum(sample)


def test_no_values() -> None:
    assert Samples().histograms().histogram(0) is EMPTY
    assert Histogram.merged([]) is EMPTY
    assert len(Samples().histograms().quantile(0.5)) == 0
    with pytest.raises(ValueError, match="no values"):
        EMPTY.quantiles([0.5])


def test_survival() -> None:
    middles, above = histogram_of([10, 20, 20, 40]).survival()
    assert middles.tolist() == [10, 20, 40]
    assert above.tolist() == [0.75, 0.25, 0.0]
