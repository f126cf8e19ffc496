"""One run looked at over time: where it has settled, and what its mean is known to be from batches of it.

Knows series of equidistant observations, not what they observe.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.metrics.inference.intervals import Interval, student

Floats = NDArray[np.float64]

MSER_BATCH: Final = 5
MSER_LEAST: Final = 10 * MSER_BATCH
"""Shorter series say nothing about a transient."""
BATCHES: Final = 20
"""More do not make intervals noticeably narrower (B. Schmeiser, "Batch Size Effects in the Analysis of Simulation
Output", Operations Research 30, 1982)."""
LEAST_PER_BATCH: Final = 2


@dataclass(frozen=True, slots=True)
class Transient:
    """The beginning of a series that does not belong to its steady state."""

    length: int
    """In observations."""
    settled: bool
    """False when the best cut would leave half of the series or less: it has no steady state, or is too short."""


def mser5(series: Floats) -> Transient | None:
    """Return the transient of a series by MSER-5; None when the series is too short to say.

    The cut is where the standard error of the mean of the rest is smallest, over means of five observations (K. P.
    White, M. J. Cobb, S. C. Spratt, "A Comparison of Five Steady-State Truncation Heuristics for Simulation", Winter
    Simulation Conference, 2000).
    """
    if len(series) < MSER_LEAST or not np.isfinite(series).all():
        return None
    means = series[: len(series) // MSER_BATCH * MSER_BATCH].reshape(-1, MSER_BATCH).mean(axis=1)
    count = len(means)
    left = count - np.arange(count)
    total, squares = (np.cumsum(values[::-1])[::-1] for values in (means - means.mean(), (means - means.mean()) ** 2))
    spread = np.maximum(squares - total**2 / left, 0.0)
    half = count // 2  # beyond it what is left is too little to be taken for the rule
    cut = int(np.argmin((spread / left**2)[: half + 1]))
    return Transient(cut * MSER_BATCH, settled=cut < half)


def batch_means(totals: Floats, weights: Floats, confidence: float, batches: int = BATCHES) -> Interval | None:
    """Return the interval for ``sum(totals) / sum(weights)`` of one run, from batches of successive observations.

    ``totals`` and ``weights`` are by observation, such as the sum of latencies and their number in each minute; for the
    mean of a level the weights are lengths of time. The batches' deviations from the ratio are treated as independent
    (ratio estimator: A. M. Law, *Simulation Modeling and Analysis*, section 9.5). None when the run is too short: fewer
    than two observations for each batch, no weight, or batches that still resemble their neighbours (lag-1 correlation
    beyond its 95 % bound).
    """
    size = len(totals) // batches
    if size < LEAST_PER_BATCH:
        return None
    kept = slice(len(totals) - size * batches, None)  # of an uneven number the first are left out
    total, weight = (values[kept].reshape(batches, size).sum(axis=1) for values in (totals, weights))
    if weight.sum() <= 0:
        return None
    ratio = float(total.sum() / weight.sum())
    deviation = (total - ratio * weight) / weight.mean()
    variance = float((deviation**2).sum())
    if variance > 0 and float((deviation[1:] * deviation[:-1]).sum()) / variance > 1.645 / math.sqrt(batches):
        return None
    half = student(confidence, batches - 1) * math.sqrt(variance / (batches - 1) / batches)
    low = ratio - half
    return Interval(ratio, max(0.0, low) if totals.min() >= 0 else low, ratio + half)
