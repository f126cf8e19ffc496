"""Each part of a cold start does what its key says, in both engines, and nothing where it is not set."""

from typing import Any

import pytest

from lambdasim.config import config_from_dict
from lambdasim.config.schema import ExperimentConfig
from lambdasim.engine.compiled.engine import CompiledEngine
from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.model.events import StartKind
from lambdasim.planning.assumptions import assumptions
from lambdasim.scenario import planned
from lambdasim.simulate import simulate

MS = 1_000_000
ENGINES = [ReferenceEngine, pytest.param(CompiledEngine, marks=pytest.mark.filterwarnings("ignore"))]
PLAIN = {
    "init": "constant(100ms)", "placement": "constant(10ms)", "duration": "constant(50ms)",
    "idle_timeout": "constant(1s)",
}  # fmt: skip
LOAD = {
    "target": "f", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "1/s", "duration": "4s",
}  # fmt: skip


def read(function: dict[str, Any], **more: Any) -> ExperimentConfig:
    """Return an experiment with four requests, a second apart."""
    return config_from_dict({"function": {"f": {**PLAIN, **function}}, "load": [LOAD]} | more).config


def starts(engine: Any, function: dict[str, Any], **more: Any) -> list[tuple[str, float, float, float]]:
    """Return how each of four requests, a second apart, starts, and placement, init and duration in ms."""
    plan, workload = planned(read(function, **more), 1)
    run = engine(plan)
    chunks = [run.advance(chunk).invocations for chunk in workload.chunks()]
    chunks.append(run.finish(workload.ends_ns).invocations)
    columns = ("arrival_ns", "start", "placement_ns", "init_ns", "duration_ns")
    rows = sorted(zip(*([int(v) for c in chunks for v in c[name]] for name in columns), strict=True))
    return [(StartKind(start).name, *(ns / MS for ns in times)) for _, start, *times in rows]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("parts", "first"),
    [
        ({}, ("COLD", 10, 100, 50)),
        ({"vpc": True}, ("COLD", 10, 100, 50)),
        ({"vpc": True, "vpc_delay": "30ms"}, ("COLD", 40, 100, 50)),
        ({"vpc_delay": "30ms"}, ("COLD", 10, 100, 50)),
        ({"extensions": 3}, ("COLD", 10, 250, 50)),
        ({"extensions": 2, "extension_init": "7ms"}, ("COLD", 10, 114, 50)),
        ({"package_size": "8 MB", "layers": ["1 MB", "3 MB"]}, ("COLD", 10, 400, 50)),
        ({"package_size": "8 MB", "load_per_mb": "1ms"}, ("COLD", 10, 108, 50)),
        ({"first_invocation": "40ms"}, ("COLD", 10, 100, 90)),
        ({"proactive": 1.0}, ("INITIALISED_AHEAD", 0, 0, 50)),
        ({"proactive": 1.0, "first_invocation": "40ms"}, ("INITIALISED_AHEAD", 0, 0, 90)),
    ],
)
def test_a_part_of_a_cold_start(engine: Any, parts: dict[str, Any], first: tuple[Any, ...]) -> None:
    found = starts(engine, {"cold_start": parts})
    assert found == [first] + 3 * [("WARM", 0, 0, 50)]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_restore_takes_the_place_of_an_init(engine: Any) -> None:
    parts = {"restore": "constant(200ms)", "first_restores": 1.5, "extensions": 1, "package_size": "9 MB", "vpc": True}
    cold = {"snapstart": True, "runtime": "python3.13", "idle_timeout": "constant(1ms)"}
    found = starts(engine, cold | {"cold_start": parts})
    assert found == 4 * [("RESTORED", 10, 300, 50)]
    assert starts(engine, cold | {"cold_start": parts | {"first_restores": 1.0}}) == 4 * [("RESTORED", 10, 200, 50)]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_first_invocation_scales_with_memory(engine: Any) -> None:
    parts = {"first_invocation": "40ms", "first_cpu_share": 1.0}
    measured = {"memory": "256 MB", "duration_memory": "512 MB", "cold_start": parts}
    assert starts(engine, measured)[0] == ("COLD", 10, 100, 130)
    waiting = measured | {"cold_start": {"first_invocation": "40ms"}}
    assert starts(engine, waiting)[0] == ("COLD", 10, 100, 90)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_first_invocation_of_the_runtime(engine: Any) -> None:
    parts = {"first_invocation": "runtime"}
    (_, _, _, slow), *_ = starts(engine, {"runtime": "dotnet8", "memory": "512 MB", "cold_start": parts})
    assert slow == pytest.approx(50 + 165.14 - 2.5, abs=0.01)
    assert starts(engine, {"runtime": "python3.13", "memory": "512 MB", "cold_start": parts})[0][3] == 50


