"""Rows repeated, thinned and put in order: what must hold for every trace, and the laws of the draws."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.workload.block import ArrivalBlock
from lambdasim.workload.random_streams import stream_key
from lambdasim.workload.traces.rows import SPREAD_NS, reordered, scaled

FUNCTIONS = 3
FRACTION = np.array([stream_key(1, "fraction", str(f)) for f in range(FUNCTIONS)], np.uint64)
COPY = np.array([stream_key(1, "copy", str(f)) for f in range(FUNCTIONS)], np.uint64)

TRACES = st.lists(
    st.tuples(st.integers(0, 4 * SPREAD_NS // 10**10), st.integers(0, FUNCTIONS - 1)), min_size=1, max_size=40
).map(lambda rows: [(ns * 10**10, function) for ns, function in rows])
CUTS = st.lists(st.integers(0, 40), max_size=4)


def blocks(rows, cuts=()):
    """Yield the rows, each with its number as its duration, cut into blocks."""
    times, functions = np.array(rows, np.int64).reshape(-1, 2).T
    bounds = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    for low, high in pairwise(bounds):
        yield ArrivalBlock(times[low:high], functions[low:high], np.arange(low, high))


def collected(stream):
    """Return (time, function, number of the row) of all rows of a stream that must be in order."""
    found = [
        row
        for block in stream
        for row in zip(block.arrival_ns.tolist(), block.function.tolist(), block.duration_ns.tolist(), strict=True)
    ]
    assert [row[0] for row in found] == sorted(row[0] for row in found)
    return found


def replay(rows, scale, cuts=()):
    return collected(scaled(blocks(rows, cuts), scale, rows[-1][0], FRACTION, COPY))


@given(TRACES.map(sorted), CUTS, st.integers(1, 5))
def test_a_whole_scale_repeats_every_row_exactly(rows, cuts, scale):
    found = replay(rows, float(scale), cuts)
    assert Counter(number for *_, number in found) == dict.fromkeys(range(len(rows)), scale)


@given(TRACES.map(sorted), CUTS, st.floats(0.01, 4))
def test_copies_follow_their_row_but_not_its_successor(rows, cuts, scale):
    found = replay(rows, scale, cuts)
    end_ns = rows[-1][0]
    for ns, function, number in found:
        row_ns, row_function = rows[number]
        following = next((t for t, f in rows[number + 1 :] if f == row_function), end_ns)
        assert function == row_function
        assert row_ns <= ns <= min(row_ns + SPREAD_NS, max(following, row_ns), end_ns)
    copies = Counter(number for *_, number in found)
    assert all(copies[number] in (int(scale), int(scale) + 1) for number in range(len(rows)))
    originals = {number: ns for ns, _, number in reversed(found)}
    assert all(originals[number] == rows[number][0] for number in originals)


@given(TRACES.map(sorted), CUTS, st.floats(0.01, 4))
def test_blocks_carry_no_meaning(rows, cuts, scale):
    assert replay(rows, scale, cuts) == replay(rows, scale)


@given(TRACES.map(sorted), st.floats(0.01, 4))
def test_other_functions_move_nothing(rows, scale):
    end = (rows[-1][0], 0)  # the copies end with the trace, so it ends alike
    alone = [row for row in rows if row[1] == 0] + [end]
    found = [(ns, function) for ns, function, _ in replay([*rows, end], scale) if function == 0]
    assert found == [(ns, function) for ns, function, _ in replay(alone, scale)]


@given(TRACES, CUTS)
def test_reordering_sorts_and_keeps_every_row(rows, cuts):
    times = np.array([ns for ns, _ in rows])
    disorder = int((np.maximum.accumulate(times) - times).max())
    found = collected(reordered(blocks(rows, cuts), disorder))
    assert [(ns, number) for ns, _, number in found] == sorted((ns, number) for number, (ns, _) in enumerate(rows))


@pytest.mark.parametrize("scale", [0.1, 0.75, 1.4, 3.5])
def test_the_total_is_scale_times_the_rows(scale):
    """Each row adds an independent Bernoulli trial, so the total is within 4 standard errors (binomial)."""
    n = 20_000
    rows = [(i * 10**9, i % FUNCTIONS) for i in range(n)]
    fraction = scale % 1
    assert abs(len(replay(rows, scale)) - scale * n) < 4 * np.sqrt(n * fraction * (1 - fraction))


def test_copies_are_uniform_between_their_row_and_the_next():
    """Kolmogorov-Smirnov: the copies' places in the gap are uniform."""
    from scipy.stats import kstest

    rows = [(i * 10**9, 0) for i in range(4_001)]
    places = [ns % 10**9 / 10**9 for ns, *_ in replay(rows, 2.0) if ns % 10**9]
    assert len(places) == 4_000
    assert kstest(places, "uniform").pvalue > 0.001


def test_a_burst_grows_in_place():
    """1,000 requests in 100 ms stay within 100 ms when they become 3,000."""
    rows = [(i * 100_000, 0) for i in range(1_000)] + [(10 * SPREAD_NS, 0)]
    found = replay(rows, 3.0)
    assert sum(ns < 100_000_000 for ns, *_ in found) >= 2_997


def test_copies_of_a_rare_function_are_spread():
    rows = sorted([(i * 10**9, 0) for i in range(200)] + [(50 * 10**9, 1), (199 * 10**9, 1)])
    first, second = (ns for ns, function, _ in replay(rows, 2.0) if function == 1 and ns < 150 * 10**9)
    assert first == 50 * 10**9
    assert second - first > 10**9
