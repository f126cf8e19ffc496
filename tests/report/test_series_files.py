"""``timeseries.csv`` and ``timeseries.parquet`` hold the time series to the last bit, whoever writes them."""

import logging
from datetime import datetime
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from lambdasim.metrics.series import Series, SeriesTable
from lambdasim.report import series_files, series_lines
from lambdasim.report.series_files import save_series

PERIODS = 7


def table(functions=("api", "NA"), others=("jobs",)) -> SeriesTable:
    """Series with gaps of the account, every function and every other owner, in no particular order."""
    rng = np.random.default_rng(1)
    account = len(functions)
    parts = []
    for metric, statistic in (("Duration", "p99"), ("Invocations", "Sum"), ("Duration", "Average")):
        for owners in (range(account), [account], range(account + 1, account + 1 + len(others))):
            keys = np.array([o * PERIODS + p for o in owners for p in range(PERIODS) if rng.random() < 0.7], np.int64)
            values = rng.choice([rng.random(), 1e-7, 123456789012.0, 1e22, 5.0, 0.1], len(keys))
            parts.append(Series(metric, statistic, keys, values))
    return SeriesTable(parts, functions, others, PERIODS, 100_000_000)


def config(series="all", parquet=False, start=None):
    return SimpleNamespace(
        output=SimpleNamespace(series=series, parquet=parquet), simulation=SimpleNamespace(start=start)
    )


def read(path):
    return pd.read_csv(path, keep_default_na=False, dtype={"function": str})


@pytest.mark.parametrize("few", [0, 10_000])
@pytest.mark.parametrize("names", [("api", "NA"), ('a "b", c', "d\ne")])
def test_rows_are_those_of_the_frame_to_the_last_bit(tmp_path, monkeypatch, few, names):
    monkeypatch.setattr(series_files, "FEW", few)
    series = table(names)
    save_series(series, tmp_path, config(start=datetime.fromisoformat("2026-11-23T09:00:00+01:00"), parquet=True))
    frame = series.frame()
    moments = [
        f"2026-11-23T09:00:00.{tenth}00000+01:00" if tenth else "2026-11-23T09:00:00+01:00" for tenth in range(7)
    ]
    frame["timestamp"] = [moments[round(10 * time)] for time in frame["time"]]
    words = dict.fromkeys(("function", "metric", "statistic", "timestamp"), object)
    for found in (read(tmp_path / "timeseries.csv"), pd.read_parquet(tmp_path / "timeseries.parquet")):
        pd.testing.assert_frame_equal(found.astype(words), frame.astype(words), check_exact=True)


def test_rows_are_in_order_whatever_the_stretches(monkeypatch):
    series = table([f"f{number}" for number in range(300)], ["a", "b"])
    whole = series.frame()
    codes = [whole[name].cat.codes for name in ("function", "metric", "statistic")]
    order = np.lexsort((whole["time"], *reversed(codes)))
    assert np.array_equal(order, np.arange(len(whole)))
    assert len(whole) == sum(len(part.keys) for part in series.parts)
    monkeypatch.setattr("lambdasim.metrics.series.ROWS", 50)
    assert len(list(series.rows())) > 20
    pd.testing.assert_frame_equal(series.frame(), whole, check_exact=True)


def test_the_account_alone_or_nobody(tmp_path):
    save_series(table(), tmp_path, config("none", parquet=True))
    assert not list(tmp_path.iterdir())
    save_series(table(), tmp_path, config("account"))
    found = read(tmp_path / "timeseries.csv")
    whole = table().frame()
    assert set(found["function"]) == {""}
    assert len(found) == (whole["function"] == "").sum() > 0


def test_from_many_functions_on_a_note_says_what_they_cost(tmp_path, caplog):
    caplog.set_level(logging.INFO, "lambdasim")
    save_series(table(), tmp_path, config())
    assert not caplog.text
    save_series(
        table([f"f{number}" for number in range(199)] + [f"f{number}:2" for number in range(9)]), tmp_path, config()
    )
    assert not caplog.text  # versions are none
    save_series(table([f"f{number}" for number in range(200)]), tmp_path, config())
    assert "The series of 200 functions took" in caplog.text
    assert 'output.series = "account"' in caplog.text


