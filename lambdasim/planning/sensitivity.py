"""Which assumptions matter: each is changed alone, and what it does to one metric is told with its interval.

Every alternative runs on the random numbers of the base (common random numbers), so each replication gives one paired
difference, and the interval is Student's over these. Sobol's indices, which also see what assumptions do together, are
an extra (SALib).
"""

import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lambdasim.config.call import value_in_words
from lambdasim.config.load import LoadedExperiment
from lambdasim.config.metric_path import MetricPath
from lambdasim.config.month import is_monthly
from lambdasim.config.schema import TEMPLATE, ExperimentConfig
from lambdasim.errors import InputError, Interrupted
from lambdasim.metrics.judging import Verdict, judge, overall, worst
from lambdasim.planning.answer import Answer, opening, table_of
from lambdasim.planning.assumptions import Assumption, assumptions
from lambdasim.planning.columns import COST, describe_number, main_metrics, metric_of, point_row
from lambdasim.planning.differences import interval, paired
from lambdasim.planning.indices import sobol_indices
from lambdasim.planning.objectives import require_measured
from lambdasim.planning.points import OnPoint, Points
from lambdasim.planning.race import most_replications
from lambdasim.planning.repetition import compared_by, month_notes
from lambdasim.planning.store import Measurements

if TYPE_CHECKING:
    import pandas as pd

    from lambdasim.metrics.inference.intervals import Interval

MATTERS: Final = 0.01
"""An assumption matters when its difference is surely not zero and at least this share of the base."""


@dataclass(frozen=True, repr=False)
class SensitivityResult(Answer):
    """What each assumption is worth: the data of a tornado.

    ``points`` has a row for each alternative, those of the most telling assumption first, with the columns ``point``,
    ``assumption``, ``alternative`` (such as ``low`` or ``high``), ``value`` and ``base`` (in words), ``replications``,
    ``verdict`` (of all objectives, with this alternative), ``metric`` (the mean), ``difference`` (from the base,
    paired) with ``difference.lo`` and ``difference.hi``, ``share`` (the difference as a share of the base),
    ``matters``, ``undecided`` (the replications do not tell), ``evidence`` (``measured`` or ``ours``), ``reason``, then
    the metrics of :class:`lambdasim.planning.sweep.SweepResult`. ``summary`` adds ``metric``, ``base`` (``mean``,
    ``ci``), ``base_verdict``, ``assumptions`` (how many), ``matter`` (the names of those that do), ``undecided`` (of
    those of which it is not known), ``turned`` (of those that turn the verdict), ``most`` (``assumption``, ``lo``,
    ``hi``: the metric's means) and, with Sobol's indices, ``indices``.
    """

    indices: "pd.DataFrame | None" = None
    """Sobol's indices: ``assumption``, ``first`` and ``total`` (shares of the variance) with ``first.half`` and
    ``total.half`` (half of their intervals); None unless they were asked for."""


def sensitivity(
    experiment: LoadedExperiment,
    *,
    metric: str | None = None,
    sobol: int | None = None,
    executor: Executor | None = None,
    cache: Path | None = None,
    on_progress: OnPoint | None = None,
) -> SensitivityResult:
    """Change each assumption of an experiment alone, and see what becomes of ``metric``, such as ``api.latency.p99``.

    Without ``metric`` it is that of the objective nearest to its limit, else the p99 latency of the first function.
    ``sobol`` is a number of base samples, a power of two; the indices take that times the number of assumptions
    plus two. Raises ``InputError`` for a metric that is not there, ``MissingExtra`` for ``sobol`` without SALib, and
    :class:`Interrupted`, with the alternatives that were done as ``partial``, when ``on_progress`` does.
    """
    config = experiment.config
    if sobol is not None and (sobol < 2 or sobol & (sobol - 1)):
        raise InputError.single(f"{sobol} base samples are not a power of two, such as 64")
    wanted = None if metric is None else _metric(metric, experiment)
    require_measured(experiment)
    began = time.perf_counter()
    found = assumptions(config)
    rows = [(one, side, values) for one in found for side, values in one.alternatives.items()]
    expected = 1 + len(rows) + ((sobol or 0) * (len(found) + 2))
    points = Points(experiment, executor=executor, cache=cache, on_progress=on_progress, expected=expected)
    replications = most_replications(config.simulation)
    every: list[Mapping[str, Any]] = [{}, *(values for _, _, values in rows)]
    indices = None
    try:
        measured: list[list[Measurements] | None] = [*points.measure(every, replications)]
        if sobol is not None:
            wanted = wanted or _default(config, measured[0] or [])
            indices = sobol_indices(points, found, wanted, sobol)
    except Interrupted:
        measured = [points.known(values, replications) for values in every]
        done = [(row, one) for row, one in zip(rows, measured[1:], strict=True) if one is not None]
        partial = None
        if measured[0] is not None and done:
            wanted = wanted or _default(config, measured[0])
            partial = _result(experiment, wanted, points, measured[0], done, began, cut=True)
        raise Interrupted("interrupted", partial=partial) from None
    assert measured[0] is not None
    wanted = wanted or _default(config, measured[0])
    done = [(row, one) for row, one in zip(rows, measured[1:], strict=True) if one is not None]
    return _result(experiment, wanted, points, measured[0], done, began, indices=indices)


