"""The objects of summary.json: fixed keys, warm-up, levels and what callers of loads and sources saw."""

import pytest
from hypothesis import given, settings
from record_rows import (
    COLD,
    FAILED,
    Run,
    chunk,
    environment,
    invocation,
    level,
    nearest_rank,
    overlap,
    part_of,
    parts,
    runs,
)

from lambdasim.metrics.measured import Measured
from lambdasim.metrics.meter import Metrics
from lambdasim.metrics.metered import LoadInfo, MeteredFunction
from lambdasim.model.events import StartKind, Status, ThrottleReason
from lambdasim.records import LevelMetric

MS = 1_000_000
S = 1_000_000_000


@pytest.fixture
def measured() -> Measured:
    """One function with a warm-up of 10 s; two loads through one source; 20 s in all."""
    refused = {"status": Status.THROTTLED, "reason": ThrottleReason.SCALING_RATE}
    rows = [
        invocation(8 * S, 4 * S, start=StartKind.COLD, init_ns=S, function_concurrency=7),  # before the warm-up's end
        invocation(9 * S, **refused, final=0, load=1),
        invocation(11 * S, 1 * S, attempt=1, first_arrival_ns=9 * S, load=1, function_concurrency=2),
        invocation(14 * S, 20 * MS, status=Status.TIMEOUT, account_concurrency=5),
        invocation(15 * S, 40 * MS, start=StartKind.COLD, init_ns=60 * MS, load=1, environments=3),
        invocation(16 * S, **refused, load=1),
        invocation(19 * S, status=Status.IN_FLIGHT),
    ]
    environments = [environment(8 * S, 18 * S, S), environment(15 * S, -1, 60 * MS)]
    metrics = Metrics(
        [MeteredFunction("f", memory_mb=512)],
        [LoadInfo("http", "http"), LoadInfo("jobs", "http")],
        period_ns=60 * S,
        warmup_ns=10 * S,
    )
    metrics.consume(chunk(rows, environments))
    return metrics.finish(20 * S)


def test_function(measured: Measured) -> None:
    function = measured.functions["f"]
    latency = function.pop("latency")
    assert latency == {
        "mean": 60.0,
        "p50": 20.0,
        "p90": 100.0,
        "p95": 100.0,
        "p99": 100.0,
        "p99.9": 100.0,
        "max": 100.0,
    }
    assert function.pop("duration")["max"] == 40.0
    assert function.pop("init_duration") == dict.fromkeys(latency, 60.0)
    assert function.pop("throttles_by_reason") == {
        "ConcurrentInvocationLimitExceeded": 0,
        "FunctionInvocationRateLimitExceeded": 1,
        "ReservedFunctionConcurrentInvocationLimitExceeded": 0,
        "ReservedFunctionInvocationRateLimitExceeded": 0,
        "CallerRateLimitExceeded": 0,
    }
    assert function == {
        "requests": 4,
        "invocations": 3,
        "throttles": 1,
        "throttled_requests": 1,
        "retries": 0,
        "in_flight": 1,
        "errors": 1,
        "timeouts": 1,
        "crashes": 0,
        "out_of_memory": 0,
        "cold_starts": 1,
        "cold_start_rate": 1 / 3,
        "throttle_rate": 0.25,
        "error_rate": 1 / 3,
        "timeout_rate": 1 / 3,
        "billed_duration_ms": 5000 + 1000 + 20 + 100,  # the bill knows no warm-up
        "gb_seconds": 6120 * 512 / 1024 / 1000,
        "concurrency": {"max": 2, "mean": 5.12 / 10},
        "environments": {"max": 3, "mean": (8 + 5) / 10, "created": 1},
        "provisioned": {
            "invocations": 0,
            "spillover": 0,
            "utilization_max": 0.0,
            "allocated": {"max": 0, "mean": 0.0},
        },
        "async": {
            "received": 0,
            "dropped": 0,
            "age": {"mean": None, "max": None},
            "retries": 0,
            "dead_lettered": 0,
            "destination_failures": 0,
        },
    }


def test_account(measured: Measured) -> None:
    account = measured.account
    assert account["concurrency"] == {"max": 5, "mean": 0.512}
    assert account["claimed_concurrency"] == {"max": 1}
    assert account["environments"] == {"mean": 1.3, "created": 1}
    assert (account["requests"], account["throttles"], account["latency"]["max"]) == (4, 1, 100.0)


