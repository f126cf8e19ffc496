"""Many calls at one instant in 2020, and steps from nothing to a constant rate, which nobody has explained yet."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from lambdasim.errors import InputError
from lambdasim.validation.estimators import most_at_once
from lambdasim.validation.measurement import Measurement
from lambdasim.validation.simulated import simulated, trace
from lambdasim.validation.study import Prediction, Study, by_experiment

ERA: Final = "2020"
WARMED_S: Final = 60.0
"""How long before a burst its environments were used, where they were warmed."""
STEP_S: Final = 100.0
BACK_MS: Final = 58.0
"""From the end of a handler to its answer at the client: the median of the open bursts, 46 to 73 ms."""
COLD_2020: Final[dict[str, Any]] = {"runtime": "python3.12", "memory": "256 MB"}
"""Cold starts of Python, of which the table of 2026 alone knows; the authors used 3.8."""
UNEXPLAINED: Final = (
    "Nobody knows why there were so many cold starts: at 20/s of a few milliseconds each one environment in hundreds "
    "would do, and the authors saw up to 72."
)


def bursts(measurements: Sequence[Measurement], data: Path) -> Study:
    """Predict when handlers begin, and in how many environments, when N calls arrive together."""
    predictions: list[Prediction] = []
    for name, rows in by_experiment(measurements).items():
        first = rows[0]
        if first.requests is None or first.warm_s is None:
            continue
        sent_s = _dispatched(data / first.dataset / f"{name.removeprefix('bcn_').replace('size=', 'size')}.csv", first)
        warmed = bool(first.params.get("prewarmed"))
        begins = [0.0] * first.requests + [WARMED_S + at for at in sent_s] if warmed else sent_s
        with trace(begins) as own:
            tree = {
                "account": {"era": ERA, "concurrency": 10_000},
                "function": {"f": COLD_2020 | {"duration": f"constant({first.warm_s}s)", "timeout": "60s"}},
                "source": {"call": {"type": "invoke", "function": "f"}},
                "load": [{"target": "call", "trace": own}],
            }
            run = simulated(tree, 0)
        since = WARMED_S if warmed else 0.0
        later = run.between(since, np.inf)
        starts = np.sort(later.start_s)
        delays = (starts - np.sort(np.array(sent_s) + since)) * 1_000
        found = {
            "distinct_sandboxes": float(len(np.unique(later.environment))),
            "makespan_ms": float((later.end_s.max() - since) * 1_000 + BACK_MS),
            "start_delay_p50_ms": float(np.percentile(delays, 50)),
            "start_delay_p95_ms": float(np.percentile(delays, 95)),
            "max_concurrent_handlers": float(most_at_once(later.start_s, later.end_s)),
        }
        predictions += [Prediction(row, found[row.metric], ERA) for row in rows if row.metric in found]
    return Study(
        measurements[0].dataset,
        predictions,
        (
            "The clocks of client and handlers were not synchronised; their difference is in each start delay.",
            "Calls are sent when the file of a run says, or evenly over the span that is told.",
            "Init and placement are those of Python in 2026; nobody published those of 3.8 in 2020.",
        ),
    )


def _dispatched(path: Path, first: Measurement) -> list[float]:
    """Return when the calls of a burst were sent, in s."""
    assert first.requests is not None
    if not path.exists():
        span_ms = float(first.params.get("dispatch_span_ms", 0.0))
        return [float(at) for at in np.linspace(0.0, span_ms / 1_000, first.requests)]
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return sorted(float(row["t_dispatch_ms"]) / 1_000 for row in csv.DictReader(file))
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise InputError.single(f"is not a file of calls: {error!r}", file=str(path)) from None


def steps(measurements: Sequence[Measurement], data: Path) -> Study:
    """Predict how many environments a constant rate needs that begins at once."""
    predictions: list[Prediction] = []
    left_out: dict[str, str] = {}
    for rows in by_experiment(measurements).values():
        first = rows[0]
        work_s = first.warm_s
        if work_s is None:  # what its handler takes is not told; the middle of its latency is known
            middle = next((row.measured for row in rows if row.metric == "latency_p50_ms"), None)
            work_s = None if middle is None else middle / 1_000
        if first.rate is None or work_s is None:
            left_out |= {row.metric: "what a request takes is not published" for row in rows}
            continue
        tree = {
            "account": {"era": ERA},
            "function": {"f": COLD_2020 | {"duration": f"exponential(mean={work_s}s)", "timeout": "60s"}},
            "load": [
                {
                    "target": "f", "executor": "constant-arrival-rate", "process": "poisson",
                    "rate": f"{first.rate}/s", "duration": f"{first.duration_s or STEP_S}s",
                }
            ],
        }  # fmt: skip
        run = simulated(tree, 0)
        used = float(len(np.unique(run.environment)))
        for row in rows:
            if row.metric in ("cold_start_count", "cold_start_count_lower_bound", "distinct_sandboxes"):
                predictions.append(Prediction(row, used, ERA))
            else:
                left_out[row.metric] = "the client's network is not published"
    return Study(measurements[0].dataset, predictions, (UNEXPLAINED,), left_out)