def numbers() -> np.ndarray:
    """Numbers of every length and size, those beside powers of two and ten among them, whose gaps differ."""
    rng = np.random.default_rng(3)
    powers = np.array(
        [*(2.0**n for n in range(-110, 60)), *(float(f"{d}e{n}") for d in (1, 1.5, 9) for n in range(-33, 18))]
    )
    beside = [np.nextafter(powers, 0), powers, np.nextafter(powers, np.inf)]
    drawn = 10 ** rng.uniform(-32, 16, 40_000)
    counted = rng.integers(0, 10**12, 5_000) / 1e6  # times in ms
    few = [0.0, -0.0, np.nan, np.inf, -np.inf, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1 / 3, -12.5, -1e-7]
    return np.concatenate([*beside, drawn, -drawn, counted, np.round(counted), few])


@pytest.mark.parametrize("start", [None, datetime.fromisoformat("2026-11-23T09:00:00+01:00")])
def test_the_loop_writes_what_pyarrow_writes(tmp_path, monkeypatch, start):
    compiled()
    values = numbers()
    periods = len(values) // 4 + 1
    keys = np.arange(len(values))
    series = SeriesTable(
        [Series("Duration", "p99", keys, values)], ["a", "\N{GREEK SMALL LETTER MU}"], ["c"], periods, 10**8
    )
    assert_loop_writes_what_pyarrow_writes(series, tmp_path, monkeypatch, start)


def compiled() -> None:
    """Have the loop at hand."""
    pytest.importorskip("numba")
    from lambdasim.metrics.compiled.native import loops_of_series

    loops_of_series()


def assert_loop_writes_what_pyarrow_writes(series, folder, monkeypatch, start=None) -> None:
    assert series_files.can_write(series)
    for name in ("loop", "pyarrow"):
        (folder / name).mkdir()
        save_series(series, folder / name, config(start=start))
        monkeypatch.setattr(series_files, "can_write", lambda table: False)
    loop, pyarrow = ((folder / name / "timeseries.csv").read_bytes() for name in ("loop", "pyarrow"))
    assert loop.splitlines() == pyarrow.splitlines()
    assert loop == pyarrow


@pytest.mark.parametrize(("at_once", "rows"), [(2**18, 2**19), (1_000, 2**19), (30_000, 3_000)])
def test_values_that_other_rows_have_too_are_written_as_often(tmp_path, monkeypatch, at_once, rows):
    """Whichever rows of an owner they are, with gaps, and however many owners fit into what is written at a time."""
    compiled()
    monkeypatch.setattr(series_files, "FEW", 0)
    monkeypatch.setattr(series_lines, "AT_ONCE", at_once)
    monkeypatch.setattr(series_lines, "ROWS", rows)
    rng = np.random.default_rng(7)
    functions, periods = 40, 25
    few = np.array([0.1, 12.345678, 1e-7, 3.0, 1 / 3, 0.0, 1e22])  # of which many are alike
    parts = [
        Series("Invocations", "Sum", np.arange(functions * periods), rng.integers(0, 100, functions * periods, np.int8))
    ]
    for metric in ("Duration", "InitDuration", "Latency"):
        same = np.flatnonzero(rng.random(functions * periods) < 0.8)
        for statistic in ("Average", "Minimum", "Maximum", "p50", "p90", "p95", "p99"):
            keys = same if rng.random() < 0.7 else np.flatnonzero(rng.random(functions * periods) < 0.6)
            parts.append(Series(metric, statistic, keys, rng.choice(few, len(keys))))
    series = SeriesTable(parts, [f"f{n}" for n in range(functions)], [], periods, 60 * 10**9)
    assert_loop_writes_what_pyarrow_writes(series, tmp_path, monkeypatch)
