"""The best configuration that meets the objectives, and the frontier of cost against latency it was found on.

Which search is used depends on the number of knobs: every candidate of a short list, bisection on one knob, a search
within a search on two, and optuna beyond. When nothing passes, the result says so and recommends nothing.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lambdasim.config.load import LoadedExperiment
from lambdasim.config.points import told
from lambdasim.config.schema import ExperimentConfig, Optimize
from lambdasim.config.sweep import candidates
from lambdasim.errors import InputError, Interrupted
from lambdasim.metrics.inference.intervals import Interval
from lambdasim.planning.answer import MOST_ROWS, Answer, table_of
from lambdasim.planning.columns import (
    COST,
    TIME,
    main_metrics,
    metric_of,
    point_row,
    told_estimate,
    told_judged,
    told_number,
)
from lambdasim.planning.judge import interval, mean_of
from lambdasim.planning.knobs import Score, best_of_one, best_of_two
from lambdasim.planning.objectives import require_measured
from lambdasim.planning.points import OnPoint, Points
from lambdasim.planning.race import Race, Tried
from lambdasim.planning.store import Measurements
from lambdasim.planning.trials import best_of_many
from lambdasim.report.words import significant

if TYPE_CHECKING:
    import pandas as pd

EVERY: Final = 16
"""Of listed candidates, every one is tried when there are no more than these."""
WEIGHT: Final = 0.5
"""Of the cost, in the strategy ``balanced``; aws-lambda-power-tuning's default (its README, balancedWeight)."""


@dataclass(frozen=True, repr=False)
class OptimizeResult(Answer):
    """The best candidate, or the nearest to passing.

    ``points`` has a row for each candidate that was tried, in that order, with the columns of
    :class:`lambdasim.planning.sweep.SweepResult` (``verdict`` is also ``refused`` for what AWS does not allow), and
    ``objective`` with ``objective.lo`` and ``objective.hi`` (what was minimized: USD, ms, or for ``balanced`` a share),
    ``frontier`` (True where no other candidate is both cheaper and faster). ``summary`` adds ``over``, ``minimize``,
    ``strategy``, ``method``, ``candidates`` (how many there are), ``points`` (how many were tried), ``best``
    (``point``, ``values``, ``objective``, ``cost_monthly``) or None, ``nearest`` (when none passes: also
    ``objective_missed`` and ``miss``, a share of what it allows), ``frontier`` (numbers of points, by cost) and
    ``latency`` (the frontier's other metric).
    """

    @property
    def frontier(self) -> "pd.DataFrame":
        """The points of the frontier, by cost."""
        return self.points[self.points["frontier"]].sort_values(COST)

    @property
    def best(self) -> dict[str, Any] | None:
        """The values of the best candidate by path; None when none passes."""
        best = self.summary["best"]
        return None if best is None else dict(best["values"])


def optimize(
    experiment: LoadedExperiment,
    *,
    executor: Executor | None = None,
    cache: Path | None = None,
    on_progress: OnPoint | None = None,
) -> OptimizeResult:
    """Seek the best candidate of an experiment's ``[optimize]``.

    Raises ``InputError`` when there is none or nothing measures an objective, ``MissingExtra`` when it takes optuna and
    that is not installed, :class:`Interrupted`, with what is known as ``partial``, when ``on_progress`` does.
    """
    config = experiment.config
    if config.optimize is None:
        raise InputError.single(
            'there is no [optimize]; add one, such as over = { "function.NAME.provisioned.concurrency" = [0, 100] }',
            file=experiment.file,
            path="optimize",
        )
    subject = config.optimize.subject_to == "slo"
    require_measured(experiment, needed_by="optimize" if subject else None)
    began = time.perf_counter()
    points = Points(experiment, executor=executor, cache=cache, on_progress=on_progress)
    search = _Search(config.optimize, Race(points, subject=subject))
    try:
        search.run()
    except Interrupted:
        partial = _result(experiment, search, time.perf_counter() - began, cut=True) if search.tried else None
        raise Interrupted("interrupted", partial=partial) from None
    return _result(experiment, search, time.perf_counter() - began)


