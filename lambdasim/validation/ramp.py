"""A rate that grows to 1,000 requests/s and falls again, in January 2019: environments used in each minute."""

import csv
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from lambdasim.errors import InputError
from lambdasim.validation.estimators import distinct
from lambdasim.validation.measurement import Measurement
from lambdasim.validation.simulated import simulated
from lambdasim.validation.study import Prediction, Study

ERA: Final = "2019-01"
NETWORK_MS: Final = 12.0
"""Of a client in the cloud: the era's ``latency`` of gateways."""
INPUTS: Final = "aws_ramp*.csv"


def ramp(measurements: Sequence[Measurement], data: Path) -> Study:
    """Predict how many environments are used in each minute."""
    dataset = measurements[0].dataset
    ours = [row for row in measurements if "google" not in row.trigger.lower() and "minute" in row.params]
    left_out = {}
    if len(ours) < len(measurements):
        left_out["distinct_instances_in_minute"] = "rows of Google Cloud Functions, of which this is no simulator"
    if not ours:
        return Study(dataset, (), left_out=left_out)
    rates = {int(row.params["minute"]): row.rate or 0.0 for row in ours}
    minutes = sorted(rates)
    stages = [{"duration": f"{minutes[0]}min", "target": f"{rates[minutes[0]]}/s"}]
    for before, now in pairwise(minutes):
        stages.append({"duration": f"{now - before}min", "target": f"{rates[now]}/s"})
    stages.append({"duration": "30s", "target": f"{rates[minutes[-1]]}/s"})
    tree = {
        "account": {"era": ERA},
        "function": {"f": {"runtime": "nodejs20.x", "memory": "512 MB", "duration": _work(data / dataset, ours[0])}},
        "source": {"http": {"type": "apigateway-rest", "function": "f"}},
        "load": [{"target": "http", "executor": "ramping-arrival-rate", "start_rate": "100/s", "stages": stages}],
    }
    run = simulated(tree, 0)
    predictions = [
        Prediction(row, float(distinct(run, minute * 60 - 30, minute * 60 + 30)), ERA)
        for row in ours
        if row.metric == "distinct_instances_in_minute"
        for minute in [int(row.params["minute"])]
    ]
    return Study(
        dataset,
        predictions,
        (
            f"A handler takes what clients waited less {NETWORK_MS:g} ms of network, at the percentiles that were "
            "published; init is that of Node.js in 2026.",
            "The rate goes evenly from that of one minute to that of the next.",
        ),
        left_out,
    )


def _work(folder: Path, first: Measurement) -> str:
    """Return the distribution of what a handler takes, from the percentiles of clients or the mean that is told."""
    path = next(iter(sorted(folder.glob(INPUTS))), None)
    if path is None:
        return f"constant({first.warm_s or 0.06}s)"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [dict(row) for row in csv.DictReader(file)]
        p50, p90, p95 = (_mean(rows, f"client_p{p}_s") * 1_000 - NETWORK_MS for p in (50, 90, 95))
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError, csv.Error) as error:
        raise InputError.single(f"is not a file of percentiles by minute: {error!r}", file=str(path)) from None
    return f"percentiles(p0={p50 * 0.8:.2f}ms, p50={p50:.2f}ms, p90={p90:.2f}ms, p95={p95:.2f}ms, p100={p95 * 2:.2f}ms)"


def _mean(rows: Sequence[dict[str, Any]], column: str) -> float:
    return sum(float(row[column]) for row in rows) / len(rows)
