"""Schedules: their events over an experiment."""

import numpy as np
import pytest

import lambdasim as ls
from lambdasim.workload.plan import Workload

F = {"duration": "constant(10ms)", "init": "constant(0s)"}


def arrivals(source: dict, *, simulation: dict | None = None, loads: list | None = None) -> list[float]:
    """Return when each event of a schedule is due, in s."""
    exp = ls.Experiment(
        functions={"f": F},
        sources={"tick": {"type": "schedule", "function": "f", "latency": "constant(0s)", **source}},
        loads=loads or [],
        simulation={"duration": "10min"} if simulation is None else simulation,
    )
    return [float(t) / 1e9 for chunk in Workload(exp.config, 1).chunks() for t in chunk.arrival_ns]


def test_a_rate_is_due_at_once_and_then_at_intervals() -> None:
    assert arrivals({"expression": "rate(4 minutes)"}) == [0, 240, 480]


def test_schedules_are_due_together() -> None:
    assert arrivals({"expression": "rate(5 minutes)", "schedules": 3}) == [0, 0, 0, 300, 300, 300]


def test_a_flexible_window_scatters_them() -> None:
    times = np.array(arrivals({"expression": "rate(1 day)", "schedules": 2_000, "flexible_window": "5min"}))
    assert (np.diff(times) >= 0).all()
    # uniform on 0 .. 300 s: the mean of 2,000 has a standard error of 300 / sqrt(12 * 2000)
    assert abs(times.mean() - 150) < 4 * 300 / (12 * 2_000) ** 0.5
    assert times.max() < 300


def test_it_ends_with_the_other_loads() -> None:
    load = {
        "target": "f",
        "executor": "constant-arrival-rate",
        "rate": "1/s",
        "duration": "90s",
        "process": "deterministic",
    }
    times = arrivals({"expression": "rate(1 minute)"}, simulation={}, loads=[load])
    assert sum(t in (0, 60) for t in times) >= 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"simulation": {}}, "simulation.duration: is missing: schedules alone have no end"),
        ({"expression": "cron(0 9 * * ? *)"}, "source.tick.expression: has no meaning without a clock"),
        ({"timezone": "Mars/Olympus"}, "source.tick.timezone: 'Mars/Olympus' is not a time zone"),
        (
            {"loads": [{"target": "tick", "executor": "poisson", "rate": "1/s", "duration": "1s"}]},
            "load.0.target: 'tick' makes its events itself; take the load out, or name another target",
        ),
    ],
)
def test_what_is_wrong(changes: dict, message: str) -> None:
    keys = {"expression": "rate(1 minute)", "timezone": "UTC"} | changes
    with pytest.raises(ls.InputError) as caught:
        arrivals(
            {"expression": keys["expression"], "timezone": keys["timezone"]},
            simulation=keys.get("simulation"),
            loads=keys.get("loads"),
        )
    assert message in str(caught.value)
