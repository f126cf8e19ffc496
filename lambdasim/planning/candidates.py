"""The candidates of ``[optimize]``: each is tried at most once, judged, and given a score; which are tried is up to the
number of knobs. What is chosen among them is judged again. Knows the search, and nothing of how its result is told.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from lambdasim.config.points import told
from lambdasim.config.schema import ExperimentConfig, Optimize
from lambdasim.config.sweep import candidates
from lambdasim.metrics.inference.intervals import Interval
from lambdasim.planning.columns import RUN_COST, TIME, describe_number, metric_of, tilde
from lambdasim.planning.differences import interval, paired
from lambdasim.planning.knobs import ENUMERATED, REL_TOL, Places, Score, Spent, best_of_many, best_of_one, best_of_two
from lambdasim.planning.race import SEARCHED, Race, Tried
from lambdasim.planning.repetition import compared_by
from lambdasim.planning.store import Measurements
from lambdasim.planning.trials import TRIALS, proposed
from lambdasim.report.words import significant

EXHAUSTIVE_LIMIT: Final = 16
"""Of listed candidates, every one is tried when there are no more than these."""
EXHAUSTED: Final = 100
"""Of no more candidates than these every one is tried before it is said that none passes."""
BUDGET: Final = {1: 100, 2: 250}
"""How many candidates may be tried, by the number of knobs."""
BUDGET_OF_MORE: Final = 400
ATTEMPTS: Final = 8
"""So often a candidate is judged again."""
TIED: Final = 8
"""So many of the next best are compared with the best."""
WEIGHT: Final = 0.5
"""Of the cost, in the strategy ``balanced``; aws-lambda-power-tuning's default (its README, balancedWeight)."""


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """The next best candidate, compared with the one that is chosen."""

    places: Places
    difference: Interval
    """How much more it costs, over pairs of replications."""
    tied: bool
    """Whether the two cannot be told apart by what is minimized."""

    @property
    def cheaper(self) -> bool:
        """Whether it is the better one for sure."""
        return not self.tied and self.difference.high < 0


