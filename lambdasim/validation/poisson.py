"""Steady and varying Poisson traffic of 2020, and the raw logs of it (pacslab: SimFaaS and its successors)."""

import csv
import gzip
import math
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from lambdasim.errors import InputError
from lambdasim.validation.estimators import alive, cold_in_batches, lives
from lambdasim.validation.measurement import Measurement
from lambdasim.validation.simulated import Float64, Simulated, simulated, trace
from lambdasim.validation.study import Prediction, Study, by_experiment

ERA: Final = "2020"
KEPT_S: Final = 600.0
"""The authors count an instance until so long after its last response."""
RAMP_S: Final = 600.0
"""Traffic before the log begins."""
NETWORK_S: Final = 0.1
"""What a client waits beyond the Duration of the REPORT line: 95 to 112 ms in the six open logs."""
FEWEST: Final = 10_000
"""Requests to simulate at least of each: as many runs of the authors' length as have them."""
SEEDS: Final = 8
"""Of a replayed log."""
STEADY_SEEDS: Final = 8
"""Of a constant rate: two runs of a day differ by 2 % in their environments, so a prediction is the mean of several."""
REPETITIONS: Final = 10
"""Of the varying traffic, whose minutes the authors averaged."""

REPLAYED: Final = "replayed"
"""How the environments of a constant rate are predicted that came at the times of a raw log."""
OF_LOGS: Final = (
    "cold_start_count_all", "cold_start_probability_raw", "distinct_instances", "max_instance_lifespan_s",
)  # fmt: skip


def function(warm_s: float, cold_s: float) -> dict[str, Any]:
    """Return a function of which nothing but two mean response times is known."""
    return {
        "duration": f"constant({max(warm_s - NETWORK_S, 0.0) * 1000:.3f}ms)",
        "init": f"constant({max(cold_s - warm_s, 0.0) * 1000:.3f}ms)",
        "placement": "constant(0ms)",
        "timeout": "60s",
    }


def steady(measurements: Sequence[Measurement], data: Path) -> Study:
    """Predict cold starts and environments under constant rates, and those of each raw log that is there."""
    predictions: list[Prediction] = []
    left_out: dict[str, str] = {}
    for name, rows in by_experiment(measurements).items():
        first = rows[0]
        found: dict[str, Simulations] = {}
        if first.warm_s is not None and first.cold_s is not None and first.rate:
            found |= _steady(first)
            log = data / first.dataset / f"exp{''.join(re.findall(r'[0-9]+', name))}_requests.csv.gz"
            if log.exists():
                found |= _replayed(log, first)
                mean = found.pop(REPLAYED)
                predictions += [_prediction(row, mean, REPLAYED) for row in rows if row.metric == "avg_instance_count"]
        elif any(row.metric.startswith("idle_s_") for row in rows):
            found |= _expired(first)
        for row in rows:
            if row.metric in found:
                predictions.append(_prediction(row, found[row.metric]))
            else:
                left_out[row.metric] = "its raw log is not in the folder" if row.metric in OF_LOGS else "not modelled"
    return Study(
        measurements[0].dataset,
        predictions,
        (
            "The arrivals of the ten minutes before each log were not recorded: environments that a log shows to be "
            "there when it begins count as created in them.",
            "Warm and cold requests take their mean response times; in a replay each warm one its own. Of each, 0.1 s "
            "are the client's network, as in the logs that have the Duration of REPORT lines too.",
        ),
        left_out,
    )


Simulations = Float64
"""What each of several simulated runs, as long as the authors', says of one metric."""


def _prediction(row: Measurement, found: Simulations, how: str = "") -> Prediction:
    """Return the mean of simulated runs; of two that are normal the one strays by sqrt(2 / pi) deviations."""
    chance = math.sqrt(2 / math.pi) * float(found.std(ddof=1)) if len(found) > 1 else None
    return Prediction(row, float(found.mean()), ERA, chance, how)


def _steady(first: Measurement) -> dict[str, Simulations]:
    """Simulate runs of the authors' length one after the other, each analysed as theirs was."""
    assert first.rate is not None
    assert first.warm_s is not None
    assert first.cold_s is not None
    length_s = first.duration_s or FEWEST / first.rate
    runs = max(round(FEWEST / first.rate / length_s), 1)
    end_s = RAMP_S + runs * length_s
    tree = {
        "account": {"era": ERA},
        "function": {"f": function(first.warm_s, first.cold_s)},
        "load": [{"target": "f", "executor": "poisson", "rate": f"{first.rate:.8f}/s", "duration": f"{end_s:.0f}s"}],
    }
    kept_s = float(first.params.get("analysis_keepalive_s", KEPT_S))
    dropped = float(first.params.get("ignore_first_fraction", 0.25))
    found = []
    for seed in range(STEADY_SEEDS):
        every = simulated(tree, seed)
        for run in range(runs):
            begin_s = RAMP_S + run * length_s
            rows = every.between(begin_s, begin_s + length_s)
            if not len(rows):
                continue
            times = np.arange(begin_s + dropped * length_s, begin_s + length_s, 60.0)
            found.append(
                (
                    cold_in_batches(rows, begin_s, begin_s + length_s, 10, dropped),
                    alive(*lives(rows, kept_s + NETWORK_S), times).mean(),
                    alive(rows.arrival_s, rows.end_s + NETWORK_S, times).mean(),
                )
            )
    cold, environments, running = np.array(found).T
    return {
        "cold_start_probability": cold,
        "avg_instance_count": environments,
        "avg_running_instances": running,
        "avg_idle_instances": environments - running,
        "utilization": running / environments,
    }


