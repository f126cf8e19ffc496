"""Application Auto Scaling in a run, in both engines: what it does, and when, as a literal log."""

from collections.abc import Mapping
from typing import Any

import pytest

import lambdasim as ls
from lambdasim.simulate import RunOutcome, simulate


def outcome(provisioned: Mapping[str, Any], engine: str = "simpy", stages: Any = None, **more: Any) -> RunOutcome:
    """Simulate requests of 4 s each, one a second: four environments are busy."""
    function = {"duration": "constant(4s)", "init": "constant(1s)", "timeout": "1min"}
    load: dict[str, Any] = {"target": "api", "executor": "constant-arrival-rate", "process": "deterministic"}
    load |= {"rate": "1/s", "duration": "20min"} if stages is None else {"executor": "ramping-arrival-rate", **stages}
    experiment = ls.Experiment(
        functions={"api": function | {"provisioned": {"preparation": "constant(90s)", **provisioned}}},
        loads=[load],
        **{"simulation": {"engine": engine}, "output": {"period": "1min"}, **more},
    )
    return simulate(experiment.config, 1)


def log(run: RunOutcome) -> list[tuple[Any, ...]]:
    """Return each activity: when, from, to, why, and when it was ready; or when and which bounds."""
    assert run.changes is not None
    return [
        (one["time_s"], one["min"], one["max"])
        if one["what"] == "schedule"
        else (one["time_s"], one["from"], one["to"], one["cause"], one.get("ready_s", one["status"]))
        for one in run.changes
    ]


def scaled(concurrency: int, target: float = 0.5, **more: Any) -> dict[str, Any]:
    return {
        "concurrency": concurrency,
        "autoscaling": {"min": 2, "max": 100, "target_utilization": target, **more},
    }


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_a_load_above_the_target(engine: str) -> None:
    """Three full minutes and the metric's delay pass before 4 of 4 environments are doubled, and 91 s until they are
    ready; then a minute has 4 of 8, which is not above 0.5, after one that still had 4 of 4."""
    if engine == "compiled":
        pytest.importorskip("numba")
    run = outcome(scaled(4), engine)
    assert log(run) == [
        (210.0, 4, 8, "high alarm", 301.04),
        (330.0, 8, 16, "high alarm", 421.08),
        *[
            (time, before, after, "low alarm", time)
            for time, before, after in zip(
                range(1_410, 1_200 + 1, 60), [16, 15, 14, 13], [15, 14, 13, 12], strict=False
            )
        ],
    ]
    provisioned = run.measured.functions["api"]["provisioned"]
    assert provisioned["allocated"]["max"] == 16
    series = run.measured.timeseries().query("metric == 'ProvisionedConcurrencyAllocated' and statistic == 'Maximum'")
    assert series.value.tolist() == [4] * 5 + [8] * 2 + [16] * (len(series) - 7)


@pytest.mark.parametrize(
    ("statistic", "expected"), [("Average", []), ("Maximum", [(210.0, 10, 18, "high alarm", 301.08)])]
)
def test_what_a_burst_in_every_minute_is_to_either_statistic(statistic: str, expected: list[Any]) -> None:
    """A request a second keeps one of ten busy; nine are busy at the last of eight more, at each full minute."""
    scaling = {"min": 10, "max": 100, "target_utilization": 0.5, "statistic": statistic}
    steady = {"target": "api", "executor": "constant-arrival-rate", "process": "deterministic", "duration": "5min"}
    burst = [steady | {"name": f"burst-{n}", "rate": "1/min"} for n in range(8)]
    experiment = ls.Experiment(
        functions={
            "api": {
                "duration": "constant(1s)", "init": "constant(1s)",
                "provisioned": {"concurrency": 10, "preparation": "constant(90s)", "autoscaling": scaling},
            }
        },
        loads=[steady | {"name": "steady", "rate": "1/s"}, *burst],
        simulation={"engine": "simpy"},
    )  # fmt: skip
    assert log(simulate(experiment.config, 1)) == expected


