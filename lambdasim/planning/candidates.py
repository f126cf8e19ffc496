"""The candidates of ``[optimize]``: each is tried at most once, judged, and given a score; which are tried is up to the
number of knobs. Knows the search, and nothing of how its result is told.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Final

from lambdasim.config.points import told
from lambdasim.config.schema import ExperimentConfig, Optimize
from lambdasim.config.sweep import candidates
from lambdasim.metrics.inference.intervals import Interval
from lambdasim.planning.columns import TIME, metric_of, told_number
from lambdasim.planning.differences import interval
from lambdasim.planning.knobs import Score, best_of_one, best_of_two
from lambdasim.planning.race import Race, Tried
from lambdasim.planning.store import Measurements
from lambdasim.planning.trials import best_of_many
from lambdasim.report.words import significant

EVERY: Final = 16
"""Of listed candidates, every one is tried when there are no more than these."""
WEIGHT: Final = 0.5
"""Of the cost, in the strategy ``balanced``; aws-lambda-power-tuning's default (its README, balancedWeight)."""


class Candidates:
    """The candidates of some knobs, each tried at most once."""

    def __init__(self, wanted: Optimize, race: Race) -> None:
        self.wanted, self.race = wanted, race
        self.config = race.points.config
        self.knobs = {path: candidates(knob) for path, knob in wanted.over.items()}
        self.listed = all(len(knob.listed) > 2 and isinstance(knob.raw, list) for knob in wanted.over.values())
        self.cost, self.time = metric_of(wanted.minimize, self.config), metric_of(TIME, self.config)
        self.tried: dict[tuple[int, ...], Tried] = {}
        self.scale = (1.0, 1.0)
        self.method = ""

    @property
    def size(self) -> int:
        """How many candidates there are."""
        return math.prod(len(values) for values in self.knobs.values())

    def run(self) -> None:
        """Try candidates until the best is known."""
        lengths = [len(values) for values in self.knobs.values()]
        rounded = [math.ceil(math.log2(length)) + 1 for length in lengths]
        if self.size <= EVERY and (self.listed or len(lengths) > 2):
            self.method = "trying every candidate"
            self.race.points.expected = self.size
            self._try_all(list(product(*map(range, lengths))))
            return
        if self.wanted.strategy == "balanced":
            ends = [tuple(length - 1 for length in lengths), tuple(0 for _ in lengths)]
            self._try_all(list(dict.fromkeys(ends)))
            self.scale = self._largest()
        if len(lengths) == 1:
            self.method = "bisection of one knob"
            self.race.points.expected = rounded[0]
            best_of_one(lengths[0], lambda place: self._score((place,)), valley=self._valley(0))
        elif len(lengths) == 2:
            self.method = "bisection within a search"
            self.race.points.expected = min(self.size, 8 * max(rounded))
            first, second = (0, 1) if lengths[0] <= lengths[1] else (1, 0)
            best_of_two(
                lengths[first],
                lengths[second],
                lambda a, b: self._score((a, b) if first == 0 else (b, a)),
                valley=self._valley(second),
            )
        else:
            self.method = "optuna"
            self.race.points.expected = best_of_many(lengths, self._score, self.config.simulation.seed)

    def _valley(self, knob: int) -> bool:
        """Return whether what is minimized may fall and then rise along a knob: a function's cost does with memory."""
        return self.wanted.strategy != "cost" or list(self.knobs)[knob].endswith(".memory")

    def values(self, places: Sequence[int]) -> dict[str, Any]:
        """Return the values of a candidate by path."""
        return {path: of[place] for place, (path, of) in zip(places, self.knobs.items(), strict=True)}

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

    def _try_all(self, wanted: Sequence[tuple[int, ...]]) -> None:
        judged = self.race.judge_all([self.values(places) for places in wanted])
        self.tried |= dict(zip(wanted, judged, strict=True))

    def _score(self, places: tuple[int, ...]) -> Score:
        if places not in self.tried:
            self.tried[places] = self.race.judge(self.values(places))
        self._tell_best()
        return self.score(self.tried[places])

    def score(self, tried: Tried) -> Score:
        """Return a candidate's score."""
        if tried.refusal:
            return Score(False, math.inf, math.inf)
        seen = interval([self._objective(measured) for measured in self.common(tried)], self.race.confidence)
        one = tried.worst
        miss = max(one.miss, 0.0) if one is not None else 0.0
        return Score(tried.passes and seen is not None, seen.mean if seen is not None else math.inf, miss)

    def best(self) -> tuple[int, ...] | None:
        """Return the best candidate that was tried, the nearest to passing when none passes."""
        possible = [places for places, tried in self.tried.items() if not tried.refusal]
        return min(possible, key=lambda places: (self.score(self.tried[places]).rank, places), default=None)

    def _tell_best(self) -> None:
        best = self.best()
        if best is not None and self.tried[best].passes:
            seen = self.objective(self.tried[best])
            shown = told_objective(self.wanted, self.config, None if seen is None else seen.mean)
            self.race.points.best = f"{told(self.values(best))}: {shown}"


def told_objective(wanted: Optimize, config: ExperimentConfig, number: float | None) -> str:
    """Return what is minimized in words."""
    if number is None:
        return "-"
    if wanted.strategy == "balanced":
        return significant(number)
    metric = metric_of(wanted.minimize if wanted.strategy == "cost" else TIME, config)
    return told_number(metric.kind, metric.statistic, number)
