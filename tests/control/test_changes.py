"""Changes at a time in a run: each takes effect at its instant and ends with it, and nothing else moves."""

from math import sqrt
from typing import Any

import pytest

import lambdasim as ls
from lambdasim.simulate import RunOutcome, simulate

S = 1_000_000_000


def outcome(changes: list[dict[str, Any]], engine: str = "simpy", **more: Any) -> RunOutcome:
    """Simulate two requests a second of 4 s each, which need eight environments, for 4 minutes."""
    function = {"duration": "constant(4s)", "init": "constant(0s)", "timeout": "1min", "idle_timeout": "constant(1h)"}
    load = {"target": "api", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "2/s",
            "duration": "4min"}  # fmt: skip
    tables: dict[str, Any] = {"output": {"period": "1s"}, "account": {"concurrency": 200}} | more
    loads = tables.pop("loads", [load])
    functions = {"api": function | tables.pop("function", {})} | tables.pop("functions", {})
    experiment = ls.Experiment(
        functions=functions, loads=loads, change=changes, simulation={"engine": engine}, **tables
    )
    return simulate(experiment.config, 1)


def times(run: RunOutcome, metric: str, function: str = "api") -> list[int]:
    """Return the seconds in which a metric counted something."""
    frame = run.measured.timeseries().query(f"metric == '{metric}' and function == '{function}' and value > 0")
    return [int(time) for time in frame.time]


def test_a_quota_that_is_raised() -> None:
    """Four of eight run until then, and none is throttled after it."""
    raised = [{"name": "friday", "time": "2min", "set": {"account.concurrency": 108}}]
    run = outcome(raised, account={"concurrency": 4, "unreserved_minimum": 0})
    throttled = times(run, "Throttles")
    assert throttled[-1] < 120
    assert {*range(10, 118)} <= {*throttled, *(second + 2 for second in throttled)}
    assert run.changes == (
        {"time_s": 120.0, "what": "set", "name": "friday", "status": "succeeded", "set": {"account.concurrency": 108}},
    )


def test_concurrency_is_reserved_for_a_while() -> None:
    change = [{"time": "1min", "until": "2min", "set": {"function.api.reserved_concurrency": 0}}]
    run = outcome(change)
    assert times(run, "Throttles") == list(range(60, 120))
    assert run.changes is not None
    assert run.changes[0]["until_s"] == 120.0
    taken = [{"time": "1min", "set": {"function.api.reserved_concurrency": "none"}}]
    run = outcome(taken, function={"reserved_concurrency": 0})
    assert times(run, "Throttles") == list(range(60))


def test_provisioned_concurrency_is_asked_for_and_given_up() -> None:
    """It is ready after its preparation of a minute or two, and goes at once."""
    steps = [
        {"time": "10s", "set": {"function.api.provisioned.concurrency": 6}},
        {"time": "3min", "set": {"function.api.provisioned.concurrency": 1}},
    ]
    run = outcome(steps, function={"provisioned": {"concurrency": 2}})
    frame = run.measured.timeseries().query("metric == 'ProvisionedConcurrencyAllocated' and statistic == 'Maximum'")
    levels = dict(zip(frame.time, frame.value, strict=True))
    assert [levels[at] for at in (0.0, 69.0, 131.0, 179.0, 180.0)] == [2, 2, 6, 6, 1]


def test_a_function_fails_for_a_while() -> None:
    """Theorem: the errors are binomial; those of other times, and all else, are as without the fault."""
    fault = [{"time": "1min", "until": "3min", "fault": {"function": "api", "errors": 0.25}}]
    load = {"target": "api", "executor": "poisson", "rate": "50/s", "duration": "4min"}
    own = {"duration": "constant(100ms)", "errors": 0.1}
    calm, broken = (outcome(changes, loads=[load], function=own) for changes in ([], fault))
    counts = []
    for run in (calm, broken):
        frame = run.measured.timeseries().query("metric == 'Errors' and function == 'api'")
        counts.append(dict(zip(frame.time, frame.value, strict=True)))
    outside = [second for second in counts[0] if not 60 <= second < 180]
    assert [counts[0][second] for second in outside] == [counts[1][second] for second in outside]
    ran = calm.measured.timeseries().query("metric == 'Invocations' and function == 'api' and 60 <= time < 180")
    good = ran.value.sum() - sum(counts[0][second] for second in ran.time)
    added = sum(counts[1][second] - counts[0][second] for second in ran.time)
    assert abs(added - 0.25 * good) < 4 * sqrt(good * 0.25 * 0.75)
    assert calm.measured.functions["api"]["latency"] == broken.measured.functions["api"]["latency"]


