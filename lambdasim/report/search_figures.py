"""The figures of a search, chosen by what it was; drawing is :mod:`lambdasim.report.figures`' affair.

Importing this module imports matplotlib.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from lambdasim.report.figures import capacity, frontier, sweep, tornado
from lambdasim.report.figures.measure import Measure
from lambdasim.report.search_files import COST, LOAD_SCALE, SearchFiles, kind_of, values_in_words
from lambdasim.report.verdict import limit_value, parts, spaced

if TYPE_CHECKING:
    import pandas as pd

    from lambdasim.report.figures.canvas import Chart

MAPS: Final = 4
"""At most so many metrics of a sweep are drawn."""


def search_figures(files: SearchFiles) -> dict[str, "Chart"]:
    """Return the figures of a search by the names of their files."""
    draw = {"sweep": _sweeps, "capacity": _capacity, "optimize": _frontier, "sensitivity": _tornado}
    return dict(draw[files.command](files)) if len(files.points) and files.command in draw else {}


def _sweeps(files: SearchFiles) -> Iterator[tuple[str, "Chart"]]:
    for place, metric in enumerate(files.metrics[:MAPS], 1):
        yield f"sweep_{place}", sweep.figure(_columns(files, metric), paths=files.paths, y=_measure(metric))


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


def _frontier(files: SearchFiles) -> Iterator[tuple[str, "Chart"]]:
    latency = str(files.summary["latency"])
    cost = str(files.summary["cost"])
    if latency not in files.points or cost not in files.points:
        return
    table = files.points.assign(
        x=files.points[cost],
        y=files.points[latency],
        x_lo=files.points[f"{cost}.lo"],
        x_hi=files.points[f"{cost}.hi"],
        y_lo=files.points[f"{latency}.lo"],
        y_hi=files.points[f"{latency}.hi"],
        label=[values_in_words(files, row) for row in files.points.to_dict("records")],
        chosen=files.points["point"] == files.chosen,
    )
    limit, _ = _limit(files, latency)
    label = f"cost of {'a month' if cost == COST else 'the run'}"
    yield "frontier", frontier.figure(table, x=Measure(label, "money"), y=_measure(latency), limit=limit)


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
