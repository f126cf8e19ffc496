"""The ``events`` format: what each column means, in CSV and Parquet, plain and gzipped."""

import io

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from lambdasim.workload.traces.file import TraceFile

MS = 1_000_000
S = 1_000_000_000


def parquet_bytes(**columns):
    buffer = io.BytesIO()
    parquet.write_table(pa.table(columns), buffer, row_group_size=2)
    return buffer.getvalue()


def only_block(load):
    (block,) = load.blocks()
    return block


def test_without_a_function_column_all_rows_go_to_the_target(open_load, rows):
    load = open_load("time\n0\n0.5\n0.5\n2\n", format="events")
    assert rows(load) == [(0, "api"), (S // 2, "api"), (S // 2, "api"), (2 * S, "api")]
    assert load.ends_ns == 2 * S
    assert load.functions == ("api",)


def test_with_a_function_column_each_row_goes_where_it_says(open_load, rows):
    load = open_load("function,time\nb,1\na,2\nb,3\n", format="events", unit="ms")
    assert rows(load) == [(1 * MS, "b"), (2 * MS, "a"), (3 * MS, "b")]
    assert load.functions == ("b", "a")


def test_unit_is_that_of_all_time_columns_and_empty_cells_are_not_given(open_load):
    text = "time,duration,init,error\n10,1.5,,1\n20,,300,\n30,2,4,false\n"
    block = only_block(open_load(text, format="events", unit="ms"))
    assert block.arrival_ns.tolist() == [10 * MS, 20 * MS, 30 * MS]
    assert block.duration_ns.tolist() == [1_500_000, -1, 2 * MS]
    assert block.init_ns.tolist() == [-1, 300 * MS, 4 * MS]
    assert block.error.tolist() == [1, -1, 0]


def test_columns_that_are_absent_are_none(open_load):
    block = only_block(open_load("time\n1\n", format="events"))
    assert (block.duration_ns, block.init_ns, block.error) == (None, None, None)


def test_dates_are_moved_to_the_first_row(open_load, rows):
    text = "time\n2026-11-27T08:00:00Z\n2026-11-27T09:00:00.25+01:00\n2026-11-27 08:01:00Z\n"
    assert [ns for ns, _ in rows(open_load(text, format="events"))] == [0, S // 4, 60 * S]


def test_dates_without_a_zone_are_utc(open_load, rows):
    text = "time\n2014-04-10 00:04:00\n2014-04-10 00:09:00\n"
    assert [ns for ns, _ in rows(open_load(text, format="events"))] == [0, 300 * S]


def test_whole_nanoseconds_are_exact_where_doubles_are_not(open_load, rows):
    ns = 2**53 - 1
    load = open_load(f"time\n{ns - 2}\n{ns}\n", format="events", unit="ns")
    assert [t for t, _ in rows(load)] == [ns - 2, ns]


@pytest.mark.parametrize("name", ["trace.csv", "trace.csv.gz", "misnamed.gz.csv"])
@pytest.mark.parametrize(
    "text", ["time,function\n1,f\n2,g\n", "\ufefftime,function\r\n1,f\r\n\r\n2,g", 'time,function\n1,"f"\n 2 , g \n']
)
def test_csv_with_bom_crlf_blank_lines_quotes_and_spaces(open_load, rows, name, text):
    assert rows(open_load(text, name=name, format="events")) == [(S, "f"), (2 * S, "g")]


@pytest.mark.parametrize("name", ["trace.parquet", "trace.parquet.gz"])
def test_parquet_says_the_same_as_csv(open_load, rows, name):
    data = parquet_bytes(
        time=[0.5, 1.0, 2.5], function=pa.array(["a", "b", "a"]).dictionary_encode(), duration=[1.0, None, 0.25]
    )
    load = open_load(data, name=name, format="events")
    assert rows(load) == [(S // 2, "a"), (S, "b"), (5 * S // 2, "a")]
    durations = np.concatenate([block.duration_ns for block in load.blocks()])
    assert durations.tolist() == [S, -1, S // 4]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([0, 1500], pa.timestamp("ms", "Europe/Zurich")),
        pa.array([7_000, 8_500], pa.timestamp("ms")),
        pa.array(["2026-01-01T00:00:00Z", "2026-01-01T00:00:01.5Z"], pa.large_string()),
    ],
)
def test_parquet_dates(open_load, rows, values):
    load = open_load(parquet_bytes(time=values), name="t.parquet", format="events")
    assert [ns for ns, _ in rows(load)] == [0, 1500 * MS]


def test_a_parquet_column_of_nothing_gives_nothing(open_load):
    load = open_load(parquet_bytes(time=[1, 2], init=pa.nulls(2), error=pa.nulls(2)), name="t.parquet", format="events")
    assert np.concatenate([block.init_ns for block in load.blocks()]).tolist() == [-1, -1]


def test_flags_of_parquet_may_be_booleans(open_load):
    data = parquet_bytes(time=[1, 2, 3], error=[True, False, None])
    load = open_load(data, name="t.parquet", format="events")
    assert np.concatenate([block.error for block in load.blocks()]).tolist() == [1, 0, -1]


def test_a_window_is_moved_to_time_zero_and_names_only_what_is_in_it(open_load, rows):
    text = "time,function\n0,a\n10,b\n20,c\n30,d\n"
    load = open_load(text, format="events", **{"from": "10s", "until": "30s"})
    assert rows(load) == [(0, "b"), (10 * S, "c")]
    assert load.functions == ("b", "c")
    assert load.ends_ns == 10 * S


def test_speed_and_start_time(open_load, rows):
    load = open_load("time\n0\n10\n25\n", format="events", speed=10, start_time="5s", **{"from": "5s"})
    assert [ns for ns, _ in rows(load)] == [5_500_000_000, 7 * S]
    assert load.ends_ns == 7 * S


def test_a_trace_can_be_replayed_again(open_load, rows):
    load = open_load("time,function\n1,a\n2,b\n", format="events", scale=7.5)
    assert rows(load) == rows(load)


def test_long_traces_come_in_many_blocks(open_load):
    text = "time\n" + "".join(f"{i}\n" for i in range(400_000))
    load = open_load(text, format="events", unit="ms", scale=1.5)
    sizes = [len(block) for block in load.blocks()]
    assert max(sizes) < 250_000
    assert 599_000 < sum(sizes) < 601_000


@pytest.mark.parametrize("held", [2, 3])
def test_rows_are_read_once_while_they_are_few(open_load, rows, monkeypatch, held):
    monkeypatch.setattr("lambdasim.workload.trace.HELD_ROWS", held)
    readings = []
    batches = TraceFile.batches
    monkeypatch.setattr(TraceFile, "batches", lambda *args: readings.append(1) or batches(*args))
    load = open_load("function,time\nb,1\na,2\nb,3\n", format="events", unit="ms")
    for _ in range(2):
        assert rows(load) == [(1 * MS, "b"), (2 * MS, "a"), (3 * MS, "b")]
    assert len(readings) == (1 if held == 3 else 3)