def test_sources(measured: Measured) -> None:
    assert list(measured.sources) == ["http", "jobs"]
    http, jobs = measured.sources.values()
    assert (http["requests"], http["invocations"], http["throttles"]) == (4, 3, 1)  # both loads go through it
    assert (http["latency"]["mean"], http["errors"]) == (60.0, 1)
    assert (jobs["requests"], jobs["invocations"], jobs["throttles"], jobs["latency"]["mean"]) == (2, 1, 1, 100.0)


def test_histograms_split_warm_and_cold(measured: Measured) -> None:
    histograms = measured.histograms["f"]
    assert {name: (h.count, h.total) for name, h in histograms.items()} == {
        "latency": (2, 120 * MS),
        "latency_warm": (1, 20 * MS),
        "latency_cold": (1, 100 * MS),
        "duration": (2, 60 * MS),
        "init_duration": (1, 60 * MS),
        "restore_duration": (0, 0),
    }
    assert measured.histograms[""]["latency"].total == 120 * MS


def test_a_run_within_its_warmup_has_no_means() -> None:
    metrics = Metrics([MeteredFunction("f")], [LoadInfo("f")], period_ns=S, warmup_ns=10 * S)
    metrics.consume(chunk([invocation(0, S)]))
    function = metrics.finish(2 * S).functions["f"]
    assert (function["requests"], function["concurrency"]) == (0, {"max": 0, "mean": 0.0})


def test_levels_when_the_warmup_ends() -> None:
    """Three executions cross its end: one is on provisioned concurrency, one is of a function with reserved."""
    functions = [MeteredFunction("f"), MeteredFunction("g", reserved=10)]
    metrics = Metrics(functions, [LoadInfo("f")], period_ns=S, warmup_ns=2 * S)
    metrics.consume(
        chunk(
            [invocation(S, 3 * S, provisioned=1), invocation(S, 2 * S), invocation(S, 2 * S, function=1)],
            samples=[
                level(0, value, metric)
                for metric, value in (
                    (LevelMetric.RESERVED, -1),
                    (LevelMetric.CONFIGURED, 4),
                    (LevelMetric.ALLOCATED, 4),
                )
            ],
        )
    )
    measured = metrics.finish(5 * S)
    assert measured.account["concurrency"] == {"max": 3, "mean": 4 / 3}
    assert measured.account["unreserved_concurrency"] == {"max": 1}
    assert measured.account["claimed_concurrency"] == {"max": 1 + 10 + 4}
    assert measured.functions["f"]["provisioned"]["utilization_max"] == 0.25


@given(runs, parts, parts, parts)
@settings(max_examples=150, deadline=None)
def test_against_brute_force(run: Run, periods: int, warmup: int, ends: int) -> None:
    warmup_ns, loads_end_ns = part_of(run, warmup) if warmup else 0, part_of(run, ends)
    metrics = Metrics(
        run.functions,
        run.loads,
        period_ns=part_of(run, periods),
        warmup_ns=warmup_ns,
        loads_end_ns=loads_end_ns,
    )
    for part in run.chunks:
        metrics.consume(part)
    measured = metrics.finish(run.end_ns)
    rows, environments = run.invocations, run.environments
    last_ns = min(loads_end_ns, run.end_ns) if loads_end_ns > warmup_ns else run.end_ns
    lasted_ns = max(last_ns - warmup_ns, 0)
    for row in rows:
        row["end_ns"] = run.end_ns if row["status"] == Status.IN_FLIGHT else row["end_ns"]
    for index, function in enumerate(run.functions):
        mine = [row for row in rows if row["function"] == index]
        check_counts(measured.functions[function.name], [row for row in mine if row["first_arrival_ns"] >= warmup_ns])
        ran = [row for row in mine if row["status"] != Status.THROTTLED]
        level = sum(row["arrival_ns"] < warmup_ns < row["end_ns"] for row in ran)
        later = [row["function_concurrency"] for row in ran if row["arrival_ns"] >= warmup_ns]
        busy_ns = sum(overlap(row["arrival_ns"], row["end_ns"], warmup_ns, last_ns) for row in ran)
        concurrency = measured.functions[function.name]["concurrency"]
        assert concurrency == {"max": max([level, *later]), "mean": busy_ns / lasted_ns if lasted_ns else 0.0}
        own = [env for env in environments if env["function"] == index]
        levels = [
            sum(env["created_ns"] < warmup_ns and outlives(env, warmup_ns) for env in own if warmup_ns < run.end_ns)
        ]
        levels += [value for at, value in run.instants(LevelMetric.ENVIRONMENTS, index) if at >= warmup_ns]
        later = [row["environments"] for row in ran if row["arrival_ns"] >= warmup_ns]
        assert measured.functions[function.name]["environments"]["max"] == max(levels + later)
        created = [env["created_ns"] >= warmup_ns for env in own]
        assert measured.functions[function.name]["environments"]["created"] == sum(created)
    drained_ns = run.end_ns - last_ns
    ran = [row for row in rows if row["status"] != Status.THROTTLED]
    left_ns = sum(overlap(row["arrival_ns"], row["end_ns"], last_ns, run.end_ns) for row in ran)
    expected = {"s": drained_ns / S, "concurrency": left_ns / drained_ns if drained_ns else 0.0}
    assert measured.account["drain"] == expected
    check_account(measured.account, run, rows, warmup_ns)
    check_counts(measured.account, [row for row in rows if row["first_arrival_ns"] >= warmup_ns])
    for i, load in enumerate(run.loads):
        of_load = [row for row in rows if row["request"] >> 44 == i and row["first_arrival_ns"] >= warmup_ns]
        check_counts(measured.sources[load.name], of_load)
        if load.source:
            check_counts(measured.sources[load.source], of_load)


