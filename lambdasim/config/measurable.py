"""Everything of a summary that can be an objective, be minimized or be compared: metrics, and where they stand.

The path of a metric is that of ``summary.json`` below the object of a function, a source, a downstream or the account,
but for rates and their counts, which are two statistics of one metric.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lambdasim.config import source_kinds as kinds
from lambdasim.model.events import REASON_NAMES

PERCENTILES: Final = ("p50", "p90", "p95", "p99", "p99.9")


@dataclass(frozen=True, slots=True)
class Metric:
    """What can be asked of a metric, and where ``summary.json`` holds it."""

    kind: str
    """``time`` (ms), ``events`` (a count and a rate), ``level`` (a number in time), ``count`` or ``money`` (USD)."""
    where: Mapping[str, tuple[str, ...]]
    """Keys that lead to each statistic within the object of a function, a source or the account."""


def _time(*keys: str, statistics: tuple[str, ...] = ("mean", *PERCENTILES, "max")) -> Metric:
    return Metric("time", {statistic: (*keys, statistic) for statistic in statistics})


def _events(count: str, rate: str) -> Metric:
    return Metric("events", {"rate": (rate,), "count": (count,)})


def _level(*keys: str, statistics: tuple[str, ...] = ("mean", "max")) -> Metric:
    return Metric("level", {statistic: (*keys, statistic) for statistic in statistics})


def _number(statistic: str, *keys: str) -> Metric:
    return Metric("level", {statistic: keys})


def _counts(*paths: str) -> dict[str, Metric]:
    return {path: Metric("count", {"count": tuple(path.split("."))}) for path in paths}


_REASONS: Final = _counts(*(f"throttles_by_reason.{name}" for name in REASON_NAMES.values()))
_CALLED: Final = {
    "latency": _time("latency"),
    "cold_starts": _events("cold_starts", "cold_start_rate"),
    "throttles": _events("throttles", "throttle_rate"),
    "errors": _events("errors", "error_rate"),
    "timeouts": _events("timeouts", "timeout_rate"),
    "service_errors": _events("service_errors", "service_error_rate"),
    **_counts("requests", "invocations", "throttled_requests", "retries", "in_flight", "crashes", "out_of_memory"),
    **_REASONS,
}
_COST: Final = {
    "cost": Metric("money", {"mean": ("cost", "total")}),
    "cost.monthly": Metric("money", {"mean": ("cost", "monthly")}),
    "cost.uncertain": Metric("money", {"mean": ("cost", "uncertain")}),
    "cost.uncertain_monthly": Metric("money", {"mean": ("cost", "uncertain_monthly")}),
}
_TAKEN_IN: Final = {
    **_counts(
        "received", "delivered", "processed", "failed", "throttled", "timed_out", "refused", "exhausted", "aged_out",
        "filtered", "in_process",
    ),
    "processing": _level("processing"),
    **_COST,
}  # fmt: skip
_WAITED: Final = {
    **_TAKEN_IN,
    "age": _time("age"),
    "age_of_oldest": _time("age_of_oldest", statistics=("max",)),
    "backlog": _level("backlog"),
    "dead_lettered": _events("dead_lettered", "dead_lettered_rate"),
    "dropped": _events("dropped", "dropped_rate"),
    **_counts("waiting", "hidden", "destination_failures"),
    "drained_s": _number("max", "drained_s"),
}
_POLLED: Final = {**_WAITED, "pollers": _level("pollers")}
_GATEWAY: Final = {
    **_TAKEN_IN,
    "answers.4xx": _events("answers_4xx", "answers_4xx_rate"),
    "answers.5xx": _events("answers_5xx", "answers_5xx_rate"),
    **_counts("waiting"),
}

OF_KINDS: Final[dict[str, dict[str, Metric]]] = {
    kinds.ASYNCHRONOUS: _WAITED,
    kinds.QUEUE: {**_POLLED, **_counts("empty_receives", "api_requests")},
    kinds.BROKER: _POLLED,
    kinds.MAP: {**_TAKEN_IN, "executions": _time("executions")},
    kinds.STREAM: {**_POLLED, "iterator_age": _time("iterator_age")},
    kinds.KAFKA: {**_POLLED, "offset_lag": _level("offset_lag")},
    **dict.fromkeys(kinds.GATEWAYS, _GATEWAY),
    kinds.CALL: _TAKEN_IN,
    kinds.DOWNSTREAM: {
        "connections": _level("connections"),
        **_counts("refusals", "waits"),
        "borrow_wait": _time("borrow_wait", statistics=("mean", "max")),
    },
}
"""What can be asked of a source of some kind, besides what can be of every source."""

_INVOKED: Final = {**_CALLED, "duration": _time("duration"), "init_duration": _time("init_duration")}

SCOPES: Final[dict[str, dict[str, Metric]]] = {
    "function": {
        **_INVOKED,
        "restore_duration": _time("restore_duration"),
        **_counts("restores"),
        "concurrency": _level("concurrency"),
        "environments": _level("environments"),
        **_counts("environments.created", "provisioned.invocations", "provisioned.spillover"),
        "provisioned.utilization_max": _number("max", "provisioned", "utilization_max"),
        "provisioned.allocated": _level("provisioned", "allocated"),
        **_counts(*(f"async.{n}" for n in ("received", "dropped", "retries", "dead_lettered", "destination_failures"))),
        "async.age": _time("async", "age", statistics=("mean", "max")),
        "billed_duration_ms": _number("mean", "billed_duration_ms"),
        "gb_seconds": _number("mean", "gb_seconds"),
        **_COST,
    },
    "alias": _INVOKED,
    "source": _CALLED,
    "account": {
        **_INVOKED,
        "concurrency": _level("concurrency"),
        "claimed_concurrency": _level("claimed_concurrency", statistics=("max",)),
        "unreserved_concurrency": _level("unreserved_concurrency", statistics=("max",)),
        "environments": _level("environments", statistics=("mean",)),
        **_counts("environments.created"),
        "drain.s": _number("max", "drain", "s"),
        "drain.concurrency": _number("mean", "drain", "concurrency"),
        **_COST,
    },
}
"""Metrics of a function or version, of an alias (counting the requests sent to it), of a source or load (counting those
sent through it), and of the account."""

SCOPES["version"] = {name: metric for name, metric in SCOPES["function"].items() if not name.startswith("async.")}

EVENT_METRICS: Final = {name: metric for of in OF_KINDS.values() for name, metric in of.items()}
"""Those that depend on the kind of a source."""


def answer_of(metric: str) -> Metric | None:
    """Return the metric of one HTTP status, as ``answers.429``; None for any other name."""
    status = metric.removeprefix("answers.")
    named = status != metric and len(status) == 3 and status.isdecimal() and status[0] in "12345"
    return Metric("count", {"count": ("answers", status)}) if named else None
