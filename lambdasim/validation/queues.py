"""SQS queues and their mappings: how fast they grew in 2018, and how far errors throw them back in 2026."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from lambdasim.validation.estimators import distinct
from lambdasim.validation.measurement import Measurement
from lambdasim.validation.simulated import Simulated, simulated, trace
from lambdasim.validation.study import Prediction, Study, by_experiment

SCALING_ERA: Final = "2019-01"
"""The oldest one: the runs are of October and November 2018."""
ERRORS_ERA: Final = "2026"
BAR_S: Final = 6.0
"""Width of a bar of the figures."""
BUSY: Final = 60
"""Batches at once before the errors begin."""
ERRORS_BEGIN_S: Final = 120.0
ERRORS_END_S: Final = 360.0
OVERHEAD_S: Final = 0.055
"""What a message holds its environment beyond the pause of its handler: in the raw log an instance works on 6.8
messages a second, each of which pauses for 100 ms; the run with pauses of 500 ms has 50 to 100 ms."""
COLD: Final[dict[str, Any]] = {"runtime": "nodejs20.x"}
"""Cold starts are those of Node.js, which all of these functions were."""


def scaling(measurements: Sequence[Measurement], data: Path) -> Study:
    """Predict how a backlog that comes at once is worked off."""
    predictions: list[Prediction] = []
    for rows in by_experiment(measurements).values():
        first = rows[0]
        if first.requests is None or first.warm_s is None:
            continue
        with trace([0.0] * first.requests) as own:
            tree = {
                "account": {"era": SCALING_ERA},
                "function": {"f": COLD | {"duration": f"constant({first.warm_s + OVERHEAD_S:.3f}s)", "timeout": "30s"}},
                "source": {"q": {"type": "sqs", "function": "f", "batch_size": 1, "visibility_timeout": "3min"}},
                "load": [{"target": "q", "trace": own}],
            }
            run = simulated(tree, 0)
        predictions += [
            Prediction(row, value, SCALING_ERA)
            for row in rows
            if (value := _of_backlog(row.metric, run, first.requests)) is not None
        ]
    return Study(
        measurements[0].dataset,
        predictions,
        (
            "All messages are in the queue at the start; the authors sent them within the first minute.",
            f"A handler takes {OVERHEAD_S:g} s more than the pause it makes, as both runs show.",
            "An instance is seen in a bar of a figure when it works on a message in those 6 s.",
            "AWS said that a mapping grew by 60 a minute. The bars do for three minutes, and by 70 from then on: that "
            "one run shows it is no rule.",
        ),
    )


def _of_backlog(metric: str, run: Simulated, messages: int) -> float | None:
    drained_s = float(run.end_s.max())
    simple = {"drain_time_s": drained_s, "drain_time_min": drained_s / 60}
    if metric in simple:
        return simple[metric]
    if metric == "peak_instances":
        return float(max(distinct(run, at, at + BAR_S) for at in np.arange(0.0, drained_s, BAR_S)))
    found = re.fullmatch(r"(instances_at|backlog_at|instances_seen_by)_(?:min_)?([0-9.]+)s?", metric)
    if found is None:
        return None
    number = float(found[2])
    if found[1] == "instances_seen_by":
        return float(len(np.unique(run.environment[run.start_s <= number])))
    if found[1] == "backlog_at":
        return float(messages - (run.arrival_s <= number * 60).sum())
    return float(distinct(run, number * 60 - BAR_S / 2, number * 60 + BAR_S / 2))


def errors(measurements: Sequence[Measurement], data: Path) -> Study:
    """Predict how many batches at once are left while some fail."""
    predictions = []
    for row in measurements:
        share = row.params.get("error_percent")
        if row.metric == "concurrency_in_error_state" and share is not None and row.warm_s is not None:
            predictions.append(Prediction(row, _in_errors(float(share) / 100, row.warm_s), ERRORS_ERA))
    return Study(
        measurements[0].dataset,
        predictions,
        (
            "Of the generator only a constant rate is known: there are always messages, and at most as many batches at "
            f"once, {BUSY}, as the authors saw before the errors began.",
            "A batch holds one message; a message that failed comes back after its visibility timeout.",
        ),
        {
            name: "the author's unit of messages, or the rate of the generator, is not published"
            for name in sorted({row.metric for row in measurements} - {"concurrency_in_error_state"})
        },
    )


def _in_errors(share: float, warm_s: float) -> float:
    seconds = ERRORS_END_S - ERRORS_BEGIN_S
    messages = int(2 * BUSY / warm_s * seconds)
    with trace([0.0] * messages) as own:
        tree = {
            "account": {"era": ERRORS_ERA},
            "function": {"f": COLD | {"duration": f"constant({warm_s}s)", "errors": share}},
            "source": {
                "q": {
                    "type": "sqs", "function": "f", "batch_size": 1, "visibility_timeout": "12h",
                    "scaling": {"initial": BUSY, "maximum": BUSY},
                }
            },
            "load": [{"target": "q", "trace": own}],
            "simulation": {"duration": f"{seconds:.0f}s"},
        }  # fmt: skip
        run = simulated(tree, 0)
    later = run.between(seconds / 2, seconds)  # it has settled by then
    bars = np.arange(seconds / 2, seconds - 1, 1.0)
    return float(np.mean([distinct(later, at, at + 1.0) for at in bars]))
