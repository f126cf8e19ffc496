"""Judging points with as few replications as it takes: few at first, more only while the verdict is undecided.

The numbers of replications double up to the most; the chance of error is shared among these looks. A search looks at
its points with a small budget, for it needs to know where to look next. What it returns is the best of many, so it is
judged again, by replications that no search has seen and with the whole budget, which of a steady state has longer runs
too: the k-th such judgement may err with
a chance of (1 - confidence) / 2^k, so that all of them together err with at most 1 - confidence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from lambdasim.config.replications import Until
from lambdasim.config.schema import Simulation
from lambdasim.config.slo import DEFAULT_SHARE
from lambdasim.errors import InputError
from lambdasim.metrics.inference.intervals import trials_for
from lambdasim.metrics.judging import Judged, Verdict, judge, overall, worst
from lambdasim.metrics.one_run import is_one_run
from lambdasim.planning.longer import LONGER, gains, longer
from lambdasim.planning.points import Points
from lambdasim.planning.store import Measurements

FIRST: Final = 3
"""Replications that every point has: the fewest whose spread says something."""
SEARCHED: Final = 12
"""The most that a search spends on a point, where the experiment says nothing of replications."""
BUDGET: Final = 96
"""The most for a point on which the answer rests."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A point with what its replications came to; without any, ``refusal`` says why it cannot be."""

    values: Mapping[str, Any]
    measurements: tuple[Measurements, ...] = ()
    judged: tuple[Judged, ...] = ()
    refusal: str = ""
    fresh: int = 0
    """Which set of seeds it was judged by; 0 is that of the search."""
    longer: int = 1
    """How many times as long the runs were by which its last objectives were decided."""
    one_run: bool = False
    """Whether all its replications are the same run, for nothing is drawn by chance."""

    @property
    def verdict(self) -> Verdict:
        """``passes`` only when every objective does with the stated confidence."""
        return "fails" if self.refusal else overall(self.judged)

    @property
    def passes(self) -> bool:
        """Whether it is shown to meet every objective."""
        return self.verdict == "passes"

    @property
    def leans(self) -> bool:
        """Whether it meets every objective as far as is known: shown, or by what was observed."""
        return not self.refusal and all(one.leans for one in self.judged)

    @property
    def runs(self) -> dict[str, int]:
        """How many runs it was judged by and, where as many longer ones decided it, how many times as long."""
        longer = {"longer": self.longer} if self.longer > 1 else {}
        return {"runs": len(self.measurements)} | longer | ({"one_run": True} if self.one_run else {})

    def within(self, runs: int) -> bool:
        """Return whether it is undecided, and so many runs might decide it."""
        return self.verdict == "undecided" and any(
            one.verdict == "undecided" and one.takes <= runs for one in self.judged
        )

    @property
    def worst(self) -> Judged | None:
        """Of the objectives that do not pass, else of all, the one that misses by most or is nearest to its limit."""
        return worst([one for one in self.judged if one.verdict != "passes"] or self.judged)


def most_replications(simulation: Simulation) -> int:
    """Return how many replications a search spends on a point: as many as the experiment says, else ``SEARCHED``."""
    wanted = simulation.replications
    if isinstance(wanted, Until):
        return wanted.most
    return wanted if "replications" in simulation.model_fields_set else SEARCHED


