"""How long idle environments live: probes of single ones by year, and what is left of several (SeBS)."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from lambdasim.config.eras import ERAS
from lambdasim.validation.measurement import Measurement
from lambdasim.validation.poisson import probed
from lambdasim.validation.simulated import simulated, trace
from lambdasim.validation.study import Prediction, Study

PROBES: Final = 400
"""Probes of each idle time."""
SEBS_ERA: Final = "2021"
SEBS_SEEDS: Final = 10
WORK_S: Final = 1.0
"""Of each request of a batch, so that a batch needs as many environments as it has requests."""


def probes(measurements: Sequence[Measurement], data: Path) -> Study:
    """Predict how often a single environment is gone after an idle time."""
    alike: dict[tuple[str, str], list[tuple[Measurement, float, float]]] = {}
    for row in measurements:
        span = _minutes(row)
        if row.metric == "p_cold_given_idle" and span is not None:
            alike.setdefault((_era(row), row.source), []).append((row, *span))
    predictions = []
    for (era, _), rows in alike.items():
        rng = np.random.default_rng(0)
        chosen = rng.integers(0, len(rows), PROBES * len(rows) + 1)  # one after the other, as the authors drew them
        low, high = (np.array([row[place] for row in rows]) * 60.0 for place in (1, 2))
        run = probed(era, rng.uniform(low[chosen], high[chosen]))
        for number, (row, *_) in enumerate(rows):
            own = chosen[1:] == number
            predictions.append(Prediction(row, float(run.is_cold[1:][own].mean()) if own.any() else 0.0, era))
    return Study(
        measurements[0].dataset,
        predictions,
        (
            "An idle time that is told in whole minutes is taken to be uniform within half a minute of them.",
            "Each function has one environment and no other traffic, so that an idle time is the interval of two "
            "requests; those of one file follow each other in any order.",
        ),
    )


def _minutes(row: Measurement) -> tuple[float, float] | None:
    """Return between which idle times a row is, in minutes."""
    params = row.params
    if "idle_min_from" in params and "idle_min_to" in params:
        return float(params["idle_min_from"]), float(params["idle_min_to"])
    if "idle_min" in params:
        return max(float(params["idle_min"]) - 0.5, 0.02), float(params["idle_min"]) + 0.5
    if "idle_s" in params:
        return float(params["idle_s"]) / 60, float(params["idle_s"]) / 60
    return None


def _era(row: Measurement) -> str:
    """Return the era of a month that a row or its file names, or else the latest one of its year."""
    named = re.search(r"20[12][0-9]-[01][0-9]", f"{row.experiment} {row.source}")
    moment = named[0] if named else f"{row.year}-12"
    return [era for era in ERAS if era <= moment][-1] if moment >= ERAS[0] else ERAS[0]


def evictions(measurements: Sequence[Measurement], data: Path) -> Study:
    """Predict how many of D idle environments are left after a time in which the function is not used."""
    cases = sorted({_case(row) for row in measurements if "D" in row.params})
    times: list[float] = []
    names: list[str] = []
    for number, (size, idle_s) in enumerate(cases):
        for batch_s in (0.0, WORK_S + idle_s):
            times += [batch_s] * size
            names += [f"f{number}"] * size
    order = np.argsort(times, kind="stable")
    left = np.zeros(len(cases))
    with trace([times[i] for i in order], function=[names[i] for i in order]) as own:
        function = {"duration": f"constant({WORK_S}s)", "init": "constant(0s)", "placement": "constant(0s)"}
        tree = {
            "account": {"era": SEBS_ERA, "concurrency": 100_000},
            "function": {f"f{number}": function for number in range(len(cases))},
            "load": [{"trace": own}],
        }
        for seed in range(SEBS_SEEDS):
            rows = simulated(tree, seed)
            for number, (size, _) in enumerate(cases):
                left[number] += (~rows.of(number).is_cold[size:]).sum() / SEBS_SEEDS
    found = dict(zip(cases, left.tolist(), strict=True))
    middle = _middles(measurements)
    predictions = [
        Prediction(row, found[_case(row)], SEBS_ERA, abs(row.measured - middle[_case(row)]))
        for row in measurements
        if row.metric == "warm_containers_left" and "D" in row.params
    ]
    return Study(
        measurements[0].dataset,
        predictions,
        (
            "When it was measured is not published; single probes of January 2021 agree with it, those of June 2020 do "
            "not, so the era is 2021.",
            "All of a batch begin at one instant; init takes no time.",
            "Measurements of the same batch and idle time differ, by chance as the board has it: nothing that knows "
            "these two alone can be nearer.",
        ),
    )


def _case(row: Measurement) -> tuple[int, float]:
    return int(row.params["D"]), float(row.params["idle_s"])


def _middles(measurements: Sequence[Measurement]) -> dict[tuple[int, float], float]:
    """Return the median of those of the same batch and idle time: no prediction of them all is nearer."""
    alike: dict[tuple[int, float], list[float]] = {}
    for row in measurements:
        if "D" in row.params:
            alike.setdefault(_case(row), []).append(row.measured)
    return {case: float(np.median(values)) for case, values in alike.items()}
