"""Clients of function URLs and of API Gateway in 2026: latency under a constant rate, and reserved concurrency."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from lambdasim.config.eras import NEWEST
from lambdasim.validation.estimators import most_at_once
from lambdasim.validation.measurement import Measurement
from lambdasim.validation.simulated import simulated
from lambdasim.validation.study import Prediction, Study, by_experiment

FULL_MB: Final = 1769
"""Memory at which a function has one vCPU (Developer Guide, configuration-memory)."""
RUNTIMES: Final = {
    "go": "provided.al2023/go",
    "java": "java21",
    "python": "python3.12",
    "nodejs": "nodejs20.x",
    "node": "nodejs20.x",
}
"""Versions of runtimes, which the authors do not tell."""
SETTLED: Final = 2.0
"""How many times the median a request takes that the authors call slow."""
PERCENTILES: Final = (50, 95, 99)
SEEDS: Final = 4
"""Of 18,000 requests the slowest 1 % are 180: the p99 of one run is uncertain by a few ms."""
LONGEST_S: Final = 120.0
"""Nothing new happens later: all environments are there."""


def latencies(measurements: Sequence[Measurement], data: Path) -> Study:
    """Predict what clients of function URLs wait."""
    predictions: list[Prediction] = []
    for rows in by_experiment(measurements).values():
        first = rows[0]
        if first.rate is None or first.warm_s is None:
            continue
        tree = {
            "function": {"f": _function(first)},
            "source": {"url": {"type": "function-url", "function": "f"}},
            "load": [_constant("url", first.rate, first.duration_s or 60.0)],
        }
        found = _waited(tree)
        predictions += [Prediction(row, found[row.metric], NEWEST) for row in rows if row.metric in found]
    return Study(
        measurements[0].dataset,
        predictions,
        (
            "Of the handler the mean Duration alone is published. Its law is taken to be lognormal, with a coefficient "
            "of variation of nothing at one vCPU and of sqrt(1/share - 1) at a share of one, as if that share of "
            "invocations found the CPU free and the others waited. Of a small share that says little about the tail: "
            "at 128 MB the mean is also that of first invocations, which take long.",
            "Versions of runtimes are not published: those of 2026 whose name fits. Retries of clients are not known.",
        ),
    )


def _waited(tree: dict[str, Any]) -> dict[str, float]:
    found = []
    for seed in range(SEEDS):
        sent, answered = simulated(tree, seed).answered_s.T
        waited = (answered - sent) * 1_000
        slow = waited[sent < 5.0] > SETTLED * np.median(waited)
        found.append((*np.percentile(waited, PERCENTILES), slow.sum()))
    names = (*(f"client_latency_p{p}_ms" for p in PERCENTILES), "requests_slower_than_2x_median_first5s")
    return dict(zip(names, map(float, np.mean(found, axis=0)), strict=True))


def reserved(measurements: Sequence[Measurement], data: Path) -> Study:
    """Predict concurrency and throttles behind API Gateway at constant rates, with and without a limit."""
    predictions: list[Prediction] = []
    runs: dict[tuple[object, ...], dict[str, float]] = {}
    for rows in by_experiment(measurements).values():
        first = rows[0]
        if first.rate is None or first.warm_s is None:
            continue
        key = (first.rate, first.warm_s, first.limit, first.duration_s, first.requests)
        if key not in runs:
            runs[key] = _limited(first)
        predictions += [Prediction(row, runs[key][row.metric], NEWEST) for row in rows if row.metric in runs[key]]
    return Study(
        measurements[0].dataset,
        predictions,
        (
            "Whether environments were left from the run before is not published: each run begins without any.",
            "Concurrency is the highest of any minute, as the authors read it off CloudWatch.",
            "The growing rate is told in words: from 5/s to its highest within 30 s. Of each run the first two minutes "
            "are simulated.",
            "What first invocations take beside init is not published: it decides how long a reserved concurrency is "
            "used up by environments that start, and so how many calls are throttled.",
        ),
        {"peak_concurrent_executions": "how the client repeats throttled calls is not known"},
    )


def _limited(first: Measurement) -> dict[str, float]:
    assert first.rate is not None
    function = _function(first)
    if first.limit is not None:
        function["reserved_concurrency"] = first.limit
    measured_s = first.duration_s or 600.0
    span_s = min(measured_s, LONGEST_S)
    load = _constant("http", (first.requests or 0) / measured_s or first.rate, span_s)
    if "ramp" in first.kind:
        stages = [
            {"duration": "30s", "target": f"{first.rate:.2f}/s"},
            {"duration": f"{max(span_s - 30, 1):.0f}s", "target": f"{first.rate:.2f}/s"},
        ]
        load = {
            "target": "http", "executor": "ramping-arrival-rate", "start_rate": "5/s", "process": "deterministic",
            "stages": stages,
        }  # fmt: skip
    tree = {
        "function": {"f": function},
        "source": {"http": {"type": "apigateway-rest", "function": "f"}},
        "load": [load],
    }
    run = simulated(tree, 0)
    throttles = float(run.throttles)
    return {
        "max_concurrent_executions": float(most_at_once(run.arrival_s, run.end_s)),
        "throttles": throttles,
        "client_non200": throttles,
    }


def _constant(target: str, rate: float, span_s: float) -> dict[str, Any]:
    """Return a load that a tool makes: one request after the other, evenly."""
    return {
        "target": target, "executor": "constant-arrival-rate", "process": "deterministic", "rate": f"{rate:.4f}/s",
        "duration": f"{span_s:.3f}s",
    }  # fmt: skip


def _function(first: Measurement) -> dict[str, Any]:
    assert first.warm_s is not None
    memory = first.memory_mb or FULL_MB
    share = min(memory / FULL_MB, 1.0)
    cv = (1 / share - 1) ** 0.5
    mean = f"{first.warm_s * 1000:.4f}ms"
    words = re.split(r"[^a-z]+", first.runtime.lower())
    runtime = next((RUNTIMES[word] for word in words if word in RUNTIMES), "nodejs20.x")
    return {
        "memory": f"{memory} MB",
        "runtime": runtime,
        "architecture": "arm64" if "arm" in words else "x86_64",
        "duration": f"lognormal(mean={mean}, cv={cv:.4f})" if cv else f"constant({mean})",
        "timeout": "60s",
    }
