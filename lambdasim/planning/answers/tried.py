"""What to change, of a search: points that it tried beside the one it chose, each with its effect and its cost.

Those that cost less come first, for they say what the choice is paid for; then what passes too. The same replications
are compared, so differences are paired.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from lambdasim.config.load import LoadedExperiment
from lambdasim.metrics.judging import Judged, overall, success_of
from lambdasim.planning.answers.case import Case, Changes
from lambdasim.planning.answers.changing import MOST, told_of
from lambdasim.planning.differences import interval
from lambdasim.planning.repetition import amount
from lambdasim.planning.store import Measurements

CHEAPER: Final = 2
"""Of the points that cost less than the chosen one, so many at most: the dearest of those that miss least."""


def alternatives_tried(
    experiment: LoadedExperiment,
    chosen: Changes,
    tried: Sequence[tuple[Changes, Sequence[Measurements]]],
    judged_by: Sequence[Sequence[Judged]],
    cost: str,
) -> list[dict[str, Any]]:
    """Return up to three of the other points, as :func:`~lambdasim.planning.answers.changing.what_to_change` does.

    ``set`` has the values that differ from the chosen ones. ``judged_by`` are the verdicts on the points that were
    ``tried``, which may rest on more runs than those that all points share. Points are compared by ``cost``.
    """
    own = next((of for values, of in tried if dict(values) == dict(chosen)), None)
    if not own:
        return []
    at = _cost(own, cost)
    others = [
        _Other(values, of, _cost(of, cost), judged)
        for (values, of), judged in zip(tried, judged_by, strict=True)
        if of and dict(values) != dict(chosen)
    ]
    cheaper = sorted((one for one in others if one.cost < at), key=lambda one: (not one.passes, -one.cost))[:CHEAPER]
    dearer = sorted((one for one in others if one.cost >= at), key=lambda one: (not one.passes, one.cost))
    case = Case(experiment, own, lambda _: [])
    return [_told(case, chosen, one, cost) for one in [*cheaper, *dearer][:MOST]]


@dataclass(frozen=True)
class _Other:
    """A point beside the chosen one."""

    values: Changes
    of: Sequence[Measurements]
    cost: float
    judged: Sequence[Judged]

    @property
    def passes(self) -> bool:
        return overall(self.judged) == "passes"


def _told(case: Case, chosen: Changes, other: _Other, cost: str) -> dict[str, Any]:
    runs = min(len(case.base), len(other.of))
    unlike = {path: value for path, value in other.values.items() if chosen.get(path) != value}
    told = told_of(replace(case, base=case.base[:runs]), unlike, other.of[:runs], cost)
    for objective, judged in zip(told["slo"], other.judged, strict=True):
        objective["success"] = judged.to_dict()["success"]
    return told | {"success": success_of(other.judged)}


def _cost(of: Sequence[Measurements], cost: str) -> float:
    seen = interval([amount(one, cost) for one in of], 0.5)
    return seen.mean if seen is not None else float("inf")
