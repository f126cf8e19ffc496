"""What downstreams saw, from samples written by hand."""

import numpy as np
import pytest

import lambdasim as ls
from lambdasim.metrics.downstreams import DownstreamMeter
from lambdasim.metrics.series import SeriesTable
from lambdasim.records import SAMPLE_COLUMNS, RecordTable, SourceMetric

HELD, REFUSED = SourceMetric.CONNECTIONS, SourceMetric.REFUSALS
ROWS = [(-1, HELD, 2, 1), (-2, REFUSED, 3, 1), (-1, HELD, 5, 3), (-1, HELD, 7, -2), (-1, REFUSED, 12, 1), (0, 0, 1, 9)]


def table(rows: list[tuple[int, ...]]) -> RecordTable:
    return RecordTable(SAMPLE_COLUMNS, np.array(rows, np.int64).reshape(-1, 4))


def meter(warmup_ns: int = 0, cut: int = 6, loads_end_ns: int = 100) -> DownstreamMeter:
    found = DownstreamMeter(["db", "api"], period_ns=10, warmup_ns=warmup_ns, loads_end_ns=loads_end_ns)
    found.consume(table(ROWS[:cut]))
    found.consume(table(ROWS[cut:]))
    found.finish(20)
    return found


@pytest.mark.parametrize("cut", range(7))
def test_summary(cut: int) -> None:
    # 1 connection from 2 to 5, 4 to 7, then 2 to the end: 3 + 8 + 26 = 37 in 20 ns
    assert meter(cut=cut).summary() == {
        "db": {"connections": {"max": 4, "mean": 37 / 20}, "refusals": 1},
        "api": {"connections": {"max": 0, "mean": 0.0}, "refusals": 1},
    }


def test_what_is_told_late_counts_in_its_place() -> None:
    found = DownstreamMeter(["db"], period_ns=10, warmup_ns=0)
    found.consume(table([(-1, HELD, 1, 1), (-1, HELD, 4, 1), (-1, HELD, 4, -1), (-1, HELD, 3, 1)]))
    found.finish(4)
    assert found.summary()["db"]["connections"] == {"max": 2, "mean": (2 + 2) / 4}


def test_a_mean_is_until_the_loads_end() -> None:
    found = meter(warmup_ns=3, loads_end_ns=8).summary()["db"]["connections"]
    assert found == {"max": 4, "mean": (2 * 1 + 2 * 4 + 2) / 5}


@pytest.mark.parametrize("cut", range(7))
def test_the_warm_up_is_left_out(cut: int) -> None:
    found = meter(warmup_ns=8, cut=cut).summary()
    assert found["db"] == {"connections": {"max": 2, "mean": 2.0}, "refusals": 1}
    assert found["api"]["refusals"] == 0


def test_series() -> None:
    found = {
        (s.metric, int(key)): value for s in meter().series(5) for key, value in zip(s.keys, s.values, strict=True)
    }
    # owners 5 and 6 with three periods each; connections in each of them, refusals where there are any
    assert found == {
        ("Connections", 15): 4,
        ("Connections", 16): 2,
        ("Connections", 17): 2,
        ("Refusals", 16): 1,
        ("Refusals", 18): 1,
    }


def test_a_series_stands_in_order_of_its_owners() -> None:
    found = DownstreamMeter(["db", "api"], period_ns=10, warmup_ns=0)
    found.consume(table([(source, REFUSED, time_ns, 1) for source in (-2, -1) for time_ns in (3, 4, 15)]))
    found.finish(20)
    [refusals] = found.series(2)
    assert refusals.keys.tolist() == [6, 7, 9, 10]
    series = SeriesTable([refusals], ("f",), ("db", "api"), periods=3, period_ns=10)
    place, seconds, values = series.points_of("Refusals", "Sum", ["api"])
    assert (place.tolist(), seconds.tolist(), values.tolist()) == ([0, 0], [0.0, 10 / 1e9], [2.0, 1.0])
    assert series.peaks(["Refusals"]) == {"api": 2.0, "db": 2.0}


def test_a_level_holds_through_periods_without_a_sample() -> None:
    found = DownstreamMeter(["db"], period_ns=10, warmup_ns=0)
    found.consume(table([(-1, HELD, 12, 3), (-1, HELD, 35, -2), (-1, HELD, 41, -1)]))
    found.finish(65)
    [connections, _] = found.series(0)
    assert connections.keys.tolist() == list(range(7))
    assert connections.values.tolist() == [0, 3, 3, 3, 1, 0, 0]


def test_end_to_end() -> None:
    exp = ls.Experiment(
        functions={
            "f": {"duration": "constant(1s)", "init": "constant(0s)", "timeout": "5s", "uses": [{"downstream": "db"}]}
        },
        downstream={"db": {"type": "database", "max_connections": 3}},
        loads=[{"target": "f", "executor": "constant-arrival-rate", "rate": "10/s", "duration": "10s"}],
        slo={"db.connections": ["max < 3"], "db.refusals": ["count == 0"]},
    )
    res = exp.run()
    of = res.summary["downstreams"]["db"]
    assert of["connections"]["max"] == 3
    assert of["refusals"] == res.summary["functions"]["f"]["errors"] > 0
    assert [one["observed"] for one in res.summary["slo"]] == [3, of["refusals"]]
    assert not res.summary["success"]
    series = res.timeseries[res.timeseries.function == "db"]
    assert set(series.metric) == {"Connections", "Refusals"}
    with pytest.raises(ls.InputError, match=r"a downstream has no .*latency"):
        exp.with_({"slo.db.latency": ["p99 < 1s"]})
