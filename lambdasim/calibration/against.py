"""An experiment beside a measurement of one's own: per metric the error, the bias and a plain word."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from lambdasim.calibration.beside import GIVEN, Beside, of_summary, verdict
from lambdasim.calibration.calibrate import functions_of
from lambdasim.calibration.laws import quantile
from lambdasim.calibration.observed import FEWEST_TOLD, Observed
from lambdasim.config.function import FunctionConfig
from lambdasim.errors import InputError
from lambdasim.experiment import Experiment
from lambdasim.logs.log import read_log
from lambdasim.logs.rows import Ended
from lambdasim.model.cpu import duration_factor
from lambdasim.report.words import span
from lambdasim.result import Result

QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
FEWEST: Final = {"p50": 2, "p90": 50, "p95": 100, "p99": 500}
"""Values without which a percentile is not compared: five lie beyond it."""
FEWEST_COLD: Final = 5
ALIKE: Final = 0.1
"""Traffic that differs by more makes other concurrency and cold starts."""
DICTATED: Final = {
    "time": ("invocations.",),
    "duration": ("duration.", "billed_duration.", "timeout_rate", "concurrency."),
    "init": ("init_duration.",),
    "error": ("error_rate",),
}
"""How the metrics begin that each column of a trace decides: concurrency is arrivals times durations (Little)."""
TIMES_ALONE: Final = "lambdasim calibrate LOG leaves them in arrivals.csv, and an experiment that replays it"
Log = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What an experiment and a log say of the same metrics."""

    metrics: tuple[Beside, ...]
    notes: tuple[str, ...]
    change: tuple[Beside, ...] = ()
    """Of each metric, what a change did: factors, measured and simulated."""

    @property
    def verdict(self) -> str:
        """One sentence."""
        said = verdict(self.metrics)
        if self.change:
            told = [one for one in self.change if not one.thin and not one.given]
            right = sum((one.measured - 1) * (one.simulated - 1) >= 0 for one in told)
            said += f" Of {len(told)} changes the simulation has {right} in the right direction." if told else ""
        return said

    def to_json(self) -> dict[str, Any]:
        """Return the document of ``--format json``."""
        result = {
            "verdict": self.verdict,
            "metrics": [one.to_json() for one in self.metrics],
            "notes": list(self.notes),
        }
        return result | ({"change": [one.to_json() for one in self.change]} if self.change else {})


def against(
    experiment: Experiment,
    log: Log,
    *,
    function: str | None = None,
    after: Log | None = None,
    change: Mapping[str, Any] | None = None,
    replications: int | None = None,
) -> Comparison:
    """Simulate an experiment and set it beside a log of the same function or functions.

    ``function`` is the one that a log without names is of. ``after`` is a log from after a change, and ``change``
    that change, as values at dotted paths: then ``change`` of the result says what it did to each metric, measured and
    simulated. Raises ``InputError`` for a log of functions that the experiment does not have.
    """
    seen, span_s, notes = _functions(experiment, log, function)
    metrics = list(_rows(seen, span_s, experiment.run(replications=replications), notes))
    if after is None:
        return Comparison(tuple(metrics), tuple(notes))
    seen_after, span_s, _ = _functions(experiment, after, function)
    changed = experiment.with_(change) if change else experiment
    later = list(_rows(seen_after, span_s, changed.run(replications=replications), notes))
    before = {one.path: one for one in metrics}
    pairs = [(before[one.path], one) for one in later if one.path in before]
    factors = tuple(
        Beside(
            one.path,
            two.measured / one.measured,
            two.simulated / one.simulated,
            thin=one.thin or two.thin,
            given=one.given and two.given,
        )
        for one, two in pairs
        if one.measured > 0 and one.simulated > 0
    )
    both = [_named(one, "before") for one in metrics] + [_named(one, "after") for one in later]
    return Comparison(tuple(both), tuple(dict.fromkeys(notes)), factors)


def _named(one: Beside, when: str) -> Beside:
    return replace(one, path=f"{one.path} {when}")


def _functions(experiment: Experiment, log: Log, function: str | None) -> tuple[list[Observed], float, list[str]]:
    """Return the functions of a log that the experiment has, and how many seconds the log is long."""
    paths = [log] if isinstance(log, str | os.PathLike) else list(log)
    read = read_log([os.fspath(path) for path in paths])
    names = list(experiment.config.function)
    if function is not None and function not in names:
        raise InputError.single(f"no function is named '{function}'; the experiment has {', '.join(names[:10])}")
    unnamed = bool((read.rows.function < 0).any())
    if function is None and unnamed and len(names) == 1:
        function = names[0]
    if function is None and unnamed:
        raise InputError.single(f"names no function; say which of {', '.join(names[:10])} it is of", file=read.paths[0])
    seen = functions_of(read, function)
    known = [one for one in seen if one.name in names]
    if not known:
        logged = ", ".join(one.name for one in seen[:10])
        raise InputError.single(f"is of {logged}, and the experiment has {', '.join(names[:10])}", file=read.paths[0])
    notes = [f"{one.name} is in the log and not in the experiment" for one in seen if one.name not in names]
    left = read.account()
    timed = [rows for rows in (one.timed_rows() for one in seen) if len(rows)]
    ends_ns, begins_ns = (
        (max(r.time_ns.max() for r in timed), min(r.start_ns.min() for r in timed)) if timed else (0, 0)
    )
    notes += [f"left out: {left}"] if left else []
    notes += [f"{one.name}: {far}" for one in known if (far := one.far())]
    return known, float(ends_ns - begins_ns) / 1e9, notes


