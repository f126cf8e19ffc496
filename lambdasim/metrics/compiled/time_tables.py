"""What the loop reads that works out statistics of times over time, and where they go. Data only; numpy only."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.metrics.cells import Int64

WIDTHS: Final = (np.int16, np.int32, np.int64)
"""What cells' counts are kept in."""


LOADS, FUNCTIONS, PERIODS = range(3)
"""The places of numbers: how many of each there are."""


class Times(NamedTuple):
    """Histograms by period and function, some of which are to be described."""

    numbers: Int64
    """See :data:`LOADS` and those beside it."""
    place: Int64
    """Which histograms are to be described, function after function and each function's by period."""
    asked: Int64
    """By metric and kind: 1 where values of the kind are to be counted."""
    group: Int64
    """As ``ledger.sample_group`` has it, ascending."""
    size: Int64
    """How many values each has."""
    total_high: Int64
    total_low: Int64
    minimum: Int64
    maximum: Int64
    first: Int64
    """Where each one's cells begin."""
    bins: NDArray[np.int16]
    counts16: NDArray[np.int16]
    counts32: NDArray[np.int32]
    counts64: Int64
    """Of all cells, in one of the three; the others are empty."""
    rank: Int64
    """Two integers for each quantile, ascending: its numerator and its denominator."""
    table: Int64
    """By bin, 0 before and after."""
    found: Int64
    """By metric: how many keys have any value."""
    into_key: Int64
    """By metric, each with room for a key of each histogram, as ``function * periods + period``."""
    into: NDArray[np.float64]
    """By metric and statistic, with as much room: mean, least, greatest, quantiles; in ms."""
