"""What to change, of a search: points that it tried beside the one it chose, each with its effect and its cost.

Those that cost less come first, for they say what the choice is paid for; then what passes too. The same replications
are compared, so differences are paired.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from lambdasim.config.load import LoadedExperiment
from lambdasim.metrics.judging import judge, overall
from lambdasim.planning.answers.case import Case, Changes
from lambdasim.planning.answers.changing import MOST, told_of
from lambdasim.planning.differences import interval
from lambdasim.planning.store import Measurements

CHEAPER: Final = 2
"""Of the points that cost less than the chosen one, so many at most: the dearest of those that miss least."""


def alternatives_tried(
    experiment: LoadedExperiment, chosen: Changes, tried: Sequence[tuple[Changes, Sequence[Measurements]]]
) -> list[dict[str, Any]]:
    """Return up to three of the other points, as :func:`~lambdasim.planning.answers.changing.what_to_change` does.

    ``set`` has the values that differ from the chosen ones.
    """
    own = next((of for values, of in tried if dict(values) == dict(chosen)), None)
    if not own:
        return []
    config = experiment.config
    at = _cost(own)
    others = [(values, of, _cost(of)) for values, of in tried if of and dict(values) != dict(chosen)]
    judged = [(values, of, cost, overall(judge(config.slo, of, config.simulation.confidence)))
              for values, of, cost in others]  # fmt: skip
    cheaper = sorted((one for one in judged if one[2] < at), key=lambda one: (one[3] != "passes", -one[2]))[:CHEAPER]
    dearer = sorted((one for one in judged if one[2] >= at), key=lambda one: (one[3] != "passes", one[2]))
    case = Case(experiment, own, lambda _: [])
    return [_told(case, chosen, values, of) for values, of, *_ in [*cheaper, *dearer][:MOST]]


def _told(case: Case, chosen: Changes, values: Changes, of: Sequence[Measurements]) -> dict[str, Any]:
    runs = min(len(case.base), len(of))
    unlike = {path: value for path, value in values.items() if chosen.get(path) != value}
    return told_of(replace(case, base=case.base[:runs]), unlike, of[:runs])


def _cost(of: Sequence[Measurements]) -> float:
    """Return the mean cost of a month, or where there is none, of the run."""
    monthly = all(one["account"]["cost"]["monthly"] is not None for one in of)
    seen = interval([_amount(one, "monthly" if monthly else "total") for one in of], 0.5)
    return seen.mean if seen is not None else float("inf")


def _amount(one: Mapping[str, Any], key: str) -> float:
    return float(one["account"]["cost"][key])
