"""Sweeps: every point, its metrics with intervals, its verdict, and the sentence about them."""

import csv
import json
from pathlib import Path

import pytest
from plans import chancy, clockwork, verdicts

import lambdasim as ls
from lambdasim.errors import InputError, Interrupted

SLO = {"f.throttles": ["rate < 1%"]}


def test_a_clockwork_needs_ten_at_once() -> None:
    swept = clockwork(slo=SLO).sweep({"account.concurrency": [9, 10, 11]})
    assert verdicts(swept.points, "account.concurrency") == {9: "fails", 10: "passes", 11: "passes"}
    assert swept.success
    assert swept.summary["passing"] == 2
    best = swept.summary["best"]
    assert best["values"] == {"account.concurrency": 10}
    assert swept.summary["verdict"].startswith(
        "2 of 3 points meet every SLO, and account.concurrency = 10 is the cheap"
    )


def test_a_column_says_what_a_run_of_the_point_says() -> None:
    swept = chancy(slo=SLO).with_({"simulation.replications": 3}).sweep({"account.concurrency": [3, 6]})
    for row in swept.points.to_dict("records"):
        run = chancy().with_({"account.concurrency": row["account.concurrency"]}).run(replications=3).summary
        for column, number in (
            ("f.latency.p99", run["functions"]["f"]["latency"]["p99"]),
            ("f.throttles.rate", run["functions"]["f"]["throttle_rate"]),
            ("account.cost.monthly", run["account"]["cost"]["monthly"]),
        ):
            assert row[column] == pytest.approx(number["mean"])
            assert [row[f"{column}.lo"], row[f"{column}.hi"]] == pytest.approx(number["ci"])


def test_when_nothing_passes_the_nearest_is_told_with_what_was_observed() -> None:
    swept = clockwork(slo=SLO).sweep({"account.concurrency": [2, 5]})
    assert not swept.success
    nearest = swept.summary["nearest"]
    assert nearest["values"] == {"account.concurrency": 5}
    assert f"{nearest['objective']['observed'] * 100:.3g} %" in swept.summary["verdict"]
    assert "None of 2 points meets every SLO" in swept.summary["verdict"]


def test_without_objectives_the_cheapest_is_told() -> None:
    swept = clockwork().sweep({"function.f.memory": ["512 MB", "256 MB"]})
    assert swept.summary["verdict"].startswith("Of 2 points, function.f.memory = 256 MB is the cheapest at $")


def test_a_heat_map_is_a_table_of_one_metric() -> None:
    swept = clockwork().sweep({"account.concurrency": [9, 10], "load.scale": [1, 2]})
    table = swept.heat_map("f.throttles.rate")
    assert table.index.tolist() == [9, 10]
    assert table.columns.tolist() == [1, 2]
    assert table.loc[10, 1] == 0
    assert table.loc[10, 2] > table.loc[9, 1] > 0


def test_replications_go_on_where_a_point_is_not_precise() -> None:
    exp = chancy(simulation={"replications": {"min": 2, "max": 6, "until": "f.concurrency.max ±1%"}})
    swept = exp.sweep({"account.concurrency": [2, 100]})
    assert swept.points["replications"].tolist() == [2, 6]  # two are always in use, the peak of a hundred varies
    assert swept.summary["imprecise"] == 1
    assert "1 of 2 points are not known to f.concurrency.max ±1%" in swept.summary["notes"][0]


def test_what_an_interruption_leaves_is_a_smaller_sweep() -> None:
    def stop(progress: object) -> None:
        if progress.done == 2:  # type: ignore[attr-defined]
            raise Interrupted("enough")

    with pytest.raises(Interrupted) as stopped:
        clockwork(slo=SLO).sweep({"account.concurrency": [9, 10, 11]}, progress=stop)
    partial = stopped.value.partial
    assert partial.points["point"].tolist() == [0, 1]
    assert not partial.complete
    assert partial.summary["verdict"].startswith("1 of the 2 points done (of 3) meets every SLO, and ")
    assert partial.summary["verdict"].endswith("The sweep was interrupted.")


@pytest.mark.parametrize(
    ("quotas", "said"),
    [
        ([10, 11, 12], "2 of the 2 points done (of 3) seem to meet every SLO; none was judged again yet."),
        ([8, 9, 10], "Undecided: none of the 2 points done (of 3) is shown to meet every SLO; the nearest, "),
    ],
)
def test_an_interruption_says_what_was_done_and_judges_nothing_that_was_not(quotas: list[int], said: str) -> None:
    def stop(progress: object) -> None:
        if progress.done == 2:  # type: ignore[attr-defined]
            raise Interrupted("enough")

    repeated = clockwork(slo=SLO).with_({"simulation.replications": 30})
    with pytest.raises(Interrupted) as stopped:
        repeated.sweep({"account.concurrency": quotas}, progress=stop)
    partial = stopped.value.partial
    assert partial.summary["verdict"].startswith(said)
    assert partial.success is None
    assert "fresh" not in partial.summary["verdict"]


def test_the_best_so_far_is_told_on_the_way() -> None:
    told: list[str] = []
    clockwork(slo=SLO).sweep({"account.concurrency": [9, 12, 11]}, progress=lambda p: told.append(p.best))
    assert told[0] == ""
    assert told[1].startswith("account.concurrency = 12: $")


def test_files(tmp_path: Path) -> None:
    swept = clockwork(slo=SLO, name="a<b").sweep({"account.concurrency": [9, 10]})
    swept.save(tmp_path / "out")
    assert json.loads((tmp_path / "out" / "summary.json").read_text()) == swept.summary
    with (tmp_path / "out" / "points.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["verdict"] for row in rows] == ["fails", "passes"]
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["complete"] is True
    assert swept.summary["verdict"].split(",")[0] in (tmp_path / "out" / "summary.md").read_text().replace("\\", "")


def test_values_may_be_lists_and_tables(tmp_path: Path) -> None:
    """Such as scheduled actions; the page counts how many there are."""
    values = [{"environments": 500}, {"environments": 1000}]
    clockwork().sweep({"account.scaling": values}).save(tmp_path / "sweep")
    assert "environments" in (tmp_path / "sweep" / "report.html").read_text(encoding="utf-8")


def test_a_notebook_shows_the_verdict_and_escapes_names() -> None:
    swept = clockwork(slo=SLO).sweep({"function.f.runtime": ["python3.13", "nodejs22.x"]})
    shown = swept._repr_html_()
    assert "2 of 2 points meet every SLO" in shown
    assert "<script" not in shown
    assert "function.f.runtime" in shown


def test_without_a_sweep_there_is_nothing_to_do() -> None:
    with pytest.raises(InputError, match="sweep: there is no \\[sweep\\]"):
        clockwork().sweep()


def test_an_objective_that_nothing_measures_is_refused() -> None:
    function = {"duration": "constant(1s)", "init": "constant(1s)"}
    exp = ls.Experiment(
        functions={"f": function, "idle": function},
        loads=[{"target": "f", "executor": "poisson", "rate": "1/s", "duration": "1s"}],
        slo={"idle.latency": ["p99 < 1s"]},
    )
    with pytest.raises(InputError, match=r"slo\.\"idle.latency\": nothing calls 'idle', so nothing measures this"):
        exp.sweep({"load.scale": [1, 2]})


def test_a_text_fits_its_width_and_says_all() -> None:
    swept = clockwork(slo=SLO).sweep({"account.concurrency": list(range(5, 60))})
    lines = swept.text(width=60).splitlines()
    assert max(map(len, lines)) <= 60
    assert "and 15 more in points.csv" in lines
    assert swept.text(encoding="ascii").isascii()
