"""Sparse accumulators against dictionaries, and sums that do not overflow."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.metrics import cells as cells_module
from lambdasim.metrics.cells import Cells, exact_sum, order_of, run_starts, sums_by

keys = st.integers(0, 3) | st.integers(-(2**61), 2**61)


@pytest.mark.parametrize("high", [1, 300, 2**16, 2**33, 2**62])
def test_order_is_the_stable_order(high: int) -> None:
    for size in (0, 1, 255, 256, 5000):
        values = np.random.default_rng(size).integers(-high // 3, high, size)
        assert order_of(values).tolist() == np.argsort(values, kind="stable").tolist()


values = st.integers(-5, 5) | st.integers(-(2**40), 2**40)


@given(st.lists(st.lists(st.tuples(keys, values), max_size=20), max_size=6), st.sampled_from([1, 2**18]))
def test_cells_against_a_dictionary(chunks: list[list[tuple[int, int]]], few: int) -> None:
    cells = Cells(("total",), ("largest",))
    expected: dict[int, list[int]] = {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cells_module, "SETTLE_ROWS", few)  # so that many parts are settled one after another
        patched.setattr(cells_module, "NARROW_ROWS", few)
        for chunk in chunks:
            values = np.array([value for _, value in chunk], np.int64)
            cells.add(np.array([key for key, _ in chunk], np.int64), total=values, largest=values)
            for key, value in chunk:
                expected.setdefault(key, []).append(value)
        totals = cells.totals()
    assert totals.keys.tolist() == sorted(expected)
    assert totals["total"].tolist() == [sum(expected[key]) for key in sorted(expected)]
    assert totals["largest"].tolist() == [max(expected[key]) for key in sorted(expected)]


def test_waiting_cells_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells_module, "SETTLE_ROWS", 10)
    cells = Cells(("count",))
    for _ in range(100):
        cells.add(np.arange(4), count=np.ones(4, np.int64))
        assert cells._waiting_rows <= 10
    assert cells.totals()["count"].tolist() == [100] * 4


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-(2**63), 2**63 - 1)), max_size=50))
def test_sums_do_not_overflow(pairs: list[tuple[int, int]]) -> None:
    index = np.array([i for i, _ in pairs], np.int64)
    values = np.array([value for _, value in pairs], np.int64)
    assert exact_sum(values) == sum(value for _, value in pairs)
    assert sums_by(index, values, 3) == [sum(value for j, value in pairs if j == i) for i in range(3)]


def test_run_starts() -> None:
    assert run_starts(np.array([7, 7, 7, 2, 9, 9])).tolist() == [0, 3, 4]
    assert run_starts(np.array([], np.int64)).tolist() == []
