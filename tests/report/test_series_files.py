"""``timeseries.csv`` and ``timeseries.parquet`` hold the time series to the last bit, whoever writes them."""

import logging
from datetime import datetime
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from lambdasim.metrics.series import Series, SeriesTable
from lambdasim.report import series_files
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
    save_series(table([f"f{number}" for number in range(200)]), tmp_path, config())
    assert "The series of 200 functions took" in caplog.text
    assert 'output.series = "account"' in caplog.text
