"""Replications that are all the same run: nothing is said of chance where there is none."""

from pathlib import Path

from plans import chancy, clockwork

import lambdasim as ls
from lambdasim.metrics.one_run import is_one_run
from lambdasim.report import alternatives, content

SAME = "All 3 replications are the same run, for nothing is drawn by chance."
SLO = {"f.throttles": ["rate < 1%"]}


def test_a_clockwork_is_one_run_and_chance_is_not() -> None:
    same = clockwork().run(replications=3)
    assert is_one_run(same.config, same.replications)
    assert not is_one_run(same.config, same.replications[:1])
    drawn = chancy().run(replications=2)
    assert not is_one_run(drawn.config, drawn.replications)


def test_what_could_be_drawn_is_chance_although_no_run_shows_it() -> None:
    rare = clockwork(simulation={"replications": 3}).with_({"function.f.errors": 1e-9}).run()
    assert rare.replications[0] == rare.replications[1] == rare.replications[2]
    assert not is_one_run(rare.config, rare.replications)
    assert "one_run" not in rare.summary


def test_a_trace_that_says_durations_leaves_nothing_to_chance(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("time,duration\n" + "".join(f"{n},{100 + n % 7}\n" for n in range(20)))
    replayed = ls.Experiment(
        functions={"f": {"duration": "lognormal(p50=1s, p99=2s)", "init": "constant(1s)"}},
        loads=[{"target": "f", "trace": {"file": str(tmp_path / "t.csv"), "format": "events", "unit": "s"}}],
    )
    same = replayed.run(replications=2)
    assert same.replications[0] == same.replications[1]
    assert is_one_run(same.config, same.replications)


def test_a_comparison_of_such_runs_has_no_intervals_and_is_sure() -> None:
    dearer = clockwork().with_({"function.f.memory": "1 GB"}).run(replications=3)
    found = ls.compare(clockwork().run(replications=3), dearer)
    assert all(one["ci"] is None for one in found.to_json()["differences"])
    assert found.cost.is_certain
    assert SAME in found.verdict
    assert "CI" not in found.verdict
    assert "run more" not in found.verdict
    dearer = chancy().with_({"function.f.memory": "1 GB"}).run(replications=3)
    assert "CI" in ls.compare(chancy().run(replications=3), dearer).verdict


def test_a_run_says_that_its_replications_are_one() -> None:
    summary = clockwork().run(replications=3).summary
    assert summary["one_run"] is True
    assert content.intervals(summary) == []
    assert [note for note in summary["notes"] if note.startswith("all 3 replications are the same run")]


def test_a_search_speaks_of_no_fresh_runs() -> None:
    found = clockwork(slo=SLO).with_({"simulation.replications": 30}).sweep({"account.concurrency": [10, 11]})
    assert "fresh runs" not in found.summary["verdict"]
    assert "and passes on its one run (all 48 seeds gave the same" in found.summary["verdict"]


def test_differences_without_width_are_told_without_bounds() -> None:
    one = {"set": {"a": 1}, "slo": [], "worse": [], "cost_monthly": {"mean": 6.46, "ci": [6.46, 6.46]}}
    summary = {"what_to_change": [one], "success": None}
    assert alternatives.rows(summary)[0][2] == "$6.46 more a month"
    wide = {"what_to_change": [one | {"cost_monthly": {"mean": 6.46, "ci": [6.0, 7.0]}}], "success": None}
    assert alternatives.rows(wide)[0][2] == "$6.46 ($6.00 to $7.00) more a month"
