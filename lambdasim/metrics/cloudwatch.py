"""CloudWatch's metrics of Lambda that a run can emit, and ours beside them: names, units, statistics, emission rules.

Names, units, statistics and rules of AWS's metrics: Developer Guide, monitoring-metrics-types,
monitoring-concurrency and monitoring-metrics-view, read 2026. Where AWS documents no emission rule, ours stands, and
the entry says so. The time of every datum is the start of the period in which the attempt arrived.
"""

from dataclasses import dataclass
from typing import Final

from lambdasim.model.events import REASON_NAMES

PERCENTILES: Final = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
"""Percentile statistics of the time series: nearest rank, within 0.4 %."""

DISTRIBUTION: Final = ("Average", "Minimum", "Maximum", *PERCENTILES)

ACTIVE: Final = "while executions are in progress (AWS documents no rule for periods without any)"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: ``aws`` is True for CloudWatch's own, False for ours."""

    name: str
    unit: str
    statistics: tuple[str, ...]
    emitted: str
    aws: bool = True


_ALL: Final = (
    Metric("Invocations", "Count", ("Sum",), "for every execution, also failed ones; not for throttles"),
    Metric("Errors", "Count", ("Sum",), "with every invocation, 0 on success, at the time the invocation began"),
    Metric("Throttles", "Count", ("Sum",), "for every rejected attempt, each retry again"),
    *(
        Metric(f"Throttles.{name}", "Count", ("Sum",), "for every attempt rejected for this reason", aws=False)
        for name in REASON_NAMES.values()
    ),
    Metric("Duration", "Milliseconds", DISTRIBUTION, "for every invocation that ended, without its cold start"),
    Metric("InitDuration", "Milliseconds", DISTRIBUTION, "for every cold start on demand that ended", aws=False),
    Metric("RestoreDuration", "Milliseconds", DISTRIBUTION, "for every restore that ended", aws=False),
    Metric(
        "Latency",
        "Milliseconds",
        DISTRIBUTION,
        "for every request that ran, from its first attempt to its end, when the attempt that ran arrived",
        aws=False,
    ),
    Metric("ColdStarts", "Count", ("Sum",), "with every invocation, 0 for a warm one", aws=False),
    Metric(
        "ConcurrentExecutions",
        "Count",
        ("Maximum", "Average"),
        f"{ACTIVE}; Maximum is exact, Average is over time, not over samples as CloudWatch's",
    ),
    Metric("UnreservedConcurrentExecutions", "Count", ("Maximum",), f"for the account, {ACTIVE}"),
    Metric("ClaimedAccountConcurrency", "Count", ("Maximum",), "for the account, while any is claimed"),
    Metric("ProvisionedConcurrentExecutions", "Count", ("Maximum",), "with invocations on provisioned concurrency"),
    Metric(
        "ProvisionedConcurrencyUtilization",
        "None",
        ("Maximum", "Average"),
        "with invocations on provisioned concurrency; 0 .. 1 of what is allocated, Average over invocations",
    ),
    Metric(
        "ProvisionedConcurrencyAllocated",
        "Count",
        ("Maximum", "Average"),
        "while provisioned concurrency is ready, used or not; Average is over time",
        aws=False,
    ),
    Metric("ProvisionedConcurrencyInvocations", "Count", ("Sum",), "for every invocation on provisioned concurrency"),
    Metric(
        "ProvisionedConcurrencySpilloverInvocations",
        "Count",
        ("Sum",),
        "for every on-demand invocation of a function whose provisioned concurrency is ready",
    ),
    Metric(
        "Environments",
        "Count",
        ("Maximum", "Average"),
        "while there are any, busy or idle; Average is over time; the account has no Maximum",
        aws=False,
    ),
    Metric("EnvironmentsIdle", "Count", ("Average",), "while there are environments; over time", aws=False),
    Metric("EnvironmentsInitializing", "Count", ("Average",), "while any initializes on demand; over time", aws=False),
    Metric("Cost", "USD", ("Sum",), "while something is billed", aws=False),
)

METRICS: Final = {metric.name: metric for metric in _ALL}
"""Every metric of a time series, by name, in the order in which they are written."""