class Race:
    """Judges points of one experiment against its objectives, or against none."""

    def __init__(self, points: Points, *, subject: bool = True) -> None:
        simulation = points.config.simulation
        self.points = points
        self.confidence = simulation.confidence
        self.objectives = points.config.slo if subject else {}
        self.tried: list[Tried] = []
        """Every point so far, in the order in which they were tried."""
        self.judgements = 0
        """How often a point was judged again by fresh seeds."""
        self.most = most_replications(simulation)
        self.looks = _doubling(self.most)

    @property
    def repeats(self) -> bool:
        """Whether points are simulated more than once: one run each is judged by what it observed, and that is all."""
        return self.most > 1

    @property
    def budget(self) -> int:
        """The most replications for a point on which the answer rests; more where the objectives ask for a share."""
        shares = [one.share_of_runs or DEFAULT_SHARE for ones in self.objectives.values() for one in ones]
        error = (1 - self.confidence) / 2 ** max(1, self.judgements)
        least = max((trials_for(share, 1 - error / 2) for share in shares), default=0)
        return max(self.most, BUDGET, least)

    def judge(self, values: Mapping[str, Any]) -> Tried:
        """Return the verdict on a point."""
        return self.judge_all([values])[0]

    def judge_all(self, wanted: Sequence[Mapping[str, Any]], *, decide: bool = True) -> list[Tried]:
        """Return the verdict on several points, simulated side by side; without ``decide`` from the first look."""
        found = self._judged(wanted, self.looks if decide else self.looks[:1], self.looks, self.confidence)
        self.tried += found
        return found

    def decide(self, values: Mapping[str, Any]) -> Tried:
        """Return the verdict on a point by the replications of the search and as many more as the budget allows."""
        if not self.repeats:
            return self.judge(values)
        return self._decided(values, self.confidence)

    def confirm(self, values: Mapping[str, Any]) -> Tried:
        """Return the verdict on a point by fresh seeds, with its part of the chance of error."""
        if not self.repeats:
            return self.judge(values)
        self.judgements += 1
        confidence = 1 - (1 - self.confidence) / 2**self.judgements
        tried = self._decided(values, confidence, fresh=self.judgements)
        return replace(tried, one_run=is_one_run(self.points.config, tried.measurements))

    def _decided(self, values: Mapping[str, Any], confidence: float, fresh: int = 0) -> Tried:
        """Return the verdict with the whole budget of runs and, of a steady state, with as many longer ones then."""
        looks = _doubling(self.budget)
        try:
            more = longer(self.points.experiment(values).config)
        except InputError:
            more = None  # the point is refused, which is told below
        planned = looks if more is None else [*looks, looks[-1]]
        [tried] = self._judged([values], looks, planned, confidence, fresh)
        open_ = [one for one in tried.judged if one.verdict == "undecided"]
        if more is None or tried.verdict != "undecided" or not all(map(gains, open_)):
            return tried
        [measured] = self.points.measure([{**values, **more}], looks[-1], fresh=fresh)
        again = judge(self.objectives, measured, confidence, planned)
        judged = [new if old.verdict == "undecided" else old for old, new in zip(tried.judged, again, strict=True)]
        return replace(tried, judged=tuple(judged), longer=LONGER)

    def _judged(
        self,
        wanted: Sequence[Mapping[str, Any]],
        looks: Sequence[int],
        planned: Sequence[int],
        confidence: float,
        fresh: int = 0,
    ) -> list[Tried]:
        found: dict[int, Tried] = {}
        for number, values in enumerate(wanted):
            try:
                self.points.experiment(values)
            except InputError as error:
                found[number] = Tried(values, refusal="; ".join(problem.message for problem in error.problems))
        open_ = [number for number in range(len(wanted)) if number not in found]
        for replications in looks:
            if not open_:
                break
            measured = self.points.measure([wanted[n] for n in open_], replications, fresh=fresh)
            for number, measurements in zip(open_, measured, strict=True):
                judged = judge(self.objectives, measurements, confidence, planned)
                found[number] = Tried(wanted[number], tuple(measurements), tuple(judged), fresh=fresh)
            open_ = [number for number in open_ if found[number].within(planned[-1])]
        return [found[number] for number in range(len(wanted))]


def _doubling(most: int) -> list[int]:
    """Return the numbers of replications at which a verdict is asked for."""
    looks = [min(FIRST, most)]
    while looks[-1] < most:
        looks.append(min(2 * looks[-1], most))
    return looks