def test_the_low_alarm_wants_fifteen_minutes() -> None:
    run = outcome(scaled(20))
    assert log(run) == [
        (930.0, 20, 18, "low alarm", 930.0),
        (990.0, 18, 17, "low alarm", 990.0),
        (1_050.0, 17, 16, "low alarm", 1_050.0),
        (1_110.0, 16, 15, "low alarm", 1_110.0),
        (1_170.0, 15, 14, "low alarm", 1_170.0),
    ]
    assert log(outcome(scaled(20, low_alarm_datapoints=3)))[0][0] == 210.0


def test_scaling_in_stops_above_the_target_and_at_the_minimum() -> None:
    """4 of 9 environments are 0.444, below 0.45; 4 of 8 would be 0.5."""
    steps = scaled(20, low_alarm_datapoints=1, scale_in_step=1.0)
    assert log(outcome(steps))[0] == (90.0, 20, 8, "low alarm", 90.0)
    steps["autoscaling"]["min"] = 12
    assert log(outcome(steps)) == [(90.0, 20, 12, "low alarm", 90.0)]


IDLE = {"start_rate": "1/s", "stages": [{"duration": "2min", "target": "1/s"}, {"duration": "0s", "target": "0/s"},
                                        {"duration": "28min", "target": "0/s"}]}  # fmt: skip


@pytest.mark.parametrize(
    ("missing", "first"), [("missing", None), ("ignore", None), ("notBreaching", None), ("breaching", 450.0)]
)
def test_without_invocations_it_does_not_scale_in(missing: str, first: float | None) -> None:
    """Reported of Lambda since 2020: nothing scales in at night; with the alarm changed to breaching it does,
    once none of the five minutes that three datapoints are looked for in has any."""
    found = log(outcome(scaled(8, low_alarm_datapoints=3, missing_data=missing), stages=IDLE))
    assert (found[0][0] if found else None) == first
    if first is not None:
        assert found[0][1:] == (8, 7, "low alarm", first)
        assert found[-1][2] == 2


def test_what_is_missing_and_breaches_is_used_by_nobody() -> None:
    """Idle since 2 min; three minutes later none of those that are looked at has a datapoint, though older ones had."""
    found = log(outcome(scaled(9, low_alarm_datapoints=1, missing_data="breaching"), stages=IDLE))
    assert found[:2] == [(90.0, 9, 8, "low alarm", 90.0), (330.0, 8, 7, "low alarm", 330.0)]


def test_minutes_are_those_of_the_clock() -> None:
    """20 s after a full minute the first datapoint is of 40 s, and the third of 100 to 160 s."""
    assert log(outcome(scaled(4), simulation={"start": "2026-11-27T08:00:20Z"}))[0] == (
        190.0, 4, 8, "high alarm", 281.04,
    )  # fmt: skip


def test_no_more_than_the_maximum() -> None:
    maximum = scaled(4)
    maximum["autoscaling"]["max"] = 6
    assert log(outcome(maximum)) == [(210.0, 4, 6, "high alarm", 301.02)]


def test_what_the_account_cannot_hold_fails_once() -> None:
    run = outcome(scaled(4), account={"concurrency": 106})
    assert log(run) == [(210.0, 4, 8, "high alarm", "failed")]
    assert run.changes is not None
    assert run.changes[0]["reason"] == "4 more are asked for where 2 more can be provisioned"


def test_what_is_reserved_bounds_it() -> None:
    experiment = scaled(4, target=0.7) | {"preparation": "constant(90s)"}
    function = {"duration": "constant(4s)", "init": "constant(1s)", "timeout": "1min", "reserved_concurrency": 5}
    loads = [{"target": "api", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "1/s",
              "duration": "10min"}]  # fmt: skip
    config = ls.Experiment(functions={"api": function | {"provisioned": experiment}}, loads=loads).config
    assert log(simulate(config, 1)) == [(210.0, 4, 6, "high alarm", "failed")]


def test_cooldown_of_scaling_out_counts_what_was_added() -> None:
    """Until it is over the increase is figured from the 4 before it: 4 / 0.5 is 8, which is there already."""
    assert log(outcome(scaled(4, scale_out_cooldown="2min"))) == [(210.0, 4, 8, "high alarm", 301.04)]


