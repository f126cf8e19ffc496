"""A run, a search and a comparison are read back from their folders, and say what the results said."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import lambdasim as ls

EXP = ls.Experiment(
    functions={"api": {"duration": "exponential(mean=80ms)", "init": "constant(300ms)", "reserved_concurrency": 2}},
    loads=[{"target": "api", "executor": "poisson", "rate": "20/s", "duration": "90s"}],
    slo={"api.throttles": ["rate < 50%"]},
)


def reopened(result: Any, folder: Path) -> Any:
    result.save(folder)
    return ls.load_result(folder)


def test_a_run_is_read_back(tmp_path: Path) -> None:
    result = EXP.with_({"output.requests": "all"}).run(engine="simpy")
    kept = reopened(result, tmp_path / "run")
    assert isinstance(kept, ls.KeptResult)
    assert kept.summary == json.loads(json.dumps(result.summary))
    assert kept.config == result.config
    pd.testing.assert_frame_equal(kept.requests, result.requests)
    own = result.timeseries
    assert kept.timeseries["value"].tolist() == own["value"].tolist()
    assert kept.timeseries["metric"].tolist() == own["metric"].tolist()
    assert kept.cost["usd"].sum() == pytest.approx(float(result.cost["usd"].sum()))
    assert kept.stages == result.stages
    assert str(kept).splitlines()[:-1] == str(result).splitlines()
    assert kept._repr_html_() == result._repr_html_()
    assert kept.plot.throttles().finding == result.plot.throttles().finding
    assert str(kept.plot.latency_ccdf().finding)  # there are no distributions, and it says so
    assert repr(kept) == repr(result).replace("<Result", "<KeptResult")


def test_rows_that_were_not_kept_say_how_to_get_them(tmp_path: Path) -> None:
    result = EXP.run(engine="simpy")
    for one in (result, reopened(result, tmp_path / "run")):
        with pytest.raises(ls.InputError, match=r'output\.requests = "all"'):
            _ = one.requests
        with pytest.raises(ls.InputError, match=r'output\.requests = "all"'):
            _ = one.events
    (tmp_path / "run" / "timeseries.csv").unlink()
    with pytest.raises(ls.InputError, match=r'output\.series = "all"'):
        _ = ls.load_result(tmp_path / "run").timeseries  # type: ignore[union-attr]


def test_a_search_and_a_comparison_are_read_back(tmp_path: Path) -> None:
    found = EXP.sweep({"function.api.reserved_concurrency": [1, 2, 3]})
    kept = reopened(found, tmp_path / "sweep")
    assert isinstance(kept, ls.KeptAnswer)
    assert kept.summary["verdict"] == found.summary["verdict"]
    assert kept.points["api.throttles.rate"].tolist() == pytest.approx(found.points["api.throttles.rate"].tolist())
    assert {"api.throttles.rate.lo", "api.throttles.rate.hi"} <= set(kept.points)
    from lambdasim.cli.app import main

    (tmp_path / "exp.toml").write_text(EXP.to_toml())
    out = ["--out", str(tmp_path / "pair"), "--quiet", "--no-figures", "--replications", "3"]
    main(["compare", str(tmp_path / "exp.toml"), "--set-b", "function.api.reserved_concurrency=3", *out])
    pair = ls.load_result(tmp_path / "pair")
    assert isinstance(pair, ls.KeptComparison)
    assert pair.after.summary["functions"]["api"]["concurrency"]["max"]["mean"] == 3
    rows = pair.differences.set_index(["name", "metric"])
    assert (rows.loc[("api", "throttle_rate"), "high"] < 0).all()
    assert repr(pair).startswith("<KeptComparison: ")


def test_what_is_no_folder_of_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ls.InputError, match=r"no manifest\.json"):
        ls.load_result(tmp_path)
