"""Months of compared points: of one repetition they are compared, else runs are, and it is said which."""

from pathlib import Path
from typing import Any

import pytest
from plans import MAXIMUM, queue

import lambdasim as ls
from lambdasim.errors import Interrupted
from lambdasim.planning.columns import COST, RUN_COST
from lambdasim.planning.repetition import compared_by, month_notes, period_s
from lambdasim.planning.store import Measurements
from lambdasim.report.alternatives import sentences
from lambdasim.report.words import money

REPEATED = "A month is the run repeated every 65 s."


def measured(period: float | None, monthly: float | None = 2.0, **longer: float) -> list[Measurements]:
    cost = {"total": 1.0, "monthly": monthly, "period_s": period, **({"longer_s": longer} if longer else {})}
    return [{"account": {"cost": {"total": 1.0, "monthly": monthly}}, "cost": cost}]


def test_months_are_compared_where_all_hold_the_run_as_often() -> None:
    config = queue().config
    assert compared_by(config, [measured(60.0), measured(60.0)]) == COST
    assert compared_by(config, [measured(60.0), measured(61.0)]) == RUN_COST
    assert compared_by(config, [measured(60.0, f=90.0), measured(60.0)]) == RUN_COST
    assert compared_by(config, [measured(60.0), measured(None, None)]) == RUN_COST
    assert period_s(config, [measured(60.0), measured(60.0)]) == 60
    assert period_s(config, [measured(60.0), measured(61.0)]) is None
    (note,) = month_notes(config, [measured(73.0), measured(60.0, f=730.0)])
    assert "would hold 3,600 to 43,800 runs" in note
    assert not month_notes(config, [measured(None, None)])


def test_a_file_that_says_how_often_is_compared_by_the_month() -> None:
    config = queue(billing={"repeats": "1/h"}).config
    assert compared_by(config, [measured(60.0), measured(61.0)]) == COST


def test_a_slow_point_is_not_called_the_cheapest_by_a_month_of_fewer_runs(tmp_path: Path) -> None:
    swept = queue().sweep({MAXIMUM: [2, 8]})
    assert swept.summary["best"]["cost_monthly"] is None
    assert swept.summary["verdict"].endswith(f" is the cheapest at ~{money(swept.summary['best']['cost'])} a run.")
    assert swept.summary["period_s"] is None
    assert swept.points["account.cost.monthly"].isna().all()
    assert "cost" in swept.summary["what_to_change"][0]
    least, most = swept.points["account.cost"]
    assert swept.summary["what_to_change"][0]["cost"] == pytest.approx(most - least)
    assert abs(most / least - 1) < 0.01
    assert any(note.startswith("Costs are compared by the run") for note in swept.summary["notes"])
    swept.save(tmp_path / "swept")
    assert "Costs are compared by the run" in (tmp_path / "swept" / "report.html").read_text()


def test_points_of_one_repetition_keep_their_months_and_say_what_these_are() -> None:
    swept = queue().sweep({MAXIMUM: [8, 16]})
    assert swept.summary["best"]["cost_monthly"] == swept.points["account.cost.monthly"].min()
    assert swept.summary["period_s"] == queue().with_({MAXIMUM: 8}).run().summary["cost"]["period_s"] == 65
    assert REPEATED in swept.summary["notes"]
    assert REPEATED in swept.text()
    assert REPEATED in swept.markdown()
    decided = queue(billing={"repeats": "12/h"}).sweep({MAXIMUM: [2, 8]})
    least, most = decided.points["account.cost.monthly"]
    assert decided.summary["period_s"] == 300
    assert most / least == pytest.approx(1, abs=0.01)


def test_a_search_goes_on_by_the_run_where_months_turn_out_to_differ() -> None:
    found = queue(simulation={"replications": 2}).optimize({MAXIMUM: [2, 8]})
    assert (found.summary["minimize"], found.summary["cost"]) == ("account.cost", "account.cost")
    assert found.summary["best"]["cost_monthly"] is None
    assert found.summary["best"]["objective"]["mean"] == found.points["account.cost"].min()
    assert found.summary["judged_again"]["times"] == 1
    kept = queue(simulation={"replications": 2}).optimize({MAXIMUM: [8, 16]})
    assert kept.summary["minimize"] == "account.cost.monthly"
    assert REPEATED in kept.summary["notes"]
    assert kept.summary["period_s"] == 65


def test_what_is_chosen_by_the_run_is_judged_again() -> None:
    """5 s of each message keep 8 at work all month too, with fewer requests: dearer by the run, not by the month."""
    slower = {"function.f.duration": ["constant(2s)", "constant(5s)"]}
    found = queue(simulation={"replications": 2}).with_({MAXIMUM: 8}).optimize(slower)
    assert found.best == {"function.f.duration": "constant(2s)"}
    assert found.success
    dear, cheap = (
        queue().with_({MAXIMUM: 8, "function.f.duration": one}).run() for one in slower["function.f.duration"]
    )
    assert cheap.summary["cost"]["monthly"] < dear.summary["cost"]["monthly"]


def test_an_interrupted_search_compares_by_the_run_too() -> None:
    def stop(progress: Any) -> None:
        if progress.done == 3:
            raise Interrupted("enough")

    with pytest.raises(Interrupted) as caught:
        queue().optimize({MAXIMUM: list(range(2, 20))}, progress=stop)
    found = caught.value.partial.summary
    assert found["minimize"] == "account.cost"
    assert any(note.startswith("Costs are compared by the run") for note in found["notes"])


def test_a_comparison_has_no_month_of_unlike_repetitions(tmp_path: Path) -> None:
    slow, fast, faster = (queue().with_({MAXIMUM: most}).run() for most in (2, 8, 16))
    unlike = ls.compare(slow, fast)
    assert unlike.cost.key[2] == "cost.total"
    assert "the run's cost" in unlike.verdict
    assert not [one for one in unlike.every if "monthly" in one.key[2]]
    assert "would hold" in unlike.to_text(200)
    assert unlike.to_json()["period_s"] is None
    alike = ls.compare(fast, faster)
    assert alike.cost.key[2] == "cost.monthly"
    assert REPEATED in alike.to_text(200)
    assert REPEATED in alike.to_markdown()
    assert alike.to_json()["period_s"] == 65
    assert alike.to_json()["notes"] == [REPEATED]


def test_a_capacity_says_why_its_alternatives_have_no_month() -> None:
    found = queue(slo={"jobs.age": ["max < 30s"]}).with_({MAXIMUM: 8, "source.jobs.max_receive_count": 1}).capacity()
    assert found.summary["period_s"] is None
    assert any(note.startswith("Costs are compared by the run") for note in found.summary["notes"])


def test_alternatives_to_a_run_are_told_by_the_run_with_the_reason() -> None:
    """Half the memory takes twice as long, so that the queue drains for longer."""
    asked = queue(answer={"asks": "bill"}).with_({MAXIMUM: 4, "function.f.cpu_share": 1.0})
    found = asked.run()
    assert found.summary["what_to_change"]
    assert all("cost" in one for one in found.summary["what_to_change"])
    assert sentences(found.summary)[-1].startswith("Costs of alternatives are those of a run")
