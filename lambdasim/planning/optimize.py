"""The best configuration that meets the objectives, and the frontier of cost against latency it was found on.

Which search is used depends on the number of knobs: every candidate of a short list, bisection on one knob, a search
within a search on two of which one is short, one knob at a time else, and for more than two proposals of optuna after
that. What is returned was judged again on fresh seeds. When nothing passes, the result says so and recommends nothing.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdasim.config.advice import advice
from lambdasim.config.call import value_in_words
from lambdasim.config.load import LoadedExperiment
from lambdasim.config.month import is_monthly, require_month, why_none
from lambdasim.config.schema import ExperimentConfig
from lambdasim.errors import InputError, Interrupted
from lambdasim.metrics.inference.intervals import Interval
from lambdasim.planning.answer import MOST_ROWS, Answer, opening, table_of
from lambdasim.planning.answers.choosing import searched
from lambdasim.planning.answers.tried import alternatives_tried
from lambdasim.planning.candidates import Candidates, describe_objective
from lambdasim.planning.columns import (
    COST,
    RUN_COST,
    TIME,
    cost_notes,
    describe_judged,
    main_metrics,
    metric_of,
    point_row,
)
from lambdasim.planning.differences import interval
from lambdasim.planning.knobs import Places
from lambdasim.planning.objectives import require_measured
from lambdasim.planning.optimize_verdict import verdict_of
from lambdasim.planning.points import OnPoint, Points
from lambdasim.planning.race import Race
from lambdasim.planning.repetition import compared_by, month_notes, period_s
from lambdasim.workload.plan import Workload

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class OptimizeResult(Answer):
    """The best candidate, or the nearest to passing.

    ``points`` has a row for each candidate that was tried, in that order, as it was judged last, with the columns of
    :class:`lambdasim.planning.sweep.SweepResult` (``verdict`` is also ``refused`` for what AWS does not allow), and
    ``objective`` with ``objective.lo`` and ``objective.hi`` (what was minimized: USD, ms, or for ``balanced`` a share),
    ``frontier`` (True where no other candidate is both cheaper and faster). ``summary`` adds ``over``, ``minimize``,
    ``strategy``, ``method``, ``candidates`` (how many there are), ``tried`` (how many were; ``points`` is the same),
    ``best`` (``point``, ``values``, ``objective``, ``cost_monthly``, of fresh seeds) or None, ``judged_again``
    (``runs``, and ``times``: how many candidates it took), ``runner_up`` (``point``, ``values``, ``difference`` of what
    is minimized, by pairs, and ``tied``: whether the two cannot be told apart) or None, ``nearest`` (when none passes:
    also ``objective_missed`` and ``miss``, a share of what it allows), ``frontier`` (numbers of points, by cost),
    ``latency`` (the frontier's other metric) and ``period_s`` (as in a sweep). Where months of candidates are not of
    the same work, ``minimize`` is the cost of a run.
    """

    @property
    def frontier(self) -> "pd.DataFrame":
        """The points of the frontier, by cost."""
        return self.points[self.points["frontier"]].sort_values(self.summary["cost"])

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
    wanted, spent = config.optimize, _spent(config)
    if spent != COST and "minimize" not in wanted.model_fields_set:
        wanted = wanted.model_copy(update={"minimize": spent})
    subject = wanted.subject_to == "slo"
    require_measured(experiment, needed_by="optimize" if subject else None)
    began = time.perf_counter()
    points = Points(experiment, executor=executor, cache=cache, on_progress=on_progress)
    search = Candidates(wanted, Race(points, subject=subject), spent)
    try:
        search.run()
    except Interrupted:
        search.is_cut = True
        partial = _result(experiment, search, time.perf_counter() - began, cut=True) if search.tried else None
        raise Interrupted("interrupted", partial=partial) from None
    return _result(experiment, search, time.perf_counter() - began)


def _spent(config: ExperimentConfig) -> str:
    """Return the cost that candidates are compared by: of a month or, where there is none, of the run.

    Raises ``InputError`` where there is none and the file asks to minimize it.
    """
    assert config.optimize is not None
    span_ns = Workload(config, config.simulation.seed).span_ns
    if why_none(config, span_ns) is None:
        return COST
    if "minimize" in config.optimize.model_fields_set and is_monthly(config.optimize.minimize):
        require_month(config, span_ns, ["optimize.minimize"])
    return RUN_COST


def _result(experiment: LoadedExperiment, search: Candidates, wall_s: float, *, cut: bool = False) -> OptimizeResult:
    import pandas as pd

    config, cost = experiment.config, compared_by(experiment.config, search.measured)
    if search.spent != cost:  # it was interrupted before that was known
        search.compare_by_run()
    wanted = search.wanted
    search.settle()
    best, passes = _chosen(search, cut=cut)
    nearest = best if best is not None else search.nearest()
    latency = _latency(config)
    order = list(search.tried)
    frame = pd.DataFrame({"point": n, **_row(search, places, latency)} for n, places in enumerate(order))
    front = _frontier(search, order, latency)
    frame["frontier"] = frame["point"].isin(front)
    every = (*search.tried.values(), *search.again.values())
    replications = max(len(tried.measurements) for tried in every)
    summary: dict[str, Any] = {
        **opening(search.race.points, "optimize", success=passes, replications=replications, wall_s=wall_s),
        "over": list(search.knobs),
        "minimize": wanted.minimize,
        "subject_to": wanted.subject_to,
        "strategy": wanted.strategy,
        "method": search.method,
        "candidates": search.size,
        "points": len(order),
        "tried": len(order),
        "best": None,
        "judged_again": None,
        "runner_up": None,
        "what_to_change": [],
        "nearest": None,
        "frontier": front,
        "cost": search.spent,
        "latency": latency,
        "period_s": period_s(config, search.measured),
        "notes": [],
    }
    if cut:
        summary["incomplete"] = True
    if nearest is not None:
        summary["nearest" if best is None else "best"] = _told_best(search, nearest, order.index(nearest))
    if best is not None:
        if best in search.again:
            summary["judged_again"] = {**search.again[best].runs, "times": search.race.judgements}
        if (other := search.runner_up(best) if not cut else None) is not None:
            summary["runner_up"] = {
                "point": order.index(other.places),
                "values": search.values(other.places),
                "difference": other.difference.to_json(),
                "tied": other.tied,
            }
    possible = [places for places, one in search.tried.items() if not one.refusal]
    if best is not None:
        others = [(search.values(places), search.common(search.tried[places])) for places in possible]
        verdicts = [search.latest(places).judged for places in possible]
        summary["what_to_change"] = alternatives_tried(experiment, search.values(best), others, verdicts, cost)
    summary["notes"] = _notes(search, frame, front, latency)
    if search.again:
        points = ", ".join(f"{order.index(places)}" for places in sorted(search.again, key=order.index))
        summary["notes"].append(
            f"Numbers of what was judged again (point {points}) are of its fresh runs, not of common seeds."
        )
    summary["verdict"] = verdict_of(summary, search, best, nearest)
    ties = [_tie(search, summary)] if summary["runner_up"] is not None and summary["runner_up"]["tied"] else []
    broken = _broken(search, summary["best"]["values"]) if best is not None else []
    if (answer := searched(config, summary, ties, broken)) is not None:
        summary["answer"] = answer.document
        summary["verdict"] = f"{answer.sentence} {summary['verdict']}"
    return OptimizeResult(experiment, summary, frame, _table(search, order, best))


def _row(search: Candidates, places: Places, latency: str) -> dict[str, Any]:
    """Return a row of the table: a candidate as it was judged last."""
    tried, metrics = search.latest(places), main_metrics(search.config, search.wanted.minimize, latency)
    seen = search.objective(tried)
    return {
        **search.values(places),
        "replications": len(tried.measurements),
        "verdict": "refused" if tried.refusal else tried.verdict,
        "objective": seen and seen.mean,
        "objective.lo": seen and seen.low,
        "objective.hi": seen and seen.high,
        "frontier": False,
        **point_row(metrics, tried.measurements, tried.judged, search.race.confidence, search.spent),
    }


def _tie(search: Candidates, summary: Mapping[str, Any]) -> dict[str, Any]:
    other = summary["runner_up"]
    of = {"cost": search.wanted.minimize, "speed": TIME, "balanced": TIME}[search.wanted.strategy]
    known = {"values": other["values"], "of": of, "difference": other["difference"]}
    uncertain = of.count(".cost") and search.tilde([one for measured in search.measured for one in measured])
    return known | {"advice": _broken(search, other["values"])} | ({"uncertain": True} if uncertain else {})


def _broken(search: Candidates, values: Mapping[str, Any]) -> list[dict[str, object]]:
    """Return the advice of AWS's that a candidate does not follow."""
    return [one.to_dict() for one in advice(search.race.points.experiment(values).config)]


def _chosen(search: Candidates, *, cut: bool) -> tuple[Places | None, bool | None]:
    """Return the best candidate and True; if there is none, whether that is sure (False) or undecided (None)."""
    best = search.best()
    if best is not None and (search.latest(best).passes and (best in search.again or not search.needs_judgement)):
        return best, True
    if cut:
        return best, None
    possible = [search.latest(places) for places, tried in search.tried.items() if not tried.refusal]
    sure = all(tried.verdict == "fails" for tried in possible) and (search.is_exhausted or search.is_line)
    return None, False if sure and not search.is_budget_spent else None


def _told_best(search: Candidates, best: Places, number: int) -> dict[str, Any]:
    tried = search.latest(best)
    seen = search.objective(tried)
    months = [one["account"]["cost"]["monthly"] for one in tried.measurements] if search.spent == COST else []
    cost = interval(months, search.race.confidence)
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


def _frontier(search: Candidates, order: Sequence[Places], latency: str) -> list[int]:
    """Return the points that no other one dominates in cost and latency, by cost."""
    spent, cost = metric_of(latency, search.config), metric_of(search.spent, search.config)
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


def _notes(search: Candidates, frame: Any, front: Sequence[int], latency: str) -> list[str]:
    notes = [f"Searched by {search.method}: {len(frame)} of {search.size:,} candidates tried."]
    if search.method.startswith("bisection"):
        notes[0] += (
            " It takes for granted that along a knob each objective holds from some value on or up to some value, and "
            "that what is minimized rises or falls, or along memory, and for times, that it has one valley."
        )
    if search.is_budget_spent:
        notes.append("The budget of candidates ended before the search did.")
    if search.lacks_optuna:
        notes.append("Without optuna nothing else was proposed: pip install '.[optimize]'.")
    if search.race.looks[-1] > search.race.looks[0]:
        notes.append(f"Candidates are compared on the {search.race.looks[0]} replications that all of them have.")
    if not search.race.repeats and search.race.objectives:
        notes.append("One run of each candidate decides nothing where chance plays a part; give more replications.")
    refused = [tried for tried in search.tried.values() if tried.refusal]
    if refused:
        notes.append(f"{len(refused)} candidates are refused, the first because {refused[0].refusal}.")
    notes += month_notes(search.config, search.measured)
    notes += cost_notes(next((tried.measurements for tried in search.tried.values() if tried.measurements), ()))
    if len(front) > 1:
        notes.append(f"Frontier of {search.spent} and {latency}: points {', '.join(map(str, front))}.")
    return notes


def _table(search: Candidates, order: Sequence[Places], best: Places | None) -> Any:
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
        shown.sort(key=lambda places: search.score(places).rank)
    rows = []
    for places in shown:
        tried = search.latest(places)
        seen = search.objective(tried)
        verdict, mark = "best" if places == best else tried.verdict, search.tilde(tried.measurements)
        numbers: list[Callable[[Interval], float]] = [lambda e: e.mean, lambda e: e.low, lambda e: e.high]
        rows.append(
            [
                f"{order.index(places)}",
                *map(value_in_words, search.values(places).values()),
                "refused" if tried.refusal else verdict,
                *([describe_judged(one, config, tried.measurements) for one in tried.judged] or ["-"] * len(names)),
                *(
                    mark + describe_objective(wanted, config, None if seen is None else number(seen))
                    for number in numbers
                ),
            ]
        )
    return table_of(headings, rows)