def test_cooldown_of_scaling_in() -> None:
    run = outcome(scaled(20, low_alarm_datapoints=1, scale_in_cooldown="3min"))
    assert [one[0] for one in log(run)] == [90.0 + 180.0 * n for n in range(7)]


def test_scaling_out_ends_the_cooldown_of_scaling_in() -> None:
    """Application Auto Scaling guide, target-tracking overview, read 2026-11: it stops, and does not complete."""
    stages = {
        "start_rate": "1/s",
        "stages": [{"duration": "2min", "target": "1/s"}, {"duration": "0s", "target": "4/s"},
                   {"duration": "3min", "target": "4/s"}, {"duration": "0s", "target": "1/s"},
                   {"duration": "5min", "target": "1/s"}],
    }  # fmt: skip
    run = outcome(scaled(20, low_alarm_datapoints=1, scale_in_cooldown="20min"), stages=stages)
    assert log(run) == [
        (90.0, 20, 18, "low alarm", 90.0), (330.0, 18, 32, "high alarm", 421.14), (450.0, 32, 29, "low alarm", 450.0),
    ]  # fmt: skip


def test_scheduled_actions() -> None:
    """At 9:00 in Berlin (8:00 UTC) 6 at least, at 8:10 UTC 3 at most; a request that is on the way goes first."""
    schedule = [
        {"cron": "0 9 * * ? *", "timezone": "Europe/Berlin", "min": 6, "max": 50},
        {"at": "2026-11-27T08:10:00", "min": 1, "max": 3},
        {"at": "2026-11-27T08:01:00", "min": 9},
    ]
    run = outcome({"concurrency": 4, "schedule": schedule}, simulation={"start": "2026-11-27T07:58:00Z"})
    assert log(run) == [
        (120.0, 6, 50),
        (120.0, 4, 6, "schedule", 211.02),
        (180.0, 9, 50),
        (211.020000001, 6, 9, "schedule", 302.050000001),
        (720.0, 1, 3),
        (720.0, 9, 3, "schedule", 720.0),
    ]


def test_a_schedule_and_a_policy() -> None:
    """Between two actions the policy goes on, within their bounds."""
    provisioned = scaled(4) | {"schedule": [{"rate": "10 minutes", "max": 5}]}
    assert log(outcome(provisioned)) == [(0.0, 2, 5), (210.0, 4, 5, "high alarm", 301.01), (600.0, 2, 5)]


def test_what_is_not_ready_at_the_end_is_in_progress() -> None:
    run = outcome(scaled(4), simulation={"duration": "5min"})
    assert log(run) == [(210.0, 4, 8, "high alarm", None)]
    assert run.changes is not None
    assert run.changes[0]["status"] == "in_progress"


def test_both_engines_agree_under_a_random_load() -> None:
    pytest.importorskip("numba")
    stages = {
        "start_rate": "1/s",
        "stages": [
            {"duration": "2min", "target": "1/s"}, {"duration": "5min", "target": "8/s"},
            {"duration": "10min", "target": "1/s"},
        ],
    }  # fmt: skip
    provisioned = scaled(6, low_alarm_datapoints=3, statistic="Maximum") | {
        "schedule": [{"rate": "7 minutes", "min": 5}]
    }
    ours, theirs = (outcome(provisioned, engine, stages) for engine in ("simpy", "compiled"))
    assert len(log(ours)) > 5
    assert ours.changes == theirs.changes
    assert ours.measured.functions == theirs.measured.functions
    assert ours.bill == theirs.bill
    assert ours.measured.timeseries().equals(theirs.measured.timeseries())


def test_the_series_has_what_the_alarms_see() -> None:
    """4 of 8 environments are busy at each invocation, once there have been four."""
    run = outcome(scaled(8))
    frame = run.measured.timeseries().query("metric == 'ProvisionedConcurrencyUtilization' and statistic == 'Average'")
    assert frame.value.iloc[0] == pytest.approx((1 + 2 + 3 + 57 * 4) / 60 / 8)
    assert frame.value.iloc[1:].tolist() == [0.5] * (len(frame) - 1)


def test_without_anything_that_changes_nothing_is_told() -> None:
    assert outcome({"concurrency": 4, "requested_at": "0s"}).changes is None
