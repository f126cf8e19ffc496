"""A sweep: every point of a design, each with its main metrics and what became of the objectives."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from lambdasim.config.call import value_in_words
from lambdasim.config.chance import random_values
from lambdasim.config.load import LoadedExperiment
from lambdasim.config.points import told
from lambdasim.config.replications import Until, least
from lambdasim.config.schema import ExperimentConfig, Sweep
from lambdasim.errors import InputError, Interrupted
from lambdasim.metrics.estimate import observed
from lambdasim.metrics.judging import Judged, judge, overall, worst
from lambdasim.planning.answer import Answer, opening, table_of
from lambdasim.planning.answers.sweeping import Tied, answer_of_sweep, tied
from lambdasim.planning.answers.tried import alternatives_tried
from lambdasim.planning.columns import (
    COST,
    cost_notes,
    describe_judged,
    describe_number,
    main_metrics,
    metric_of,
    point_row,
    tilde,
)
from lambdasim.planning.design import points_of
from lambdasim.planning.objectives import require_measured
from lambdasim.planning.points import OnPoint, Points
from lambdasim.planning.race import Race, Tried
from lambdasim.planning.repetition import amount, compared_by, month_notes, period_s
from lambdasim.planning.store import Measurements
from lambdasim.planning.sweep_verdict import verdict_of

if TYPE_CHECKING:
    import pandas as pd


ATTEMPTS: Final = 8
"""So often a point is judged again."""


@dataclass(frozen=True, repr=False)
class SweepResult(Answer):
    """The points of a sweep.

    ``points`` has a row for each point that was done, with the columns ``point`` (from 0, in the order of the design),
    one for each swept path (its value as in a file), ``replications``, ``verdict`` (of all objectives: ``passes``,
    ``fails`` or ``undecided``), then for each metric, such as ``api.latency.p99`` (ms), ``api.throttles.rate`` (0 to 1)
    or ``account.cost.monthly`` (USD), its mean over replications and ``METRIC.lo``, ``METRIC.hi``, and for each
    objective, as ``api.latency p99 < 800ms``, its own verdict. ``summary`` adds ``over`` (the paths), ``design``,
    ``points``, ``passing`` and ``undecided`` (how many), ``period_s`` (how often a month holds the run, as the time
    from one to the next; None where points have no month, or months that are not of the same work: then costs are those
    of a run, ``account.cost``), ``best`` (``point``, ``values``, ``cost_monthly``;
    ``safer_than`` is a cheaper point, a tie, that does not follow AWS's advice), ``imprecise`` (how many points missed
    the precision asked for, if any did) and ``nearest`` (the same when none passes, with ``objective`` and ``miss``, a
    share of what it allows). With several replications, ``best`` is the cheapest that passes on fresh seeds too:
    ``judged_again`` (``runs``, and ``times``: how many points it took). Numbers of all points are of the same seeds.
    """

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that were swept."""
        return tuple(self.summary["over"])

    def heat_map(self, metric: str, rows: str | None = None, columns: str | None = None) -> "pd.DataFrame":
        """Return the mean of ``metric`` over two of the paths (by default the first two), averaged over the others."""
        rows, columns = rows or self.paths[0], columns or self.paths[min(1, len(self.paths) - 1)]
        return self.points.pivot_table(index=rows, columns=columns, values=metric, sort=False)


