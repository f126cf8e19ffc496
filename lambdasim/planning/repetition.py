"""How often the months of compared points hold the run, and so by which cost those points may be compared.

A month repeats the run without pause, as densely as its own peak allows. So the month of a slow point holds fewer runs
than that of a fast one, and costs less for doing less. Points are compared by the month only where all their months
hold the run as often, or where the file says how often; else by what a run costs, which is the same work for all.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lambdasim.config.schema import ExperimentConfig
from lambdasim.planning.columns import COST, RUN_COST
from lambdasim.planning.store import Measurements
from lambdasim.report.words import count, span
from lambdasim.units import NS_PER_MONTH, NS_PER_S

Every = Iterable[Sequence[Measurements]]
"""The simulations of each of some points."""


def compared_by(config: ExperimentConfig, every: Every) -> str:
    """Return the metric of the cost that points of an experiment are compared by: :data:`COST` or :data:`RUN_COST`."""
    of = [one["cost"] for measurements in every for one in measurements]
    if any(cost["monthly"] is None for cost in of):
        return RUN_COST
    return COST if config.billing.repeats is not None or len(_different(of)) <= 1 else RUN_COST


def amount(measured: Measurements, cost: str) -> float:
    """Return what a simulation cost in USD, by one of the two metrics."""
    return float(measured["account"]["cost"]["monthly" if cost == COST else "total"])


def period_s(config: ExperimentConfig, every: Every) -> float | None:
    """Return the time from one run to the next (s) in the month of each point; None where that is no single one."""
    of = [one["cost"] for measurements in every for one in measurements]
    periods = {cost["period_s"] for cost in of}
    return periods.pop() if len(periods) == 1 and compared_by(config, every) == COST else None


def month_notes(config: ExperimentConfig, every: Every) -> list[str]:
    """Return what a month of each point consists of, or why points that have months are compared by the run."""
    every = list(every)
    of = [one["cost"] for measurements in every for one in measurements]
    if not of or any(cost["monthly"] is None for cost in of):
        return []
    if compared_by(config, every) == COST:
        periods = [cost["period_s"] for cost in of]
        ends = dict.fromkeys(span(end(periods)) for end in (min, max))
        return [f"A month is the run repeated every {' to '.join(ends)}."]
    months = [NS_PER_MONTH / NS_PER_S / one for cost in of for one in (cost["period_s"], *_longer(cost).values())]
    held = " to ".join(dict.fromkeys(count(round(end(months))) for end in (min, max)))
    return [
        f"Costs are compared by the run: repeated without pause, a month of these would hold {held} runs, which is not "
        'the same work. Give billing.repeats, such as "12/h", to compare months.'
    ]


def _different(costs: Iterable[Mapping[str, Any]]) -> set[tuple[Any, ...]]:
    """Return how often months hold a run, each once."""
    return {(cost["period_s"], *sorted(_longer(cost).items())) for cost in costs}


def _longer(cost: Mapping[str, Any]) -> Mapping[str, float]:
    """Return from one run to the next of functions whose own work takes longer, in s."""
    longer: Mapping[str, float] = cost.get("longer_s", {})
    return longer
