"""Bands about time series: pointwise Student's intervals over replications."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from lambdasim.metrics.inference.intervals import student

if TYPE_CHECKING:
    import pandas as pd

KEYS: Final = ["time", "function", "metric", "statistic"]


def bands(series: Sequence["pd.DataFrame"], confidence: float) -> "pd.DataFrame":
    """Return the mean of each value of several time series and the interval of that mean.

    ``series`` have the columns ``time``, ``function``, ``metric``, ``statistic`` and ``value``, one frame for each
    replication; the result has the same rows with ``mean``, ``low``, ``high`` and ``n``, how many replications have a
    value there. With one, ``low`` and ``high`` are NaN. Each instant is covered with the confidence given, not all of
    them at once. Where no replication is below 0, neither is the band.
    """
    import pandas as pd

    values = pd.concat(series).groupby(KEYS, observed=True, sort=True)["value"]
    found = values.agg(["mean", "std", "count", "min"]).reset_index()
    several = sorted(set(found["count"]) - {1})
    reach = {n: student(confidence, int(n) - 1) / np.sqrt(n) for n in several}
    half = found["std"] * found["count"].map(reach)
    low = found["mean"] - half
    return found[KEYS].assign(
        mean=found["mean"],
        low=low.where((found["min"] < 0) | low.isna(), np.maximum(low, 0.0)),
        high=found["mean"] + half,
        n=found["count"],
    )
