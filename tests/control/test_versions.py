"""Versions in a run: whose environments they are, what they share, and what shifting, updating and alarms do."""

from typing import Any

import numpy as np
import pytest

import lambdasim as ls
from lambdasim.simulate import RunOutcome, simulate

S = 1_000_000_000
ENGINES = pytest.mark.parametrize("engine", ["simpy", "compiled"])
DEPLOY = {"alias": "f:live", "version": "2"}


def experiment(engine: str = "simpy", changes: Any = (), rate: str = "6/min", **more: Any) -> ls.Experiment:
    """Return two minutes of a request each ten seconds of 4 s, with a cold start of 1 s, through an alias."""
    function = {
        "duration": "constant(4s)", "init": "constant(1s)", "timeout": "1min", "idle_timeout": "constant(1h)",
        "max_lifetime": "none", "version": {"1": {}, "2": {}}, "alias": {"live": {"weights": {"1": 1.0}}},
    }  # fmt: skip
    load = {"target": "f:live", "executor": "constant-arrival-rate", "process": "deterministic", "rate": rate,
            "duration": more.pop("duration", "2min")}  # fmt: skip
    function |= more.pop("function", {})
    output = {"requests": "all"} | more.pop("output", {})
    return ls.Experiment(
        functions={"f": function}, loads=more.pop("loads", [load]), change=changes, output=output,
        simulation={"engine": engine} | more.pop("simulation", {}), **more,
    )  # fmt: skip


def outcome(*args: Any, **more: Any) -> RunOutcome:
    return simulate(experiment(*args, **more).config, 1)


