"""What ties with the point that a sweep settles on, where cheaper ones are refuted on fresh seeds."""

from dataclasses import replace
from typing import Any

import pytest
from plans import MAXIMUM, queue

import lambdasim as ls
from lambdasim.planning.race import Race

MEMORY, VISIBILITY = "function.f.memory", "source.jobs.visibility_timeout"
REPEATED = {"repeats": "1/h"}


def swept(over: dict[str, Any], **tables: Any) -> Any:
    asked: ls.Experiment = queue(answer={"asks": "choice"}, billing=REPEATED, simulation={"replications": 2}, **tables)
    return asked.with_({MAXIMUM: 8}).sweep(over).summary


@pytest.fixture
def refuted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return what fresh seeds are to refute: points with all the values of one of these."""
    found: list[dict[str, Any]] = []

    def confirmed(race: Race, values: Any) -> Any:
        tried = race.judge(values)
        verdict = "undecided" if any(one.items() <= dict(values).items() for one in found) else "passes"
        return replace(tried, judged=tuple(replace(one, verdict=verdict) for one in tried.judged))

    monkeypatch.setattr(Race, "confirm", confirmed)
    return found


def test_a_point_that_is_cheaper_for_sure_is_no_tie(refuted: list[dict[str, Any]]) -> None:
    refuted.append({MEMORY: "512 MB"})
    found = swept({MEMORY: ["512 MB", "1024 MB"], VISIBILITY: ["20s"]})
    assert found["best"]["values"][MEMORY] == "1024 MB"
    assert found["answer"]["ties"] == []
    assert " is a tie" not in found["verdict"]


def test_who_is_chosen_beyond_the_ties_is_not_credited_with_advice_that_it_breaks(
    refuted: list[dict[str, Any]],
) -> None:
    refuted.append({MEMORY: "512 MB"})
    found = swept({MEMORY: ["512 MB", "1024 MB"], VISIBILITY: ["20s"]})
    assert "safer_than" not in found["best"]
    assert [one["path"] for one in found["answer"]["advice"]] == [VISIBILITY]
    assert "It does not follow AWS" in found["verdict"]
    assert "keeps most of AWS's advice" not in found["verdict"]


def test_a_tie_that_follows_advice_is_chosen_and_said_to_be(refuted: list[dict[str, Any]]) -> None:
    found = swept({VISIBILITY: ["20s", "1min"]})
    assert found["best"]["values"] == {VISIBILITY: "1min"}
    assert [tie["values"] for tie in found["answer"]["ties"]] == [{VISIBILITY: "20s"}]
    refuted.append({VISIBILITY: "1min"})
    found = swept({VISIBILITY: ["20s", "1min"]})
    assert found["best"]["values"] == {VISIBILITY: "20s"}
    assert [(tie["values"], tie["unsure"]) for tie in found["answer"]["ties"]] == [({VISIBILITY: "1min"}, True)]
