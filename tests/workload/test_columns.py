"""Columns of a plan: what is drawn, what is the same for all, and how the parts of a request meet."""

from typing import Any

import numpy as np
import pytest

from lambdasim.config.schema import FunctionConfig
from lambdasim.model.events import NEVER_NS, Status
from lambdasim.plan import PLAN_COLUMNS
from lambdasim.workload.columns import DRAWN_COLUMNS, Actor, Chances, Columns
from lambdasim.workload.functions import NOTHING, PlannedFunction
from lambdasim.workload.given import NO_OVERRIDES, TraceOverrides

N = 100_000
MS = 10**6


def actor(name: str = "api", load: str = "api", **keys: Any) -> Actor:
    table = {"duration": "exponential(mean=100ms)", "init": "constant(200ms)", "max_lifetime": "none", **keys}
    config = FunctionConfig.model_validate(table)
    assert config.init is not None
    chances = Chances.of(PlannedFunction(name, config, True, config.init, config.placement or NOTHING))
    return Actor(load, name, chances)


def draw(*actors: Actor, rows: int = N, given: TraceOverrides = NO_OVERRIDES) -> dict[str, np.ndarray]:
    which = np.arange(rows) % len(actors) if len(actors) > 1 else 0
    return Columns(1, actors).draw(which, np.arange(rows), given)


def is_broadcast(column: np.ndarray) -> bool:
    return column.strides == (0,)


def near(share: float, p: float, n: int = N) -> bool:
    """Whether a binomial share is within 4 standard errors."""
    return bool(abs(share - p) < 4 * np.sqrt(p * (1 - p) / n))


def test_the_columns_are_those_of_the_plan() -> None:
    assert set(draw(actor(), rows=3)) == set(DRAWN_COLUMNS)
    assert set(PLAN_COLUMNS) - set(DRAWN_COLUMNS) == {"request", "arrival_ns", "function"}


def test_what_is_the_same_for_all_is_never_drawn() -> None:
    columns = draw(actor("a"), actor("b"))
    constant = {name for name, column in columns.items() if is_broadcast(column)}
    assert constant == {"init_ns", "placement_ns", "outcome", "lifetime_ns", "pick"}
    assert {name: int(columns[name][0]) for name in constant} == {
        "init_ns": 200 * MS,
        "placement_ns": 0,
        "outcome": Status.SUCCESS,
        "lifetime_ns": NEVER_NS,
        "pick": 0,
    }


def test_errors_and_crashes_have_their_fractions_and_leave_each_other_alone() -> None:
    errors = draw(actor(errors=0.2))["outcome"]
    both = draw(actor(errors=0.2, crashes=0.05))["outcome"]
    assert near((both == Status.ERROR).mean(), 0.2)
    assert near((both == Status.CRASH).mean(), 0.05)
    assert ((errors == Status.ERROR) == (both == Status.ERROR)).all()


def test_certain_crashes() -> None:
    assert (draw(actor(crashes=1.0))["outcome"] == Status.CRASH).all()


def test_cpu_work_scales_with_memory() -> None:
    at_1024 = draw(actor(memory="1024 MB"))["duration_ns"]
    at_128 = draw(actor(memory="128 MB", duration_memory="1024 MB", cpu_share=1.0))["duration_ns"]
    half = draw(actor(memory="128 MB", duration_memory="1024 MB", cpu_share=0.5))["duration_ns"]
    assert np.abs(at_128 - 8 * at_1024).max() <= 4  # the draw is rounded once, after scaling
    assert np.abs(half - 4.5 * at_1024).max() <= 3
    mixed = draw(actor("a", memory="128 MB", duration_memory="1024 MB", cpu_share=1.0), actor("b"))["duration_ns"]
    assert (mixed[1::2] == draw(actor("b"))["duration_ns"][1::2]).all()


def test_constant_durations_scale_too() -> None:
    table = {"duration": "constant(300ms)", "memory": "128 MB", "duration_memory": "1024 MB", "cpu_share": 1.0}
    assert set(draw(actor(**table), rows=5)["duration_ns"].tolist()) == {2_400 * MS}


