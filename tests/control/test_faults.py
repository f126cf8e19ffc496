"""What breaks at a time, told row by row: environments that are lost, Lambda's own errors, records, downstreams."""

from typing import Any

import pytest

from lambdasim.config import config_from_dict
from lambdasim.config.schema import ExperimentConfig
from lambdasim.errors import InputError
from lambdasim.measurements import measurements
from lambdasim.report.content import functions
from lambdasim.simulate import RunOutcome, simulate

LOAD = {
    "target": "f", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "1/s", "duration": "10s",
}  # fmt: skip
FUNCTION = {"init": "constant(100ms)", "duration": "constant(1500ms)", "placement": "constant(0s)"}
ENGINES = ("simpy", "compiled")


def experiment(
    *faults: dict[str, Any], engine: str = "simpy", load: dict[str, Any] = LOAD, **more: Any
) -> ExperimentConfig:
    changes = [{"until": "6s", **fault} if "environments_lost" not in fault["fault"] else fault for fault in faults]
    function = {**FUNCTION, **more.pop("function", {})}
    tree = {
        "simulation": {"engine": engine, **more.pop("simulation", {})},
        "function": {"f": function},
        "load": [{**LOAD, **load}],
        "change": changes,
        "output": {"requests": "all"},
    }
    return config_from_dict(tree | more).config


def attempts(outcome: RunOutcome) -> list[tuple[float, str, float]]:
    """Return when each attempt began, how it ended, and its duration, in s and ms."""
    rows = outcome.requests.frame().sort_values(["arrival_ns", "sequence"]).fillna({"duration_ms": 0.0})
    return list(zip(rows.arrival_ns / 1e9, rows.status, rows.duration_ms, strict=True))


@pytest.mark.parametrize("engine", ENGINES)
def test_all_environments_are_lost(engine: str) -> None:
    """At 4.2 s those of the requests of 3 and 4 s are cut off; the idle one is gone, so that of 5 s starts cold."""
    outcome = simulate(experiment({"time": "4200ms", "fault": {"environments_lost": 1.0}}, engine=engine), 1)
    assert [row for row in attempts(outcome) if 2 <= row[0] <= 5] == [
        (2, "success", 1500), (3, "lost", 1200), (4, "lost", 200), (5, "success", 1500),
    ]  # fmt: skip
    of = outcome.measured.functions["f"]
    assert (of["service_errors"], of["errors"], of["cold_starts"]) == (2, 0, 4)
    assert of["service_error_rate"] == 0.2


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_is_lost_of_what_has_ended_or_begins(engine: str) -> None:
    """At 4.5 s the request of 3 s has just ended; at 4 s that of 4 s just begins."""
    for at, lost in (("4500ms", [4]), ("4s", [3]), ("4600ms", [4])):
        outcome = simulate(experiment({"time": at, "fault": {"environments_lost": 1.0}}, engine=engine), 1)
        assert [begin for begin, status, _ in attempts(outcome) if status == "lost"] == lost


@pytest.mark.parametrize("engine", ENGINES)
def test_a_share_of_a_fleet_is_lost(engine: str) -> None:
    """Of 400 environments that all work, a third is lost: 4 standard errors of the binomial are 37."""
    own = {"load": {"rate": "400/s", "duration": "1s"}, "simulation": {"duration": "5s"}}
    zone = {"time": "1010ms", "fault": {"environments_lost": 0.33}}
    outcome = simulate(experiment(zone, engine=engine, **own), 1)
    assert abs(outcome.measured.functions["f"]["service_errors"] - 132) < 38


@pytest.mark.parametrize("engine", ENGINES)
def test_provisioned_concurrency_that_is_lost_is_allocated_anew(engine: str) -> None:
    function = {"provisioned": {"concurrency": 10}, "max_lifetime": "none"}
    outcome = simulate(
        experiment(
            {"time": "30s", "fault": {"environments_lost": 1.0}}, engine=engine, function=function,
            simulation={"duration": "5min"}, load={"duration": "4min"},
        ),
        1,
    )  # fmt: skip
    _, recovery = outcome.changes or ()
    assert (recovery["what"], recovery["environments"]) == ("recovery", 10)
    assert 90 < recovery["ready_s"] < 151
    of = outcome.measured.functions["f"]["provisioned"]
    assert of["allocated"]["max"] == 10
    assert of["spillover"] == 0  # while none is ready, nothing spills over: it is on demand
    assert of["invocations"] == pytest.approx(240 - (recovery["ready_s"] - 30), abs=3)


@pytest.mark.parametrize("engine", ENGINES)
def test_lambda_answers_with_an_error(engine: str) -> None:
    outcome = simulate(experiment({"time": "3s", "fault": {"lambda_errors": 1.0}}, engine=engine), 1)
    assert [begin for begin, status, _ in attempts(outcome) if status == "throttled"] == [3, 4, 5]
    of = outcome.measured.functions["f"]
    assert (of["service_errors"], of["throttles"], of["invocations"]) == (3, 0, 7)
    assert outcome.bill.lines[0].quantity == 7


