"""How long loads last and how much they send: the limits of this simulator, and the period that suits a long run."""

from collections.abc import Sequence
from typing import Final

from lambdasim.config.families import MAX_TIME_NS, too_long
from lambdasim.config.month import end_ns
from lambdasim.config.origins import Problems
from lambdasim.config.schema import ExperimentConfig
from lambdasim.config.traffic import LoadConfig
from lambdasim.model.events import LOAD_SHIFT
from lambdasim.units import NS_PER_D, NS_PER_H, NS_PER_S, format_duration

FINE_NS: Final = 105 * NS_PER_D
"""Runs longer than this have an hour as their period unless they say another: a minute makes too many to look at."""
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
    """Give an experiment that is known to last long, and names no period, one of an hour."""
    lasts_ns = config.simulation.duration or max((end_ns(load) or 0 for load in config.load), default=0)
    if lasts_ns > FINE_NS and "period" not in config.output.model_fields_set:
        object.__setattr__(config.output, "period", NS_PER_H)


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
