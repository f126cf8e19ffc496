"""CloudWatch's metrics of a run, period by period: names, statistics, and when there is a datum at all."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from replay import attempts, replay, values

TYPES = "Developer Guide, monitoring-metrics-types, read 2026-11"
CONCURRENCY = "Developer Guide, monitoring-concurrency, read 2026-11"
VIEW = "Developer Guide, monitoring-metrics-view, read 2026-11"

Series = Mapping[float, float]


def minutes(series: Series) -> dict[int, float]:
    """Return a series of one-minute periods by the number of the minute, 0 for the first."""
    assert all(time % 60 == 0 for time in series)
    return {int(time / 60): value for time, value in series.items()}


def every_minute(count: int, length_s: float, at_s: float = 0.0) -> list[tuple[int, str, int]]:
    return [(60_000 * minute + int(at_s * 1_000), "f", int(length_s * 1_000)) for minute in range(count)]


@pytest.mark.parametrize(
    ("metric", "statistic", "function", "rows", "expected", "source"),
    [
        (
            "ProvisionedConcurrentExecutions", "Maximum", {"provisioned": {"concurrency": 10}},
            every_minute(5, 120, at_s=30), {0: 1, 1: 2, 2: 2, 3: 2, 4: 2}, TYPES + ": 2 min each, one a minute",
        ),
        (
            "ProvisionedConcurrencyInvocations", "Sum", {"provisioned": {"concurrency": 10}},
            every_minute(5, 120, at_s=30), {0: 1, 1: 1, 2: 1, 3: 1, 4: 1}, TYPES,
        ),
        (
            "ConcurrentExecutions", "Maximum", {"provisioned": {"concurrency": 10}},
            every_minute(2, 120, at_s=30), {0: 1, 1: 2, 2: 2, 3: 1}, TYPES + ": active ones, also when none begins",
        ),
        (
            "ProvisionedConcurrencyUtilization", "Maximum", {"provisioned": {"concurrency": 10}},
            [(0, "f", 100)] * 7 + [(180_000, "f", 100)], {0: 0.7, 3: 0.1}, TYPES + ": nothing while idle",
        ),
        (
            "ProvisionedConcurrencyUtilization", "Maximum", {"provisioned": {"concurrency": 100}},
            [(0, "f", 100)] * 60, {0: 0.6}, TYPES,
        ),
        (
            "ProvisionedConcurrencyUtilization", "Maximum", {"provisioned": {"concurrency": 4}},
            [(0, "f", 100)] * 6, {0: 1.0}, TYPES + ": at most 1, the rest spills over",
        ),
        (
            "ProvisionedConcurrencySpilloverInvocations", "Sum", {"provisioned": {"concurrency": 4}},
            [(0, "f", 100)] * 6 + [(60_000, "f", 1)] + [(120_000, "f", 100)] * 5, {0: 2, 2: 1}, TYPES,
        ),
        (
            "Errors", "Sum", {},
            [(59_000, "f", 5_000, 0, 1), (61_000, "f", 1, 0, 0), (180_000, "f", 1, 0, 0)], {0: 1, 1: 0, 3: 0},
            VIEW + ": at the time the invocation began; 0 with a success, nothing without an invocation",
        ),
        (
            "Errors", "Sum", {"timeout": "3s"}, [(59_000, "f", 5_000), (59_000, "f", 1)], {0: 1},
            TYPES + ": timeouts too",
        ),
        (
            "Invocations", "Sum", {"reserved_concurrency": 2},
            [(0, "f", 50, 0, 1), (0, "f", 50, 0, 0), (0, "f", 50, 0, 0), (60_000, "f", 1, 0, 0)], {0: 2, 1: 1},
            TYPES + ": with errors, without throttles",
        ),
        ("Throttles", "Sum", {"reserved_concurrency": 2}, [(0, "f", 90_000)] * 5 + [(60_000, "f", 1)], {0: 3, 1: 1},
         TYPES),
        ("Duration", "Maximum", {}, [(0, "f", 250, 4_000)], {0: 250}, TYPES + ": no cold start in it"),
        ("Duration", "Average", {}, [(0, "f", 100), (0, "f", 200), (0, "f", 600)], {0: 300}, TYPES),
        ("ConcurrentExecutions", "Maximum", {}, [(0, "f", 100, 500)] * 3 + [(550, "f", 1, 0)], {0: 4},
         "Developer Guide, lambda-concurrency, read 2026-11: busy during init"),
    ],
)  # fmt: skip
def test_metric_of_a_function(tmp_path: Path, metric: str, statistic: str, function, rows, expected, source) -> None:
    result = replay(tmp_path, {"f": function}, rows)
    assert minutes(values(result, metric, statistic, "f")) == pytest.approx(expected, rel=1e-12), source


@pytest.mark.parametrize(
    ("metric", "expected", "source"),
    [
        ("ConcurrentExecutions", {0: 6, 1: 3, 2: 1}, CONCURRENCY),
        ("UnreservedConcurrentExecutions", {0: 2, 1: 1, 2: 1}, CONCURRENCY + ": on demand, without reserved"),
        ("ClaimedAccountConcurrency", {0: 102, 1: 101, 2: 101}, CONCURRENCY + ": unreserved + 60 + 40"),
    ],
)
def test_metric_of_the_account(tmp_path: Path, metric: str, expected: dict[int, float], source: str) -> None:
    functions: dict[str, dict[str, Any]] = {
        "reserved": {"reserved_concurrency": 60},
        "provisioned": {"provisioned": {"concurrency": 40}},
        "plain": {},
    }
    rows = [(0, "reserved", 1_000), (0, "reserved", 90_000), (0, "provisioned", 1_000), (0, "provisioned", 90_000),
            (0, "plain", 1_000), (0, "plain", 150_000)]  # fmt: skip
    result = replay(tmp_path, functions, rows)
    assert minutes(values(result, metric, "Maximum")) == expected, source


def test_each_retry_is_a_throttle_again(tmp_path: Path) -> None:
    """monitoring-metrics-types: every rejected request counts, in the minute of that attempt; none is an invocation."""
    client = {"retries": 2, "backoff": "exponential(base=40s, max=40s, jitter=none)"}
    result = replay(tmp_path, {"f": {"reserved_concurrency": 0}}, [(30_000, "f", 1)], client=client)
    assert minutes(values(result, "Throttles", "Sum", "f")) == {0: 1, 1: 2}
    assert values(result, "Invocations", "Sum", "f") == values(result, "Errors", "Sum", "f") == {}
    assert result.summary["functions"]["f"]["requests"] == 1


def test_what_runs_provisioned_and_what_spills_over_are_all_invocations(tmp_path: Path) -> None:
    """monitoring-metrics-types, read 2026-11, for a function whose provisioned concurrency is ready."""
    rows = [(7 * i, "f", 20 + i % 30) for i in range(20_000)]
    result = replay(tmp_path, {"f": {"provisioned": {"concurrency": 5}}}, rows)
    invocations = values(result, "Invocations", "Sum", "f")
    provisioned = values(result, "ProvisionedConcurrencyInvocations", "Sum", "f")
    spilled = values(result, "ProvisionedConcurrencySpilloverInvocations", "Sum", "f")
    assert len(invocations) == 3
    assert sum(invocations.values()) == 20_000
    assert {time: provisioned[time] + spilled[time] for time in invocations} == invocations
    assert all(spilled.values())


def test_the_series_hold_what_the_request_log_holds(tmp_path: Path) -> None:
    """Sums per minute, counted again from the log; the account's is the sum over functions."""
    rows = [(137 * i, "ab"[i % 2], (i * 7919) % 900) for i in range(2_000)]
    result = replay(tmp_path, {"a": {"reserved_concurrency": 2}, "b": {}}, rows)
    log = attempts(result)
    log["time"] = log.arrival_ns // 60_000_000_000 * 60.0
    for name in "ab":
        own = log[(log.function == name) & (log.status != "throttled")]
        assert values(result, "Invocations", "Sum", name) == own.groupby("time").size().to_dict()
        assert values(result, "Duration", "Maximum", name) == own.groupby("time").duration_ms.max().to_dict()
    throttled = log[log.status == "throttled"].groupby("time").size().to_dict()
    assert values(result, "Throttles", "Sum") == throttled
    assert sum(throttled.values()) > 100
