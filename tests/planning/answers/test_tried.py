"""What to change, of searches: the points beside the chosen one, with differences that a loop over pairs gives too."""

from statistics import fmean
from typing import Any

import pytest
from plans import chancy

SLO = {"f.throttles": ["rate < 2%"]}


@pytest.fixture(scope="module")
def swept() -> Any:
    exp = chancy(slo=SLO, simulation={"replications": 4})
    return exp, exp.sweep({"function.f.memory": ["256 MB", "512 MB", "1024 MB", "2048 MB"]})


def test_points_beside_the_chosen_one_are_told_with_paired_differences(swept: Any) -> None:
    exp, result = swept
    summary = result.summary
    chosen = summary["best"]["values"]
    assert 0 < len(summary["what_to_change"]) <= 3
    base = exp.with_(chosen).run(engine="simpy")
    for one in summary["what_to_change"]:
        assert one["set"] != chosen
        other = exp.with_(one["set"]).run(engine="simpy")
        pairs = zip(base.replications, other.replications, strict=True)
        gaps = [b["account"]["cost"]["monthly"] - a["account"]["cost"]["monthly"] for a, b in pairs]
        told = one["cost_monthly"]
        assert told["mean"] == pytest.approx(fmean(gaps))
        assert told["ci"][0] < told["mean"] < told["ci"][1]
        assert [slo["path"] for slo in one["slo"]] == ["f.throttles"]


def test_rows_are_of_the_seeds_that_all_points_share_and_the_verdict_of_fresh_ones(swept: Any) -> None:
    exp, result = swept
    assert result.summary["judged_again"]["runs"] > 4
    for row in result.points.to_dict("records"):
        own = exp.with_({"function.f.memory": row["function.f.memory"]}).run(engine="simpy")
        assert row["account.cost.monthly"] == pytest.approx(own.summary["account"]["cost"]["monthly"]["mean"])
        assert row["replications"] == 4
    best = result.summary["best"]
    assert best["cost_monthly"] == result.points["account.cost.monthly"][best["point"]]
    assert result.points["verdict"][best["point"]] == "passes"
    assert any("of fresh ones is the verdict" in note for note in result.summary["notes"])


def test_an_alternative_has_the_verdict_of_its_row() -> None:
    exp = chancy(slo=SLO, simulation={"replications": 3})
    for found in (exp.sweep({"account.concurrency": [6, 9, 12]}), exp.optimize({"account.concurrency": [6, 9, 12]})):
        rows = {row["account.concurrency"]: row["verdict"] for row in found.points.to_dict("records")}
        assert found.summary["what_to_change"]
        for one in found.summary["what_to_change"]:
            known = {"passes": True, "fails": False, "undecided": None}[rows[one["set"]["account.concurrency"]]]
            assert one["success"] is known
            assert [slo["success"] for slo in one["slo"]] == [known]


def test_the_cheaper_ones_come_first(swept: Any) -> None:
    differences = [one["cost_monthly"]["mean"] for one in swept[1].summary["what_to_change"]]
    dearer = [difference > 0 for difference in differences]
    assert dearer == sorted(dearer)


def test_an_optimization_says_so_too_and_tells_that_one_pair_has_no_interval() -> None:
    exp = chancy(slo={"f.latency": ["p99 < 10s"]})
    found = exp.optimize(over={"function.f.memory": ["256 MB", "512 MB", "1024 MB"]})
    changes = found.summary["what_to_change"]
    assert {tuple(one["set"]) for one in changes} == {("function.f.memory",)}
    assert found.summary["best"]["values"]["function.f.memory"] not in [
        one["set"]["function.f.memory"] for one in changes
    ]
    assert "What to change:" in str(found)
    single = [one for one in changes if not isinstance(one["cost_monthly"], dict)]
    assert ("without an interval" in str(found).replace("\n", " ")) == (len(single) == len(changes))
    assert "| what to change |" in found.markdown()


def test_where_nothing_passes_nothing_is_beside_it() -> None:
    result = chancy(slo={"f.latency": ["p99 < 1ms"]}).sweep({"function.f.memory": ["256 MB", "512 MB"]})
    assert result.summary["what_to_change"] == []
