"""A plan is a value: it can be compared, printed and saved, and what was saved gives the records of the run."""

import json
from pathlib import Path

import numpy as np
import pytest

import lambdasim as ls
from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.model.control import Change, Control
from lambdasim.plan import Plan, PlanChunk
from lambdasim.scenario import planned
from lambdasim.scenario.saved_plan import plain, restored

ROOT = Path(__file__).parents[2]
EXPERIMENTS = sorted((ROOT / "experiments").glob("**/*.toml"))
S = 1_000_000_000


def plan_of(file: Path, seed: int = 1) -> Plan:
    return planned(ls.load_experiment(file).config, seed)[0]


@pytest.mark.parametrize("file", EXPERIMENTS, ids=lambda file: file.stem)
def test_what_is_restored_equals_what_was_saved(file: Path) -> None:
    plan = plan_of(file)
    saved = json.dumps(plain(plan))
    again = restored(json.loads(saved))
    assert again == plan == plan_of(file)
    assert json.dumps(plain(again)) == saved
    assert str(again) == str(plan)
    assert again != plan_of(file, seed=2)


KINDS = {
    "sources": {
        "jobs": {"type": "sqs", "function": "f", "batch_size": 3, "duplicates": 0.1, "poison": 0.1},
        "http": {"type": "apigateway-http", "function": "g"},
    },
    "functions": {
        "f": {
            "duration": "exponential(mean=100ms)",
            "init": "lognormal(p50=200ms, p99=400ms)",
            "errors": 0.1,
            "provisioned": {"concurrency": 2, "requested_at": "1s", "preparation": "uniform(1s, 2s)"},
            "calls": [{"function": "g", "count": 1.5}],
        },
        "g": {
            "duration": "mixture(0.9: constant(10ms), 0.1: pareto(alpha=2, min=20ms))",
            "init": "constant(0s)",
            "idle_timeout": {"lone": "uniform(1s, 2s)", "surplus": "constant(1s)"},
            "reuse": "random",
        },
    },
    "loads": [
        {"name": "open", "target": "jobs", "executor": "poisson", "rate": "20/s", "duration": "8s"},
        {"name": "users", "target": "http", "executor": "constant-vus", "vus": 4, "duration": "8s",
         "think_time": "exponential(mean=50ms)", "client": {"mode": "standard"}},
        {"name": "after", "target": "g", "per": {"source": "jobs", "count": 0.5}},
    ],
    "simulation": {"duration": "20s"},
}  # fmt: skip
"""An experiment in which each kind of series makes requests."""


def rows(plan: Plan, chunks: list[PlanChunk]) -> list[list[list[int]]]:
    engine = ReferenceEngine(plan)
    tables = [engine.advance(chunk) for chunk in chunks]
    tables.append(engine.finish(plan.loads_end_ns))
    names = ("invocations", "environments", "deliveries", "samples")
    return [np.concatenate([getattr(table, name).rows for table in tables]).tolist() for name in names]


def test_a_saved_plan_and_its_chunks_give_the_records_again() -> None:
    plan, workload = planned(ls.Experiment(**KINDS, account={"concurrency": 110}).config, 3)
    chunks = list(workload.chunks())
    expected = rows(plan, chunks)
    assert rows(restored(json.loads(json.dumps(plain(plan)))), chunks) == expected
    loads = {row[0] >> 44 for row in expected[0]}
    makers = {plan.series[load].made_by for load in loads}
    assert makers == {"load", "source", "call"}
    assert {plan.series[load].name for load in loads} >= {"users", "after"}  # the events of `open` come in batches


def test_two_engines_may_read_one_plan_in_turns() -> None:
    plan, workload = planned(ls.Experiment(**KINDS).config, 3)
    expected = rows(plan, list(workload.chunks()))
    engines = [ReferenceEngine(plan), ReferenceEngine(plan)]
    tables = [[engine.advance(chunk) for engine in engines] for chunk in workload.chunks()]
    tables.append([engine.finish(plan.loads_end_ns) for engine in engines])
    for mine in zip(*tables, strict=True):
        assert np.concatenate([table.invocations.rows for table in mine]).tolist() == expected[0]


def test_it_names_what_it_holds() -> None:
    text = str(planned(ls.Experiment(**KINDS).config, 3)[0])
    for part in (
        "loads end at 8 s, it ends at 20 s",
        "function 1: FunctionSpec(name='g'",
        "source 0: SqsSpec(name='jobs', function=0, batch_size=3",
        "series 1: PlannedSeries(load=1, name='users'",
        "link 0: LinkSpec(load=2, trigger=SOURCE",
        "closed loop 0: VirtualUsers(load=1, vus=4, start_ns=0, stop_ns=8000000000, think=exponential(mean=50ms))",
        "at 1 s: provisioned_requested of 0: 2",
    ):
        assert part in text, text


def test_provisioned_concurrency_is_requested_and_ready_in_the_control_table() -> None:
    table = {"functions": {name: {"duration": "constant(1s)", "init": "constant(1s)"} for name in "abc"}}
    table["functions"]["a"]["provisioned"] = {
        "concurrency": 600, "requested_at": "10s", "preparation": "constant(2s)"
    }  # fmt: skip
    table["functions"]["c"]["provisioned"] = {"concurrency": 5}
    loads = [{"target": "a", "executor": "poisson", "rate": "1/s", "duration": "1s"}]
    plan, _ = planned(ls.Experiment(**table, loads=loads).config, 1)
    allocation_ns = 6 * S  # of 600 at AWS's 6,000 a minute
    assert plan.control == (
        Change(0, Control.PROVISIONED_REQUESTED, 2, 5),
        Change(0, Control.PROVISIONED_READY, 2, 5, (S,) * 5),
        Change(10 * S, Control.PROVISIONED_REQUESTED, 0, 600),
        Change(13 * S + allocation_ns, Control.PROVISIONED_READY, 0, 600, (S,) * 600),
    )
