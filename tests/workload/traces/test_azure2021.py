"""The ``azure2021`` format: its two layouts, its order and its names."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.workload.block import ArrivalBlock
from lambdasim.workload.traces.azure2021 import Disorder

S = 1_000_000_000


def test_starts_and_durations(open_load, rows):
    load = open_load("app,func,start_s,duration_s\na,f,0.0015,0.078\nb,g,2,57.154\n", format="azure2021")
    assert rows(load) == [(1_500_000, "f"), (2 * S, "g")]
    assert np.concatenate([b.duration_ns for b in load.blocks()]).tolist() == [78_000_000, 57_154_000_000]
    assert load.ends_ns == 2 * S


def test_rows_in_order_of_their_end_are_replayed_by_start(open_load, rows):
    text = "app,func,end_timestamp,duration\na,short,5,0.5\na,long,10,9.75\na,short,11,1\n"
    load = open_load(text, format="azure2021")
    assert rows(load) == [(S // 4, "long"), (9 * S // 2, "short"), (10 * S, "short")]


def test_a_row_that_began_before_the_trace_begins_with_it(open_load, rows):
    load = open_load("app,func,end_timestamp,duration\na,f,1,3\na,g,2,1\n", format="azure2021")
    assert rows(load) == [(0, "f"), (1 * S, "g")]


def test_functions_of_one_name_in_two_apps_are_told_apart(open_load):
    text = "app,func,start_s,duration_s\na,f,0,1\nb,f,1,1\nb,g,2,1\n"
    assert open_load(text, format="azure2021").functions == ("a/f", "b/f", "g")


def test_a_window_moves_to_zero(open_load, rows):
    text = "app,func,start_s,duration_s\na,f,0,1\na,g,10,1\na,f,20,1\n"
    load = open_load(text, format="azure2021", **{"from": "5s", "until": "20s"})
    assert rows(load) == [(5 * S, "g")]
    assert load.ends_ns == 5 * S


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("app,func,time\na,f,0\n", "trace.csv:1: no column is called 'end_timestamp'; the columns are"),
        ("app,func,start_s,durations\na,f,0,1\n", "no column is called 'duration_s'; rename 'durations' if that is it"),
        ("app,func,start_s,duration_s\na,f,0,-1\n", "trace.csv:2: duration_s: '-1' is negative"),
        ("app,func,start_s,duration_s\na,,0,1\n", "trace.csv:2: func: is empty"),
        ("app,func,start_s,duration_s\na,f,90000,1\na,f,1,1\n", "rows are out of order by more than a day"),
    ],
)
def test_refusals(refusal, text, message):
    assert message in refusal(text, format="azure2021")


def test_a_window_beside_the_trace(refusal):
    text = "app,func,start_s,duration_s\na,f,0,1\n"
    assert refusal(text, format="azure2021", **{"from": "1s"}) == "trace: trace.csv has no row between from and until"


@given(st.lists(st.lists(st.integers(0, 50), min_size=1), min_size=1))
def test_disorder_is_the_longest_way_back(blocks):
    disorder, times = Disorder(), [ns for block in blocks for ns in block]
    for block in blocks:
        disorder.add(ArrivalBlock(np.array(block), np.zeros(len(block), np.int64)))
    assert disorder.most_ns == max(max(times[: i + 1]) - ns for i, ns in enumerate(times))
    assert disorder.last_ns == max(times)
