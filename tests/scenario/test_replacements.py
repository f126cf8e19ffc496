"""Environments of provisioned concurrency do not live for ever: others replace them, whose init is run and billed."""

from typing import Any

import numpy as np
import pytest

import lambdasim as ls
from lambdasim.control.controlled import ControlledEngine
from lambdasim.control.step_scaler import StepScaler
from lambdasim.engine import build, choose
from lambdasim.model.control import Change, Control
from lambdasim.records import ENVIRONMENT_COLUMNS, EndReason
from lambdasim.scenario import planned
from lambdasim.scenario.provisioning import Replacements
from lambdasim.simulate import simulate

pytest.importorskip("numba")
HOUR = 3600 * 10**9
ENGINES = ["simpy", "compiled"]


def provisioned(**function: Any) -> ls.Experiment:
    """Ten environments of provisioned concurrency for twenty hours, of two hours each."""
    own = {"memory": "1024 MB", "duration": "constant(100ms)", "init": "constant(1s)", "max_lifetime": "constant(2h)",
           "provisioned": {"concurrency": 10}}  # fmt: skip
    return ls.Experiment(
        functions={"f": own | function},
        loads=[{"target": "f", "executor": "constant-arrival-rate", "rate": "1/min", "duration": "20h"}],
        simulation={"duration": "20h"},
        output={"period": "1h"},
    )


def lives(exp: ls.Experiment, engine: str = "simpy", rows: int = 1_000_000) -> Any:
    """Return the rows of all environments of a run, by column, in order of their numbers; chunks have ``rows``."""
    plan, workload = planned(exp.config, 0)
    control = ControlledEngine(build(choose(engine), plan), plan, replacements=Replacements(workload))
    tables = [records.environments for chunk in workload.chunks(rows) for records in control.advance(chunk)]
    tables += [records.environments for records in control.drain(plan.loads_end_ns)]
    tables.append(control.finish(plan.loads_end_ns).environments)
    every = np.concatenate([table.rows for table in tables])
    return dict(zip(ENVIRONMENT_COLUMNS, every[np.argsort(every[:, 0])].T.tolist(), strict=True))


@pytest.mark.parametrize("engine", ENGINES)
def test_ten_environments_of_two_hours_are_replaced_ten_times_each_in_twenty_hours(engine: str) -> None:
    result = provisioned().run(engine=engine)
    of = result.summary["functions"]["f"]
    assert of["environments"] == {"max": 10, "mean": 10.0, "created": 110}
    assert of["cold_starts"] == 0
    # 100 inits of 1 s at 1 GB, beside the invocations' 100 ms
    [billed] = [line for line in result.summary["cost"]["lines"] if line["item"] == "provisioned-duration"]
    assert billed["quantity"] == pytest.approx(100 * 1.0 + of["invocations"] * 0.1)
    allocated = result.timeseries.query("metric == 'Environments' and statistic == 'Average' and function == 'f'")
    assert allocated["value"].tolist() == [10.0] * 20


def test_both_engines_replace_the_same_in_chunks_of_any_size() -> None:
    exp = provisioned(max_lifetime="lognormal(p50=30min, p99=3h)", init="exponential(mean=2s)", reuse="random")
    simpy = lives(exp)
    assert lives(exp, rows=100) == lives(exp, "compiled") == lives(exp, "compiled", rows=100) == simpy
    assert len(simpy["environment"]) > 200
    assert len(set(simpy["init_ns"])) > 100


def test_the_first_ones_have_a_part_of_their_life_behind_them_and_each_lives_as_long_as_it_may() -> None:
    found = lives(provisioned())
    first, later = [], []
    for created, destroyed, reason in zip(found["created_ns"], found["destroyed_ns"], found["end_reason"], strict=True):
        if reason == EndReason.LIFETIME:
            (later if created else first).append(destroyed - created)
    assert len(set(first)) == 10
    assert max(first) <= 2 * HOUR
    assert set(later) == {2 * HOUR}
    assert len(first) + len(later) == 100


@pytest.mark.parametrize("engine", ENGINES)
def test_one_that_is_busy_is_replaced_when_it_is_free(engine: str) -> None:
    exp = provisioned(duration="uniform(5min, 15min)", timeout="15min", provisioned={"concurrency": 2})
    found = lives(exp.with_({"load.0.rate": "7/h"}), engine)
    lived = [
        destroyed - created
        for created, destroyed, reason, held in zip(
            found["created_ns"], found["destroyed_ns"], found["end_reason"], found["provisioned"], strict=True
        )
        if created and held and reason == EndReason.LIFETIME
    ]
    assert 2 * HOUR < max(lived) <= 2 * HOUR + HOUR // 4


def test_none_lives_for_ever_unless_the_file_says_so() -> None:
    assert provisioned(max_lifetime="none").run().summary["functions"]["f"]["environments"]["created"] == 10


def test_what_a_controller_adds_is_replaced_too() -> None:
    exp = provisioned(duration="constant(10s)", timeout="15s", max_lifetime="constant(30min)")
    exp = exp.with_({"function.f.provisioned.concurrency": 1, "load.0.rate": "1/s"})
    scaler = StepScaler("f", minimum=1, maximum=12)
    found = []
    for engine in ENGINES:
        config = exp.with_({"simulation.engine": engine, "load.0.duration": "3h", "simulation.duration": "3h"}).config
        of = simulate(config, 0, controllers=[scaler]).measured.functions["f"]
        found.append((of["provisioned"], of["environments"]))
    assert found[0] == found[1]
    assert found[0][1]["created"] > 12 * 5  # twelve, each replaced five times in the two and a half hours left


def test_rows_come_in_order_of_time_whatever_the_windows() -> None:
    _, workload = planned(provisioned(max_lifetime="lognormal(p50=1h, p99=5h)").config, 3)
    ready = Change(0, Control.PROVISIONED_READY, 0, 4, (0, 0, 0, 0))
    later = Change(5 * HOUR, Control.PROVISIONED_READY, 0, 2, (0, 0))
    whole, cut = Replacements(workload), Replacements(workload)
    whole.add([ready, later])
    cut.add([ready])
    rows = whole.before(20 * HOUR)
    parts = cut.before(2 * HOUR)
    cut.add([later])
    for until in (5, 11, 20):
        parts += cut.before(until * HOUR)
    assert parts == rows
    assert [row.at_ns for row in rows] == sorted(row.at_ns for row in rows)
    assert {row.value for row in rows} == set(range(6))
    assert all(row.at_ns > 5 * HOUR for row in rows if row.value >= 4)
