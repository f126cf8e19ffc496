"""Which version a request goes to: by chance alone, by the weights of its time, and as both engines decide it."""

from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np
import pytest

import lambdasim as ls
from lambdasim.model.aliases import WHOLE_Q24, chosen
from lambdasim.model.rules import jitter24
from lambdasim.plan import PLAN_COLUMNS, PlanChunk
from lambdasim.workload.plan import Workload
from lambdasim.workload.routes import Route, Routing

MIN = 60 * 10**9
TENTH = WHOLE_Q24 // 10


def workload(weights: dict[str, float], seed: int = 1, **more: Any) -> Workload:
    function = {
        "duration": "lognormal(p50=80ms, p99=600ms)",
        "init": "constant(1s)",
        "errors": 0.1,
        "version": {"1": {}, "2": {"duration": "constant(1s)"}},
        "alias": {"live": {"weights": weights}},
    }
    load = {"target": "f:live", "executor": "poisson", "rate": "100/s", "duration": "10min"}
    return Workload(ls.Experiment(functions={"f": function}, loads=[load], **more).config, seed)


def drawn(work: Workload) -> PlanChunk:
    """Return all requests of a workload as one chunk."""
    parts = list(work.chunks(10**6))
    return replace(
        parts[0], unrouted=None,
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in PLAN_COLUMNS},
    )  # fmt: skip


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9])
def test_weights_are_those_of_a_binomial(share: float) -> None:
    """The number of requests of a version, given how many there are, within four standard errors of n * p."""
    for seed in (1, 2, 3):
        chunk = drawn(workload({"1": 1 - share, "2": share}, seed))
        count, new = len(chunk), int((chunk.function == 2).sum())
        assert abs(new - count * share) < 4 * sqrt(count * share * (1 - share))


def test_draws_of_versions_are_independent_of_each_other() -> None:
    """Runs of the same version are geometric: a request tells nothing of the next."""
    function = drawn(workload({"1": 0.5, "2": 0.5})).function
    changes, pairs = int((np.diff(function) != 0).sum()), len(function) - 1
    assert abs(changes - pairs / 2) < 4 * sqrt(pairs) / 2


def test_another_weight_moves_no_other_draw() -> None:
    few, many = (drawn(workload({"1": 1 - share, "2": share})) for share in (0.1, 0.3))
    for column in ("request", "arrival_ns", "outcome", "init_ns", "idle_timeout_ns", "lifetime_ns", "pick"):
        assert np.array_equal(getattr(few, column), getattr(many, column))
    same = few.function == many.function
    assert np.array_equal(few.duration_ns[same], many.duration_ns[same])
    assert set(few.function[~same].tolist()) == {1}  # more weight takes nobody away from the version


def test_a_version_draws_as_its_function_does() -> None:
    plain = ls.Experiment(
        functions={"f": {"duration": "lognormal(p50=80ms, p99=600ms)", "init": "constant(1s)", "errors": 0.1}},
        loads=[{"target": "f", "executor": "poisson", "rate": "100/s", "duration": "10min"}],
    )
    without, chunk = drawn(Workload(plain.config, 1)), drawn(workload({"1": 1.0}))
    for column in ("request", "arrival_ns", "duration_ns", "outcome", "lifetime_ns"):
        assert np.array_equal(getattr(without, column), getattr(chunk, column))
    assert set(chunk.function.tolist()) == {1}


def test_weights_change_at_their_instant() -> None:
    change = [{"time": "5min", "set": {"function.f.alias.live.weights": {"2": 1.0}}}]
    chunk = drawn(workload({"1": 1.0}, change=change))
    assert np.array_equal(chunk.function == 2, chunk.arrival_ns >= 5 * MIN)


def test_many_requests_are_chosen_as_one_is() -> None:
    steps = ((0, (TENTH, 2 * TENTH, WHOLE_Q24 - 3 * TENTH)), (50, (0, 0, WHOLE_Q24)), (70, (WHOLE_Q24, 0, 0)))
    routing = Routing({"f:live": Route("f:live", (7, 8, 9), steps)}, [(4, "f:live", 0xDEADBEEF)])
    index = np.arange(100)
    actors = routing.actors(4, index, index)
    expected = [
        4 + chosen(Route("f:live", (7, 8, 9), steps).weights_at(n), 0, 3, jitter24(0xDEADBEEF, n)) for n in range(100)
    ]
    assert np.broadcast_to(actors, 100).tolist() == expected
    assert routing.actors(5, index, index) == 5  # of another name


def test_parts_add_up() -> None:
    route = Route("f:live", (2, 1), ((0, (TENTH, WHOLE_Q24 - TENTH)),))
    for whole in range(40):
        assert route.part(1, 0, whole) + route.part(2, 0, whole) == whole


def test_requests_are_drawn_again_where_they_are_led_elsewhere() -> None:
    """What a controller reroutes is what had been drawn if it had been planned so."""
    work = workload({"1": 0.5, "2": 0.5})
    (route,) = work.destinations.moving
    steps = {"f:live": route.from_then_on(3 * MIN, (0, WHOLE_Q24)).steps}
    parts = list(work.chunks(10**6))
    again = [work.rerouted(part, steps) for part in parts]
    planned = list(workload({"1": 1.0}).chunks(10**6))
    for part, rerouted in zip(parts, again, strict=True):
        early = part.arrival_ns < 3 * MIN
        assert np.array_equal(rerouted.function[early], part.function[early])
        assert set(rerouted.function[~early].tolist()) <= {1}
    late = np.concatenate([part.duration_ns[part.arrival_ns >= 3 * MIN] for part in again])
    assert np.array_equal(late, np.concatenate([part.duration_ns[part.arrival_ns >= 3 * MIN] for part in planned]))