def _rows(seen: Sequence[Observed], span_s: float, result: Result, notes: list[str]) -> Iterator[Beside]:
    summary = result.summary
    for one in seen:
        simulated = summary["functions"].get(one.name)
        if simulated is None or not _mean(simulated["invocations"]):
            notes.append(f"{one.name} is never invoked by the experiment")
            continue
        few = len(one) < FEWEST_TOLD
        dictated = _dictated(one.name, result, notes)
        lasts_s = float(summary["simulated_s"])
        for row in (*_metrics(one, simulated), *_traffic(one, simulated, span_s, lasts_s, notes)):
            if row is not None:
                metric = row.path.removeprefix(f"{one.name}.")
                yield replace(row, thin=row.thin or few, given=metric.startswith(dictated))


def _dictated(name: str, result: Result, notes: list[str]) -> tuple[str, ...]:
    """Return how the metrics of a function begin that traces decide, and note whose values they are."""
    found: list[str] = []
    for trace in result.replayed:
        if name not in trace.functions:
            continue
        table = result.config.function.get(name)
        predicted = table is not None and _scaled(table)
        columns = [column for column in trace.columns if not (predicted and column == "duration")]
        found += (metric for column in ("time", *columns) for metric in DICTATED[column])
        if columns:
            notes.append(
                f"what is {GIVEN} is not judged, for {trace.file} says it and nothing predicts it; to judge what is "
                f"declared of {name}, replay times alone: {TIMES_ALONE}"
            )
    return tuple(found)


def _scaled(table: FunctionConfig) -> bool:
    """Return whether durations are taken to another memory, and so predicted."""
    measured_mb = table.duration_memory or table.memory
    return duration_factor(table.memory, measured_mb, table.cpu_share, table.threads) != 1


def _metrics(one: Observed, simulated: Mapping[str, Any]) -> Iterator[Beside | None]:
    name, count = one.name, len(one)
    durations = np.sort(one.rows.duration_us / 1e3)
    spread = float(durations.std(ddof=1)) / count**0.5 if count > 1 else None
    yield of_summary(f"{name}.duration.mean", float(durations.mean()), simulated["duration"]["mean"], spread)
    for key, q in QUANTILES.items():
        if count >= FEWEST[key]:
            yield of_summary(f"{name}.duration.{key}", quantile(durations, q), simulated["duration"][key])
    inits = np.sort(one.init_ms())
    few = len(inits) < FEWEST_TOLD
    for key in ("p50", "p99"):
        if len(inits) >= max(FEWEST[key], FEWEST_COLD):
            init = quantile(inits, QUANTILES[key])
            yield of_summary(f"{name}.init_duration.{key}", init, simulated["init_duration"][key], thin=few)
    yield _share(f"{name}.cold_start_rate", int(one.cold.sum()), count, simulated["cold_start_rate"])
    failed = int((one.rows.ended != Ended.WELL).sum())
    yield _share(f"{name}.error_rate", failed, count, simulated["error_rate"])
    late = int((one.rows.ended == Ended.TIMEOUT).sum())
    yield _share(f"{name}.timeout_rate", late, count, simulated["timeout_rate"])
    billed = one.rows.billed_ms
    if (billed > 0).all():
        mean = _mean(simulated["billed_duration_ms"]) / _mean(simulated["invocations"])
        yield Beside(f"{name}.billed_duration.mean", float(billed.mean()), mean)


def _share(path: str, some: int, count: int, simulated: Any) -> Beside | None:
    share = some / count
    spread = (max(some, 1) * max(1 - share, 1 / count)) ** 0.5 / count
    return of_summary(path, share, simulated, spread)


def _traffic(
    one: Observed, simulated: Mapping[str, Any], span_s: float, simulated_s: float, notes: list[str]
) -> Iterator[Beside | None]:
    """What depends on how much traffic there is: compared, with a note where that differs."""
    if not one.timed:
        notes.append(f"the log of {one.name} has no times: its concurrency is not compared")
        return
    count = len(one.timed_rows())
    if count < 2:
        notes.append(f"one invocation of {one.name} tells nothing of its rate and its concurrency: neither is compared")
        return
    rate = count / max(span_s, 1e-9)
    own = _mean(simulated["invocations"]) / max(simulated_s, 1e-9)
    if count >= FEWEST_TOLD and not 1 - ALIKE <= own / rate <= 1 + ALIKE:
        notes.append(
            f"the experiment invokes {one.name} {own:.3g} times a second, the log has {rate:.3g}: cold starts and "
            f"concurrency follow the traffic; replay the log's own: {TIMES_ALONE}"
        )
    yield Beside(f"{one.name}.invocations.per_second", rate, own)
    level = one.concurrency()
    mean = level["mean"] * one.span_s() / max(span_s, 1e-9)
    if 1 - ALIKE <= simulated_s / max(span_s, 1e-9) <= 1 + ALIKE:  # a maximum grows with the time it is taken over
        yield of_summary(f"{one.name}.concurrency.max", level["max"], simulated["concurrency"]["max"])
    else:
        notes.append(
            f"the log of {one.name} lasts {span(span_s)} and the experiment {span(simulated_s)}: highest concurrencies "
            "of such different times are not compared"
        )
    yield of_summary(f"{one.name}.concurrency.mean", mean, simulated["concurrency"]["mean"])


def _mean(value: Any) -> float:
    return float(value["mean"] if isinstance(value, dict) else value)
