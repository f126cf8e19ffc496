"""Whether a run had settled when its statistics began, and what one long run knows of its own means.

Both need a load that stays the same: the beginning of a ramp is no transient, and batches of a day are no repetitions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from lambdasim.config.extent import short_period_ns
from lambdasim.config.schema import ExperimentConfig
from lambdasim.metrics.inference.intervals import Interval
from lambdasim.metrics.inference.steady import batch_means, mser5
from lambdasim.metrics.ledger import Floats
from lambdasim.metrics.observations import Observed
from lambdasim.units import format_duration

STEADY_EXECUTORS: Final = ("constant-arrival-rate", "poisson", "constant-vus")
"""Loads that are the same at any time."""


@dataclass(frozen=True, slots=True)
class Steadiness:
    """What the periods of a run say about it."""

    transient_ns: int = 0
    """How long the run took to settle, as far as it moved a mean."""
    path: str = ""
    """What took so long, such as ``api.latency.mean``."""
    intervals: tuple[tuple[str, Interval], ...] = ()
    """Means and rates of one run, from its batches, by path."""


def steady_until_ns(config: ExperimentConfig) -> int | None:
    """Return until when all loads stay the same from the start; None when they do not."""
    ends = set()
    for load in config.load:
        if load.executor not in STEADY_EXECUTORS or load.start_time or load.duration is None:
            return None
        ends.add(load.duration)
    if len(ends) != 1:
        return None
    return min(ends.pop(), config.simulation.duration or 2**63)


def steadiness(config: ExperimentConfig, observed: Iterable[Mapping[str, Observed]]) -> Steadiness:
    """Return what the observations of one or more replications say; nothing, and without a look at them, when the load
    does not stay the same."""
    until_ns = steady_until_ns(config)
    if until_ns is None:
        return Steadiness()
    period_ns, confidence = config.output.period, config.simulation.confidence
    if period_ns == short_period_ns(config):
        return Steadiness()  # the periods of such a run depend on each other
    runs = list(observed)
    whole = until_ns // period_ns
    first = -(-config.simulation.warmup // period_ns)
    slowest, slow_path = 0, ""
    intervals = []
    for path in runs[0]:
        every = [run[path] for run in runs if path in run]
        totals, weights = (_mean([own.totals[:whole] for own in every]), _mean([own.weights[:whole] for own in every]))
        series = Observed(totals, weights)
        if not path.endswith(".rate"):
            length = _transient(series, first, confidence)
            if length > slowest:
                slowest, slow_path = length, path
        if len(runs) == 1 and (found := batch_means(totals[first:], weights[first:], confidence)) is not None:
            intervals.append((path, found))
    return Steadiness(slowest * period_ns, slow_path, tuple(intervals))


def _mean(series: Sequence[Floats]) -> Floats:
    """Return the mean of series, which is that of one itself."""
    return series[0] if len(series) == 1 else np.mean(series, axis=0)


def _transient(observed: Observed, first: int, confidence: float) -> int:
    """Return how many periods do not belong to the steady state, if the statistics begin before and feel it.

    They do when leaving those periods out moves the mean by more than the mean's own interval; where that is not known,
    by more than one per cent.
    """
    found = mser5(observed.ratios())
    if found is None or not found.settled or found.length <= first:
        return 0
    totals, weights = observed.totals, observed.weights
    rest = slice(found.length, None)
    settled = totals[rest].sum() / weights[rest].sum()
    taken = totals[first:].sum() / weights[first:].sum()
    known = batch_means(totals[rest], weights[rest], confidence)
    doubt = known.half_width if known is not None else abs(settled) / 100
    return found.length if abs(taken - settled) > doubt else 0


def warning_of(found: Steadiness, config: ExperimentConfig) -> str | None:
    """Return the warning that the warm-up is shorter than the transient, if it is."""
    if not found.transient_ns:
        return None
    own, needed = (format_duration(ns) for ns in (config.simulation.warmup, found.transient_ns))
    return (
        f"simulation.warmup is {own}, but {found.path} needs about {needed} to settle (MSER-5), which moves the means; "
        f'set simulation.warmup = "{needed}" for the steady state'
    )


def notes_of(found: Steadiness, config: ExperimentConfig) -> list[str]:
    """Return what is to be noted in the summary."""
    warning = warning_of(found, config)
    notes = [warning] if warning is not None else []
    known = [f"{path} {i.low:.4g} to {i.high:.4g}" for path, i in found.intervals if i.half_width]
    if known:
        level = f"{config.simulation.confidence * 100:g} %"
        notes.append(f"{level} intervals from batch means of this one run: {', '.join(known)} (times in ms)")
    return notes
