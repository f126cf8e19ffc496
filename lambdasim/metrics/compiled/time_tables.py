"""What the loop reads that works out statistics of times over time, and where they go. Data only; numpy only."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.metrics.cells import Int64

WIDTHS: Final = (np.int16, np.int32, np.int64)
"""What cells' counts are kept in."""


class Times(NamedTuple):
    """Histograms, those of one function after another, by period."""

    key: Int64
    """Of a period of a function, ascending; several may share one."""
    kind: Int64
    asked: Int64
    """By kind: 1 where its values are to be counted."""
    size: Int64
    """How many values each has."""
    total_high: Int64
    total_low: Int64
    minimum: Int64
    maximum: Int64
    first: Int64
    """Where each one's cells begin, and where they end."""
    end: Int64
    bins: NDArray[np.int16]
    counts16: NDArray[np.int16]
    counts32: NDArray[np.int32]
    counts64: Int64
    """Of all cells, in one of the three; the others are empty."""
    rank: Int64
    """Two integers for each quantile, ascending: its numerator and its denominator."""
    table: Int64
    """By bin, 0 before and after."""
    into_key: Int64
    into: NDArray[np.float64]
    """Statistic after statistic, each with room for a value of each histogram: mean, least, greatest, quantiles."""
