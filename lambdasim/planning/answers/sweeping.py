"""The answer of a sweep: which of the points that cost the same to choose, or what the experiment asks instead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lambdasim.config.advice import Advice, advice
from lambdasim.config.load import LoadedExperiment
from lambdasim.planning.answers.break_even import break_even
from lambdasim.planning.answers.case import Answered, Case, Changes
from lambdasim.planning.answers.changing import alternatives, contained
from lambdasim.planning.answers.choosing import Tie, is_tied, searched
from lambdasim.planning.answers.neighbour import neighbour
from lambdasim.planning.columns import tilde
from lambdasim.planning.differences import paired
from lambdasim.planning.points import Points
from lambdasim.planning.repetition import amount
from lambdasim.planning.store import Measurements

Values = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Tied:
    """A point whose cost is that of another, as far as matters, with the advice that it breaks."""

    number: int
    advice: tuple[Advice, ...]
    unsure: bool = False
    """Whether fresh runs did not show that it meets every objective."""


def tied(
    points: Points, values: Values, measured: Mapping[int, Sequence[Measurements]], ranked: list[int], cost: str
) -> list[Tied]:
    """Return the points of ``ranked`` that tie by ``cost`` with its first, those that follow AWS's advice first."""
    found = [
        Tied(number, tuple(advice(points.experiment(values[number]).config)))
        for number in ranked
        if number == ranked[0] or _is_tied(points, measured, ranked[0], number, cost)
    ]
    return sorted(found, key=lambda one: len(one.advice))


def _costs(of: Sequence[Measurements], cost: str) -> list[float]:
    return [amount(one, cost) for one in of]


def _is_tied(points: Points, measured: Mapping[int, Sequence[Measurements]], first: int, other: int, cost: str) -> bool:
    costs = _costs(measured[first], cost)
    gap = _gap(points, costs, _costs(measured[other], cost))
    return gap is None or is_tied(gap.mean, gap.low, gap.high, sum(costs) / len(costs))


def _gap(points: Points, one: Sequence[float], other: Sequence[float]) -> Any:
    """Return by how much the other costs more, over the replications that both have."""
    return paired([b - a for a, b in zip(one, other, strict=False)], points.config.simulation.confidence)


def answer_of_sweep(
    experiment: LoadedExperiment,
    points: Points,
    values: Values,
    measured: Mapping[int, Sequence[Measurements]],
    summary: Mapping[str, Any],
    ties: Sequence[Tied],
    cost: str,
) -> Answered | None:
    """Return what the experiment asks of its sweep; None where it asks nothing that a sweep answers.

    ``cost`` is the metric that its points are compared by.
    """
    config = experiment.config
    if config.answer is None:
        return None
    if config.answer.asks in ("neighbour", "break-even"):
        runs = max(len(of) for of in measured.values())

        def simulate(changes: Sequence[Changes]) -> list[list[Measurements]]:
            return points.measure(list(changes), runs)

        case = Case(experiment, simulate([{}])[0], simulate, beside=list(measured.values()))
        if config.answer.asks == "neighbour":
            answer = neighbour(case)
            return replace(answer, alternatives=alternatives(case, contained(case, answer.document["who"])))
        swept = config.sweep.over if config.sweep is not None else {}
        knob = swept.get(str(config.answer.over))
        return break_even(case, [int(value) for value in knob.listed] if knob is not None else ())
    chosen = summary["best"]["point"] if "best" in summary else None
    broken = [one.to_dict() for tie in ties if tie.number == chosen for one in tie.advice]
    told = [_told(points, values, measured, chosen, tie, cost) for tie in ties if chosen not in (None, tie.number)]
    return searched(config, summary, told, broken)


def _told(
    points: Points, values: Values, measured: Mapping[int, Sequence[Measurements]], chosen: int, tie: Tied, cost: str
) -> Tie:
    gap = _gap(points, *(_costs(measured[number], cost) for number in (chosen, tie.number)))
    several = len(measured[chosen]) > 1
    return {
        "values": dict(values[tie.number]),
        "of": cost,
        "difference": gap and (gap.to_json() if several else gap.mean),
        "advice": [one.to_dict() for one in tie.advice],
        "unsure": tie.unsure,
        **({"uncertain": True} if tilde(cost, [*measured[chosen], *measured[tie.number]]) else {}),
    }