def _replayed(log: Path, first: Measurement) -> dict[str, Simulations]:
    """Replay the arrivals of a raw log."""
    try:
        with gzip.open(log, "rt", encoding="utf-8", newline="") as file:
            raw = [
                (float(row["t_start_s"]), float(row["t_end_s"]), row["is_cold"] == "1", row["instance"])
                for row in csv.DictReader(file)
            ]
    except (OSError, ValueError, KeyError, TypeError, csv.Error, EOFError) as error:
        raise InputError.single(f"is not a raw log of requests: {error!r}", file=str(log)) from None
    raw.sort()
    warm_s = float(np.mean([end - begin for begin, end, cold, _ in raw if not cold]))
    cold_s = float(np.mean([end - begin for begin, end, cold, _ in raw if cold] or [warm_s]))
    there = len({instance for *_, instance in raw}) - sum(cold for *_, cold, _ in raw)
    durations = [max((warm_s if cold else end - begin) - NETWORK_S, 0.0) for begin, end, cold, _ in raw]
    ended_s = max(end for _, end, *_ in raw)
    dropped = float(first.params.get("ignore_first_fraction", 0.25))
    times = np.arange(dropped * ended_s, ended_s, 60.0)
    kept_s = float(first.params.get("analysis_keepalive_s", KEPT_S))
    runs = []
    with trace([begin for begin, *_ in raw], duration=durations) as own:
        tree = {
            "account": {"era": ERA},
            "function": {"f": function(warm_s, cold_s)},
            "load": [{"target": "f", "trace": own}],
        }
        for seed in range(SEEDS):
            rows = simulated(tree, seed)
            later = rows.is_cold[len(rows) // 4 :]
            begins, ends = lives(rows, 0.0)
            mean = alive(begins, ends + kept_s + NETWORK_S, times).mean()
            runs.append((rows.is_cold.sum() - there, later.mean(), len(begins), (ends - begins).max(), mean))
    return dict(zip((*OF_LOGS, REPLAYED), np.array(runs, float).T, strict=True))


def _expired(first: Measurement) -> dict[str, Simulations]:
    """Probe single environments after idle times that are uniform from 30 to 2,000 s."""
    rng = np.random.default_rng(0)
    gaps = rng.uniform(30.0, 2_000.0, first.requests or 1_000)
    rows = probed(ERA, gaps)
    later, gaps = rows.is_cold[1:], gaps[1:]
    young = gaps < KEPT_S  # a lifetime may end an environment at any idle time
    return {
        "idle_s_longest_survived": gaps[~later].max(keepdims=True),
        "idle_s_shortest_expired": gaps[later & ~young].min(keepdims=True),
    }


def probed(era: str, gaps_s: Float64) -> Simulated:
    """Send one request after each idle time to a function that has nothing else to do; return what became of them."""
    with trace(np.cumsum(gaps_s).tolist()) as own:
        tree = {
            "account": {"era": era},
            "function": {"f": {"duration": "constant(1ms)", "init": "constant(1ms)", "placement": "constant(0ms)"}},
            "load": [{"target": "f", "trace": own}],
        }
        return simulated(tree, 0)


def varying(measurements: Sequence[Measurement], data: Path) -> Study:
    """Predict the environments that run, and that are there, minute by minute of an hour."""
    dataset = measurements[0].dataset
    path = data / dataset / "transient_by_minute.csv"
    if not path.exists():
        return Study(dataset, (), left_out={row.metric: "its rates are not in the folder" for row in measurements})
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rates = [(float(row["minute"]), float(row["rps"])) for row in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise InputError.single(f"is not a file of rates by minute: {error!r}", file=str(path)) from None
    first = measurements[0]
    if first.warm_s is None or first.cold_s is None or not rates:
        return Study(dataset, (), left_out={row.metric: "response times are not published" for row in measurements})
    stages = [{"duration": f"{rates[0][0]:g}min", "target": f"{rates[0][1]:.4f}/s"}]
    for (before, _), (minute, rate) in pairwise(rates):
        stages.append({"duration": f"{minute - before:g}min", "target": f"{rate:.4f}/s"})
    tree = {
        "account": {"era": ERA},
        "function": {"f": function(first.warm_s, first.cold_s)},
        "load": [{"target": "f", "executor": "ramping-arrival-rate", "start_rate": "0.1/s", "stages": stages}],
    }
    runs = [simulated(tree, seed) for seed in range(REPETITIONS)]
    predictions = []
    for row in measurements:
        minute = float(row.params["minute"])
        kept_s = float(row.params.get("analysis_keepalive_s", KEPT_S))
        found = np.mean([_minute(run, minute, kept_s) for run in runs], axis=0)
        names = ("running_count", "instance_count", "idle_count", "utilization", "p_cold")
        values = dict(zip(names, map(float, found), strict=True))
        if row.metric in values:
            predictions.append(Prediction(row, values[row.metric], ERA))
    return Study(
        dataset,
        predictions,
        ("The rate before the first minute of the file is taken to grow evenly from nothing.",),
    )


def _minute(run: Simulated, minute: float, kept_s: float) -> tuple[float, ...]:
    """Return levels in the minute around a point in time."""
    times = np.linspace(minute * 60 - 30, minute * 60 + 30, 61)
    running = alive(run.arrival_s, run.end_s + NETWORK_S, times).mean()
    environments = alive(*lives(run, kept_s + NETWORK_S), times).mean()
    own = run.between(minute * 60 - 30, minute * 60 + 30)
    cold = own.is_cold.mean() if len(own) else 0.0
    return running, environments, environments - running, running / max(environments, 1e-9), cold