def test_the_table_of_functions_has_errors_of_lambdas_own() -> None:
    broken, whole = (
        functions(measurements(simulate(config, 1), config))
        for config in (experiment({"time": "3s", "fault": {"lambda_errors": 1.0}}), experiment())
    )
    assert broken.rows[0][broken.headings.index("Lambda's errors")] == "30 %"
    assert "Lambda's errors" not in whole.headings


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("retry_on", "tries"), [("5xx", 6), ("429", 3)])
def test_a_caller_tries_again_after_server_errors(engine: str, retry_on: str, tries: int) -> None:
    client = {"retries": 1, "backoff": "exponential(base=1ms, max=1ms, jitter=none)", "retry_on": [retry_on]}
    source = {"direct": {"type": "invoke", "function": "f", "client": client}}
    fault = {"time": "3s", "fault": {"lambda_errors": 1.0}}
    outcome = simulate(experiment(fault, engine=engine, source=source, load={"target": "direct"}), 1)
    assert outcome.measured.functions["f"]["service_errors"] == tries


@pytest.mark.parametrize("engine", ENGINES)
def test_a_client_is_told_and_tries_again(engine: str) -> None:
    client = {"retries": 3, "backoff": "exponential(base=2s, max=2s, jitter=none)"}
    source = {"http": {"type": "apigateway-rest", "function": "f", "client": client}}
    config = experiment(
        {"time": "3s", "fault": {"lambda_errors": 1.0}}, {"time": "8200ms", "fault": {"environments_lost": 1.0}},
        engine=engine, load={"target": "http"}, source=source,
    )  # fmt: skip
    answers = simulate(config, 1).measured.sources["http"]["answers"]
    assert answers["200"] == 10  # every one in the end
    assert answers["500"] >= 5


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["sqs", "sqs-fifo", "kinesis"])
def test_records_fail_for_a_while(engine: str, kind: str) -> None:
    own = (
        {"visibility_timeout": "10s", "max_receive_count": 3}
        if kind.startswith("sqs")
        else {"maximum_retry_attempts": 1}
    )
    source = {"jobs": {"type": kind, "function": "f", "batch_size": 1, **own}}
    config = experiment(
        {"time": "3s", "fault": {"source": "jobs", "record_errors": 1.0}}, engine=engine, source=source,
        load={"target": "jobs"}, function={"duration": "constant(10ms)"},
    )  # fmt: skip
    failed = [begin for begin, status, _ in attempts(simulate(config, 1)) if status == "error"]
    assert failed
    assert all(3 <= begin < 6.2 for begin in failed)


@pytest.mark.parametrize("kind", ["sqs", "kinesis", "dynamodb", "kafka", "mq"])
def test_a_source_stops_and_catches_up(kind: str) -> None:
    own = {"sqs": {"visibility_timeout": "30s"}, "mq": {"engine": "activemq"}}.get(kind, {})
    source = {"jobs": {"type": kind, "function": "f", "batch_size": 1, **own}}
    config = experiment(
        {"time": "3s", "fault": {"source": "jobs", "disabled": True}}, source=source, load={"target": "jobs"},
        function={"duration": "constant(10ms)"},
    )  # fmt: skip
    begins = [begin for begin, _, _ in attempts(simulate(config, 1))]
    assert not [begin for begin in begins if 3.3 < begin < 6]
    assert len(begins) == 10


def test_a_downstream_is_down_and_becomes_smaller() -> None:
    function = {"uses": [{"downstream": "db"}], "idle_timeout": "constant(1ms)"}
    down = {"time": "3s", "fault": {"downstream": "db", "down": True}}
    smaller = {"time": "7s", "until": "9500ms", "set": {"downstream.db.max_connections": 1}}
    config = experiment(
        down, function=function, downstream={"db": {"type": "database", "max_connections": 5, "error_after": "5ms"}},
    )  # fmt: skip
    rows = attempts(simulate(config, 1))
    assert [begin for begin, status, ms in rows if status == "error" and ms == 5] == [3, 4, 5]
    tree = {"db": {"type": "database", "max_connections": 5}}
    config = config_from_dict(
        {
            "function": {"f": {**FUNCTION, **function}}, "load": [LOAD], "change": [smaller], "downstream": tree,
            "simulation": {"engine": "simpy"}, "output": {"requests": "all"},
        }
    ).config  # fmt: skip
    rows = attempts(simulate(config, 1))
    assert [begin for begin, status, _ in rows if status == "error"] == [7, 9]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fault": {"environments_lost": 0.5}, "until": "5s"}, "happens once"),
        ({"fault": {"source": "x", "disabled": True}}, "there is none"),
        ({"fault": {"downstream": "x", "down": True}}, "no downstream is named"),
        ({"fault": {"function": "f", "down": True}}, "is no fault; these are"),
        ({"set": {"downstream.db.max_connections": 4}}, "has no limit at the start"),
    ],
)
def test_what_is_no_fault(change: dict[str, Any], message: str) -> None:
    tree = {
        "function": {"f": FUNCTION}, "load": [LOAD], "change": [{"time": "1s", **change}],
        "downstream": {"db": {"type": "database"}},
    }  # fmt: skip
    with pytest.raises(InputError, match=message):
        config_from_dict(tree)


def test_without_faults_nothing_is_told_of_them() -> None:
    config = config_from_dict({"function": {"f": FUNCTION}, "load": [LOAD], "simulation": {"engine": "simpy"}}).config
    assert "service_errors" not in simulate(config, 1).measured.functions["f"]
