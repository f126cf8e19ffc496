"""The best configuration: known answers, refusals, and the frontier."""

import math
import sys
from typing import Any

import pytest
from plans import chancy, clockwork

from lambdasim.config.points import with_point
from lambdasim.errors import InputError, Interrupted

SLO = {"f.throttles": ["rate < 1%"]}
QUOTA = {"account.concurrency": [1, 100]}


def test_one_monotone_knob_takes_few_points() -> None:
    found = clockwork(slo=SLO).optimize(QUOTA)
    assert found.best == {"account.concurrency": 10}
    assert len(found.points) <= math.log2(100) + 4
    assert found.summary["method"] == "bisection of one knob"
    assert (found.summary["candidates"], found.summary["tried"]) == (100, len(found.points))
    assert found.success
    assert found.summary["judged_again"] == {"runs": 48, "one_run": True, "times": 1}
    cost = found.summary["best"]["objective"]["mean"]
    assert found.summary["verdict"].startswith(
        f"Of 100 candidates ({len(found.points)} tried), account.concurrency = 10 is the best that meets every SLO, "
        "safe on its one run (all 48 seeds gave the same, for nothing is drawn by chance): account.cost.monthly is $"
    )
    assert f"{cost:.2f}" in found.summary["verdict"]


def test_every_candidate_of_a_short_list_is_tried_and_shown_with_its_interval() -> None:
    found = chancy(slo=SLO).optimize({"account.concurrency": range(6, 31, 8)})
    assert sorted(found.points["account.concurrency"]) == [6, 14, 22, 30]
    assert (found.points["objective.lo"] < found.points["objective"]).all()
    assert (found.points["objective"] < found.points["objective.hi"]).all()
    # 14 throttles a few in 100,000 (Erlang B), 22 none that anybody will see, and their costs cannot be told apart
    assert found.best in ({"account.concurrency": 22}, {"account.concurrency": 30})
    assert found.summary["runner_up"]["tied"]
    assert found.summary["verdict"].endswith(
        "cannot be told apart from it by that, and the safer of the two was chosen."
    )


def test_when_nothing_passes_nothing_is_recommended() -> None:
    found = clockwork(slo=SLO).optimize({"account.concurrency": [1, 7]})
    assert found.best is None
    assert not found.success
    nearest = found.summary["nearest"]
    assert nearest["values"] == {"account.concurrency": 7}
    missed = nearest["objective_missed"]
    assert found.summary["verdict"] == (
        "No candidate meets every SLO: the best found, account.concurrency = 7, misses f.throttles "
        f"({100 * missed['observed']:.3g} % against rate < 1%: {100 * nearest['miss']:,.0f} % too much)."
    )
    assert nearest["miss"] == pytest.approx(missed["observed"] / 0.01 - 1)


def test_without_objectives_to_meet_the_smallest_is_best() -> None:
    found = clockwork().optimize({"function.f.memory": ["128 MB", "256 MB", "512 MB"]}, subject_to="none")
    assert found.best == {"function.f.memory": "128 MB"}
    with pytest.raises(InputError, match="there is no objective, and optimize seeks"):
        clockwork().optimize(QUOTA)


@pytest.mark.parametrize(
    ("strategy", "best"), [("cost", "512 MB"), ("speed", "1769 MB"), ("balanced", "1769 MB")]
)  # CPU-bound work costs the same at any memory below a whole CPU, but for the rounding up of its ms
def test_strategies_as_in_power_tuning(strategy: str, best: str) -> None:
    """With work that is all CPU, time falls with memory up to a vCPU (1,769 MB) and then only the cost rises."""
    exp = chancy(simulation={"replications": 2})
    sizes = ["512 MB", "1769 MB", "3538 MB"]
    found = exp.optimize({"function.f.memory": sizes}, subject_to="none", strategy=strategy)
    table = found.points.set_index("function.f.memory")
    cost, time = table["account.cost.monthly"], table["account.latency.mean"]
    wanted = {
        "cost": cost,
        "speed": time,
        "balanced": 0.5 * cost / cost.max() + 0.5 * time / time.max(),
    }[strategy]
    assert table["objective"].tolist() == pytest.approx(wanted.tolist())
    assert found.best == {"function.f.memory": wanted.idxmin()}
    if strategy != "cost":
        assert wanted.idxmin().startswith(best) or wanted[best] == pytest.approx(wanted.min())


