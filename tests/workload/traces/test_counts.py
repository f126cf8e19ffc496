"""The ``counts`` format: bins, their width, and what may stand in them."""

from collections import Counter

import pytest

S = 1_000_000_000
MIN = 60 * S


def test_counts_are_exact_per_bin_and_function(open_load, rows):
    text = "time,count,function\n0,3,a\n0,2,b\n60,0,a\n120,4,b\n"
    load = open_load(text, format="counts")
    assert Counter((ns // MIN, name) for ns, name in rows(load)) == {(0, "a"): 3, (0, "b"): 2, (2, "b"): 4}
    assert load.ends_ns == 3 * MIN


def test_rows_of_one_bin_and_function_add_up_at_different_instants(open_load, rows):
    load = open_load("time,count\n0,5\n0,5\n60,1\n", format="counts")
    assert len(set(rows(load))) == 11


def test_a_bin_is_as_wide_as_the_smallest_step(open_load):
    assert open_load("time,count\n0,1\n600,1\n900,1\n", format="counts").ends_ns == 1200 * S


def test_bin_says_how_wide_bins_are(open_load, rows):
    load = open_load("time,count\n0,1000\n60,1000\n", format="counts", bin="1s")
    assert all(ns % MIN < S for ns, _ in rows(load))
    assert load.ends_ns == 61 * S
    assert open_load("time,count\n5,7\n", format="counts", bin="1min").ends_ns == 65 * S


def test_dates_and_whole_numbers_written_with_a_point(open_load, rows):
    load = open_load("time,count\n2014-04-10 00:04:00,94.0\n2014-04-10 00:09:00,56.0\n", format="counts")
    assert Counter(ns // (5 * MIN) for ns, _ in rows(load)) == {0: 94, 1: 56}


def test_a_window_keeps_the_arrivals_that_fall_inside(open_load, rows):
    text = "time,count,function\n" + "".join(f"{60 * i},100,f\n{60 * i},50,g\n" for i in range(10))
    whole = rows(open_load(text, format="counts"))
    load = open_load(text, format="counts", **{"from": "90s", "until": "250s"})
    assert rows(load) == [(ns - 90 * S, name) for ns, name in whole if 90 * S <= ns < 250 * S]
    assert load.ends_ns == 160 * S


def test_another_function_moves_nothing(open_load, rows):
    with_b = rows(open_load("time,count,function\n0,9,a\n0,9,b\n60,9,a\n", format="counts", scale=1.3))
    alone = rows(open_load("time,count,function\n0,9,a\n60,9,a\n", format="counts", scale=1.3))
    assert [row for row in with_b if row[1] == "a"] == alone


def test_another_seed_moves_arrivals(open_load, rows):
    text = "time,count\n0,9\n60,9\n"
    assert rows(open_load(text, format="counts", seed=1)) != rows(open_load(text, format="counts", seed=2))


def test_bins_across_batches_are_whole(open_load, rows):
    """A file of several batches, with functions of one bin on both sides of a boundary."""
    text = "time,count,function\n" + "".join(f"{i // 100},{i % 3},f{i % 100:02}\n" for i in range(200_000))
    load = open_load(text, format="counts")
    assert sum(len(block) for block in load.blocks()) == sum(i % 3 for i in range(200_000))
    assert load.ends_ns == 2000 * S


def test_no_arrivals_at_all_are_a_load_without_requests(open_load, rows):
    assert rows(open_load("time,count\n0,0\n60,0\n", format="counts")) == []


@pytest.mark.parametrize(
    ("text", "trace", "message"),
    [
        ("time,count\n0,1\n", {}, "only one time, so how wide its bin is cannot be told"),
        ("time,count\n0,1\n60,1\n150,1\n", {}, "the steps between times are no multiples of the smallest, 1min"),
        ("time,count\n0,1\n60,1\n", {"bin": "2min"}, "times as near as 1min cannot begin bins of 2min"),
        ("time,count\n0,1\n60,1.5\n", {}, "trace.csv:3: count: '1.5' is not a count"),
        ("time,count\n0,1\n60,-1\n", {}, "trace.csv:3: count: '-1' is not a count"),
        ("time,count\n0,1\n60,nan\n", {}, "trace.csv:3: count: 'nan' is not a count"),
        ("time,count\n0,1\n60,\n", {}, "trace.csv:3: count: is empty"),
        ("time,count\n0,1e13\n60,1\n", {}, "count: one bin has 1e+13 arrivals, more than 8,388,608"),
        ("time,count\n0,9000\n60,1\n", {"scale": 1e6}, "count: one bin has 9e+09 arrivals"),
        ("time,count\n0,1\n60,1\n", {"from": "2min"}, "trace.csv has no bin between from and until"),
        ("time,cuont\n0,1\n", {}, "trace.csv:1: no column is called 'count'; rename 'cuont' if that is it"),
    ],
)
def test_refusals(refusal, text, trace, message):
    assert message in refusal(text, format="counts", **trace)
