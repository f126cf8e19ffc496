"""Judging points with as few replications as it takes: few at first, more only while the verdict is undecided.

The numbers of replications double up to the most; the chance of error is shared among these looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lambdasim.config.replications import Until
from lambdasim.config.schema import Simulation
from lambdasim.errors import InputError
from lambdasim.metrics.judging import Judged, Verdict, judge, overall, worst
from lambdasim.planning.points import Points
from lambdasim.planning.store import Measurements

FIRST: Final = 3
"""Replications that every point has: the fewest whose spread says something."""
MOST: Final = 12
"""The most, where the experiment says nothing of replications."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A point with what its replications came to; without any, ``refusal`` says why it cannot be."""

    values: Mapping[str, Any]
    measurements: tuple[Measurements, ...] = ()
    judged: tuple[Judged, ...] = ()
    refusal: str = ""

    @property
    def verdict(self) -> Verdict:
        """``passes`` only when every objective does with the stated confidence."""
        return "fails" if self.refusal else overall(self.judged)

    @property
    def passes(self) -> bool:
        """Whether it is shown to meet every objective."""
        return self.verdict == "passes"

    @property
    def worst(self) -> Judged | None:
        """Of the objectives that do not pass, else of all, the one that misses by most or is nearest to its limit."""
        return worst([one for one in self.judged if one.verdict != "passes"] or self.judged)


def most_replications(simulation: Simulation) -> int:
    """Return how many replications a point may have: as many as the experiment says (its ``max``), else ``MOST``."""
    wanted = simulation.replications
    if isinstance(wanted, Until):
        return wanted.most
    return wanted if "replications" in simulation.model_fields_set else MOST


class Race:
    """Judges points of one experiment against its objectives, or against none."""

    def __init__(self, points: Points, *, subject: bool = True) -> None:
        simulation = points.config.simulation
        self.points = points
        self.confidence = simulation.confidence
        self.objectives = points.config.slo if subject else {}
        self.tried: list[Tried] = []
        """Every point so far, in the order in which they were tried."""
        most = most_replications(simulation)
        self.looks = [min(FIRST, most)]
        while self.looks[-1] < most:
            self.looks.append(min(2 * self.looks[-1], most))

    def judge(self, values: Mapping[str, Any]) -> Tried:
        """Return the verdict on a point."""
        return self.judge_all([values])[0]

    def judge_all(self, wanted: Sequence[Mapping[str, Any]], *, decide: bool = True) -> list[Tried]:
        """Return the verdict on several points, simulated side by side; without ``decide`` from the first look."""
        found: dict[int, Tried] = {}
        for number, values in enumerate(wanted):
            try:
                self.points.experiment(values)
            except InputError as error:
                found[number] = Tried(values, refusal="; ".join(problem.message for problem in error.problems))
        open_ = [number for number in range(len(wanted)) if number not in found]
        for replications in self.looks if decide else self.looks[:1]:
            if not open_:
                break
            for number, measurements in zip(
                open_, self.points.measure([wanted[n] for n in open_], replications), strict=True
            ):
                judged = judge(self.objectives, measurements, self.confidence, len(self.looks))
                found[number] = Tried(wanted[number], tuple(measurements), tuple(judged))
            open_ = [number for number in open_ if found[number].verdict == "undecided"]
        self.tried += found.values()
        return [found[number] for number in range(len(wanted))]
