"""Sobol's indices: which share of a metric's variance each assumption accounts for, alone and with others (SALib).

Each assumption takes its alternatives and its base with equal chance; combinations that come again are not
simulated again.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lambdasim.config.metric_path import MetricPath
from lambdasim.errors import MissingExtra
from lambdasim.planning.assumptions import Assumption
from lambdasim.planning.differences import interval
from lambdasim.planning.points import Points
from lambdasim.planning.race import FIRST, most_replications
from lambdasim.workload.random_streams import stream_key

if TYPE_CHECKING:
    import pandas as pd


def sobol_indices(
    points: Points, assumptions: Sequence[Assumption], metric: MetricPath, samples: int
) -> "pd.DataFrame":
    """Return the indices from ``samples`` base samples, a power of two: ``SensitivityResult.indices``, largest first.

    Raises :class:`MissingExtra` without SALib.
    """
    try:
        from SALib.analyze import sobol as analysis
        from SALib.sample import sobol as sampling
    except ImportError:
        raise MissingExtra.single("This needs SALib: pip install '.[sensitivity]'") from None
    import numpy as np
    import pandas as pd

    names = [one.name for one in assumptions]
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    seed = stream_key(points.config.simulation.seed, "sensitivity") >> 32
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SALib's about its own dependencies, and about shares of no variance
        shares = sampling.sample(problem, samples, calc_second_order=False, seed=seed)
        values = [_point(assumptions, row) for row in shares]
        replications = min(FIRST, most_replications(points.config.simulation))
        confidence = points.config.simulation.confidence
        seen = [interval([metric.value(one) for one in of], confidence) for of in points.measure(values, replications)]
        observed = np.array([one.mean if one is not None else np.nan for one in seen])
        observed[np.isnan(observed)] = np.nanmean(observed) if not np.isnan(observed).all() else 0.0
        found: Mapping[str, Any] = analysis.analyze(
            problem, observed, calc_second_order=False, conf_level=confidence, seed=seed
        )
    columns = {"first": "S1", "first.half": "S1_conf", "total": "ST", "total.half": "ST_conf"}
    varied = float(np.ptp(observed)) > 0  # without variance there are no shares of it
    shares_of = pd.DataFrame(
        {"assumption": names} | {name: found[key] if varied else np.nan for name, key in columns.items()}
    )
    return shares_of.sort_values("total", ascending=False, kind="stable", ignore_index=True)


def _point(assumptions: Sequence[Assumption], shares: Sequence[float]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for one, share in zip(assumptions, shares, strict=True):
        levels: list[Mapping[str, Any]] = [{}, *one.alternatives.values()]
        values |= levels[min(int(share * len(levels)), len(levels) - 1)]
    return values
