"""The plan of whole experiments: exactly the same however it is cut and whatever stands beside it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lambdasim as ls
from lambdasim.config.eras import IDLE_2025
from lambdasim.config.schema import ExperimentConfig
from lambdasim.errors import InputError
from lambdasim.model.events import LOAD_SHIFT, NEVER_NS, Status
from lambdasim.plan import PLAN_COLUMNS
from lambdasim.workload.plan import Workload
from lambdasim.workload.random_streams import stream_key

S = 10**9

FUNCTIONS: dict[str, dict[str, Any]] = {
    "api": {"duration": "lognormal(p50=80ms, p99=600ms)", "init": "lognormal(p50=450ms, p99=1.2s)", "errors": 0.1},
    "worker": {
        "duration": "gamma(mean=1.8s, cv=0.7)",
        "runtime": "python3.13",
        "memory_used": "exponential(mean=100 MB)",
        "idle_timeout": {"lone": "half-life(380s)", "surplus": "uniform(20min, 30min)"},
    },
    "batch": {
        "duration": "mixture(0.9: weibull(mean=1s, cv=2), 0.1: percentiles(p0=1s, p50=2s, p100=9s))",
        "init": "pareto(min=20ms, alpha=2.5)",
        "max_lifetime": "none",
        "reuse": "random",
        "crashes": 0.01,
    },
}
LOADS: dict[str, dict[str, Any]] = {
    "steady": {"target": "api", "executor": "constant-arrival-rate", "rate": "5/s", "duration": "60s"},
    "same": {"target": "api", "executor": "poisson", "rate": "5/s", "duration": "60s"},
    "schedule": {
        "target": "http",
        "executor": "constant-arrival-rate",
        "process": "deterministic",
        "rate": "4/s",
        "duration": "30s",
    },
    "clumps": {
        "target": "batch",
        "executor": "spike",
        "process": "gamma(cv=3)",
        "rate": "1/s",
        "spike_rate": "40/s",
        "spike_at": "20s",
        "spike_duration": "5s",
        "duration": "60s",
    },
    "bursts": {
        "target": "worker",
        "executor": "bursty",
        "rates": ["0/s", "20/s"],
        "sojourns": ["5s", "5s"],
        "duration": "60s",
    },
    "users": {
        "target": "worker",
        "executor": "constant-vus",
        "vus": 3,
        "duration": "45s",
        "think_time": "constant(1s)",
    },
}
SOURCES = {"http": {"type": "invoke", "function": "api"}}


def workload(functions: list[str], loads: list[str], *, seed: int = 1, simulation: Any = None, **more: Any) -> Workload:
    table = {
        "function": {name: FUNCTIONS[name] for name in functions} | more.get("function", {}),
        "source": SOURCES,
        "load": (*({"name": name, **LOADS[name]} for name in loads), *more.get("load", ())),
        "simulation": simulation or {},
    }
    return Workload(ExperimentConfig.model_validate(table), seed)


def rows(plan: Workload, **arguments: int) -> np.ndarray:
    """Return all rows of a plan, with its columns in order."""
    chunks = [np.array([getattr(chunk, column) for column in PLAN_COLUMNS]) for chunk in plan.chunks(**arguments)]
    return np.concatenate(chunks, axis=1).T if chunks else np.zeros((0, len(PLAN_COLUMNS)), dtype=np.int64)


def by_request(plan: Workload) -> dict[tuple[str, int], tuple[int, ...]]:
    """Return the rows by load and sequence, with the name of the function instead of its index."""
    place = PLAN_COLUMNS.index("function")
    found = {}
    for row in rows(plan).tolist():
        load, sequence = plan.series[row[0] >> LOAD_SHIFT].name, row[0] & (1 << LOAD_SHIFT) - 1
        row[place] = plan.functions[row[place]].name
        found[load, sequence] = tuple(row[1:])
    return found


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(list(LOADS)), unique=True), st.integers(1, 300), st.integers(0, 70))
def test_the_size_of_chunks_changes_nothing(loads: list[str], size: int, until: int) -> None:
    plan = workload(list(FUNCTIONS), loads)
    whole = rows(plan)
    assert (rows(plan, rows=size) == whole).all()
    assert (rows(plan, rows=size, until_ns=until * S) == whole[whole[:, 1] < until * S]).all()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(list(LOADS)), unique=True, min_size=1), st.permutations(list(FUNCTIONS)), st.data())
def test_other_loads_and_functions_change_nothing(loads: list[str], functions: list[str], data: st.DataObject) -> None:
    few = data.draw(st.lists(st.sampled_from(loads), unique=True))
    whole, part = by_request(workload(functions, loads)), by_request(workload(list(FUNCTIONS), few))
    assert part == {key: row for key, row in whole.items() if key[0] in few}


@pytest.mark.parametrize(
    ("feature", "columns"),
    [
        ({"errors": 0.5}, {"outcome"}),
        ({"crashes": 0.5}, {"outcome"}),
        ({"memory_used": "exponential(mean=100 MB)"}, {"outcome", "duration_ns"}),
        ({"reuse": "random"}, {"pick"}),
        ({"max_lifetime": "none"}, {"lifetime_ns"}),
        ({"placement": "exponential(mean=1s)"}, {"placement_ns"}),
        ({"init": "exponential(mean=1s)"}, {"init_ns"}),
        ({"duration": "exponential(mean=1s)"}, {"duration_ns"}),
        ({"idle_timeout": {**IDLE_2025, "surplus": "half-life(380s)"}}, {"surplus_idle_timeout_ns"}),
        ({"reserved_concurrency": 5, "provisioned": {"concurrency": 2}, "timeout": "9s"}, set()),
    ],
)
def test_a_feature_changes_its_own_columns_only(feature: dict[str, Any], columns: set[str]) -> None:
    plain = rows(workload(["api"], ["steady", "same"]))
    other = rows(workload(["api"], ["steady", "same"], function={"api": FUNCTIONS["api"] | feature}))
    assert plain.shape == other.shape
    changed = {column for place, column in enumerate(PLAN_COLUMNS) if (plain[:, place] != other[:, place]).any()}
    assert changed == columns


def test_another_seed_is_another_plan() -> None:
    assert (rows(workload(["api"], ["steady"])) == rows(workload(["api"], ["steady"]))).all()
    assert rows(workload(["api"], ["steady"]))[0, 1] != rows(workload(["api"], ["steady"], seed=2))[0, 1]


@pytest.mark.parametrize("size", [1, 7, 65_536])
def test_chunks_keep_their_promise(size: int) -> None:
    plan = workload(list(FUNCTIONS), list(LOADS))
    begin, last = 0, (-1, -1)
    for chunk in plan.chunks(size):
        assert begin < chunk.until_ns
        assert {len(getattr(chunk, column)) for column in PLAN_COLUMNS} == {len(chunk)}
        assert all(getattr(chunk, column).dtype == np.int64 for column in PLAN_COLUMNS)
        keys = list(zip(chunk.arrival_ns.tolist(), chunk.request.tolist(), strict=True))
        assert keys == sorted(keys)
        assert all(begin <= arrival < chunk.until_ns for arrival, _ in keys)
        assert last < min(keys, default=(NEVER_NS, 0))
        begin, last = chunk.until_ns, max(keys, default=last)
    assert begin == plan.ends_ns + 1


def test_requests_of_one_instant_share_a_chunk(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("time\n" + "1\n" * 50 + "2\n" * 3)
    load = {"name": "t", "target": "api", "trace": {"file": str(tmp_path / "t.csv"), "format": "events"}}
    plan = workload(["api"], [], load=(load,))
    assert [(len(chunk), chunk.until_ns) for chunk in plan.chunks(10)] == [(50, 2 * S), (3, 2 * S + 1)]
    assert plan.ends_ns == 2 * S


def test_virtual_users_are_in_no_chunk_but_time_passes_for_them() -> None:
    plan = workload(
        ["worker"], ["users"], load=({"name": "late", **LOADS["bursts"], "start_time": "35s", "duration": "1s"},)
    )
    ends = [chunk.until_ns for chunk in plan.chunks()]
    assert max(np.diff([0, *ends])) <= 10 * S
    assert ends[-1] == 45 * S + 1
    (users,) = plan.closed_loops
    assert (users.load, users.start_ns, users.stop_ns) == (0, 0, 45 * S)
    assert users.open(plan.series[0]).row(0)["request"] == 0


def test_loads_and_functions_are_numbered_in_the_order_of_the_file() -> None:
    plan = workload(["worker", "api"], ["same", "schedule"])
    assert [series.name for series in plan.series[:2]] == ["same", "schedule"]
    assert [f.name for f in plan.functions] == ["worker", "api"]
    found = rows(plan)
    assert set(found[:, 0] >> LOAD_SHIFT) == {0, 1}
    assert set(found[:, PLAN_COLUMNS.index("function")]) == {1}
    assert all(one.key("client-jitter") == stream_key(1, "client-jitter", one.name) for one in plan.series)


def test_ends_and_stages() -> None:
    ramp = {
        "name": "ramp",
        "target": "api",
        "executor": "ramping-arrival-rate",
        "start_time": "10s",
        "stages": [{"duration": "20s", "target": "9/s"}, {"duration": "50s", "target": "9/s"}],
    }
    plan = workload(list(FUNCTIONS), ["schedule", "users"], load=(ramp,))
    assert plan.ends_ns == 80 * S
    assert plan.phases.stages == [
        (0, 30 * S, "schedule: 4/s"),
        (0, 45 * S, "users: 3 virtual users"),
        (10 * S, 30 * S, "ramp: 0 → 9/s"),
        (30 * S, 80 * S, "ramp: 9/s"),
    ]
    assert plan.phases.ends_ns == 80 * S
    cut = workload(list(FUNCTIONS), ["schedule", "users"], load=(ramp,), simulation={"duration": "25s"})
    assert cut.ends_ns == cut.phases.ends_ns == 25 * S
    assert cut.phases.stages == [
        (0, 25 * S, "schedule: 4/s"),
        (0, 25 * S, "users: 3 virtual users"),
        (10 * S, 25 * S, "ramp: 0 → 9/s"),
    ]
    assert cut.closed_loops[0].stop_ns == 25 * S
    assert [chunk.until_ns for chunk in cut.chunks()][-1] == 25 * S
    whole = rows(plan)
    assert (rows(cut) == whole[whole[:, 1] < 25 * S]).all()


def test_a_load_without_requests_is_an_empty_plan() -> None:
    silent = {"name": "silent", "target": "api", "executor": "poisson", "rate": "0/s", "duration": "60s"}
    plan = workload(["api"], [], load=(silent,))
    assert list(plan.chunks()) == []
    assert plan.ends_ns == 60 * S


def test_provisioned_environments_have_draws_of_their_own() -> None:
    provisioned = {"concurrency": 3, "requested_at": "1min"}
    plan = workload(["worker"], [], function={"api": FUNCTIONS["api"] | {"provisioned": provisioned}})
    first = plan.provisioned_init_ns(1, 3).tolist()
    assert len(set(first)) == 3
    assert plan.provisioned_init_ns(1, 5).tolist()[:3] == first
    assert 60 * S <= plan.preparation_ns(1) <= 120 * S
    assert 60 * S <= plan.preparation_ns(1, 1) != plan.preparation_ns(1)
    assert plan.provisioned_init_ns(1, 2, 1).tolist() == first[1:]


def test_a_trace_brings_functions_and_numbers_requests_by_function(tmp_path: Path) -> None:
    """A function's draws depend on its own requests only: those of others between them change nothing."""
    together, alone = tmp_path / "together.csv", tmp_path / "alone.csv"
    together.write_text("time,function,duration,error\n1,new,,\n2,http,3,1\n3,new,,0\n4,api,,\n5,old,,\n6,new,0.5,\n")
    alone.write_text("time,function\n1,new\n3,new\n6,new\n")

    def plan(file: Path) -> Workload:
        load = {"name": "t", "trace": {"file": str(file), "format": "events"}}
        return workload(["api"], [], load=(load,), function={"*": FUNCTIONS["worker"]})

    whole, part = plan(together), plan(alone)
    assert [(f.name, f.declared) for f in whole.functions] == [("api", True), ("new", False), ("old", False)]
    table = rows(whole)
    column = {name: table[:, place] for place, name in enumerate(PLAN_COLUMNS)}
    assert column["function"].tolist() == [1, 0, 1, 0, 2, 1]
    assert column["duration_ns"][[1, 5]].tolist() == [3 * S, S // 2]
    assert column["outcome"][[1, 2]].tolist()[0] == Status.ERROR
    mine, lonely = table[column["function"] == 1], rows(part)
    for name in ("arrival_ns", "init_ns", "placement_ns", "idle_timeout_ns", "lifetime_ns"):
        place = PLAN_COLUMNS.index(name)
        assert mine[:, place].tolist() == lonely[:, place].tolist()


def test_a_trace_of_unknown_functions_is_explained(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("time,function\n1,apii\n")
    load = {"name": "t", "trace": {"file": str(tmp_path / "t.csv"), "format": "events"}}
    with pytest.raises(InputError, match=r"names the function 'apii', .* did you mean 'api'\?"):
        workload(["api"], [], load=(load,))


def test_all_unusable_traces_are_reported_at_once(tmp_path: Path) -> None:
    missing = [{"name": n, "target": "api", "trace": {"file": str(tmp_path / n), "format": "events"}} for n in "ab"]
    with pytest.raises(InputError) as caught:
        workload(["api"], [], load=tuple(missing))
    assert [Path(str(problem.file)).name for problem in caught.value.problems] == ["a", "b"]


def test_a_trace_may_not_say_how_long_events_of_a_batch_take(tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    file.write_text("time,duration\n0,5\n")
    exp = ls.Experiment(
        functions={"f": {"duration": "constant(1s)", "init": "constant(0s)"}},
        sources={"jobs": {"type": "sqs", "function": "f"}},
        loads=[{"target": "jobs", "trace": {"file": str(file), "format": "events"}}],
    )
    with pytest.raises(ls.InputError, match=r"its column 'duration' would have no effect: 'jobs' hands events over"):
        Workload(exp.config, 0)
    file.write_text("time\n0\n")
    assert Workload(exp.config, 0).ends_ns == 0