def test_two_faults_of_one_function_fail_independently() -> None:
    faults = [{"time": "0s", "fault": {"function": "api", "errors": 0.5}} for _ in range(2)]
    load = {"target": "api", "executor": "poisson", "rate": "50/s", "duration": "1min"}
    run = outcome(faults, loads=[load], function={"duration": "constant(100ms)"})
    of = run.measured.functions["api"]
    assert abs(of["errors"] - 0.75 * of["invocations"]) < 4 * sqrt(of["invocations"] * 0.75 * 0.25)


def test_a_queue_stops_and_catches_up() -> None:
    fault = [{"time": "1min", "until": "2min", "fault": {"source": "jobs", "disabled": True}}]
    load = {"target": "jobs", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "2/s",
            "duration": "4min"}  # fmt: skip
    sources = {"jobs": {"type": "sqs", "function": "api", "batch_size": 1, "visibility_timeout": "6min"}}
    run = outcome(fault, loads=[load], function={"duration": "constant(100ms)"}, sources=sources)
    ran = times(run, "Invocations")
    assert not [second for second in ran if 62 <= second < 120]
    assert run.measured.sources["jobs"]["processed"] == 480
    assert run.measured.sources["jobs"]["age"]["max"] > 55_000
    never = outcome([], loads=[load], sources={"jobs": sources["jobs"] | {"enabled": False}})
    assert times(never, "Invocations") == []


def test_a_downstream_that_is_slow_for_a_while() -> None:
    fault = [{"time": "1min", "until": "2min", "fault": {"downstream": "db", "slowdown": 3.0}},
             {"time": "90s", "until": "2min", "fault": {"downstream": "db", "slowdown": 2.0}}]  # fmt: skip
    uses = {"uses": [{"downstream": "db"}], "duration": "constant(1s)", "timeout": "10s"}
    run = outcome(fault, function=uses, downstream={"db": {"type": "database"}})
    frame = run.measured.timeseries().query("metric == 'Duration' and statistic == 'Maximum' and function == 'api'")
    slow = {int(time): round(value) for time, value in zip(frame.time, frame.value, strict=True) if value > 2_999}
    assert slow == dict.fromkeys(range(60, 90), 3_000) | dict.fromkeys(range(90, 120), 6_000)


def test_autoscaling_sees_a_quota_that_is_raised() -> None:
    """Two more can be provisioned until the quota is raised; then what was refused is asked for again."""
    scaling = {"min": 2, "max": 50, "target_utilization": 0.5}
    provisioned = {"concurrency": 4, "preparation": "constant(60s)", "autoscaling": scaling}
    load = {"target": "api", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "1/s",
            "duration": "12min"}  # fmt: skip
    run = outcome(
        [{"time": "6min", "set": {"account.concurrency": 300}}], function={"provisioned": provisioned}, loads=[load],
        account={"concurrency": 106},
    )  # fmt: skip
    assert run.changes is not None
    found = [(one["time_s"], one["what"], one["status"]) for one in run.changes]
    assert found[:3] == [
        (210.0, "autoscaling", "failed"),
        (360.0, "set", "succeeded"),
        (390.0, "autoscaling", "succeeded"),
    ]