def test_running_out_of_memory_ends_the_handler_early() -> None:
    plain = draw(actor(memory="128 MB"))
    columns = draw(actor(memory="128 MB", memory_used="uniform(0 MB, 256 MB)", errors=1.0))
    killed = columns["outcome"] == Status.OUT_OF_MEMORY
    assert near(killed.mean(), 0.5)
    assert (columns["outcome"][~killed] == Status.ERROR).all()
    assert (columns["duration_ns"][~killed] == plain["duration_ns"][~killed]).all()
    share = columns["duration_ns"][killed] / plain["duration_ns"][killed]
    assert 0.5 <= share.min() < 0.51
    assert 0.99 < share.max() <= 1.0


def test_memory_that_always_suffices_is_not_drawn() -> None:
    assert is_broadcast(draw(actor(memory="128 MB", memory_used="constant(128 MB)"))["outcome"])


def test_a_plain_idle_timeout_holds_for_all_environments() -> None:
    plain = {"idle_timeout": "uniform(5min, 7min)"}
    columns = draw(actor(**plain))
    assert columns["surplus_idle_timeout_ns"] is columns["idle_timeout_ns"]
    policy = {"lone": "uniform(5min, 7min)", "surplus": "uniform(20min, 30min)"}
    two = draw(actor("a", idle_timeout=policy), actor("b", **plain))
    assert (two["surplus_idle_timeout_ns"][1::2] == two["idle_timeout_ns"][1::2]).all()
    assert (two["surplus_idle_timeout_ns"][::2] >= 20 * 60 * 1000 * MS).all()
    assert (two["idle_timeout_ns"][::2] == draw(actor("a", **plain))["idle_timeout_ns"][::2]).all()


def test_lifetimes_of_some_functions_only() -> None:
    columns = draw(actor("a", max_lifetime="uniform(1h, 2h)"), actor("b"))
    assert (columns["lifetime_ns"][1::2] == NEVER_NS).all()
    assert (columns["lifetime_ns"][::2] < NEVER_NS).all()


def test_picks_of_random_reuse_fill_31_bits() -> None:
    columns = draw(actor("a", reuse="random"), actor("b"))
    picks = columns["pick"]
    assert not picks[1::2].any()
    assert near((picks[::2] >= 2**30).mean(), 0.5, N // 2)
    assert picks.max() < 2**31


def test_what_a_trace_gives_replaces_draws() -> None:
    nothing, rows = -1, 4
    given = TraceOverrides(
        duration_ns=np.array([5, nothing, 0, 7]),
        init_ns=np.array([nothing, nothing, 9, nothing]),
        error=np.array([1, 0, nothing, 0]),
    )
    drawn = draw(actor(errors=1.0), rows=rows)
    columns = draw(actor(errors=1.0), rows=rows, given=given)
    assert columns["duration_ns"].tolist() == [5, drawn["duration_ns"][1], 0, 7]
    assert columns["init_ns"].tolist() == [200 * MS, 200 * MS, 9, 200 * MS]
    assert columns["outcome"].tolist() == [Status.ERROR, Status.SUCCESS, Status.ERROR, Status.SUCCESS]
    whole = draw(actor(), rows=rows, given=TraceOverrides(error=np.array([0, 1, nothing, 0])))
    assert whole["outcome"].tolist() == [Status.SUCCESS, Status.ERROR, Status.SUCCESS, Status.SUCCESS]


def test_durations_of_a_trace_scale_with_memory() -> None:
    scaled = actor(memory="128 MB", duration_memory="1024 MB", cpu_share=1.0)
    given = TraceOverrides(duration_ns=np.array([5, -1, 7]))
    assert draw(scaled, rows=3, given=given)["duration_ns"][[0, 2]].tolist() == [40, 56]


@pytest.mark.parametrize("column", ["duration_ns", "idle_timeout_ns"])
def test_kinds_loads_functions_and_seeds_draw_apart(column: str) -> None:
    first = draw(actor("a", "x", idle_timeout="exponential(mean=100ms)"), rows=50)
    assert (first["duration_ns"] != first["idle_timeout_ns"]).all()
    for other in (
        actor("a", "y", idle_timeout="exponential(mean=100ms)"),
        actor("b", "x", idle_timeout="exponential(mean=100ms)"),
    ):
        assert (first[column] != draw(other, rows=50)[column]).all()
