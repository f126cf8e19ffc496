"""How long loads last and how much they send: the limits of this simulator, and the period that suits a long run."""

from collections.abc import Sequence
from typing import Final

from lambdasim.config.families import MAX_TIME_NS, too_long
from lambdasim.config.month import end_ns
from lambdasim.config.origins import Problems
from lambdasim.config.schema import ExperimentConfig
from lambdasim.config.traffic import LoadConfig
from lambdasim.model.events import LOAD_SHIFT
from lambdasim.units import NS_PER_D, NS_PER_H, NS_PER_MIN, NS_PER_MS, NS_PER_S, format_duration

FINE_NS: Final = 105 * NS_PER_D
"""Runs longer than this have an hour as their period unless they say another: a minute makes too many to look at."""
PERIODS: Final = 30
"""A series of fewer periods shows little of a run."""
SHORT: Final[Sequence[int]] = (
    *(n * NS_PER_S for n in (30, 20, 15, 10, 5, 2, 1)),
    *(n * NS_PER_MS for n in (500, 200, 100, 50, 20, 10)),
)
"""Periods of short runs, which have :data:`PERIODS` of the first that is short enough."""
DRAINED: Final = 2 * NS_PER_S
"""The shortest of them where what waits is worked on after the loads, nobody knows for how long."""
MOST_PERIODS: Final = 1_000_000
"""A time series of so many periods takes about 5 GB of memory for one function (measured in 2026-11)."""


def check_extent(index: int, load: LoadConfig, problems: Problems) -> None:
    """Check that a load does not last too long as a whole, and that its requests can be numbered."""
    path = ("load", str(index))
    lasts_ns = (end_ns(load) or 0) - load.start_time
    if load.stages is not None and lasts_ns > MAX_TIME_NS:
        problems.conclude((*path, "stages"), f"together they are {too_long()}")
    rates = (load.rate, load.start_rate, load.peak, load.spike_rate, *(load.rates or ()))
    highest = max([rate or 0.0 for rate in rates] + [stage.target for stage in load.stages or ()])
    sent = highest * lasts_ns / NS_PER_S
    if sent >= 1 << LOAD_SHIFT:
        limit = f"{1 << LOAD_SHIFT:,}, the most that this simulator can number"
        problems.conclude(path, f"sends up to {sent:.3g} requests, more than {limit}; lower its rate or its length")


def fit_period(config: ExperimentConfig) -> None:
    """Give an experiment that is known to last long or short, and names no period, one that suits it."""
    if "period" in config.output.model_fields_set:
        return
    if _lasts_ns(config) > FINE_NS:
        object.__setattr__(config.output, "period", NS_PER_H)
    elif (short := short_period_ns(config)) is not None:
        object.__setattr__(config.output, "period", short)


def short_period_ns(config: ExperimentConfig) -> int | None:
    """Return the default period of a run that is known to be short; None for others."""
    lasts_ns = _lasts_ns(config)
    known = config.simulation.duration is not None or all(end_ns(load) is not None for load in config.load)
    if not known or not 0 < lasts_ns < PERIODS * NS_PER_MIN:
        return None
    drains = config.simulation.duration is None and any(not hasattr(s, "client") for s in config.event_sources.values())
    widths = [width for width in SHORT if width >= DRAINED] if drains else SHORT
    return next((width for width in widths if lasts_ns >= PERIODS * width), widths[-1])


def _lasts_ns(config: ExperimentConfig) -> int:
    return config.simulation.duration or max((end_ns(load) or 0 for load in config.load), default=0)


def too_many_periods(ends_ns: int, period_ns: int) -> str | None:
    """Return why a time series cannot be made, with the remedy; None where it can."""
    periods = ends_ns // period_ns
    if periods <= MOST_PERIODS:
        return None
    wide = next((width for width in WIDTHS if ends_ns // width <= MOST_PERIODS // 10), WIDTHS[-1])
    return (
        f"the run would have {periods:,} periods of {format_duration(period_ns)}, more than {MOST_PERIODS:,}; "
        f'give a longer one, such as output.period = "{format_duration(wide)}"'
    )


WIDTHS: Final[Sequence[int]] = (60 * NS_PER_S, 300 * NS_PER_S, NS_PER_H, NS_PER_D)
