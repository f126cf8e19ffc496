"""Rows of virtual users: the same in whatever order they are asked for."""

import pytest

from lambdasim.config.schema import ExperimentConfig
from lambdasim.model.events import Status
from lambdasim.plan import PLAN_COLUMNS
from lambdasim.workload import closed_loop
from lambdasim.workload.closed_loop import ClosedLoop
from lambdasim.workload.plan import Workload


def workload(vus: int = 3, seed: int = 1, **keys: object) -> Workload:
    function = {"duration": "exponential(mean=1s)", "init": "constant(1s)", "errors": 0.5}
    load = {"name": "users", "target": "api", "executor": "constant-vus", "vus": vus, "duration": "10min", **keys}
    return Workload(ExperimentConfig.model_validate({"function": {"api": function}, "load": (load,)}), seed)


def loop(vus: int = 3, seed: int = 1, **keys: object) -> ClosedLoop:
    drawn = workload(vus, seed, **keys)
    return drawn.closed_loops[0].open(drawn.series[0])


def test_rows_are_python_integers_under_the_columns_of_the_plan() -> None:
    row = loop(think_time="uniform(1s, 2s)", start_time="1min").row(7)
    assert set(row) == {*PLAN_COLUMNS, "source", "delay_ns", "think_ns"} - {"arrival_ns"}
    assert all(type(value) is int for value in row.values())
    assert (row["request"], row["function"]) == (7, 0)
    assert row["init_ns"] == 10**9
    assert row["outcome"] in {Status.SUCCESS, Status.ERROR}
    assert 10**9 <= row["think_ns"] <= 2 * 10**9


def test_users_start_and_stop_with_their_load() -> None:
    (users,) = workload(start_time="1min", vus=5).closed_loops
    assert (users.load, users.vus) == (0, 5)
    assert (users.start_ns, users.stop_ns) == (60 * 10**9, 660 * 10**9)
    assert loop().row(0)["think_ns"] == 0


def test_the_order_of_asking_changes_nothing() -> None:
    there, back = loop(), loop()
    forward = [there.row(sequence) for sequence in range(600)]
    backward = [back.row(sequence) for sequence in reversed(range(600))]
    assert forward == backward[::-1]
    assert len({row["duration_ns"] for row in forward}) == 600


@pytest.mark.parametrize(("at_once", "kept"), [(1, 2**20), (10, 2**20), (10_000, 2**20), (8, 1), (64, 100)])
def test_how_many_are_drawn_at_once_changes_nothing(monkeypatch: pytest.MonkeyPatch, at_once: int, kept: int) -> None:
    rows = [loop(vus=7).row(sequence) for sequence in range(300)]
    monkeypatch.setattr(closed_loop, "DRAWN_AT_ONCE", at_once)
    monkeypatch.setattr(closed_loop, "ITERATIONS", 2)
    monkeypatch.setattr(closed_loop, "MOST_ROWS", kept)
    other = loop(vus=7)
    assert rows == [other.row(sequence) for sequence in range(300)]


def test_what_is_kept_does_not_grow_with_time() -> None:
    users = loop(vus=5)
    for sequence in range(0, 5 * 5_000, 5):
        users.row(sequence)  # of one user; the others never move
    assert len(users._drawn) * users._iterations <= 5 * 5_000
    for sequence in range(25_000):
        users.row(sequence)
    assert len(users._drawn) <= 5


def test_a_returned_row_is_the_callers_own() -> None:
    users = loop()
    users.row(0).clear()
    assert users.row(0) == loop().row(0)
