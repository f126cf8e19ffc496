"""The capacity: the largest load, or the smallest quota, that still meets every objective with the stated confidence.

It takes for granted that what a load fails a larger one fails too; where two points contradict that, the result says
so. How the limit is found, and made sure of, is told in :mod:`lambdasim.planning.boundary`.
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lambdasim.config.load import LoadedExperiment
from lambdasim.config.points import without_searches
from lambdasim.config.sweep import LOAD_SCALE
from lambdasim.errors import Interrupted
from lambdasim.metrics.judging import Judged
from lambdasim.planning.answer import Answer, opening, table_of
from lambdasim.planning.answers.beyond import alternatives_beyond
from lambdasim.planning.answers.choosing import quota
from lambdasim.planning.axis import Axis, axis_of
from lambdasim.planning.bound import Envelope, envelope
from lambdasim.planning.boundary import Boundary
from lambdasim.planning.columns import (
    cost_notes,
    describe_judged,
    describe_number,
    fresh_runs,
    main_metrics,
    metric_of,
    point_row,
)
from lambdasim.planning.knee import METHOD, knee
from lambdasim.planning.objectives import require_measured
from lambdasim.planning.points import OnPoint, Points
from lambdasim.planning.race import Race, Tried
from lambdasim.planning.repetition import compared_by, month_notes, period_s
from lambdasim.planning.store import Measurements
from lambdasim.report.words import percent, significant

EXPECTED: Final = 14
"""About how many points a search takes, for its progress."""


@dataclass(frozen=True, repr=False)
class CapacityResult(Answer):
    """The capacity, and the curve it was found on.

    ``points`` has a row for each point, ascending, with the columns of :class:`lambdasim.planning.sweep.SweepResult`
    (the path is ``load.scale``, a factor, or the quota's) and ``value``, the number in base units; ``verdict`` is also
    ``refused`` for what AWS does not allow. ``summary`` adds ``over``, ``passes`` (what passes on fresh seeds),
    ``fails`` (the nearest beyond it that is shown to fail; None where there is none), ``range`` (these two, ascending:
    the limit lies between them), ``judged_again`` (``runs`` of what passes, and ``times``: how many values it took),
    ``limited_by`` (the objective that fails, with what was observed), ``knee`` (``value``, ``metric``, ``observed``,
    ``method``) or None, ``envelope`` (``rate_x_duration``, ``erlang_b``, ``throttle_rate``, ``off``) and, for a load,
    ``peak_rate`` (per second, at ``passes``). ``what_to_change`` are changes that were tried at ``fails``;
    ``period_s`` as in a sweep.
    """

    @property
    def path(self) -> str:
        """What the capacity is a capacity of."""
        return str(self.summary["over"])

    @property
    def curve_metric(self) -> str:
        """The column of ``points`` that the knee was sought on: that of the objective that limits."""
        return str(self.summary["curve"])


def capacity(
    experiment: LoadedExperiment,
    *,
    over: str = LOAD_SCALE,
    low: object = None,
    high: object = None,
    tolerance: float = 0.02,
    executor: Executor | None = None,
    cache: Path | None = None,
    on_progress: OnPoint | None = None,
) -> CapacityResult:
    """Seek the capacity of an experiment along ``over``, between ``low`` and ``high`` (values as in a file).

    Raises ``InputError`` where there is no objective or nothing measures one, and for a path that cannot be sought
    along; :class:`Interrupted`, with what is known as ``partial``, when ``on_progress`` does.
    """
    require_measured(experiment, needed_by="capacity")
    began = time.perf_counter()
    axis = axis_of(without_searches(experiment), over, low, high, tolerance)
    race = Race(Points(experiment, executor=executor, cache=cache, on_progress=on_progress, expected=EXPECTED))
    search = Boundary(axis, race)
    try:
        search.seek()
        search.draw_curve()
        unlike = _alternatives(search)
    except Interrupted:
        search.settle()
        partial = _result(experiment, search, time.perf_counter() - began, cut=True) if search.found else None
        raise Interrupted("interrupted", partial=partial) from None
    return _result(experiment, search, time.perf_counter() - began, unlike)


def _alternatives(search: Boundary) -> tuple[list[dict[str, Any]], list[Sequence[Measurements]]]:
    """Return what was tried in the place of what fails, and what that measured."""
    tried = None if search.fails is None else search.found[search.fails]
    if tried is None or tried.refusal:
        return [], []
    beside = [one.measurements for one in search.found.values()]
    return alternatives_beyond(search.race.points, tried.values, len(tried.measurements), beside)


def _cell(axis: Axis, number: float) -> str:
    value = axis.point(number)[axis.path]
    return f"{value:g}" if axis.is_scale else f"{value}"


def _result(
    experiment: LoadedExperiment,
    search: Boundary,
    wall_s: float,
    beyond: tuple[Sequence[dict[str, Any]], Sequence[Sequence[Measurements]]] = ((), ()),
    *,
    cut: bool = False,
) -> CapacityResult:
    import pandas as pd

    config, axis, race = experiment.config, search.axis, search.race
    unlike, more = beyond
    every = [*(tried.measurements for tried in search.found.values()), *more]
    cost = compared_by(config, every)
    numbers = sorted(search.found)
    limit = _limit(search)
    metrics = main_metrics(config)
    frame = pd.DataFrame(
        [
            {
                "point": place,
                **tried.values,
                "value": number,
                "replications": len(tried.measurements),
                "verdict": "refused" if tried.refusal else tried.verdict,
                **point_row(metrics, tried.measurements, tried.judged, race.confidence, cost),
            }
            for place, (number, tried) in enumerate((number, search.found[number]) for number in numbers)
        ]
    )
    curve = _column(limit) if limit is not None else cost
    bend = _knee(frame, curve)
    drawn = envelope(race.points.base, axis)
    head = opening(
        race.points,
        "capacity",
        success=_success(search),
        replications=max(len(tried.measurements) for tried in search.found.values()),
        wall_s=wall_s,
    )
    summary: dict[str, Any] = {
        **head,
        "over": axis.path,
        "passes": _json(axis, search.passes),
        "fails": _json(axis, search.fails),
        "range": _range(search),
        "judged_again": _judged_again(search),
        "limited_by": limit.to_dict() if limit is not None else None,
        "curve": curve,
        "knee": None if bend is None else bend | {"value": _json(axis, bend["value"])},
        "envelope": drawn.to_dict(_capacity(search)),
        "what_to_change": list(unlike),
        "period_s": period_s(config, every),
        "notes": [],
    }
    if axis.is_scale:
        peak = sum(_peaks(race, axis, search.passes)) if search.passes is not None else None
        summary["peak_rate"] = peak or None
    if cut:
        summary["incomplete"] = True
    measured = next((tried.measurements for tried in search.found.values() if tried.measurements), ())
    summary["notes"] = [*_told_knee(axis, bend, config), *_told_envelope(axis, search, drawn), *_contradictions(search)]
    summary["notes"] += [*month_notes(config, every), *cost_notes(measured)]
    summary["verdict"] = _verdict(summary, search, config)
    if config.answer is not None and config.answer.asks == "quota":
        answer = quota(summary)
        summary["answer"] = answer.document
        summary["verdict"] = f"{answer.sentence} {summary['verdict']}"
    names = next((tried.judged for tried in search.found.values() if tried.judged), ())
    rows = [_row(axis, number, search.found[number], config) for number in numbers]
    headings = [axis.path, "verdict", *(f"{one.path} {one.expression.statistic}" for one in names), "runs"]
    return CapacityResult(experiment, summary, frame, table_of(headings, rows))


def _success(search: Boundary) -> bool | None:
    """Return whether something passes, for a load the experiment's own; None where that is undecided."""
    if search.axis.is_scale:
        if search.passes is not None and search.passes >= 1:
            return True
        return False if search.fails is not None and search.fails <= 1 else None
    if search.passes is not None:
        return True
    return False if search.found[search.best_known].verdict == "fails" else None


def _range(search: Boundary) -> list[Any] | None:
    if search.passes is None or search.fails is None:
        return None
    return [_json(search.axis, number) for number in sorted((search.passes, search.fails))]


def _judged_again(search: Boundary) -> dict[str, int] | None:
    if search.passes is None or not search.race.repeats:
        return None
    return {**search.found[search.passes].runs, "times": search.race.judgements}


def _limit(search: Boundary) -> Judged | None:
    """Return the objective that fails where the search ended, or that is nearest to failing."""
    at = search.fails if search.fails is not None and search.found[search.fails].judged else search.passes
    if at is None:
        judged = [tried for tried in search.found.values() if tried.judged]
        return judged[-1].worst if judged else None
    return search.found[at].worst


def _column(limit: Judged) -> str:
    return limit.path if ".cost" in limit.path else f"{limit.path}.{limit.expression.statistic}"


def _knee(frame: Any, curve: str) -> dict[str, Any] | None:
    seen = frame.dropna(subset=[curve]) if curve in frame else frame.iloc[:0]
    values, observed = seen["value"].tolist(), [float(y) for y in seen[curve]] if len(seen) else []
    at = knee(values, observed)
    return None if at is None else {"value": values[at], "metric": curve, "observed": observed[at], "method": METHOD}


def _json(axis: Axis, number: float | None) -> Any:
    return None if number is None else axis.point(number)[axis.path]


def _peaks(race: Race, axis: Axis, number: float) -> list[float]:
    from lambdasim.planning.envelope import rates

    loads = race.points.experiment(axis.point(number)).config.load
    return [known[1] for known in map(rates, loads) if known is not None]


def _row(axis: Axis, number: float, tried: Tried, config: Any) -> tuple[str, ...]:
    cells = [describe_judged(one, config, tried.measurements) for one in tried.judged] or ["-"] * sum(
        map(len, config.slo.values())
    )
    return (
        _cell(axis, number),
        f"refused: {tried.refusal}" if tried.refusal else tried.verdict,
        *cells,
        f"{len(tried.measurements)}",
    )


def _failure(search: Boundary, number: float, config: Any) -> str:
    """Return why a value does not pass."""
    tried = search.found[number]
    if tried.refusal:
        return f"is refused ({tried.refusal})"
    one = tried.worst
    assert one is not None
    told = f"{one.path} {one.expression.text}: {describe_judged(one, config, tried.measurements)}"
    return f"fails ({told})" if tried.verdict == "fails" else f"is undecided ({told}; {one.lacks})"


def _verdict(summary: Mapping[str, Any], search: Boundary, config: Any) -> str:
    axis = search.axis
    cut = " The search was interrupted." if summary.get("incomplete") else ""
    if search.passes is None:
        return _nothing_passes(summary, search, config) + cut
    passes = axis.told(search.passes)
    if axis.is_scale:
        rate = f" ({significant(summary['peak_rate'])} requests/s at the peak)" if summary["peak_rate"] else ""
        said = f"The account holds {passes} the load{rate}"
    else:
        said = f"{axis.path} = {passes} is enough"
    again = summary["judged_again"]
    safe = f"{passes} is safe on {fresh_runs(again)}" if again else f"{passes} passes in the one run that it had"
    if search.fails is None:
        beyond = f"more is refused ({axis.refusal})" if axis.is_scale else f"less is refused ({axis.refusal})"
        if not axis.refusal or search.passes != axis.hardest:
            beyond = "nothing harder was tried" if search.passes == axis.hardest else "nothing harder is shown to fail"
        return f"{said}, and perhaps not the limit: {safe}, and {beyond}.{cut}"
    ends = " and ".join(axis.told(number) for number in sorted((search.passes, search.fails)))
    failure = f"{axis.told(search.fails)} {_failure(search, search.fails, config)}"
    return f"{said}: the limit lies between {ends}; {safe}, {failure}.{cut}"


def _nothing_passes(summary: Mapping[str, Any], search: Boundary, config: Any) -> str:
    axis, easiest = search.axis, search.best_known
    if summary.get("incomplete") and search.leaning is not None:
        return f"Nothing is sure yet; {axis.told(search.leaning)} may pass."
    what = f"{axis.told(easiest)} the load" if axis.is_scale else f"{axis.path} = {axis.told(easiest)}"
    failure = _failure(search, easiest, config)
    if search.found[easiest].verdict == "fails":
        return f"Nothing that was tried meets every SLO: even {what} {failure}."
    return f"Undecided, for nothing that was tried is shown to meet every SLO: {what} {failure}."


def _told_knee(axis: Axis, bend: Mapping[str, Any] | None, config: Any) -> list[str]:
    if bend is None:
        return ["The curve of what limits has no knee: it is flat or straight as far as it was drawn."]
    metric = metric_of(bend["metric"], config)
    seen = describe_number(metric.kind, metric.statistic, bend["observed"])
    return [f"The curve of {bend['metric']} bends at {axis.told(bend['value'])} ({seen}; {METHOD})."]


def _capacity(search: Boundary) -> float | None:
    """Return the capacity; None where nothing is shown to fail, so that what passes is not known to be the limit."""
    return None if search.fails is None else search.passes


def _told_envelope(axis: Axis, search: Boundary, drawn: Envelope) -> list[str]:
    if drawn.product is None and drawn.erlang_b is None:
        return ["The back of the envelope has no answer here: a trace or data file knows, or something else limits."]
    parts = []
    if drawn.product is not None:
        parts.append(f"{significant(drawn.product)} by rate x duration")
    if drawn.erlang_b is not None:
        parts.append(f"{significant(drawn.erlang_b)} by Erlang B at {percent(drawn.throttle_rate)} throttled")
    off = drawn.to_dict(_capacity(search))["off"]
    beside = ""
    if off is not None:
        beside = f"; the simulation finds {abs(100 * off):.3g} % {'more' if off >= 0 else 'less'} than Erlang B"
    return [f"The back of the envelope says {' and '.join(parts)}{beside}."]


def _contradictions(search: Boundary) -> list[str]:
    """Return a note when something harder passes than what fails."""
    harder = 1 if search.axis.is_scale else -1
    judged = {n: t for n, t in search.found.items() if len(t.measurements) > 1 or t.refusal}
    passing: Sequence[float] = [n for n, tried in judged.items() if tried.passes]
    failing: Sequence[float] = [n for n, tried in judged.items() if tried.verdict == "fails" and not tried.refusal]
    if passing and failing and max(harder * n for n in passing) > min(harder * n for n in failing):
        return ["Some harder points pass than some that fail, so there is no single limit; look at the points."]
    return []