def sweep(
    experiment: LoadedExperiment,
    *,
    executor: Executor | None = None,
    cache: Path | None = None,
    on_progress: OnPoint | None = None,
) -> SweepResult:
    """Simulate every point of an experiment's ``[sweep]``.

    Raises ``InputError`` when there is none, when a point cannot be, or for an objective that nothing measures; and
    :class:`Interrupted`, with the points that were done as ``partial``, when ``on_progress`` does.
    """
    config = experiment.config
    if config.sweep is None:
        raise InputError.single("there is no [sweep]; add one with [sweep.over]", file=experiment.file, path="sweep")
    require_measured(experiment)
    began = time.perf_counter()
    values = points_of(config.sweep, config.simulation.seed)
    points = Points(experiment, executor=executor, cache=cache, on_progress=on_progress, expected=len(values))
    _require_possible(points, values)
    wanted, confidence = config.simulation.replications, config.simulation.confidence
    replications = least(wanted)
    best: list[Measurements] = []

    def better(number: int) -> None:
        nonlocal best
        measurements = points.known(values[number], replications) or []
        cost = compared_by(config, (best, measurements))
        passes = overall(judge(config.slo, measurements, confidence)) == "passes"
        if passes and measurements and (not best or _mean(measurements, cost) < _mean(best, cost)):
            best = measurements
            spent = tilde(cost, best) + describe_number("money", "mean", _mean(best, cost))
            points.best = f"{told(values[number])}: {spent} {'a month' if cost == COST else 'a run'}"

    try:
        every = _measured(points, values, better)
    except Interrupted:
        found = [points.known(point, replications) for point in values]
        done = {number: one for number, one in enumerate(found) if one is not None}
        partial = _result(experiment, config.sweep, points, values, done, time.perf_counter() - began) if done else None
        raise Interrupted("interrupted", partial=partial) from None
    return _result(experiment, config.sweep, points, values, dict(enumerate(every)), time.perf_counter() - began)


def _measured(
    points: Points, values: Sequence[Mapping[str, Any]], better: Callable[[int], None]
) -> list[list[Measurements]]:
    """Return the measurements of every point, of as many replications as the experiment asks for."""
    wanted = points.config.simulation.replications
    if not isinstance(wanted, Until):
        return points.measure(values, wanted, better)
    count = wanted.least
    found = points.measure(values, count, better)
    while count < wanted.most and (vague := [n for n, measured in enumerate(found) if not _precise(points, measured)]):
        count = min(2 * count, wanted.most)
        for number, measured in zip(vague, points.measure([values[n] for n in vague], count), strict=True):
            found[number] = measured
    return found


def _precise(points: Points, measured: Sequence[Measurements]) -> bool:
    """Return whether a point is known as precisely as the experiment asks for."""
    wanted = points.config.simulation.replications
    if not isinstance(wanted, Until):
        return True
    metric = metric_of(wanted.path, points.config)
    seen = observed(metric.path, metric.statistic, measured, points.config.simulation.confidence)
    return seen is not None and seen.relative <= wanted.share


def _require_possible(points: Points, values: Sequence[Mapping[str, Any]]) -> None:
    """Raise ``InputError`` for the first point that the experiment cannot be, before any is simulated."""
    for point in values:
        try:
            points.experiment(point)
        except InputError as error:
            raise InputError.single(f"the point {told(point)} cannot be: {error}", path="sweep.over") from None


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which point a sweep settles on."""

    point: int | None
    """The first of ``ranked`` that passes, on fresh seeds too where there are several replications."""
    ranked: list[int]
    """Those that may pass: what ties with the cheapest, then by cost."""
    ties: list[Tied]
    """It and those that tie with it, by the advice that they break."""
    again: dict[int, Tried]
    """How points were judged on fresh seeds, in order, until the first that passes there too."""

    @property
    def advice_broken(self) -> dict[int, int]:
        """How many pieces of AWS's advice it breaks, and each point that ties with it."""
        return {one.number: len(one.advice) for one in self.ties}


