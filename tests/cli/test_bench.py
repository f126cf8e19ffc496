"""``doctor --bench``."""

import json
import re
from pathlib import Path

import pytest

from lambdasim.cli import bench, main
from lambdasim.cli.measurement import Goal, Measurement


def test_it_prints_each_scenario_as_it_is_measured(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    goals = (Goal("saving / running", 0.5, 0.7), Goal("rate", 0.8, 0.7, least=True))
    measured = [Measurement("one-function", "simpy", 1_000, 9.5, "a note", goals)]
    monkeypatch.setattr("lambdasim.cli.doctor.measure", lambda: iter(measured))
    assert main(["doctor", "--bench"]) == 0
    assert (
        "one-function            simpy          1,000 requests    9.500 us each     105,263/s  a note "
        "(goal: at most 0.7, goal: at least 0.7)" in capsys.readouterr().out
    )
    assert main(["doctor", "--bench", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)[0]
    assert told["requests_per_s"] == pytest.approx(105_263, abs=1)
    assert (told["us_per_request"], told["goals"][0]["value"], told["goals"][0]["goal"]) == (9.5, 0.5, 0.7)


def test_its_scenarios_are_what_they_say() -> None:
    assert len(bench.many_functions(10).config.load) == 1_000
    assert sum(load.rate or 0 for load in bench.many_functions(10).config.load) == pytest.approx(1_000, rel=1e-4)
    small = bench.one_function(2)
    assert small.run(engine="simpy").summary["account"]["requests"] == pytest.approx(2_000, abs=300)


def test_what_goes_on_around_runs_is_measured() -> None:
    pytest.importorskip("numba")
    measured = [bench.shipped(1), bench.points(2, 1), bench.saving(1, 20), bench.whole_process(1)]
    if Path("/proc/self/status").exists():
        measured.append(bench.memory(1))
    assert all(one.us_per_request > 0 and one.requests > 0 for one in measured)
    assert all(goal.value > 0 for one in measured for goal in one.goals)
    assert all(one.goals for one in measured)
    told = r"[0-9.]+ (of simpy's|of their simulations|of running|times that of import numpy|GB)"
    assert all(re.search(told, one.note) for one in measured)
