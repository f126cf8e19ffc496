import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.report.series import Series, coarse, largest, thin
from lambdasim.report.table import Table


def test_a_table_has_a_row_per_period_and_what_is_absent_stays_so(make_result):
    result = make_result(["api", "other"], periods=5, throttled=False)
    result.timeseries = result.timeseries[result.timeseries["time"] != 120.0]
    table = Series(result).table("Invocations", "Sum", ["other", "api", "unknown"]).frame()
    assert list(table.columns) == ["other", "api", "unknown"]
    assert list(table.index) == [0, 60, 120, 180, 240]
    assert table.loc[120.0].isna().all()
    assert table["unknown"].isna().all()
    assert (table["api"].dropna() > 0).all()


def test_the_last_period_ends_with_the_experiment(make_result):
    result = make_result(["api"], periods=3)
    result.summary["simulated_s"] = 150.0
    assert list(Series(result).edges) == [0, 60, 120, 150]


def test_stacked_adds_up_to_all_functions(make_result):
    result = make_result([f"f{i}" for i in range(20)])
    series = Series(result)
    stacked = series.stacked("Invocations", "Sum")
    assert list(stacked.columns) == [f"f{i}" for i in range(6)] + ["(14 others)"]
    whole = series.table("Invocations", "Sum", series.functions).across()
    np.testing.assert_allclose(stacked.across(), whole)


def test_a_function_keeps_its_colour_by_its_place(make_result):
    few = Series(make_result(["a", "b", "c"])).colours
    more = Series(make_result(["a", "b", "c", "d"])).colours
    assert few == {name: more[name] for name in few}
    assert len(set(Series(make_result([f"f{i}" for i in range(18)])).colours.values())) == 18


def test_of_many_functions_those_that_lead_differ(make_result):
    series = Series(make_result([f"f{i:04d}" for i in range(30)]))
    leaders = series.leaders("concurrency", "max")
    assert len({series.colours[name] for name in leaders}) == len(leaders) == 6


def test_series_that_are_held_are_shared_and_what_is_worked_out_goes_with_them(make_result):
    result, other, asked = make_result(), make_result(), []
    series = Series.of(result)
    assert Series.of(result) is series
    assert Series.of(other) is not series
    assert [series.once(asked.append) for _ in range(2)] == [None, None]
    assert asked == [series]
    asked.clear()
    held = weakref.ref(series)
    del series
    assert held() is None
    Series.of(result).once(asked.append)
    assert len(asked) == 1


def test_largest_keeps_the_order_and_leaves_out_zeros():
    totals = {f"f{i}": float(i % 5) for i in range(10)} | {"none": 0.0}
    assert largest(totals, 4) == ["f3", "f4", "f8", "f9"]
    assert largest({"a": 0.0, "b": 1.0}, 4) == ["a", "b"]
    assert largest(dict.fromkeys("abcdefg", 0.0), 6) == []


values = st.lists(st.floats(0, 1e6) | st.just(np.nan), min_size=1, max_size=400)


@given(values, st.integers(2, 50))
def test_thinning_keeps_extremes_and_order(y, points):
    y = np.array(y)
    x, thinned = thin(np.arange(len(y), dtype=float), y, points)
    assert len(x) <= max(points + 1, 2)
    assert (np.diff(x) >= 0).all()
    assert len(x) == len(y) or np.array_equal(y[x.astype(int)], thinned, equal_nan=True)
    if not np.isnan(y).all():
        assert np.nanmax(thinned) == np.nanmax(y)
        assert np.nanmin(thinned) == np.nanmin(y)


@pytest.mark.parametrize("mean", [False, True])
def test_joined_periods_keep_the_sum_or_the_mean(mean):
    table = Table(np.arange(10) * 60.0, {"a": np.arange(10.0)})
    edges, joined = coarse(np.arange(11) * 60.0, table, 4, mean=mean)
    assert list(edges) == [0, 180, 360, 540, 600]
    assert list(joined["a"]) == ([1, 4, 7, 9] if mean else [3, 12, 21, 9])