def log(run: RunOutcome) -> list[tuple[int, str, str, str]]:
    """Return when each attempt arrived, in s, its version, its status and how it started."""
    rows = run.requests.frame()
    assert rows is not None
    rows = rows.sort_values(["arrival_ns", "sequence"])
    columns = (rows.arrival_ns // S, rows.get("version", rows.function), rows.status, rows.start)
    return [
        (int(at), str(version), str(status), str(start)) for at, version, status, start in zip(*columns, strict=True)
    ]


@ENGINES
def test_environments_are_never_shared_between_versions(engine: str) -> None:
    """The alias leads to the new version from 1 min on: its first request is cold, though others are idle."""
    run = outcome(engine, [{"name": "release", "time": "1min", "deploy": DEPLOY}])
    assert log(run) == [
        (0, "1", "success", "cold"), (10, "1", "success", "warm"), (20, "1", "success", "warm"),
        (30, "1", "success", "warm"), (40, "1", "success", "warm"), (50, "1", "success", "warm"),
        (60, "2", "success", "cold"), (70, "2", "success", "warm"), (80, "2", "success", "warm"),
        (90, "2", "success", "warm"), (100, "2", "success", "warm"), (110, "2", "success", "warm"),
    ]  # fmt: skip
    assert run.measured.functions["f"]["environments"]["max"] == 2
    assert [run.measured.functions["f"]["versions"][key]["environments"]["max"] for key in ("$LATEST", "1", "2")] == [
        0, 1, 1,
    ]  # fmt: skip
    assert run.changes is not None
    assert [(c["what"], c["name"], c["status"], c["time_s"], c["ended_s"]) for c in run.changes] == [
        ("deploy", "release", "succeeded", 60.0, 60.0)
    ]


@ENGINES
def test_one_reserved_concurrency_is_for_all_versions(engine: str) -> None:
    """What runs in the old version takes the new one's: GOV.UK's throttles of 2024 after an alias was switched."""
    run = outcome(engine, [{"time": "1min", "deploy": DEPLOY}], rate="30/min", function={"reserved_concurrency": 2})
    late = [row for row in log(run) if 56 <= row[0] <= 66]
    assert late == [
        (56, "1", "success", "warm"), (58, "1", "success", "warm"),
        (60, "2", "success", "cold"),  # one of the old version's has ended in this instant
        (62, "2", "success", "cold"), (64, "2", "throttled", ""), (66, "2", "success", "warm"),
    ]  # fmt: skip


@ENGINES
def test_an_update_in_place_makes_all_environments_cold(engine: str) -> None:
    """At 1 min an idle one ends and a busy one finishes; both engines begin anew, and nothing else is told apart."""
    changes = [{"name": "hotfix", "time": "62s", "deploy": {"function": "f", "set": {"duration": "constant(2s)"}}}]
    run = outcome(engine, changes, rate="12/min", function={"version": {}, "alias": {}}, loads=[
        {"target": "f", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "20/min",
         "duration": "2min"},
    ])  # fmt: skip
    starts = [(at, start) for at, _, _, start in log(run) if start != "warm"]
    assert starts == [(0, "cold"), (3, "cold"), (63, "cold")]  # two ran at once of 4 s, one does of 2 s
    assert set(run.measured.functions) == {"f"}
    assert "versions" not in run.measured.functions["f"]
    assert run.measured.functions["f"]["environments"]["created"] == 3
    assert run.measured.functions["f"]["environments"]["max"] == 2  # the idle one is gone when the new one comes
    rows = run.requests.frame()
    assert rows is not None
    by_time = {int(at // S): duration for at, duration in zip(rows.arrival_ns, rows.duration_ms, strict=True)}
    assert (by_time[60], by_time[63]) == (4000.0, 2000.0)  # what began before goes on as it was


@ENGINES
def test_memory_that_is_set_is_an_update(engine: str) -> None:
    """It is billed at what each execution had, on one line of the function."""
    function = {"version": {}, "alias": {}, "memory": "1024 MB"}
    loads = [{"target": "f", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "6/min",
              "duration": "2min"}]  # fmt: skip
    changes = [{"time": "1min", "set": {"function.f.memory": "2048 MB"}}]
    run = outcome(engine, changes, function=function, loads=loads, output={"period": "1min"})
    assert run.measured.functions["f"]["cold_starts"] == 2
    lines = [line for line in run.bill.lines if line.item == "duration"]
    assert [(line.function, float(line.quantity)) for line in lines] == [("f", (6 * 4 + 1) * 1 + (6 * 4 + 1) * 2)]
    cost = run.measured.timeseries(run.cost_by_period).query("metric == 'Cost' and function == 'f'")
    assert cost.value.sum() == pytest.approx(float(run.bill.total))


@ENGINES
@pytest.mark.parametrize(
    ("strategy", "minutes"),
    [("Linear10PercentEvery1Minute", 9), ("Canary10Percent5Minutes", 5), ({"linear": 0.5, "every": "2min"}, 2)],
)
def test_a_deployment_has_its_documented_steps(engine: str, strategy: Any, minutes: int) -> None:
    """The share of the new version in each minute is within four standard errors of its weight."""
    from lambdasim.config.change import Deployment
    from lambdasim.config.deployments import shifts

    deploy = DEPLOY | {"strategy": strategy}
    run = outcome(engine, [{"name": "release", "time": "2min", "deploy": deploy}], rate="5/s", duration="14min",
                  function={"duration": "constant(10ms)"}, output={"requests": "none"})  # fmt: skip
    frame = run.measured.timeseries().query("metric == 'Invocations'")
    whole, new = (frame.query("function == @name").set_index("time").value for name in ("f", "f:2"))
    steps = shifts(Deployment(**deploy))
    for minute in range(14):
        begun = [weight / 2**24 for at_ns, weight in steps if at_ns <= (minute - 2) * 60 * S]
        share, count = (begun[-1] if begun else 0.0), whole[minute * 60.0]
        seen = new.get(minute * 60.0, 0.0)
        assert abs(seen - share * count) <= 4 * np.sqrt(count * share * (1 - share))
    assert run.changes is not None
    assert run.changes[0]["ended_s"] == (2 + minutes) * 60


ALARM = {"metric": "f:2.errors", "expression": "rate > 5%", "minutes": 2}


@ENGINES
def test_an_alarm_rolls_back(engine: str) -> None:
    """Its second minute ends at 4 min, and CloudWatch has its datapoint 30 s later; then nobody is led there."""
    deploy = DEPLOY | {"strategy": "Linear10PercentEvery1Minute", "alarm": ALARM}
    changes = [{"name": "release", "time": "2min", "deploy": deploy}]
    function = {"version": {"1": {}, "2": {"errors": 0.9}}, "duration": "constant(10ms)"}
    run = outcome(engine, changes, rate="5/s", duration="14min", function=function)
    assert run.changes is not None
    told = [(c["what"], c["name"], c["status"], c["time_s"], c.get("ended_s")) for c in run.changes]
    assert told == [
        ("deploy", "release", "rolled_back", 120.0, 270.0),
        ("alarm", "release's alarm", "alarm", 270.0, None),
        ("alarm", "release's alarm", "ok", 510.0, None),
    ]
    new = [at for at, version, _, _ in log(run) if version == "2"]
    assert min(new) >= 120
    assert max(new) < 270


def test_a_fault_of_one_version_is_no_other_ones() -> None:
    fault = {"time": "0s", "fault": {"function": "f:1", "errors": 1.0}}
    run = outcome(changes=[{"time": "1min", "deploy": DEPLOY}, fault], duration="2min")
    assert {(version, status) for _, version, status, _ in log(run)} == {("1", "error"), ("2", "success")}


@pytest.mark.parametrize(("strategy", "minutes"), [("AllAtOnce", 2), ("Canary10Percent5Minutes", 5)])
def test_nothing_rolls_back_what_is_over(strategy: str, minutes: int) -> None:
    """CodeDeploy looks at alarms while traffic is shifted; all at once that is no time, and 5 min are over 30 s before
    an alarm fires that wants as many."""
    function = {"version": {"1": {}, "2": {"errors": 0.9}}, "duration": "constant(10ms)"}
    changes = [
        {
            "name": "release",
            "time": "1min",
            "deploy": DEPLOY | {"strategy": strategy, "alarm": ALARM | {"minutes": minutes}},
        }
    ]
    run = outcome(changes=changes, rate="5/s", duration="8min", function=function)
    assert run.changes is not None
    assert [(c["what"], c["status"]) for c in run.changes] == [("deploy", "succeeded"), ("alarm", "alarm")]
    assert {version for at, version, _, _ in log(run) if at >= 360} == {"2"}


def test_a_rollback_is_the_same_in_both_engines() -> None:
    deploy = DEPLOY | {"strategy": "Canary10Percent5Minutes", "alarm": ALARM}
    function = {"version": {"1": {}, "2": {"errors": 0.9}}, "duration": "exponential(mean=100ms)",
                "alias": {"live": {"weights": {"1": 1.0}, "provisioned": {"concurrency": 4}}}}  # fmt: skip
    args: dict[str, Any] = {"changes": [{"name": "r", "time": "1min", "deploy": deploy}], "rate": "10/s"}
    both = [outcome(engine, **args, duration="8min", function=function) for engine in ("simpy", "compiled")]
    frames = [run.measured.timeseries(run.cost_by_period) for run in both]
    assert frames[0].equals(frames[1])
    assert log(both[0]) == log(both[1])
    assert both[0].changes == both[1].changes
    assert both[0].changes is not None
    assert both[0].changes[0]["status"] == "rolled_back"


def test_a_deployment_at_the_start_is_rolled_back_to_the_version_of_before() -> None:
    deploy = DEPLOY | {"strategy": "Canary10Percent10Minutes", "alarm": ALARM}
    function = {"version": {"1": {}, "2": {"errors": 0.9}}, "duration": "constant(10ms)"}
    run = outcome(
        changes=[{"name": "r", "time": "0s", "deploy": deploy}], rate="2/s", duration="6min", function=function
    )
    assert run.changes is not None
    assert run.changes[0]["status"] == "rolled_back"
    assert {version for at, version, _, _ in log(run) if at > run.changes[0]["ended_s"]} == {"1"}


@pytest.mark.parametrize("healthy", [True, False])
def test_without_data_an_alarm_does_not_breach(healthy: bool) -> None:
    """After its first minute nobody calls the function: nothing fires, unless what is missing breaches."""
    alarm = {"metric": "f.errors", "expression": "rate > 1%"} | ({} if healthy else {"missing_data": "breaching"})
    load = {"target": "f:live", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "1/h",
            "duration": "10min"}  # fmt: skip
    run = outcome(alarm={"a": alarm}, loads=[load])
    assert run.changes is not None
    assert [c["status"] for c in run.changes] == ([] if healthy else ["ok", "alarm"])


def test_minutes_of_alarms_are_those_of_the_clock() -> None:
    """The experiment starts 45 s after the full minute, so its first datapoint is of 15 s, and is there at 45 s."""
    alarm = {"metric": "f.invocations", "expression": "count >= 1"}
    start = {"start": "2026-11-27T08:00:45Z"}
    for simulation, first_s in ((start, 45.0), ({}, 90.0)):
        run = outcome(alarm={"a": alarm}, simulation=simulation)
        assert run.changes is not None
        assert run.changes[0]["time_s"] == first_s


def test_with_and_without_are_the_same_until_the_change() -> None:
    """Common random numbers: rows of a deployment, and of none, are equal to its instant; so are those of one more."""
    deploy = [{"time": "3min", "deploy": DEPLOY | {"strategy": {"canary": 0.5, "after": "10min"}}}]
    args: dict[str, Any] = {"rate": "20/s", "duration": "5min", "function": {"duration": "exponential(mean=1s)"}}
    loads = [{"target": "f:live", "executor": "poisson", "rate": "20/s", "duration": "5min"}]
    without, after = (outcome(changes=changes, loads=loads, **args).requests.frame() for changes in ((), deploy))
    assert without is not None
    assert after is not None
    early = without.arrival_ns < 180 * S
    assert without[early].reset_index(drop=True).equals(after[after.arrival_ns < 180 * S].reset_index(drop=True))
    assert set(after[after.arrival_ns >= 180 * S].version) == {"1", "2"}
    both = after.merge(without, on=["load", "sequence"])
    assert (both.arrival_ns_x == both.arrival_ns_y).all()
    assert (both.duration_ms_x == both.duration_ms_y).all()


def test_an_empty_table_is_none(tmp_path: Any) -> None:
    """A run whose changes and alarms are empty gives the files of one that has none, byte by byte."""
    for name, more in (("none", {}), ("empty", {"changes": [], "alarm": {}})):
        experiment(**more).run().save(tmp_path / name, figures=False)
    for file in ("timeseries.csv", "cost.csv", "requests.parquet"):
        assert (tmp_path / "none" / file).read_bytes() == (tmp_path / "empty" / file).read_bytes()


@ENGINES
def test_provisioned_concurrency_goes_with_the_alias(engine: str) -> None:
    """All at once: it is given up at once, and ready for the new version a minute or two later."""
    function = {
        "alias": {"live": {"weights": {"1": 1.0}, "provisioned": {"concurrency": 4, "preparation": "constant(1min)"}}}
    }
    run = outcome(engine, [{"time": "1min", "deploy": DEPLOY}], duration="4min", function=function,
                  output={"period": "1s"})  # fmt: skip
    frame = run.measured.timeseries().query("metric == 'ProvisionedConcurrencyAllocated' and statistic == 'Maximum'")
    spans = {name: (group.time.min(), group.time.max()) for name, group in frame.groupby("function", observed=True)}
    assert spans["f:1"] == (0.0, 59.0)
    assert spans["f:2"][0] == pytest.approx(121, abs=1)  # preparation, allocation and the slowest init
    assert [start for at, _, _, start in log(run) if at == 60] == ["cold"]


@ENGINES
def test_a_version_and_an_update_may_use_and_call_what_others_do_not(engine: str) -> None:
    """From 1 min on version 2 uses another database and calls a function, which from 90 s on calls nobody itself."""
    other = {"duration": "constant(1s)", "init": "constant(0s)", "timeout": "10s"}
    second = {"uses": [{"downstream": "new"}], "calls": [{"function": "pay", "count": 2}]}
    database = {"type": "database", "max_connections": 9}
    update = {"function": "pay", "set": {"calls": [], "uses": [{"downstream": "old"}]}}
    result = ls.Experiment(
        functions={
            "f": other | {"version": {"1": {}, "2": second}, "alias": {"live": {"weights": {"1": 1.0}}},
                          "uses": [{"downstream": "old"}]},
            "pay": other | {"calls": [{"function": "audit"}]}, "audit": other,
        },
        downstream={"old": database, "new": database},
        loads=[{"target": "f:live", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "6/min",
                "duration": "2min"}],
        change=[{"time": "1min", "deploy": DEPLOY}, {"time": "90s", "deploy": update}],
        simulation={"engine": engine},
    ).run()  # fmt: skip
    functions = result.summary["functions"]
    assert [functions[name]["invocations"] for name in ("f", "pay", "audit")] == [12, 12, 6]
    levels = result.timeseries.query("metric == 'Connections' and statistic == 'Maximum' and value > 0")
    assert levels.groupby("function", observed=True).time.min().to_dict() == {"new": 60.0, "old": 0.0}


def test_autoscaling_is_skipped_while_an_alias_has_two_weights() -> None:
    """AWS refuses to change it then; afterwards it goes on with the new version."""
    provisioned = {"concurrency": 2, "autoscaling": {"min": 2, "max": 20, "target_utilization": 0.5}}
    deploy = DEPLOY | {"strategy": {"canary": 0.5, "after": "8min"}}
    function = {"alias": {"live": {"weights": {"1": 1.0}, "provisioned": provisioned}}}
    run = outcome(changes=[{"name": "release", "time": "1min", "deploy": deploy}], rate="2/s", duration="20min",
                  function=function)  # fmt: skip
    assert run.changes is not None
    scaling = [(c["status"], c["time_s"]) for c in run.changes if c["what"] == "autoscaling"]
    assert {at for status, at in scaling if status == "skipped"}
    assert all(60 <= at < 540 for status, at in scaling if status == "skipped")
    assert all(not 60 <= at < 540 for status, at in scaling if status != "skipped")
    assert any(at >= 540 for status, at in scaling if status != "skipped")


def test_results_say_which_version() -> None:
    result = experiment(changes=[{"time": "1min", "deploy": DEPLOY}]).run()
    function = result.summary["functions"]["f"]
    assert {key: own["requests"] for key, own in function["versions"].items()} == {"$LATEST": 0, "1": 6, "2": 6}
    assert function["aliases"]["live"]["requests"] == function["requests"] == 12
    total = sum(own["cost"]["total"] for own in function["versions"].values())
    assert (
        total == pytest.approx(function["cost"]["total"]) == pytest.approx(result.summary["account"]["cost"]["total"])
    )
    assert {line["function"] for line in result.summary["cost"]["lines"]} == {"f:1", "f:2"}
    counted = result.timeseries.query("metric == 'Invocations'").groupby("function", observed=True).value.sum()
    assert counted.to_dict() == {"": 12.0, "f": 12.0, "f:1": 6.0, "f:2": 6.0}


def test_environments_that_nobody_uses_count_beside_a_function_with_versions() -> None:
    idle = {"duration": "constant(1s)", "init": "constant(1s)", "provisioned": {"concurrency": 5}}
    result = ls.Experiment(
        functions={"f": {"duration": "constant(1s)", "init": "constant(1s)", "version": {"1": {}}}, "idle": idle},
        loads=[{"target": "f:1", "executor": "constant-arrival-rate", "rate": "5/s", "duration": "10s"}],
    ).run(seed=1)
    environments = result.summary["functions"]["idle"]["environments"]
    assert (environments["max"], environments["mean"]) == (5, 5.0)


@ENGINES
def test_the_callers_of_each_version_saw_its_latency(engine: str) -> None:
    loads = [
        {"name": name, "target": target, "executor": "constant-arrival-rate", "rate": "1/s", "duration": "20s"}
        for name, target in (("old", "f:1"), ("new", "f:2"), ("other", "g"))
    ]
    function = {"duration": "constant(1s)", "init": "constant(0s)"}
    of_version = {"version": {"1": {}, "2": {"duration": "constant(2s)"}}}
    functions = {"f": function | of_version, "g": function | {"duration": "constant(3s)"}}
    slo = {"old.latency": ["p99 < 1500ms"], "new.latency": ["p99 < 1500ms"]}
    summary = ls.Experiment(functions=functions, loads=loads, slo=slo).run(engine=engine).summary
    found = {name: round(of["latency"]["p50"]) for name, of in summary["sources"].items()}
    assert found == {"old": 1_000, "new": 2_000, "other": 3_000}
    assert [one["verdict"] for one in summary["slo"]] == ["met", "missed"]