class _Search:
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
            best_of_one(lengths[0], lambda place: self._score((place,)))
        elif len(lengths) == 2:
            self.method = "bisection within a search"
            self.race.points.expected = min(self.size, 8 * max(rounded))
            first, second = (0, 1) if lengths[0] <= lengths[1] else (1, 0)
            best_of_two(
                lengths[first],
                lengths[second],
                lambda a, b: self._score((a, b) if first == 0 else (b, a)),
            )
        else:
            self.method = "optuna"
            self.race.points.expected = best_of_many(lengths, self._score, self.config.simulation.seed)

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
            shown = told_objective(self.wanted, self.config, mean_of(seen))
            self.race.points.best = f"{told(self.values(best))}: {shown}"


def told_objective(wanted: Optimize, config: ExperimentConfig, number: float | None) -> str:
    """Return what is minimized in words."""
    if number is None:
        return "-"
    if wanted.strategy == "balanced":
        return significant(number)
    metric = metric_of(wanted.minimize if wanted.strategy == "cost" else TIME, config)
    return told_number(metric.kind, metric.statistic, number)


def _result(experiment: LoadedExperiment, search: _Search, wall_s: float, *, cut: bool = False) -> OptimizeResult:
    import pandas as pd

    config, wanted, race = experiment.config, search.wanted, search.race
    search.settle()
    best = search.best()
    latency = _latency(config)
    metrics = main_metrics(config, wanted.minimize, latency)
    order = list(search.tried)
    rows: list[dict[str, Any]] = []
    for number, places in enumerate(order):
        tried, seen = search.tried[places], search.objective(search.tried[places])
        rows.append(
            {
                "point": number,
                **search.values(places),
                "replications": len(tried.measurements),
                "verdict": "refused" if tried.refusal else tried.verdict,
                "objective": seen and seen.mean,
                "objective.lo": seen and seen.low,
                "objective.hi": seen and seen.high,
                "frontier": False,
                **point_row(metrics, tried.measurements, tried.judged, race.confidence),
            }
        )
    frame = pd.DataFrame(rows)
    front = _frontier(search, order, latency)
    frame["frontier"] = frame["point"].isin(front)
    engine = race.points.engine
    passes = best is not None and search.tried[best].passes
    summary: dict[str, Any] = {
        "name": config.name,
        "question": config.question,
        "command": "optimize",
        "verdict": "",
        "success": passes,
        "engine": {"used": engine.used, "reason": engine.reason} if engine else {"used": "none", "reason": "refused"},
        "seed": config.simulation.seed,
        "replications": max(len(tried.measurements) for tried in search.tried.values()),
        "confidence": race.confidence,
        "simulations": race.points.simulations,
        "wall_s": round(wall_s, 3),
        "slo": [{"path": p, "expression": e.text} for p, expressions in config.slo.items() for e in expressions],
        "over": list(search.knobs),
        "minimize": wanted.minimize,
        "subject_to": wanted.subject_to,
        "strategy": wanted.strategy,
        "method": search.method,
        "candidates": search.size,
        "points": len(order),
        "best": None,
        "nearest": None,
        "frontier": front,
        "latency": latency,
        "notes": [],
    }
    if cut:
        summary["incomplete"] = True
    if best is not None:
        summary["best" if passes else "nearest"] = _told_best(search, best, order.index(best))
    summary["notes"] = _notes(search, frame, front, latency)
    summary["verdict"] = _verdict(summary, search, best)
    return OptimizeResult(experiment, summary, frame, _table(search, order, best))


def _told_best(search: _Search, best: tuple[int, ...], number: int) -> dict[str, Any]:
    tried = search.tried[best]
    seen = search.objective(tried)
    cost = interval([one["account"]["cost"]["monthly"] for one in tried.measurements], search.race.confidence)
    found: dict[str, Any] = {
        "point": number,
        "values": search.values(best),
        "objective": seen and seen.to_json(),
        "cost_monthly": cost and cost.to_json(),
    }
    if not tried.passes and (one := tried.worst) is not None:
        found |= {"objective_missed": one.to_dict(), "miss": one.miss if math.isfinite(one.miss) else None}
    return found


def _latency(config: ExperimentConfig) -> str:
    """Return the frontier's latency: that of the first objective on one, or the account's."""
    for path, expressions in config.slo.items():
        if path.endswith(".latency"):
            return f"{path}.{expressions[0].statistic}"
    return "account.latency.p99"


