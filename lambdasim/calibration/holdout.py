"""What a model of the first half of a log predicts of the second: its traffic is given, all else is predicted."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from lambdasim.calibration.beside import Beside, of_summary, verdict
from lambdasim.calibration.laws import quantile
from lambdasim.calibration.model import FunctionModel
from lambdasim.calibration.observed import Observed, rfc3339
from lambdasim.calibration.written import written
from lambdasim.errors import InputError
from lambdasim.experiment import load_experiment

FEWEST: Final = 100
"""Invocations that a log needs to be halved."""
REPLICATIONS: Final = 5


def held_out(functions: Sequence[Observed], era: str | None = None) -> dict[str, Any]:
    """Return the object ``holdout`` of ``fit.json``: the second half's cold starts, concurrency and p99, and what a
    model of the first half predicts of them.

    The whole traffic is replayed and the first half is its warm-up, so that the second meets the environments that
    are there. Raises ``InputError`` for a log without times, or one that is too short to be halved.
    """
    timed = [one for one in functions if one.timed]
    count = sum(len(one) for one in timed)
    if count < FEWEST:
        has = "no times" if not timed else f"{count:,} invocations with a time"
        raise InputError.single(f"--holdout halves a log by time, and this one has {has}; {FEWEST} are needed")
    arrivals = np.sort(np.concatenate([one.arrivals_ns() for one in timed]))
    split_ns = int(arrivals[len(arrivals) // 2])
    models = [FunctionModel(_part(one, split_ns, first=True), {}) for one in timed]
    models = [model for model in models if len(model.seen)]
    names = {model.name for model in models}
    traffic = [one for one in timed if one.name in names]
    with tempfile.TemporaryDirectory() as folder:
        made = written(models, "holdout", [], traffic, era)
        for name, text in {**made.files, "experiment.toml": made.toml}.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        origin_ns = int(arrivals[0]) // 10**9 * 10**9
        changes = [("simulation.warmup", f"{split_ns - origin_ns}ns"), ("output.series", "none")]
        experiment = load_experiment(Path(folder) / "experiment.toml", changes)
        summary = experiment.run(replications=REPLICATIONS).summary
    metrics = [row for one in traffic for row in _metrics(_part(one, split_ns, first=False), one, split_ns, summary)]
    return {
        "split_at": rfc3339(split_ns),
        "first": sum(len(model.seen) for model in models),
        "second": sum(len(_part(one, split_ns, first=False)) for one in traffic),
        "replications": REPLICATIONS,
        "verdict": verdict(metrics),
        "metrics": [one.to_json() for one in metrics],
    }


def _part(one: Observed, split_ns: int, *, first: bool) -> Observed:
    starts = one.rows.start_ns
    which = (starts < split_ns) == first
    return Observed(one.name, one.rows.take(which), one.hidden[which], one.reset[which], one.provisioned)


def _metrics(second: Observed, whole: Observed, split_ns: int, summary: dict[str, Any]) -> list[Beside]:
    if not len(second):
        return []
    name, count = second.name, len(second)
    predicted = summary["functions"][name]
    cold = int(second.cold.sum())
    level = whole.concurrency(split_ns)
    durations = np.sort(second.rows.duration_us / 1e3)
    rows = [
        of_summary(f"{name}.cold_starts", cold, predicted["cold_starts"], max(cold, 1) ** 0.5),
        of_summary(f"{name}.cold_start_rate", cold / count, predicted["cold_start_rate"], max(cold, 1) ** 0.5 / count),
        of_summary(f"{name}.concurrency.max", level["max"], predicted["concurrency"]["max"]),
        of_summary(f"{name}.concurrency.mean", level["mean"], predicted["concurrency"]["mean"]),
        of_summary(f"{name}.duration.p50", quantile(durations, 0.5), predicted["duration"]["p50"]),
        of_summary(f"{name}.duration.p99", quantile(durations, 0.99), predicted["duration"]["p99"]),
    ]
    return [row for row in rows if row is not None]
