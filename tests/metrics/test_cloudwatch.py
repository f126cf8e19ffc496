"""The list of metrics: unique names, and percentiles that the time series computes."""

from lambdasim.metrics.cloudwatch import METRICS, PERCENTILES
from lambdasim.model.events import REASON_NAMES

FACTS = {  # metric: (unit, statistic), as the Developer Guide lists them (monitoring-metrics-types, 2026)
    "Invocations": ("Count", "Sum"),
    "Errors": ("Count", "Sum"),
    "Throttles": ("Count", "Sum"),
    "ProvisionedConcurrencyInvocations": ("Count", "Sum"),
    "ProvisionedConcurrencySpilloverInvocations": ("Count", "Sum"),
    "Duration": ("Milliseconds", "Average"),
    "ConcurrentExecutions": ("Count", "Maximum"),
    "UnreservedConcurrentExecutions": ("Count", "Maximum"),
    "ClaimedAccountConcurrency": ("Count", "Maximum"),
    "ProvisionedConcurrentExecutions": ("Count", "Maximum"),
    "ProvisionedConcurrencyUtilization": ("None", "Maximum"),
}


def test_metrics_of_aws() -> None:
    assert {name for name, metric in METRICS.items() if metric.aws} == set(FACTS)
    for name, (unit, statistic) in FACTS.items():
        assert METRICS[name].unit == unit
        assert statistic in METRICS[name].statistics


def test_our_metrics() -> None:
    ours = {"InitDuration", "RestoreDuration", "Latency", "ColdStarts", "Cost", "Environments", "EnvironmentsIdle"}
    ours |= {
        "ProvisionedConcurrencyAllocated",
        "EnvironmentsInitializing",
        *(f"Throttles.{name}" for name in REASON_NAMES.values()),
    }
    assert {name for name, metric in METRICS.items() if not metric.aws} == ours
    assert set(PERCENTILES) <= set(METRICS["Latency"].statistics)
