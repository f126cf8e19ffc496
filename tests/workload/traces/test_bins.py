"""Counts turned into instants: exact numbers per bin, and the law each ``within_bin`` promises."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from lambdasim.workload.random_streams import stream_key
from lambdasim.workload.traces.bins import PLACES, Cells, arrivals, merged, scaled_counts

BIN = 1_000
FUNCTIONS = 3
KEYS = np.array([stream_key(1, "place", str(f)) for f in range(FUNCTIONS)], np.uint64)
WITHIN = pytest.mark.parametrize("within_bin", PLACES)


def cells(rows):
    return merged(Cells(*np.array(rows, np.int64).reshape(-1, 3).T))


def placed(some, within_bin, bin_ns=BIN):
    blocks = list(arrivals(some, some.count, bin_ns, within_bin, KEYS))
    times = np.concatenate([block.arrival_ns for block in blocks]) if blocks else np.zeros(0, np.int64)
    functions = np.concatenate([block.function for block in blocks]) if blocks else np.zeros(0, np.int64)
    assert (np.diff(times) >= 0).all()
    return times, functions


TRACES = st.lists(
    st.tuples(st.integers(0, 8).map(lambda b: b * BIN), st.integers(0, 2), st.integers(0, 9)), max_size=30
)


@WITHIN
@given(rows=TRACES)
def test_each_function_has_its_count_in_each_bin(within_bin, rows):
    times, functions = placed(cells(rows), within_bin)
    expected = Counter()
    for ns, function, count in rows:
        expected[ns // BIN, function] += count
    assert Counter(zip((times // BIN).tolist(), functions.tolist(), strict=True)) == +expected


@WITHIN
def test_pieces_carry_no_meaning(within_bin):
    """Bins of 40,000 arrivals come one by one, the small ones together: all as if placed alone."""
    bin_ns = 60 * 10**9
    some = cells([(b * bin_ns, f, 40_000 if b == 2 else 7) for b in range(5) for f in range(FUNCTIONS)])
    times, functions = placed(some, within_bin, bin_ns)
    for b in range(5):
        part = slice(b * FUNCTIONS, (b + 1) * FUNCTIONS)
        alone, _ = placed(Cells(some.time_ns[part], some.function[part], some.count[part]), within_bin, bin_ns)
        assert (times[times // bin_ns == b] == alone).all()
    assert len(functions) == some.count.sum()


def test_poisson_instants_are_independent_and_uniform():
    """Given their number, the arrivals of a Poisson process are independent uniform instants (order statistics)."""
    some = cells([(b * 10**9, 0, 10) for b in range(1_000)])
    times, _ = placed(some, "poisson", 10**9)
    assert kstest(times % 10**9 / 10**9, "uniform").pvalue > 0.001
    first = times.reshape(-1, 10)[:, 0] % 10**9 / 10**9
    assert kstest(first, lambda x: 1 - (1 - x) ** 10).pvalue > 0.001  # the least of ten uniforms


def test_poisson_gaps_of_a_full_bin_are_exponential():
    """The gaps of n uniform instants times n + 1 tend to the exponential law (Rényi)."""
    times, _ = placed(cells([(0, 0, 20_000)]), "poisson", 10**12)
    assert kstest(np.diff(times) * 20_001 / 10**12, "expon").pvalue > 0.001


def test_uniform_has_one_arrival_in_each_part():
    times, _ = placed(cells([(b * 10**9, 0, 10) for b in range(500)]), "uniform", 10**9)
    assert (times // 10**8 == np.arange(5_000)).all()
    assert kstest(times % 10**8 / 10**8, "uniform").pvalue > 0.001


def test_even_is_equidistant_and_its_first_arrival_is_drawn():
    times, _ = placed(cells([(b * 10**9, 0, 10) for b in range(500)]), "even", 10**9)
    by_bin = times.reshape(-1, 10)
    assert (np.abs(np.diff(by_bin, axis=1) - 10**8) <= 1).all()
    assert kstest(by_bin[:, 0] % 10**9 / 10**8, "uniform").pvalue > 0.001


@given(rows=TRACES, scale=st.integers(1, 5))
def test_a_whole_scale_is_exact(rows, scale):
    some = cells(rows)
    assert (scaled_counts(some, BIN, float(scale), KEYS) == some.count * scale).all()


@given(rows=TRACES, scale=st.floats(0.01, 5))
def test_a_scaled_count_is_rounded_to_a_neighbour(rows, scale):
    some = cells(rows)
    error = scaled_counts(some, BIN, scale, KEYS) - some.count * scale
    assert (np.abs(error) < 1).all()


@pytest.mark.parametrize("scale", [0.1, 1.4, 2.75])
def test_the_total_is_scale_times_the_counts(scale):
    """Each bin's fraction is an independent Bernoulli trial, so the total is within 4 standard errors."""
    some = cells([(b * BIN, f, 3) for b in range(5_000) for f in range(FUNCTIONS)])
    fraction = 3 * scale % 1
    total = scaled_counts(some, BIN, scale, KEYS).sum()
    assert abs(total - 45_000 * scale) < 4 * np.sqrt(15_000 * fraction * (1 - fraction))
