"""The meter: hand-made records with every expected number written out, and the engine's against brute force."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from record_rows import BruteForce, Run, chunk, environment, invocation, level, part_of, parts, runs

from lambdasim.metrics.cloudwatch import METRICS
from lambdasim.metrics.invariants import verify
from lambdasim.metrics.measured import Measured
from lambdasim.metrics.meter import Metrics
from lambdasim.metrics.metered import InitBilling, LoadInfo, MeteredFunction
from lambdasim.model.events import StartKind, Status, ThrottleReason
from lambdasim.records import LevelMetric, RecordChunk, RecordTable

MS = 1_000_000
S = 1_000_000_000
PERCENTILES = ("p50", "p90", "p95", "p99")


def measure(run: Run, period_ns: int, warmup_ns: int = 0, chunks: list[RecordChunk] | None = None) -> Measured:
    metrics = Metrics(run.functions, run.loads, period_ns=period_ns, warmup_ns=warmup_ns)
    for part in run.chunks if chunks is None else chunks:
        metrics.consume(part)
    return metrics.finish(run.end_ns)


def rows_of(frame: pd.DataFrame, *metrics: str) -> list[tuple[object, ...]]:
    return list(frame[frame["metric"].isin(metrics)].itertuples(index=False, name=None))


@pytest.fixture
def small() -> Measured:
    """Two functions, periods of 1 s, 2.5 s in all; ``a`` cold then warm, ``b`` throttled, retried, then cold."""
    metrics = Metrics([MeteredFunction("a"), MeteredFunction("b")], [LoadInfo("a"), LoadInfo("b")], period_ns=S)
    cold = {"start": StartKind.COLD, "placement_ns": 50 * MS, "init_ns": 200 * MS}
    throttled = {"status": Status.THROTTLED, "reason": ThrottleReason.ACCOUNT_CONCURRENCY, "final": 0}
    first = invocation(500 * MS, 750 * MS, **cold)  # until 1.5 s
    refused = invocation(900 * MS, function=1, load=1, **throttled)
    second = invocation(1600 * MS, 100 * MS, status=Status.ERROR)
    retried = invocation(1900 * MS, 100 * MS, function=1, load=1, attempt=1, first_arrival_ns=900 * MS, **cold)
    metrics.consume(chunk([refused, first]))
    metrics.consume(chunk([second, retried], [environment(500 * MS, 2400 * MS, 250 * MS, invocations=2)]))
    metrics.consume(chunk([], [environment(1900 * MS, -1, 250 * MS, function=1, environment=1, invocations=1)]))
    return metrics.finish(2500 * MS)


def test_small_counts(small: Measured) -> None:
    frame = small.timeseries()
    assert rows_of(frame, "Invocations", "Errors", "Throttles", "ColdStarts") == [
        (0.0, "", "Invocations", "Sum", 1.0),
        (1.0, "", "Invocations", "Sum", 2.0),
        (0.0, "", "Errors", "Sum", 0.0),
        (1.0, "", "Errors", "Sum", 1.0),
        (0.0, "", "Throttles", "Sum", 1.0),
        (0.0, "", "ColdStarts", "Sum", 1.0),
        (1.0, "", "ColdStarts", "Sum", 1.0),
        (0.0, "a", "Invocations", "Sum", 1.0),
        (1.0, "a", "Invocations", "Sum", 1.0),
        (0.0, "a", "Errors", "Sum", 0.0),
        (1.0, "a", "Errors", "Sum", 1.0),
        (0.0, "a", "ColdStarts", "Sum", 1.0),
        (1.0, "a", "ColdStarts", "Sum", 0.0),
        (1.0, "b", "Invocations", "Sum", 1.0),
        (1.0, "b", "Errors", "Sum", 0.0),
        (0.0, "b", "Throttles", "Sum", 1.0),
        (1.0, "b", "ColdStarts", "Sum", 1.0),
    ]
    assert rows_of(frame, "Throttles.ConcurrentInvocationLimitExceeded") == [
        (0.0, "", "Throttles.ConcurrentInvocationLimitExceeded", "Sum", 1.0),
        (0.0, "b", "Throttles.ConcurrentInvocationLimitExceeded", "Sum", 1.0),
    ]


def test_small_levels(small: Measured) -> None:
    assert rows_of(small.timeseries(), "ConcurrentExecutions", "EnvironmentsIdle", "EnvironmentsInitializing") == [
        (0.0, "", "ConcurrentExecutions", "Average", 0.5),
        (1.0, "", "ConcurrentExecutions", "Average", 0.7),
        (2.0, "", "ConcurrentExecutions", "Average", 0.5),  # the last period lasts 0.5 s
        (0.0, "", "ConcurrentExecutions", "Maximum", 1.0),
        (1.0, "", "ConcurrentExecutions", "Maximum", 1.0),
        (2.0, "", "ConcurrentExecutions", "Maximum", 1.0),
        (0.0, "", "EnvironmentsIdle", "Average", 0.0),
        (1.0, "", "EnvironmentsIdle", "Average", 0.4),
        (2.0, "", "EnvironmentsIdle", "Average", 1.3),
        (0.0, "", "EnvironmentsInitializing", "Average", 0.25),
        (1.0, "", "EnvironmentsInitializing", "Average", 0.1),
        (2.0, "", "EnvironmentsInitializing", "Average", 0.3),
        (0.0, "a", "ConcurrentExecutions", "Average", 0.5),
        (1.0, "a", "ConcurrentExecutions", "Average", 0.6),
        (0.0, "a", "ConcurrentExecutions", "Maximum", 1.0),
        (1.0, "a", "ConcurrentExecutions", "Maximum", 1.0),
        (0.0, "a", "EnvironmentsIdle", "Average", 0.0),
        (1.0, "a", "EnvironmentsIdle", "Average", 0.4),
        (2.0, "a", "EnvironmentsIdle", "Average", 0.8),
        (0.0, "a", "EnvironmentsInitializing", "Average", 0.25),
        (1.0, "b", "ConcurrentExecutions", "Average", 0.1),
        (2.0, "b", "ConcurrentExecutions", "Average", 0.5),
        (1.0, "b", "ConcurrentExecutions", "Maximum", 1.0),
        (2.0, "b", "ConcurrentExecutions", "Maximum", 1.0),
        (1.0, "b", "EnvironmentsIdle", "Average", 0.0),
        (2.0, "b", "EnvironmentsIdle", "Average", 0.5),
        (1.0, "b", "EnvironmentsInitializing", "Average", 0.1),
        (2.0, "b", "EnvironmentsInitializing", "Average", 0.3),
    ]


def test_small_times_and_usage(small: Measured) -> None:
    frame = small.timeseries()
    frame = frame[frame["statistic"] == "Maximum"]
    assert rows_of(frame, "Duration", "InitDuration", "Latency") == [
        (0.0, "", "Duration", "Maximum", 750.0),
        (1.0, "", "Duration", "Maximum", 100.0),
        (0.0, "", "InitDuration", "Maximum", 200.0),
        (1.0, "", "InitDuration", "Maximum", 200.0),
        (0.0, "", "Latency", "Maximum", 1000.0),
        (1.0, "", "Latency", "Maximum", 1350.0),
        (0.0, "a", "Duration", "Maximum", 750.0),
        (1.0, "a", "Duration", "Maximum", 100.0),
        (0.0, "a", "InitDuration", "Maximum", 200.0),
        (0.0, "a", "Latency", "Maximum", 1000.0),
        (1.0, "a", "Latency", "Maximum", 100.0),
        (1.0, "b", "Duration", "Maximum", 100.0),
        (1.0, "b", "InitDuration", "Maximum", 200.0),
        (1.0, "b", "Latency", "Maximum", 1350.0),
    ]
    assert [(u.requests, u.billed_ms) for u in small.usage.values()] == [(2, 1050), (1, 300)]
    verify(small.balances)


def test_cost_is_what_the_caller_says(small: Measured) -> None:
    usage = small.usage_by_period
    assert usage.function.tolist() == [0, 0, 1]
    assert usage.start_ns.tolist() == [0, S, S]
    assert usage.billed_ms.tolist() == [950, 100, 300]
    assert small.owners == ["a", "b"]
    cost = np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([0.5, 0.25, 2.0])
    assert rows_of(small.timeseries(cost), "Cost") == [
        (0.0, "", "Cost", "Sum", 0.5),
        (1.0, "", "Cost", "Sum", 2.25),
        (0.0, "a", "Cost", "Sum", 0.5),
        (1.0, "a", "Cost", "Sum", 0.25),
        (1.0, "b", "Cost", "Sum", 2.0),
    ]


@given(runs, parts)
@settings(max_examples=100, deadline=None)
def test_time_series_against_brute_force(run: Run, periods: int) -> None:
    period_ns = part_of(run, periods)
    measured = measure(run, period_ns)
    verify(measured.balances)
    names = ["", *(f.name for f in run.functions)]
    ours = {
        (names.index(function) - 1, round(time * S / period_ns), metric, statistic): value
        for time, function, metric, statistic, value in measured.timeseries().itertuples(index=False, name=None)
    }
    theirs = BruteForce(run, period_ns).values
    assert set(ours) == set(theirs)
    for key, value in theirs.items():
        tolerance = {"rel": 0.005, "abs": 1e-6} if key[3] in PERCENTILES else {"rel": 1e-12, "abs": 0}
        assert ours[key] == pytest.approx(value, **tolerance), key
    for _, _, metric, statistic in ours:
        assert statistic in METRICS[metric].statistics


@given(runs, parts, st.sampled_from([0, 3, 11]), st.data())
@settings(max_examples=40, deadline=None)
def test_any_order_and_division_of_rows_gives_identical_bytes(
    run: Run, periods: int, warmup: int, data: st.DataObject
) -> None:
    period_ns, warmup_ns = part_of(run, periods), part_of(run, warmup) if warmup else 0
    tables = ("invocations", "environments", "deliveries", "samples")
    whole = RecordChunk(*(joined([getattr(c, table) for c in run.chunks]) for table in tables))
    shuffled = [data.draw(st.permutations(range(len(table)))) for table in (whole.invocations, whole.environments)]
    pieces = data.draw(st.integers(1, 5))
    invocations, environments = (
        np.array_split(table.rows[np.array(order, int)], pieces)
        for table, order in zip((whole.invocations, whole.environments), shuffled, strict=True)
    )
    samples = [RecordTable(whole.samples.columns, rows) for rows in np.array_split(whole.samples.rows, pieces)]
    chunks = [
        RecordChunk(
            RecordTable(whole.invocations.columns, np.asfortranarray(i)),
            RecordTable(whole.environments.columns, e),
            samples=s,
        )
        for i, e, s in zip(invocations, environments, samples, strict=True)
    ]
    assert written(measure(run, period_ns, warmup_ns, chunks)) == written(measure(run, period_ns, warmup_ns))


def joined(tables: list[RecordTable]) -> RecordTable:
    return RecordTable(tables[0].columns, np.concatenate([table.rows for table in tables]))


def written(measured: Measured) -> str:
    summary = json.dumps([measured.functions, measured.account, measured.sources])
    return summary + measured.timeseries().to_csv() + repr(measured.usage) + repr(measured.balances)


@pytest.mark.parametrize(
    ("function", "billing", "start", "billed_ms"),
    [
        (MeteredFunction("f"), InitBilling(), StartKind.COLD, 351),  # AWS's example: the sum, then the ceiling
        (MeteredFunction("f"), InitBilling("legacy"), StartKind.COLD, 251),
        (MeteredFunction("f", package="image"), InitBilling("legacy"), StartKind.COLD, 351),
        (MeteredFunction("f", custom_runtime=True), InitBilling("legacy"), StartKind.COLD, 351),
        (MeteredFunction("f"), InitBilling(), StartKind.COLD_INIT_TIMEOUT, 351),
        (MeteredFunction("f"), InitBilling(timed_out_init=False), StartKind.COLD_INIT_TIMEOUT, 251),
        (MeteredFunction("f"), InitBilling(timed_out_init=False), StartKind.COLD, 351),
        (MeteredFunction("f"), InitBilling("legacy"), StartKind.COLD_INIT_TIMEOUT, 251),
    ],
)
def test_billed_init(function: MeteredFunction, billing: InitBilling, start: StartKind, billed_ms: int) -> None:
    metrics = Metrics([function], [LoadInfo("f")], period_ns=S, billing=billing)
    metrics.consume(chunk([invocation(0, 250_060_000, start=start, init_ns=100_770_000)]))
    assert metrics.finish(S).usage["f"].billed_ms == billed_ms


def test_provisioned_usage() -> None:
    metrics = Metrics([MeteredFunction("f"), MeteredFunction("g")], [LoadInfo("f")], period_ns=2 * S)
    configured = [level(0, 1, LevelMetric.CONFIGURED, function=1), level(3 * S, 2, LevelMetric.CONFIGURED)]
    new = [environment(5 * S, -1, provisioned=1, init_ns=1_000_001, initialised_ns=5 * S) for _ in range(2)]
    old = environment(0, -1, provisioned=1, init_ns=S, initialised_ns=0, function=1)
    metrics.consume(chunk([invocation(6 * S, 1_500_000, provisioned=1)], [*new, old], configured))
    measured = metrics.finish(7 * S)
    f, g = measured.usage.values()
    assert (f.requests, f.billed_ms, f.provisioned_billed_ms) == (1, 0, 2 + 2 * 2)
    assert f.provisioned == ((2, 4 * S, True),)
    assert (g.provisioned_billed_ms, g.provisioned) == (
        0,
        ((1, 7 * S, True),),
    )  # initialised, and paid, before the start
    by_period = measured.usage_by_period
    assert by_period.start_ns[by_period.function == 0].tolist() == [2 * S, 4 * S, 6 * S]
    assert by_period.provisioned_ns[by_period.function == 0].tolist() == [2 * S, 4 * S, 2 * S]


def test_provisioned_metrics_of_the_developer_guide() -> None:
    """One invocation a minute, of two minutes each, on provisioned concurrency of 10 (monitoring-concurrency)."""
    minute = 60 * S
    metrics = Metrics([MeteredFunction("f")], [LoadInfo("f")], period_ns=minute)
    metrics.consume(
        chunk(
            [
                invocation(
                    m * minute + S,
                    2 * minute,
                    provisioned=1,
                    provisioned_concurrency=min(m + 1, 2),
                    allocated_concurrency=10,
                )
                for m in range(4)
            ],
            samples=[level(0, 10, LevelMetric.ALLOCATED)],
        )
    )
    frame = metrics.finish(6 * minute).timeseries()
    used = frame[(frame["function"] == "f") & (frame["metric"] == "ProvisionedConcurrentExecutions")]
    assert list(zip(used["time"], used["value"], strict=True)) == [(0, 1), (60, 2), (120, 2), (180, 2)]
    calls = frame[(frame["function"] == "f") & (frame["metric"] == "ProvisionedConcurrencyInvocations")]
    assert calls["value"].tolist() == [1, 1, 1, 1]
    share = frame[frame["metric"] == "ProvisionedConcurrencyUtilization"]
    highest, mean = (share.value[share.statistic == name].tolist() for name in ("Maximum", "Average"))
    assert highest == [0.1, 0.2, 0.2, 0.2]
    assert mean == pytest.approx([0.1, 0.2, 0.2, 0.2])


def test_nothing_at_all() -> None:
    measured = Metrics([MeteredFunction("f")], [LoadInfo("f")], period_ns=S).finish(0)
    assert measured.timeseries().empty
    assert measured.functions["f"]["latency"]["p99"] is None
    assert measured.usage["f"].requests == 0
    assert len(measured.usage_by_period) == 0
    verify(measured.balances)