def _frontier(search: _Search, order: Sequence[tuple[int, ...]], latency: str) -> list[int]:
    """Return the points that no other one dominates in cost and latency, by cost."""
    spent, cost = metric_of(latency, search.config), metric_of(COST, search.config)
    seen = []
    for point, places in enumerate(order):
        common = search.common(search.tried[places])
        means = [interval([metric.value(one) for one in common], 0.5) for metric in (cost, spent)]
        if means[0] is not None and means[1] is not None:
            seen.append((means[0].mean, means[1].mean, point))
    front, least = [], math.inf
    for _, time_spent, point in sorted(seen):
        if time_spent < least:
            front.append(point)
            least = time_spent
    return front


def _notes(search: _Search, frame: Any, front: Sequence[int], latency: str) -> list[str]:
    notes = [f"Searched by {search.method}: {len(frame)} of {search.size:,} candidates tried."]
    if search.method.startswith("bisection"):
        notes[0] = (
            f"Searched by {search.method}: {len(frame)} of {search.size:,} candidates tried, taking for granted that "
            "more of a knob helps, and that the cost has one valley."
        )
    if search.race.looks[-1] > search.race.looks[0]:
        notes.append(f"Candidates are compared on the {search.race.looks[0]} replications that all of them have.")
    refused = [tried for tried in search.tried.values() if tried.refusal]
    if refused:
        notes.append(f"{len(refused)} candidates are refused, the first because {refused[0].refusal}.")
    if len(front) > 1:
        notes.append(f"Frontier of {COST} and {latency}: points {', '.join(map(str, front))}.")
    return notes


def _verdict(summary: Mapping[str, Any], search: _Search, best: tuple[int, ...] | None) -> str:
    cut = " The search was interrupted." if summary.get("incomplete") else ""
    wanted, config = search.wanted, search.config
    if best is None:
        refusal = next((tried.refusal for tried in search.tried.values() if tried.refusal), "")
        return f"No candidate can be: {refusal}.{cut}"
    tried, which = search.tried[best], told(search.values(best))
    if not tried.passes:
        one = tried.worst
        if one is None or one.observed is None:
            return f"No candidate meets every SLO, and nothing was measured at the best found, {which}.{cut}"
        seen = f"{told_judged(one, config)} against {one.expression.text}"
        by = f"{significant(100 * one.miss)} % too much" if one.miss > 0 else "met on average, yet not surely"
        if one.miss > 0 and one.expression.operator.startswith(">"):
            by = f"{significant(100 * one.miss)} % too little"
        if not math.isfinite(one.miss):
            by = "where nothing is allowed"
        return f"No candidate meets every SLO: the best found, {which}, misses {one.path} ({seen}: {by}).{cut}"
    names = {"cost": wanted.minimize, "speed": "the mean latency", "balanced": "half cost, half mean latency"}
    seen_objective = search.objective(tried)
    if wanted.strategy == "balanced":
        interval = told_objective(wanted, config, mean_of(seen_objective))
    else:
        metric = metric_of(wanted.minimize if wanted.strategy == "cost" else TIME, config)
        interval = told_estimate(metric.kind, metric.statistic, seen_objective)
    among = " that meets every SLO" if wanted.subject_to == "slo" else ""
    said = f"Of {search.size:,} candidates, {which} is the best{among}"
    return f"{said}: {names[wanted.strategy]} is {interval}.{cut}"


def _table(search: _Search, order: Sequence[tuple[int, ...]], best: tuple[int, ...] | None) -> Any:
    wanted, config = search.wanted, search.config
    names = next((tried.judged for tried in search.tried.values() if tried.judged), ())
    headings = [
        "point",
        *search.knobs,
        "verdict",
        *(f"{one.path} {one.expression.statistic}" for one in names),
        wanted.minimize if wanted.strategy == "cost" else wanted.strategy,
        "from",
        "to",
    ]
    shown = sorted(order)
    if len(order) > MOST_ROWS:
        shown.sort(key=lambda places: search.score(search.tried[places]).rank)
    rows = []
    for places in shown:
        tried = search.tried[places]
        seen = search.objective(tried)
        mark = "best" if places == best and tried.passes else tried.verdict
        numbers: list[Callable[[Interval], float]] = [lambda e: e.mean, lambda e: e.low, lambda e: e.high]
        rows.append(
            [
                f"{order.index(places)}",
                *(f"{value}" for value in search.values(places).values()),
                "refused" if tried.refusal else mark,
                *([told_judged(one, config) for one in tried.judged] or ["-"] * len(names)),
                *(told_objective(wanted, config, None if seen is None else number(seen)) for number in numbers),
            ]
        )
    return table_of(headings, rows)