def _choose(
    points: Points,
    values: Sequence[Mapping[str, Any]],
    done: Mapping[int, list[Measurements]],
    judgements: Mapping[int, Sequence[Judged]],
    costs: Mapping[int, float],
    cost: str,
) -> _Choice:
    """Choose a point of those that were ``done``, given what they measured and what they cost, by ``cost``."""
    may_pass = [number for number, judged in judgements.items() if all(one.leans for one in judged)]
    by_cost = sorted(may_pass, key=lambda number: (costs[number], number))
    first = [one.number for one in tied(points, values, done, by_cost, cost)]
    ranked = first + [number for number in by_cost if number not in first]
    again: dict[int, Tried] = {}
    chosen = ranked[0] if ranked else None
    if ranked and points.config.slo and max(map(len, done.values())) > 1:
        race = Race(points)
        for number in ranked[:ATTEMPTS] if len(done) == len(values) else ():
            again[number] = race.confirm(values[number])
            if again[number].passes:
                break
        chosen = next((number for number, tried in again.items() if tried.passes), None)
    if chosen is None:
        return _Choice(None, ranked, [], again)
    ties = tied(points, values, done, [chosen, *(number for number in by_cost if number != chosen)], cost)
    ties = [replace(one, unsure=one.number in again and one.number != chosen) for one in ties]
    return _Choice(chosen, ranked, ties, again)


def _result(
    experiment: LoadedExperiment,
    design: Sweep,
    points: Points,
    values: Sequence[Mapping[str, Any]],
    done: Mapping[int, list[Measurements]],
    wall_s: float,
) -> SweepResult:
    import pandas as pd

    config = experiment.config
    confidence = config.simulation.confidence
    judgements = {number: judge(config.slo, measurements, confidence) for number, measurements in done.items()}
    cost = compared_by(config, done.values())
    metrics = main_metrics(config)
    frame = pd.DataFrame(
        {
            "point": number,
            **{path: _in_a_cell(own) for path, own in values[number].items()},
            "replications": len(measurements),
            "verdict": overall(judgements[number]),
            **point_row(metrics, measurements, judgements[number], confidence, cost),
        }
        for number, measurements in done.items()
    )
    monthly = cost == COST
    costs = dict(zip(frame["point"], frame[cost], strict=True))
    choice = _choose(points, values, done, judgements, costs, cost)
    for number, tried in choice.again.items():  # numbers stay those of the seeds that all points share, to be compared
        frame.loc[frame["point"] == number, "verdict"] = tried.verdict
    fails = len(done) == len(values) and all(overall(judged) == "fails" for judged in judgements.values())
    success = True if choice.point is not None else False if fails else None
    replications = max(map(len, done.values()))
    summary: dict[str, Any] = {
        **opening(points, "sweep", success=success, replications=replications, wall_s=wall_s),
        "design": design.design,
        "over": list(design.over),
        "points": len(done),
        "passing": int((frame["verdict"] == "passes").sum()),
        "undecided": int((frame["verdict"] == "undecided").sum()),
    }
    summary["period_s"] = period_s(config, done.values())
    if len(done) < len(values):
        summary["incomplete"] = True
    vague = sum(not _precise(points, measurements) for measurements in done.values())
    summary["notes"] = _notes(config, done, vague, choice)
    if vague:
        summary["imprecise"] = vague
    if choice.point is not None:
        summary |= _best(choice, choice.point, values, costs, monthly=monthly)
        if tilde(cost, done[choice.point]):
            summary["best"]["uncertain"] = True
        summary["what_to_change"] = alternatives_tried(
            experiment,
            values[choice.point],
            [(values[number], measurements) for number, measurements in done.items()],
            [choice.again[n].judged if n in choice.again else judged for n, judged in judgements.items()],
            cost,
        )
    else:
        nearest = choice.ranked[0] if choice.ranked else min(judgements, key=lambda n: _miss(judgements[n]))
        summary["nearest"] = {
            "point": nearest,
            "values": dict(values[nearest]),
            **_told_cost(costs[nearest], monthly),
            **_missed(judgements[nearest], config, done[nearest]),
        }
        summary["what_to_change"] = []
    summary["verdict"] = verdict_of(summary, len(values))
    answer = None
    if len(done) == len(values):
        answer = answer_of_sweep(experiment, points, values, done, summary, choice.ties, cost)
    if answer is not None:
        summary["answer"] = answer.document
        summary["verdict"] = f"{answer.sentence} {summary['verdict']}"
        if answer.alternatives is not None:  # the points were suspects, among whom nobody chooses
            summary["verdict"], summary["what_to_change"] = str(answer.sentence), list(answer.alternatives)
    headings = ["point", *design.over, "verdict", *_short(judgements), "a month" if monthly else "a run"]
    told_rows = [
        (
            f"{number}",
            *(value_in_words(values[number][path]) for path in design.over),
            verdict,
            *(describe_judged(one, config, done[number]) for one in judgements[number]),
            tilde(cost, done[number]) + describe_number("money", "mean", costs[number]),
        )
        for number, verdict in zip(done, frame["verdict"], strict=True)
    ]
    return SweepResult(experiment, summary, frame, table_of(headings, told_rows))