_Row = tuple[Assumption, str, Mapping[str, Any]]


def _metric(text: str, experiment: LoadedExperiment) -> MetricPath:
    try:
        return metric_of(text, experiment.config)
    except ValueError as error:
        raise InputError.single(f"{text}: {error}", file=experiment.file) from None


def _default(config: ExperimentConfig, base: Sequence[Measurements]) -> MetricPath:
    """Return the objective nearest to its limit of those that were observed, else a latency, else the concurrency."""
    one = worst([one for one in judge(config.slo, base, config.simulation.confidence) if one.observed is not None])
    if one is not None:
        return metric_of(f"{one.path}.{one.expression.statistic}", config)
    name = next((name for name in config.function if name != TEMPLATE), "account")
    latency = metric_of(f"{name}.latency.p99", config)
    is_seen = any(latency.value(measured) is not None for measured in base)
    return latency if is_seen else metric_of("account.concurrency.max", config)


def _result(
    experiment: LoadedExperiment,
    metric: MetricPath,
    points: Points,
    base: Sequence[Measurements],
    done: Sequence[tuple[_Row, Sequence[Measurements]]],
    began: float,
    *,
    cut: bool = False,
    indices: "pd.DataFrame | None" = None,
) -> SensitivityResult:
    import pandas as pd

    config, confidence = experiment.config, experiment.config.simulation.confidence
    every = [base, *(measured for _, measured in done)]
    notes = month_notes(config, every) if is_monthly(metric.text) else []
    cost = compared_by(config, every)
    if cost != COST:
        metric = metric_of(metric.text.replace(".cost.monthly", ".cost"), config)
    seen = interval([metric.value(one) for one in base], confidence)
    if seen is None:
        raise InputError.single(f"nothing was observed of {metric.text}, so nothing can be sensitive to it")
    base_verdict = overall(judge(config.slo, base, confidence))
    rows = [_told_row(row, measured, base, seen, metric, config, cost) for row, measured in done]
    largest: dict[str, float] = {}
    for row in rows:
        largest[row["assumption"]] = max(largest.get(row["assumption"], 0.0), abs(row["difference"] or 0.0))
    rows.sort(key=lambda row: (-largest[row["assumption"]], row["assumption"], row["alternative"]))
    frame = pd.DataFrame([{"point": number, **row} for number, row in enumerate(rows)])
    names = list(dict.fromkeys(row["assumption"] for row in rows))
    wall_s = time.perf_counter() - began
    summary: dict[str, Any] = {
        **opening(points, "sensitivity", success=True, replications=len(base), wall_s=wall_s),
        "metric": metric.text,
        "base": seen.to_json(),
        "base_verdict": base_verdict,
        "assumptions": len(names),
        "matter": list(dict.fromkeys(row["assumption"] for row in rows if row["matters"])),
        "undecided": list(dict.fromkeys(row["assumption"] for row in rows if row["undecided"])),
        "turned": list(dict.fromkeys(row["assumption"] for row in rows if _turned(base_verdict, row["verdict"]))),
        "most": _most(rows, seen.mean),
        "notes": notes,
    }
    if indices is not None:
        summary["indices"] = [_plain(row) for row in indices.to_dict("records")]
        summary["notes"].append(_told_indices(indices))
    if cut:
        summary["incomplete"] = True
    if summary["turned"]:
        summary["notes"].append(f"The SLOs' verdict ({base_verdict}) turns with: {', '.join(summary['turned'])}.")
    summary["verdict"] = _verdict(summary, metric)
    return SensitivityResult(experiment, summary, frame, _table(rows, metric), indices)