def test_both_engines_agree() -> None:
    pytest.importorskip("numba")
    changes = [
        {"time": "30s", "until": "90s", "fault": {"function": "api", "errors": 0.3}},
        {"time": "50s", "until": "100s", "fault": {"source": "jobs", "disabled": True}},
        {"time": "60s", "set": {"account.concurrency": 120, "function.api.reserved_concurrency": 5}},
        {"time": "70s", "set": {"function.worker.provisioned.concurrency": 5}},
        {"time": "200s", "set": {"function.worker.provisioned.concurrency": 1}},
        {
            "time": "130s",
            "set": {
                "source.jobs.batch_size": 10,
                "source.jobs.batching_window": "2s",
                "source.clicks.batch_size": 7,
                "source.clicks.maximum_retry_attempts": 1,
                "source.clicks.bisect_batch_on_function_error": True,
            },
        },
    ]
    tables = {
        "alarm": {
            "late": {"metric": "jobs.age_of_oldest", "expression": "max > 3s"},
            "many": {"metric": "jobs.backlog", "expression": "max > 20", "period": "2min"},
            "behind": {"metric": "clicks.iterator_age", "expression": "max > 2s"},
        },
        "functions": {
            "worker": {
                "duration": "exponential(mean=1s)", "init": "constant(1s)", "timeout": "30s",
                "provisioned": {"concurrency": 2},
            }
        },
        "sources": {
            "jobs": {"type": "sqs", "function": "worker", "batch_size": 2},
            "clicks": {"type": "kinesis", "function": "api", "batch_size": 3, "poison": 0.02, "shards": 2},
        },
        "loads": [
            {"target": "api", "executor": "poisson", "rate": "2/s", "duration": "4min",
             "client": {"mode": "standard"}},
            {"target": "jobs", "executor": "poisson", "rate": "6/s", "duration": "4min"},
            {"target": "clicks", "executor": "poisson", "rate": "2/s", "duration": "4min"},
        ],
    }  # fmt: skip
    ours, theirs = (outcome(changes, engine, **tables) for engine in ("simpy", "compiled"))
    assert ours.changes == theirs.changes
    assert {own["name"] for own in ours.changes or () if own["what"] == "alarm"} == {"late", "many", "behind"}
    assert ours.measured.functions == theirs.measured.functions
    assert ours.measured.sources == theirs.measured.sources
    assert ours.bill == theirs.bill
    assert ours.measured.timeseries().equals(theirs.measured.timeseries())


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_a_queue_may_process_less_at_once_for_a_while(engine: str) -> None:
    """Two at a time from 1 to 2 min; what runs goes on. Afterwards the mapping grows again, one each 200 ms."""
    load = {"target": "jobs", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "10/s",
            "duration": "4min"}  # fmt: skip
    queue = {"type": "sqs", "function": "api", "batch_size": 1, "visibility_timeout": "6min"}
    change = [{"time": "1min", "until": "2min", "set": {"source.jobs.maximum_concurrency": 2}}]
    run = outcome(change, engine, loads=[load], sources={"jobs": queue})
    busy = run.measured.timeseries().query("metric == 'ConcurrentExecutions' and statistic == 'Maximum'")
    most = busy.query("function == 'api'").set_index("time").value
    assert max(most[second] for second in range(20, 60)) > 30
    assert {most[second] for second in range(66, 119)} == {2.0}
    assert max(most[second] for second in range(150, 240)) > 40


def test_an_api_takes_less_for_a_while() -> None:
    """Two calls a second in the second minute, as many at once, of four that come; none is refused otherwise."""
    change = [{"time": "1min", "until": "2min", "set": {"downstream.maps.rate": "2/s", "downstream.maps.burst": 2}}]
    load = {"target": "api", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "4/s",
            "duration": "3min"}  # fmt: skip
    uses = {"uses": [{"downstream": "maps"}], "duration": "constant(100ms)"}
    tables = {"function": uses, "downstream": {"maps": {"type": "api", "rate": "100/s"}}, "loads": [load]}
    run = outcome(change, **tables)
    assert {60 <= second < 120 for second in times(run, "Errors")} == {True}
    errors = run.measured.timeseries().query("metric == 'Errors' and function == 'api' and 60 <= time < 120").value
    assert errors.sum() == 240 - 121  # two at once, and two a second until the last call at 119.75 s
