"""The figures of a search, chosen by what it was; drawing is :mod:`lambdasim.report.figures`' affair.

Importing this module imports matplotlib.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from lambdasim.report.figures import capacity, frontier, power_tuning, sweep, tornado
from lambdasim.report.figures.measure import Measure
from lambdasim.report.search_files import COST, LOAD_SCALE, RUN_COST, SearchFiles, kind_of, values_in_words
from lambdasim.report.verdict import limit_value, parts, spaced

if TYPE_CHECKING:
    import pandas as pd

    from lambdasim.report.figures.canvas import Chart

MAPS: Final = 4
"""At most so many metrics of a sweep are drawn."""


def search_figures(files: SearchFiles) -> dict[str, "Chart"]:
    """Return the figures of a search by the names of their files."""
    draw = {"sweep": _sweeps, "capacity": _capacity, "optimize": _optimum, "sensitivity": _tornado}
    return dict(draw[files.command](files)) if len(files.points) and files.command in draw else {}


def _sweeps(files: SearchFiles) -> Iterator[tuple[str, "Chart"]]:
    for place, metric in enumerate(files.metrics[:MAPS], 1):
        yield f"sweep_{place}", sweep.figure(_columns(files, metric), paths=files.paths, y=_measure(metric))
    times = [name for name in files.metrics if kind_of(name) == "time"]
    costs = [name for name in files.metrics if kind_of(name) == "money"]
    shown = [*(times[:1] or ["account.latency.mean"]), *costs[:1]]
    yield from _power_tuning(files, shown, [_cost_of(name) if name in costs else _measure(name) for name in shown])


def _capacity(files: SearchFiles) -> Iterator[tuple[str, "Chart"]]:
    curve, path = str(files.summary["curve"]), str(files.summary["over"])
    limit, label = _limit(files, curve)
    x = Measure("load scale" if path == LOAD_SCALE else path)
    chart = capacity.figure(
        _columns(files, curve).assign(x=files.points["value"]),
        x=x,
        y=_measure(curve),
        limit=limit,
        limit_label=label,
        knee=_knee(files, path),
    )
    yield "capacity", chart


def _knee(files: SearchFiles, path: str) -> float | None:
    """Return where the curve bends, in the unit of the column ``value``."""
    knee = files.summary.get("knee")
    if knee is None:
        return None
    at = files.points.loc[files.points[path].astype(str) == str(knee["value"]), "value"]
    return float(at.iloc[0]) if len(at) else None


def _optimum(files: SearchFiles) -> Iterator[tuple[str, "Chart"]]:
    """Cost against latency, what is minimized over the knobs, and, where memory is one, power tuning."""
    latency, cost = str(files.summary["latency"]), str(files.summary["cost"])
    least, strategy = str(files.summary["minimize"]), str(files.summary["strategy"])
    x, y = (cost, _cost_of(cost)), (latency, _measure(latency))
    if (strategy != "speed" and least not in (cost, latency)) or strategy == "balanced":
        x = ("objective", _minimized(files))
    elif strategy == "speed":
        y = ("objective", _minimized(files))
    limit, _ = _limit(files, y[0])
    if {x[0], y[0]} <= set(files.points.columns):
        table = _chosen(files).assign(
            x=files.points[x[0]],
            y=files.points[y[0]],
            x_lo=files.points[f"{x[0]}.lo"],
            x_hi=files.points[f"{x[0]}.hi"],
            y_lo=files.points[f"{y[0]}.lo"],
            y_hi=files.points[f"{y[0]}.hi"],
            label=[values_in_words(files, row) for row in files.points.to_dict("records")],
        )
        yield "frontier", frontier.figure(table, x=x[1], y=y[1], limit=limit)
    if "objective" in files.points and files.paths:
        yield "objective", sweep.figure(_columns(files, "objective"), paths=files.paths, y=_minimized(files))
    measures = [_measure(latency), _minimized(files), *([_cost_of(cost)] if strategy == "balanced" else [])]
    yield from _power_tuning(files, [latency, "objective", cost], measures)


def _power_tuning(
    files: SearchFiles, columns: Sequence[str], measures: Sequence[Measure]
) -> Iterator[tuple[str, "Chart"]]:
    """Memory against time and money, where one function's memory is what was tried."""
    memory = [path for path in files.paths if path.endswith(".memory")]
    if len(memory) != 1:
        return
    table = _chosen(files)
    for column, measure in zip(columns, measures, strict=False):
        if column in files.points:
            for end in ("", ".lo", ".hi"):
                table[measure.label + end] = files.points.get(column + end, np.nan)
    others = [path for path in files.paths if path not in memory]
    yield "power_tuning", power_tuning.figure(table, memory=memory[0], others=others, measures=measures)


def _chosen(files: SearchFiles) -> "pd.DataFrame":
    return files.points.assign(chosen=files.points["point"] == files.chosen)


def _minimized(files: SearchFiles) -> Measure:
    """Return what the search minimized, as its column ``objective`` has it."""
    if files.summary["strategy"] == "balanced":
        return Measure("half cost, half mean latency (share of the dearest and slowest)")
    of = "account.latency.mean" if files.summary["strategy"] == "speed" else str(files.summary["minimize"])
    return _cost_of(of) if kind_of(of) == "money" else _measure(of)


def _cost_of(metric: str) -> Measure:
    names = {COST: "cost of a month", RUN_COST: "cost of the run"}
    return Measure(names.get(metric, metric), "money")


def _tornado(files: SearchFiles) -> Iterator[tuple[str, "Chart"]]:
    metric = str(files.summary["metric"])
    base = float(files.summary["base"]["mean"])
    table = files.points.assign(
        mean=files.points["metric"],
        lo=base + files.points["difference.lo"],
        hi=base + files.points["difference.hi"],
    )
    limit, _ = _limit(files, metric)
    yield "tornado", tornado.figure(table, y=_measure(metric), baseline=base, limit=limit)


def _columns(files: SearchFiles, metric: str) -> "pd.DataFrame":
    """Return the points with one metric as ``mean``, ``lo`` and ``hi``, their values and verdicts.

    Without objectives nothing was judged, so no verdict is shown.
    """
    nothing = np.full(len(files.points), np.nan)
    ends = {
        end: files.points.get(f"{metric}{dot}", nothing) for end, dot in (("mean", ""), ("lo", ".lo"), ("hi", ".hi"))
    }
    verdict = files.points["verdict"] if files.summary["slo"] else ""
    return files.points[files.paths].assign(**ends, verdict=verdict)


def _measure(metric: str) -> Measure:
    return Measure(metric, kind_of(metric))


def _limit(files: SearchFiles, metric: str) -> tuple[float | None, str]:
    """Return the first objective on a metric, as its limit and its words."""
    for slo in files.summary["slo"]:
        statistic, comparison, limit = parts(slo["expression"])
        if metric in (f"{slo['path']}.{statistic}", slo["path"]):
            value = limit_value(limit)
            return (None, "") if np.isnan(value) else (value, f"SLO {statistic} {comparison} {spaced(limit)}")
    return None, ""