def outlives(env: dict[str, int], at: int) -> bool:
    return env["destroyed_ns"] < 0 or env["destroyed_ns"] > at


def check_account(account: dict[str, object], run: Run, rows: list[dict[str, int]], warmup_ns: int) -> None:
    ran = [row for row in rows if row["status"] != Status.THROTTLED]
    later = [row for row in ran if row["arrival_ns"] >= warmup_ns]
    counted = [row for row in ran if run.is_counted(row, warmup_ns)]

    def executing(of: list[dict[str, int]], at: int) -> int:
        return sum(row["arrival_ns"] < at < row["end_ns"] for row in of)

    claimed = [value for at, value in run.instants(LevelMetric.CLAIMED) if at >= warmup_ns]
    claimed.append(executing(counted, warmup_ns) + run.unoccupied(warmup_ns))
    highest = max([executing(ran, warmup_ns), *(row["account_concurrency"] for row in later)])
    unreserved = max([executing(counted, warmup_ns), *(row["unreserved_concurrency"] for row in later)])
    assert account["concurrency"]["max"] == highest
    assert account["unreserved_concurrency"] == {"max": unreserved}
    most = max([*claimed, *(row["claimed_concurrency"] for row in later)])
    assert account["claimed_concurrency"] == {"max": most}


def check_counts(summary: dict[str, object], rows: list[dict[str, int]]) -> None:
    ran = [row for row in rows if row["status"] != Status.THROTTLED]
    throttled = [row for row in rows if row["status"] == Status.THROTTLED and row["reason"] != ThrottleReason.SERVICE]
    assert summary["requests"] == sum(row["attempt"] == 0 for row in rows)
    assert summary["retries"] == sum(row["attempt"] > 0 for row in rows)
    assert summary["invocations"] == len(ran)
    assert summary["throttles"] == len(throttled)
    assert summary["throttled_requests"] == sum(row["final"] for row in throttled)
    assert summary["errors"] == sum(row["status"] in FAILED for row in ran)
    assert summary["crashes"] == sum(row["status"] == Status.CRASH for row in ran)
    assert summary["out_of_memory"] == sum(row["status"] == Status.OUT_OF_MEMORY for row in ran)
    assert summary["cold_starts"] == sum(row["start"] in COLD for row in ran)
    waits = [row["end_ns"] - row["first_arrival_ns"] for row in ran if row["status"] != Status.IN_FLIGHT]
    latency = summary["latency"]
    if not waits:
        assert latency["mean"] is None
        return
    assert latency["max"] == max(waits) / MS
    assert latency["mean"] == pytest.approx(sum(waits) / len(waits) / MS, rel=1e-12)
    for percent in (50, 90, 95, 99):
        assert latency[f"p{percent}"] == pytest.approx(nearest_rank(waits, percent) / MS, rel=0.005, abs=1e-6)
