"""The columns of ``points.csv``: which metrics a point is told with, as numbers and in words."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdasim.config.metric_path import MetricPath
from lambdasim.config.schema import TEMPLATE, ExperimentConfig
from lambdasim.config.slo import observe
from lambdasim.metrics.estimate import observed
from lambdasim.metrics.inference.intervals import Interval
from lambdasim.metrics.judging import Judged
from lambdasim.report.words import count, milliseconds, money, percent

OF_ACCOUNT: Final = (
    "account.requests",
    "account.throttles",
    "account.cold_starts",
    "account.latency.mean",
    "account.latency.p99",
    "account.concurrency.max",
    "account.cost",
    "account.cost.monthly",
)
OF_FUNCTION: Final = ("requests", "latency.p50", "latency.p99", "throttles", "cold_starts", "errors", "concurrency.max")
MOST_FUNCTIONS: Final = 10
"""With more functions, only those with an objective have columns."""

COST: Final = "account.cost.monthly"
RUN_COST: Final = "account.cost"
"""What is compared where there is no month."""
TIME: Final = "account.latency.mean"


def metric_of(text: str, config: ExperimentConfig) -> MetricPath:
    """Return the metric that ``text`` names in an experiment; raises ``ValueError``."""
    types = config.types
    others = (*types, *(load.name for load in config.load))
    return MetricPath.parse(text, config.callables, others, types)


def main_metrics(config: ExperimentConfig, *more: str) -> list[MetricPath]:
    """Return the metrics that every point of a search is told with; ``more`` come first."""
    functions = [name for name in config.function if name != TEMPLATE]
    if len(functions) > MOST_FUNCTIONS:
        functions = [name for name in functions if any(path.partition(".")[0] == name for path in config.slo)]
    wanted = [*more, *OF_ACCOUNT, *(f"{name}.{metric}" for name in functions for metric in OF_FUNCTION)]
    return list(dict.fromkeys(metric_of(text, config) for text in wanted))


def point_row(
    metrics: Sequence[MetricPath],
    measurements: Sequence[Mapping[str, Any]],
    judged: Sequence[Judged],
    confidence: float,
    cost: str,
) -> dict[str, Any]:
    """Return the cells of one point: each metric's mean, ``.lo`` and ``.hi``, and each objective's verdict.

    Without an objective on it the cost of a month is left out where points are not compared by that ``cost``.
    """
    row: dict[str, Any] = {}
    estimates = {m.text: observed(m.path, m.statistic, measurements, confidence) for m in metrics}
    if cost != COST and COST not in {one.path for one in judged}:
        estimates[COST] = None
    for one in judged:
        name = one.path if one.expression.statistic == "mean" and ".cost" in one.path else None
        estimates.setdefault(name or f"{one.path}.{one.expression.statistic}", one.observed)
    for name, seen in estimates.items():
        row |= {
            name: seen and seen.mean,
            f"{name}.lo": seen and seen.low,
            f"{name}.hi": seen and seen.high,
        }
    return row | {one.name: one.verdict for one in judged}


def cost_notes(measurements: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what is to be said of every cost of a search: of prices, of what is left out, of a month that is none."""
    return [f"Cost: {note}." for note in measurements[0]["cost"]["notes"]] if measurements else []


def fresh_runs(again: Mapping[str, Any]) -> str:
    """Return by how many runs something was judged again: of ``judged_again``."""
    if again.get("one_run"):
        return f"its one run (all {again['runs']} seeds gave the same, for nothing is drawn by chance)"
    longer = f", and on as many {again['longer']} times as long" if "longer" in again else ""
    return f"{again['runs']} fresh runs{longer}"


def describe_number(kind: str, statistic: str, number: float | None) -> str:
    """Return a number in words, with its unit."""
    if kind == "time":
        return milliseconds(number)
    if kind == "money":
        return money(number)
    if kind == "events" and statistic == "rate":
        return percent(number)
    return count(number) if number is not None else "-"


def describe_estimate(kind: str, statistic: str, seen: Interval | None) -> str:
    """Return a mean with its interval in words: ``598 ms (590 ms to 606 ms)``; the mean alone without one."""
    if seen is None:
        return "-"
    mean = describe_number(kind, statistic, seen.mean)
    ends = [describe_number(kind, statistic, end) for end in (seen.low, seen.high)]
    return mean if ends == [mean, mean] else f"{mean} ({ends[0]} to {ends[1]})"


def describe_judged(one: Judged, config: ExperimentConfig, measurements: Sequence[Mapping[str, Any]]) -> str:
    """Return what was observed of an objective in words."""
    kind = metric_of(f"{one.path}.{one.expression.statistic}", config).kind
    return tilde(one.path, measurements) + describe_number(kind, one.expression.statistic, one.number)


def tilde(path: str, measurements: Sequence[Mapping[str, Any]]) -> str:
    """Return the ``~`` of a cost that is in part at uncertain prices; nothing for any other metric."""
    owner, cost, month = path.partition(".cost")
    if not cost:
        return ""
    part = f"{owner}.cost.uncertain{'_monthly' if month == '.monthly' else ''}"
    return "~" if any((observe(part, "mean", one) or 0.0) > 0 for one in measurements) else ""