def test_the_frontier_holds_what_nothing_dominates() -> None:
    exp = chancy(simulation={"replications": 2})
    found = exp.optimize({"function.f.memory": ["256 MB", "1769 MB", "3538 MB", "8192 MB"]}, subject_to="none")
    cost, spent = found.points["account.cost.monthly"], found.points[found.summary["latency"]]
    for row in range(len(found.points)):
        dominated = ((cost <= cost[row]) & (spent <= spent[row]) & ((cost < cost[row]) | (spent < spent[row]))).any()
        assert found.points["frontier"][row] == (not dominated)
    assert found.frontier["account.cost.monthly"].is_monotonic_increasing
    assert found.summary["frontier"] == found.frontier["point"].tolist()


def test_two_knobs_find_the_corner_that_passes() -> None:
    """Twice the load needs 19 at once, and the memory costs: so the smallest memory and 19 are best."""
    exp = clockwork(slo=SLO).with_({"load.0.rate": "20/s"})
    found = exp.optimize({"function.f.memory": ["128 MB", "256 MB", "512 MB"], "account.concurrency": [1, 60]})
    assert found.best == {"function.f.memory": "128 MB", "account.concurrency": 19}
    assert len(found.points) <= 3 * (math.log2(60) + 4)


def test_what_aws_refuses_is_no_candidate() -> None:
    exp = clockwork(slo=SLO).with_({"account.concurrency": 108})
    found = exp.optimize({"function.f.reserved_concurrency": [5, 8, 10, 11]})
    refused = found.points[found.points["verdict"] == "refused"]
    assert refused["function.f.reserved_concurrency"].tolist() == [10, 11]
    assert found.best is None
    assert any("2 candidates are refused, the first because reserved" in note for note in found.summary["notes"])


KNOBS = {
    "account.concurrency": [8, 12],
    "function.f.memory": {"min": "128 MB", "max": "130 MB"},
    "load.scale": [1, 0.5, 0.25],
}


def test_after_one_knob_at_a_time_optuna_proposes_more() -> None:
    pytest.importorskip("optuna", reason="needs the extra 'optimize' (optuna)")
    exp = clockwork(slo=SLO, simulation={"replications": 1})
    found = exp.optimize(KNOBS)
    assert found.summary["method"] == "bisection of one knob at a time, then 40 proposals of optuna"
    assert len(found.points) <= 45
    assert found.success
    assert found.best["load.scale"] == 0.25
    again = exp.optimize(KNOBS)
    assert again.points["account.concurrency"].tolist() == found.points["account.concurrency"].tolist()


def test_without_optuna_the_search_ends_earlier_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    found = clockwork(slo=SLO, simulation={"replications": 1}).optimize(KNOBS)
    assert found.summary["method"] == "bisection of one knob at a time"
    assert found.success
    assert any("pip install '.[optimize]'" in note for note in found.summary["notes"])


def test_an_interruption_keeps_the_best_so_far() -> None:
    def stop(progress: Any) -> None:
        if progress.best:
            raise Interrupted("enough")

    with pytest.raises(Interrupted) as stopped:
        clockwork(slo=SLO).optimize(QUOTA, progress=stop)
    partial = stopped.value.partial
    assert partial.best is not None
    assert partial.summary["verdict"].endswith("The search was interrupted.")


def test_keys_alone_change_the_experiments_own_table() -> None:
    exp = clockwork(slo=SLO, optimize={"over": {"account.concurrency": [9, 10, 11]}})
    assert exp.optimize().best == {"account.concurrency": 10}
    found = exp.optimize(minimize="f.concurrency.max")
    assert found.summary["minimize"] == "f.concurrency.max"
    with pytest.raises(InputError, match="optimize: there is no \\[optimize\\]"):
        clockwork(slo=SLO).optimize()


def test_a_best_candidate_is_a_run_that_meets_the_objectives() -> None:
    exp = clockwork(slo=SLO)
    best = exp.optimize(QUOTA).best
    assert best is not None
    assert with_point(exp._loaded, best).config.account.concurrency == 10
    assert exp.with_(best).run().summary["success"]
