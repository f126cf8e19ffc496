"""Sliders over an experiment: what they offer, and that each move is a simulation of its own."""

import time
from typing import Any

import pytest

import lambdasim as ls
from lambdasim.what_if import MOVE_S, WhatIf, choices, whatif

EXP = ls.Experiment(
    functions={"api": {"duration": "exponential(mean=80ms)", "init": "constant(300ms)", "memory": "500 MB"}},
    loads=[{"name": "day", "target": "api", "executor": "poisson", "rate": "20/s", "duration": "30s"}],
)


@pytest.mark.parametrize(
    ("own", "some"),
    [
        (8, [2, 4, 6, 8, 10, 12, 16, 24, 32]),
        (0, [0, 1, 2]),
        (0.5, [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 1.0, 1.5, 2.0]),
        (True, [False, True]),
        ("20/s", ["5/s", "10/s", "15/s", "20/s", "25/s", "30/s", "40/s", "60/s", "80/s"]),
        ("10s", ["2.5s", "5s", "7.5s", "10s", "12.5s", "15s", "20s", "30s", "40s"]),
    ],
)
def test_a_slider_offers_values_around_the_own_one(own: Any, some: list[Any]) -> None:
    assert choices("x", own) == some


def test_of_memory_the_usual_sizes_are_offered_beside_the_own_one() -> None:
    offered = choices("x", "500 MB")
    assert offered[:4] == ["128 MB", "256 MB", "500 MB", "512 MB"]
    assert offered[-1] == "10240 MB"


def test_a_move_is_a_run_with_other_values() -> None:
    tried = WhatIf(EXP, ["function.api.memory", "load.day.rate"])
    assert tried.own == {"function.api.memory": "500 MB", "load.day.rate": "20/s"}
    values = {"function.api.memory": "1024 MB", "load.day.rate": "40/s"}
    result = tried.at(values)
    assert result.summary["account"] == EXP.with_(values).run().summary["account"]
    assert tried.at(dict(reversed(values.items()))) is result


def test_a_long_run_is_cut() -> None:
    exp = EXP.with_({"load.day.duration": "10h", "simulation.engine": "simpy", "load.day.rate": "300/s"})
    begin = time.perf_counter()
    result = WhatIf(exp, ["load.day.rate"]).at({"load.day.rate": "300/s"})
    assert result.summary["incomplete"] is True
    assert result.summary["functions"]["api"]["requests"] > 0
    assert time.perf_counter() - begin > MOVE_S


@pytest.mark.parametrize("path", ["function.api.runtime", "function.api.duration", "function.ap.memory", "load.9.rate"])
def test_what_is_no_number_has_no_slider(path: str) -> None:
    with pytest.raises(ls.InputError, match=path):
        WhatIf(EXP, [path])


def test_the_sliders_move_the_result() -> None:
    pytest.importorskip("ipywidgets")
    box = whatif(EXP, "function.api.memory")
    slider, shown = box.children
    assert slider.value == "500 MB"
    before = shown.value
    slider.value = "1024 MB"
    assert shown.value != before
    assert "lambdasim-result" in shown.value
    with pytest.raises(ls.InputError, match="name at least one value"):
        whatif(EXP)
