"""What ``summary.json`` says of event sources, and of functions that are invoked asynchronously. Reads a ledger.

Counts and times are of events that were sent after the warm-up, maxima of levels are over the time after it and their
means until the loads end. An event's age runs
from when it was sent until it was processed or given up, or until the end of the run if it remained, so that a queue
that never drains is as old as it is; filtered events have none.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from lambdasim.config.source_kinds import ANSWERING, KAFKA, MAP, QUEUE, STREAM
from lambdasim.metrics.cells import Int64, exact_sum
from lambdasim.metrics.histogram import EMPTY, Histogram
from lambdasim.metrics.sources.ledger import ANSWER_BITS, DELIVERED, LEFT, REMAINING, SourceLedger, Waiting
from lambdasim.metrics.sources.sampled import TIMES
from lambdasim.records import SourceMetric
from lambdasim.units import NS_PER_MS, NS_PER_S

Json = dict[str, Any]

QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}

COUNTED: Final = (
    "received",
    "delivered",
    "processed",
    "failed",
    "throttled",
    "timed_out",
    "refused",
    "exhausted",
    "aged_out",
    "filtered",
    "in_process",
)
"""Events (received, and from processed on) and deliveries (the others)."""

WAITED: Final = ("waiting", "hidden", "dead_lettered", "destination_failures", "dropped")
"""The same of sources in which events wait: ``waiting`` could be delivered when the run ended, ``hidden`` not yet."""

SAMPLED_COUNTS: Final = {
    SourceMetric.EMPTY_RECEIVES: "empty_receives",
    SourceMetric.REQUESTS: "api_requests",
    SourceMetric.REFUSALS: "refusals",
}


def milliseconds(histogram: Histogram) -> Json:
    """Return mean, percentiles and maximum in ms; None for each of no values."""
    if not histogram.count:
        return dict.fromkeys(("mean", *QUANTILES, "max"))
    mean = histogram.total / (histogram.count * NS_PER_MS)
    values = [value / NS_PER_MS for value in histogram.quantiles(QUANTILES.values())]
    return {"mean": mean, **dict(zip(QUANTILES, values, strict=True)), "max": histogram.maximum / NS_PER_MS}


def sources(ledger: SourceLedger) -> dict[str, Json]:
    """Return the object of each event source, by name."""
    count = len(ledger.sources)
    _, owner = ledger.place(ledger.counts.cell)
    happened = ledger.counts.by(owner, count, ledger.counts.measured)
    result: dict[str, Json] = {}
    for i, source in enumerate(ledger.sources):
        of = {name: happened[name][i] for name in COUNTED}
        found: Json = {
            "type": source.type,
            **of,
            "processing": _level(ledger, ledger.processed(i)),
        }
        if source.kind in ANSWERING:
            clients = happened["waiting"][i] + happened["hidden"][i]
            found |= {"waiting": clients, **_answers(ledger, i), "latency": milliseconds(ledger.age([i], LEFT))}
        elif source.kind != MAP:
            found |= _waiting(ledger, i, {name: happened[name][i] for name in ("received", *WAITED)})
        result[source.name] = found | _samples(ledger, i, source.kind)
    return result


def _waiting(ledger: SourceLedger, source: int, of: dict[str, int]) -> Json:
    """Return what is said of sources in which events wait."""
    after = (ledger.oldest.keys & 1 == 1) & ((ledger.oldest.keys >> 1) % len(ledger.sources) == source)
    oldest_ns = int(ledger.oldest["age"][after].max(initial=0))
    last_ns = int(ledger.last_backlog_ns[source])
    backlog = _level(ledger, ledger.waiting(source))
    left = ledger.left_waiting[source]
    backlog["max"] = max(backlog["max"], left)
    received = of.pop("received")
    return {
        **of,
        "dead_lettered_rate": _rate(of["dead_lettered"], received),
        "dropped_rate": _rate(of["dropped"], received),
        "age": milliseconds(ledger.age([source], LEFT, REMAINING)),
        "backlog": backlog,
        "age_of_oldest": {"max": oldest_ns / NS_PER_MS},
        "drained_s": None if of["waiting"] or of["hidden"] or left else max(last_ns, 0) / NS_PER_S,
    }


def _level(ledger: SourceLedger, of: Waiting) -> Json:
    """Return the greatest level after the warm-up, and the mean until the loads end."""
    after = of.by_instant.keys * ledger.grid_ns >= ledger.warmup_ns
    lasted_ns = ledger.loads_end_ns - ledger.warmup_ns
    integral_ns = exact_sum(of.by_instant["ns"]) - of.outside_ns
    return {
        "max": int(ledger.peaks(of.by_instant)[after].max(initial=of.at_warmup)),
        "mean": integral_ns / lasted_ns if lasted_ns > 0 else 0.0,
    }


def _answers(ledger: SourceLedger, source: int) -> Json:
    """Return how often each HTTP status was answered, and shares of those that are errors."""
    keys = ledger.answers.keys
    own = (keys & 1 == 1) & ((keys >> ANSWER_BITS + 1) % len(ledger.sources) == source)
    status: Int64 = keys[own] >> 1 & (1 << ANSWER_BITS) - 1
    found: dict[int, int] = {}
    for one, count in zip(status.tolist(), ledger.answers["count"][own].tolist(), strict=True):
        found[one] = found.get(one, 0) + count
    every = sum(found.values())
    client, server = (sum(n for one, n in found.items() if one // 100 == class_) for class_ in (4, 5))
    return {
        "answers": {str(one): found[one] for one in sorted(found)},
        "answers_4xx": client,
        "answers_4xx_rate": _rate(client, every),
        "answers_5xx": server,
        "answers_5xx_rate": _rate(server, every),
    }


def _samples(ledger: SourceLedger, source: int, kind: str) -> Json:
    """Return what the source measured of itself, where a source of its kind does or where there are samples."""
    found: Json = {}
    sampled, count = ledger.sampled, len(ledger.sources)
    counts = sampled.counts()
    for metric, name in SAMPLED_COUNTS.items():
        own = sampled.is_of(counts.keys, metric) & (sampled.cell(counts.keys) % count == source)
        if own.any() or (kind == QUEUE and metric != SourceMetric.REFUSALS):
            found[name] = int(counts["count"][own & (counts.keys & 1 == 1)].sum())
    times = sampled.times()
    for metric, name in zip(TIMES, ("iterator_age", "executions"), strict=True):
        own = sampled.is_of(times.groups, metric) & (sampled.cell(times.groups) % count == source)
        if own.any() or kind == {"iterator_age": STREAM, "executions": MAP}[name]:
            measured = own & (times.groups & 1 == 1)
            found[name] = milliseconds(times.regroup(np.zeros(len(own), np.int64), measured).histogram(0))
    lasted_ns = ledger.loads_end_ns - ledger.warmup_ns
    for metric, name in (
        (SourceMetric.POLLERS, "pollers"),
        (SourceMetric.OFFSET_LAG, "offset_lag"),
        (SourceMetric.CONNECTIONS, "connections"),
    ):
        level = sampled.level(source, metric, ledger.end_ns)
        if level is not None:
            mean = level.integral_measured / lasted_ns if lasted_ns > 0 else 0.0
            found[name] = {"max": level.max_after, "mean": mean}
        elif name == "offset_lag" and kind == KAFKA:
            found[name] = {"max": None, "mean": None}
    return found


def asynchronous(ledger: SourceLedger, functions: Sequence[str]) -> dict[str, Json]:
    """Return the ``async`` object of each function, by name.

    ``dropped`` is CloudWatch's AsyncEventsDropped: all events that were given up, also those that a dead-letter queue
    or a destination then took (``dead_lettered``).
    """
    count = len(ledger.sources)
    _, owner = ledger.place(ledger.counts.cell)
    happened = ledger.counts.by(owner, count, ledger.counts.measured)
    result = {}
    nothing, invoking = milliseconds(EMPTY), ledger.asynchronous()

    def told(of: Sequence[int]) -> Json:
        age = milliseconds(ledger.age(of, DELIVERED)) if of else nothing
        return {
            "received": sum(happened["received"][i] for i in of),
            "dropped": sum(happened["given_up"][i] for i in of),
            "age": {"mean": age["mean"], "max": age["max"]},
            "retries": sum(happened["retries"][i] for i in of),
            "dead_lettered": sum(happened["dead_lettered"][i] for i in of),
            "destination_failures": sum(happened["destination_failures"][i] for i in of),
        }

    idle = told(())  # as most are
    for function, name in enumerate(functions):
        of = invoking.get(function)
        result[name] = told(of) if of else idle | {"age": dict(idle["age"])}
    return result


def _rate(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