@pytest.mark.parametrize("engine", ENGINES)
def test_provisioned_environments_have_first_invocations_too(engine: Any) -> None:
    function = {"provisioned": {"concurrency": 1}, "cold_start": {"first_invocation": "40ms", "extensions": 2}}
    assert starts(engine, function) == [("WARM", 0, 0, 90)] + 3 * [("WARM", 0, 0, 50)]


def test_an_image_is_loaded_as_it_is_read() -> None:
    assert starts(ReferenceEngine, {"package": "image", "cold_start": {"package_size": "5 GB"}})[0][2] == 100


def test_an_init_ahead_is_billed_and_makes_nobody_wait() -> None:
    outcome = simulate(read({"cold_start": {"proactive": 1.0}}, simulation={"engine": "simpy"}), 1)
    of = outcome.measured.functions["f"]
    assert (of["cold_starts"], of["initialised_ahead"], of["latency"]["max"]) == (0, 1, 50)
    assert of["billed_duration_ms"] == 4 * 50 + 100


def test_what_restores_cost() -> None:
    """Restores are billed beside the handler, by memory, and the snapshot by time; of Java neither is."""
    parts = {"restore": "constant(200ms)", "restore_billed": 0.25, "first_restores": 1.0}
    of = {}
    for runtime in ("python3.13", "java21"):
        function = {"snapstart": True, "runtime": runtime, "memory": "1024 MB", "cold_start": parts}
        outcome = simulate(read(function, simulation={"engine": "simpy"}), 1)
        measured = outcome.measured.functions["f"]
        assert (measured["cold_starts"], measured["restore_duration"]["max"]) == (1, 200)
        assert measured["init_duration"]["max"] is None
        assert measured["billed_duration_ms"] == 4 * 50 + 50
        of[runtime] = {line.item: line.quantity for line in outcome.bill.lines}
    assert {item: of["python3.13"][item] for item in of["python3.13"].keys() - of["java21"].keys()} == {
        "snapstart-cache": 10_800, "snapstart-restore": 1,
    }  # fmt: skip


def test_the_cost_over_time_has_restores() -> None:
    function = {"snapstart": True, "runtime": "python3.13", "memory": "1024 MB", "idle_timeout": "constant(1ms)"}
    config = read(function, simulation={"engine": "simpy"}, output={"period": "1s"})
    outcome = simulate(config, 1)
    restores = sum(line.usd for line in outcome.bill.lines if line.item == "snapstart-restore")
    _, period, usd = outcome.cost_by_period
    assert set(period.tolist()) >= {0, 1, 2, 3}
    assert float(usd.sum()) == pytest.approx(float(outcome.bill.total))
    assert restores > 0


def test_what_is_assumed_of_restores_is_told_where_there_are_any() -> None:
    def names(function: dict[str, Any]) -> set[str]:
        return {one.name for one in assumptions(read(function))}

    of_restores = {"restore from a snapshot", "billed part of a restore", "first restores of a version"}
    snapstart = {"snapstart": True, "runtime": "java21", "cold_start": {"vpc": True}}
    assert of_restores <= names(snapstart)
    assert not of_restores & names({"cold_start": {"vpc": True}})
    assert of_restores <= names({"snapstart": True, "runtime": "java21"})
    assert "placement in a VPC" in names(snapstart)
    assert "placement in a VPC" not in names({"cold_start": {"extensions": 1}})


def test_a_function_without_these_keys_is_as_before() -> None:
    plain, parts = (planned(read(one), 1)[0] for one in ({}, {"cold_start": {}}))
    assert plain == parts