class Candidates:
    """The candidates of some knobs, each tried at most once."""

    def __init__(self, wanted: Optimize, race: Race, spent: str) -> None:
        self.wanted, self.race, self.spent = wanted, race, spent
        self.config = race.points.config
        self.knobs = {path: candidates(knob) for path, knob in wanted.over.items()}
        self.listed = all(
            isinstance(knob.raw, list) and len(knob.listed) == len(self.knobs[path])
            for path, knob in wanted.over.items()
        )
        self.cost, self.time = metric_of(wanted.minimize, self.config), metric_of(TIME, self.config)
        self.tried: dict[Places, Tried] = {}
        self.again: dict[Places, Tried] = {}
        """Those that were judged again, by fresh seeds."""
        self._compared: dict[Places, Sequence[Measurements]] = {}
        """What was measured of those whose costs were compared."""
        self.scale = (1.0, 1.0)
        self.method = ""
        self.lacks_optuna = False
        self.is_budget_spent = False
        """Whether the budget ended before the search did."""
        self.is_cut = False
        """Whether the search was interrupted, so that nothing more is to be simulated."""
        self._room = [0.0] * sum(map(len, race.objectives.values()))

    @property
    def size(self) -> int:
        """How many candidates there are."""
        return math.prod(len(values) for values in self.knobs.values())

    @property
    def needs_judgement(self) -> bool:
        """Whether what is chosen is judged again before it is said."""
        return bool(self.race.objectives) and self.race.repeats

    @property
    def is_line(self) -> bool:
        """Whether there is one knob, on which signs of misses say all."""
        return len(self.knobs) == 1

    @property
    def is_exhausted(self) -> bool:
        """Whether every candidate was tried."""
        return len(self.tried) == self.size

    def compare_by_run(self) -> None:
        """Compare candidates by what a run costs, not a month, from now on."""
        metric = self.wanted.minimize.replace(".cost.monthly", ".cost")
        self.wanted, self.spent = self.wanted.model_copy(update={"minimize": metric}), RUN_COST
        self.cost = metric_of(metric, self.config)

    def tilde(self, measurements: Sequence[Measurements]) -> str:
        """Return the ``~`` of what is minimized where that is a cost at uncertain prices."""
        return tilde(self.wanted.minimize, measurements) if self.wanted.strategy == "cost" else ""

    @property
    def measured(self) -> list[Sequence[Measurements]]:
        """What candidates measured, by whichever seeds."""
        every = (*self.tried.values(), *self.again.values())
        return [*(tried.measurements for tried in every), *self._compared.values()]

    def run(self) -> None:
        """Try candidates until the best is known, was judged again, and is compared with the runner-up.

        Where months of some turn out not to be of the same work, the search goes on by what a run costs.
        """
        self._find()
        if self.spent != compared_by(self.config, self.measured):
            self.compare_by_run()
            self._find()

    def _find(self) -> None:
        self._seek()
        if (best := self.best()) is not None:
            self.runner_up(best)

    def _seek(self) -> None:
        for _ in range(ATTEMPTS):
            self._search()
            if self.best() is None and self.size <= EXHAUSTED:
                self._try_all([places for places in self._every() if places not in self.tried])
            best = self.best()
            if best is None or not self.needs_judgement or (best in self.again and self.again[best].passes):
                return
            self.again[best] = self.race.confirm(self.values(best))
            if self.again[best].passes:
                return
            self._ask_for_more(self.again[best])

    def _ask_for_more(self, refuted: Tried) -> None:
        """Let candidates lean to passing only with as much room as the judged one would have needed."""
        for number, one in enumerate(refuted.judged):
            if one.verdict != "passes" and one.observed is not None:
                width = one.observed.half_width / abs(one.expression.threshold or 1.0)
                self._room[number] = max(2 * self._room[number], width, 0.01)

    def _search(self) -> None:
        lengths = [len(values) for values in self.knobs.values()]
        if self.size <= EXHAUSTIVE_LIMIT and (self.listed or len(lengths) > 2):
            self.method = "trying every candidate"
            self.race.points.expected = self.size
            self._try_all([places for places in self._every() if places not in self.tried])
            return
        if self.wanted.strategy == "balanced" and not self.tried:
            ends = [tuple(length - 1 for length in lengths), tuple(0 for _ in lengths)]
            self._try_all(list(dict.fromkeys(ends)))
            self.scale = self._largest()
        try:
            self._bisect(lengths)
        except Spent:
            self.is_budget_spent = True

    def _bisect(self, lengths: Sequence[int]) -> None:
        points, valleys = self.race.points, [self._valley(knob) for knob in range(len(lengths))]
        if len(lengths) == 1:
            self.method = "bisection of one knob"
            points.expected = math.ceil(math.log2(lengths[0])) + 2
            best_of_one(lengths[0], lambda place: self._score((place,)), valley=valleys[0])
            return
        points.expected = min(self.size, 12 * len(lengths) * math.ceil(math.log2(max(lengths))))
        if len(lengths) == 2 and min(lengths) <= ENUMERATED:
            self.method = "bisection within a search"
            first, second = (0, 1) if lengths[0] <= lengths[1] else (1, 0)
            best_of_two(
                lengths[first],
                lengths[second],
                lambda a, b: self._score((a, b) if first == 0 else (b, a)),
                valley=valleys[second],
            )
            return
        self.method = "bisection of one knob at a time"
        best_of_many(lengths, self._score, valleys=valleys)
        if len(lengths) > 2 and not self.lacks_optuna:
            try:
                for places in proposed(lengths, self.config.simulation.seed, self._known):
                    self._score(places)
                self.method = f"bisection of one knob at a time, then {TRIALS} proposals of optuna"
            except ImportError:
                self.lacks_optuna = True

    def _known(self) -> dict[Places, Score]:
        return {places: self.score(places) for places in self.tried}

    def _every(self) -> list[Places]:
        return list(product(*(range(len(values)) for values in self.knobs.values())))

    def _valley(self, knob: int) -> bool:
        """Return whether what is minimized may fall and then rise along a knob: a function's cost does with memory."""
        return self.wanted.strategy != "cost" or list(self.knobs)[knob].endswith(".memory")

    def values(self, places: Sequence[int]) -> dict[str, Any]:
        """Return the values of a candidate by path."""
        return {path: of[place] for place, (path, of) in zip(places, self.knobs.items(), strict=True)}

    def latest(self, places: Places) -> Tried:
        """Return a candidate as it was judged last."""
        return self.again.get(places, self.tried[places])

    def objective(self, tried: Tried) -> Interval | None:
        """Return what is minimized, at one candidate, over all its replications."""
        seen = [self._objective(one) for one in tried.measurements]
        return interval(seen, self.race.confidence)

    def common(self, tried: Tried) -> tuple[Measurements, ...]:
        """Return the replications that every candidate has: candidates are compared on these, so on equal terms."""
        return tried.measurements[: self.race.looks[0]]

    def _objective(self, measurements: Mapping[str, Any]) -> float | None:
        cost, spent = self.cost.value(measurements), self.time.value(measurements)
        if self.wanted.strategy == "cost":
            return cost
        if self.wanted.strategy == "speed":
            return spent
        if cost is None or spent is None:
            return None
        return WEIGHT * cost / self.scale[0] + (1 - WEIGHT) * spent / self.scale[1]

    def _largest(self) -> tuple[float, float]:
        """Return the largest mean cost and mean time of the candidates that were tried."""
        found = []
        for metric in (self.cost, self.time):
            seen = [interval([metric.value(m) for m in self.common(tried)], 0.5) for tried in self.tried.values()]
            found.append(max((one.mean for one in seen if one is not None), default=1.0) or 1.0)
        return found[0], found[1]

    def settle(self) -> None:
        """Divide by the largest values of all candidates, now that they are known."""
        if self.wanted.strategy == "balanced":
            self.scale = self._largest()

    def _try_all(self, wanted: Sequence[Places]) -> None:
        judged = self.race.judge_all([self.values(places) for places in wanted])
        self.tried |= dict(zip(wanted, judged, strict=True))

    def _score(self, places: Places) -> Score:
        if places not in self.tried:
            if len(self.tried) >= BUDGET.get(len(self.knobs), BUDGET_OF_MORE):
                raise Spent
            self.tried[places] = self.race.judge(self.values(places))
        self._tell_best()
        return self.score(places)

    def score(self, places: Places) -> Score:
        """Return a candidate's score: it passes when it leans to, with the room that is asked for."""
        tried = self.tried[places]
        if tried.refusal:
            return Score((math.inf,) * len(self._room), math.inf, refused=True)
        seen = interval([self._objective(measured) for measured in self.common(tried)], self.race.confidence)
        misses = [one.miss + room for one, room in zip(tried.judged, self._room, strict=True)]
        for number, one in enumerate(self.latest(places).judged):
            if one.verdict == "fails" or (places in self.again and one.verdict == "undecided"):
                misses[number] = max(misses[number], REL_TOL)
        return Score(tuple(misses), seen.mean if seen is not None else math.inf)

    def best(self) -> Places | None:
        """Return the candidate to choose: the cheapest that passes, of those as cheap the safest; None if none does."""
        passing = self._passing()
        if not passing:
            return None
        if self.is_cut:
            return passing[0]
        best, *others = passing[: TIED + 1]
        for other in others:
            if self.compared(best, other).cheaper:
                best = other
        tied = [places for places in passing[: TIED + 1] if places == best or self.compared(best, places).tied]
        return min(tied, key=lambda places: (self.score(places).miss_at_most, places))

    def nearest(self) -> Places | None:
        """Return the candidate that is nearest to passing; None when all are refused."""
        possible = [places for places, tried in self.tried.items() if not tried.refusal]
        return min(possible, key=lambda places: (self.score(places).rank, places), default=None)

    def _passing(self) -> list[Places]:
        passing = [places for places in self.tried if self.score(places).passes]
        return sorted(passing, key=lambda places: (self.score(places).rank, self.score(places).miss_at_most, places))

    def is_safer(self, one: Places, other: Places) -> bool:
        """Return whether a candidate keeps further within the limits than another, by all that is known of both."""
        known = [[judged.miss for judged in self.latest(places).judged] for places in (one, other)]
        nearer, further = (max(misses, default=0.0) for misses in known)
        return nearer < further and self.score(one).miss_at_most < self.score(other).miss_at_most

    def runner_up(self, best: Places) -> RunnerUp | None:
        """Return the next best candidate that passes, beside the chosen one."""
        other = next((places for places in self._passing() if places != best), None)
        return None if other is None else self.compared(best, other)

    def compared(self, best: Places, other: Places) -> RunnerUp:
        """Return how much more another candidate costs, over the replications that a search spends at most."""
        runs = min(SEARCHED, self.race.most) if self.race.repeats else 1
        pair = self.race.points.measure([self.values(best), self.values(other)], runs)
        self._compared |= dict(zip((best, other), pair, strict=True))
        costs = [[self._objective(one) for one in of] for of in pair]
        gaps = [b - a for a, b in zip(*costs, strict=True) if a is not None and b is not None]
        found = paired(gaps, self.race.confidence) or Interval(0.0, 0.0, 0.0)
        size = max((abs(a) for a in costs[0] if a is not None), default=0.0)
        return RunnerUp(other, found, found.low <= REL_TOL * size and found.high >= -REL_TOL * size)

    def _tell_best(self) -> None:
        passing = self._passing()
        if passing:
            seen = self.objective(self.tried[passing[0]])
            shown = describe_objective(self.wanted, self.config, None if seen is None else seen.mean)
            shown = self.tilde(self.tried[passing[0]].measurements) + shown
            self.race.points.best = f"{told(self.values(passing[0]))}: {shown}"


def describe_objective(wanted: Optimize, config: ExperimentConfig, number: float | None) -> str:
    """Return what is minimized in words."""
    if number is None:
        return "-"
    if wanted.strategy == "balanced":
        return significant(number)
    metric = metric_of(wanted.minimize if wanted.strategy == "cost" else TIME, config)
    return describe_number(metric.kind, metric.statistic, number)