def _told_row(
    row: _Row,
    measured: Sequence[Measurements],
    base: Sequence[Measurements],
    seen: "Interval",
    metric: MetricPath,
    config: ExperimentConfig,
    cost: str,
) -> dict[str, Any]:
    """Return a row of the table: what an alternative does; ``seen`` is the metric without it."""
    assumption, side, values = row
    confidence = config.simulation.confidence
    judged = judge(config.slo, measured, confidence)
    pairs = [(metric.value(a), metric.value(b)) for a, b in zip(measured, base, strict=True)]
    difference = paired([a - b for a, b in pairs if a is not None and b is not None], confidence)
    mean = interval([a for a, _ in pairs], confidence)
    share = None if difference is None or not seen.mean else difference.mean / abs(seen.mean)
    matters = difference is not None and difference.mean != 0 and not difference.low <= 0 <= difference.high
    undecided = not matters and not _is_small(difference, seen.mean)
    if len(base) == 1:
        matters, undecided = difference is not None and difference.mean != 0, False
    return {
        "assumption": assumption.name,
        "alternative": side,
        "value": _told_values(values),
        "base": assumption.base,
        "replications": len(measured),
        "verdict": overall(judged),
        "metric": mean and mean.mean,
        "difference": difference and difference.mean,
        "difference.lo": difference and difference.low,
        "difference.hi": difference and difference.high,
        "share": share,
        "matters": matters and (share is None or abs(share) >= MATTERS),
        "undecided": undecided,
        "evidence": assumption.kind,
        "reason": assumption.reason,
        **point_row(main_metrics(config), measured, judged, confidence, cost),
    }


def _is_small(difference: "Interval | None", base: float) -> bool:
    """Return whether a difference is surely too small to matter."""
    if difference is None:
        return False
    return max(abs(difference.low), abs(difference.high)) <= MATTERS * abs(base)


def _turned(base: Verdict, verdict: Verdict) -> bool:
    return {base, verdict} == {"passes", "fails"}


def _most(rows: Sequence[Mapping[str, Any]], base: float) -> dict[str, Any] | None:
    if not rows:
        return None
    name = rows[0]["assumption"]
    means = [base, *(row["metric"] for row in rows if row["assumption"] == name and row["metric"] is not None)]
    return {"assumption": name, "lo": min(means), "hi": max(means)}


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): None if isinstance(v, float) and math.isnan(v) else v for key, v in row.items()}


def _told_values(values: Mapping[str, Any]) -> str:
    return " or ".join(dict.fromkeys(value_in_words(value) for value in values.values()))


def _verdict(summary: Mapping[str, Any], metric: MetricPath) -> str:
    def told(number: float) -> str:
        return describe_number(metric.kind, metric.statistic, number)

    of = f"{summary['assumptions']} assumptions that AWS does not publish"
    base, cut = told(summary["base"]["mean"]), " The analysis was interrupted." if summary.get("incomplete") else ""
    open_ = [name for name in summary["undecided"] if name not in summary["matter"]]
    may = f" Of {len(open_)} more replications must tell: {', '.join(open_)}." if open_ else ""
    if not summary["matter"]:
        surely = "is known to move" if open_ else "moves"
        return f"None of {of} {surely} {metric.text} ({base}) by {100 * MATTERS:g} % or more.{may}{cut}"
    most = summary["most"]
    matter = len(summary["matter"])
    which = f"most of all {most['assumption']}: {told(most['lo'])} to {told(most['hi'])}"
    if most["assumption"] not in summary["matter"]:
        which = ", ".join(summary["matter"])
    verb = "matters" if matter == 1 else "matter"
    return f"{matter} of {of} {verb} for {metric.text} ({base}), {which}.{may}{cut}"


def _told_indices(indices: "pd.DataFrame") -> str:
    top = indices.sort_values("total", ascending=False).head(3)
    columns = (top[column].tolist() for column in ("assumption", "total", "total.half"))
    parts = [
        f"{name} {100 * total:.3g} ± {100 * half:.3g} %"
        for name, total, half in zip(*columns, strict=True)
        if not math.isnan(total)
    ]
    return f"Of the variance, Sobol's total indices give {', '.join(parts)}." if parts else "Nothing varied at all."


def _table(rows: Sequence[Mapping[str, Any]], metric: MetricPath) -> Any:
    def told(number: float | None) -> str:
        sign = "+" if number is not None and number > 0 else ""
        return sign + describe_number(metric.kind, metric.statistic, number)

    headings = ("assumption", "value", "matters", "difference", "from", "to", "instead of")
    return table_of(
        headings,
        [
            (
                row["assumption"],
                row["value"],
                "yes" if row["matters"] else "undecided" if row["undecided"] else "no",
                *(told(row[key]) for key in ("difference", "difference.lo", "difference.hi")),
                row["base"],
            )
            for row in rows
        ],
    )
