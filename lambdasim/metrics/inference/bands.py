"""Bands about time series: pointwise Student's intervals over replications."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lambdasim.metrics.cells import Int64
from lambdasim.metrics.inference.intervals import student
from lambdasim.metrics.ledger import Floats
from lambdasim.metrics.series import Series, SeriesTable


def bands(tables: Sequence[SeriesTable], confidence: float) -> SeriesTable:
    """Return the mean of each value of several time series, with the interval of that mean as its spread.

    ``tables`` are of one experiment, one for each replication. ``n`` is how many replications have a value there;
    with one, ``low`` and ``high`` are NaN. A Sum is 0 where nothing was counted, so all replications have it. Each
    instant is covered with the confidence given, not all of them at once. Where no replication is below 0, neither is
    the band.
    """
    periods = max(table.periods for table in tables)
    keys: dict[tuple[str, str], list[Int64]] = {}
    values: dict[tuple[str, str], list[Floats]] = {}
    for table in tables:
        for part in table.parts:
            owner, period = np.divmod(part.keys, table.periods)
            keys.setdefault((part.metric, part.statistic), []).append(owner * periods + period)
            values.setdefault((part.metric, part.statistic), []).append(part.values.astype(np.float64))
    reach = np.full(len(tables) + 1, np.nan)
    reach[2:] = [student(confidence, n - 1) / np.sqrt(n) for n in range(2, len(tables) + 1)]
    parts = [
        _band(*name, np.concatenate(keys[name]), np.concatenate(values[name]), reach)
        for name in keys
        if any(map(len, keys[name]))
    ]
    return replace(tables[0], kept=parts, later=None, periods=periods)


def _band(metric: str, statistic: str, keys: Int64, values: Floats, reach: Floats) -> Series:
    """``reach``: by number of values, how many standard deviations of theirs an interval of the mean reaches."""
    order = np.argsort(keys, kind="stable")
    keys, values = keys[order], values[order]
    first = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
    emitted = np.diff(first, append=len(keys))
    n = np.full_like(emitted, len(reach) - 1) if statistic == "Sum" else emitted
    mean = np.add.reduceat(values, first) / n
    squares = np.add.reduceat(np.square(values - np.repeat(mean, emitted)), first) + (n - emitted) * np.square(mean)
    half = np.sqrt(squares / np.maximum(n - 1, 1)) * reach[n]
    low = mean - half
    never_below = np.minimum.reduceat(values, first) >= 0
    low[never_below] = np.maximum(low[never_below], 0.0)
    return Series(metric, statistic, keys[first], mean, {"low": low, "high": mean + half, "n": n})