def _notes(
    config: ExperimentConfig, done: Mapping[int, Sequence[Measurements]], vague: int, choice: _Choice
) -> list[str]:
    """Return what is to be known of the points; ``vague`` of them are not known as precisely as was asked for."""
    notes, wanted = [], config.simulation.replications
    if max(map(len, done.values())) == 1 and config.slo and random_values(config):
        notes.append("One run of each point decides nothing where chance plays a part; give --replications 30.")
    if vague:
        rule = wanted.text if isinstance(wanted, Until) else ""
        notes.append(f"{vague} of {len(done)} points are not known to {rule} within max replications.")
    notes += [*month_notes(config, done.values()), *cost_notes(next(iter(done.values())))]
    if choice.again:
        which = ", ".join(f"{number} {tried.verdict}" for number, tried in choice.again.items())
        notes.append(f"All numbers are of the same seeds; of fresh ones is the verdict of points: {which}.")
    return notes


def _best(
    choice: _Choice,
    chosen: int,
    values: Sequence[Mapping[str, Any]],
    costs: Mapping[int, float],
    *,
    monthly: bool,
) -> dict[str, Any]:
    """Return what the summary says of the point that was chosen."""
    told_of: dict[str, Any] = {}
    if chosen in choice.again:
        told_of["judged_again"] = {**choice.again[chosen].runs, "times": choice.again[chosen].fresh}
    best = told_of["best"] = {"point": chosen, "values": dict(values[chosen]), **_told_cost(costs[chosen], monthly)}
    broken, least = choice.advice_broken, min(choice.ranked, key=lambda number: costs[number])
    if broken[chosen] < broken.get(least, 0):  # which is none of them where it does not tie
        best["safer_than"] = least
    return told_of


def _missed(judged: Sequence[Judged], config: ExperimentConfig, measured: Sequence[Measurements]) -> dict[str, Any]:
    """Return which objective a point that does not pass is farthest from, and by how much."""
    objective = worst(judged)
    assert objective is not None  # without objectives every point passes
    return {
        "objective": objective.to_dict(),
        "miss": objective.miss if objective.observed is not None else None,
        "told": describe_judged(objective, config, measured),
    }


def _in_a_cell(value: Any) -> Any:
    """Return a value as a cell of a table holds it."""
    return value_in_words(value) if isinstance(value, dict | list) else value


def _mean(measurements: Sequence[Measurements], cost: str) -> float:
    return fmean(amount(one, cost) for one in measurements)


def _told_cost(cost: float, monthly: bool) -> dict[str, float | None]:
    """Return what a point costs: a month, or where points are compared by it, a run."""
    return {"cost_monthly": float(cost)} if monthly else {"cost_monthly": None, "cost": float(cost)}


def _short(judgements: Mapping[int, Sequence[Judged]]) -> list[str]:
    first = next(iter(judgements.values()))
    return [f"{one.path} {one.expression.statistic}" for one in first]


def _miss(judged: Sequence[Judged]) -> float:
    one = worst(judged)
    return one.miss if one is not None else 0.0
