"""What to change, of a capacity: what would let pass what is shown to fail just beyond it.

The failing value is compared with itself and one change, on the same requests, so differences are paired.
"""

from collections.abc import Sequence
from typing import Any, Final

from lambdasim.metrics.judging import judge
from lambdasim.planning.answers.case import Case, Changes
from lambdasim.planning.answers.changing import what_to_change
from lambdasim.planning.points import Points
from lambdasim.planning.store import Measurements

MOST: Final = 24
"""Replications of each at most, for they cost as much as the search."""


def alternatives_beyond(
    points: Points, fails: Changes, runs: int, beside: Sequence[Sequence[Measurements]]
) -> tuple[list[dict[str, Any]], list[Sequence[Measurements]]]:
    """Return up to three changes at the point that fails in so many ``runs``, as :func:`what_to_change` does.

    ``set`` has the point's own value too, which no change moves: that is what the capacity is about. Returns what they
    measured as well; costs are compared with those of points ``beside`` them.
    """
    experiment, runs = points.experiment(fails), min(runs, MOST)
    (base,) = points.measure([fails], runs)
    judged = judge(experiment.config.slo, base, experiment.config.simulation.confidence)
    summary = {**base[0], "success": False, "slo": [one.to_dict() for one in judged]}

    def simulate(unlike: Sequence[Changes]) -> list[list[Measurements]]:
        measured.extend(of := points.measure([{**fails, **one} for one in unlike], runs))
        return of

    measured: list[Sequence[Measurements]] = [base]
    found = what_to_change(Case(experiment, base, simulate, summary, beside))
    alternatives = [one | {"set": {**fails, **one["set"]}} for one in found if not fails.keys() & one["set"].keys()]
    return alternatives, measured
