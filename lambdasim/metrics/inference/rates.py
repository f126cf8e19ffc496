"""Rates over independent replications: events of so many requests, where events within a replication come in clusters.

The estimate is a ratio estimator: all events over all requests, its variance over the replications, by the jackknife
(W. G. Cochran, *Sampling Techniques*, section 6.17). Of replications with as many requests each, that is Student's of
their rates. Replications without requests have no rate and do not count.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.metrics.inference.intervals import Interval, proportion_bounds, proportion_interval, student

Floats = NDArray[np.float64]

FEW_EVENTS: Final = 30
"""With fewer events (or fewer requests that are none), the binomial distribution's skewness shows in an interval."""
ENUMERATED: Final = 10
"""Of at most so many replications every subset is looked at for :func:`rate_ceiling`."""
LEANINGS: Final = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Of more replications, the orders in which the subsets are built up: by events less so many times those expected."""


def rate_interval(parts: Sequence[float], wholes: Sequence[float], confidence: float) -> Interval | None:
    """Return the interval for the rate of events over replications, within 0 and 1; None without any request.

    Student's about the ratio estimator. With fewer than :data:`FEW_EVENTS` events, or with one replication that has
    requests, it is at least as wide as Clopper and Pearson's of all requests together, as if they were independent:
    the least that can be in doubt. Its coverage is then above the confidence asked for.
    """
    part, whole = _with_requests(parts, wholes)
    if not len(whole):
        return None
    events, requests = round(part.sum()), round(whole.sum())
    pooled = proportion_interval(events, requests, confidence)
    if len(whole) < 2 or events in (0, requests):
        return pooled
    mean, error = _ratio(part, whole)
    half = student(confidence, len(whole) - 1) * error
    low, high = max(0.0, mean - half), min(1.0, mean + half)
    if min(events, requests - events) < FEW_EVENTS:
        low, high = min(low, pooled.low), max(high, pooled.high)
    return Interval(mean, low, high)


def rate_ceiling(parts: Sequence[float], wholes: Sequence[float], level: float) -> float:
    """Return a one-sided upper bound for the rate of events that never falls when an event is added.

    The larger of two bounds: Clopper and Pearson's of all requests together, and the highest of Student's for the
    logarithm of the rate that the same replications would have with some of them free of events. The logarithm, since
    rates that come in clusters are skewed, and Student's own upper bound then covers too seldom; the highest, to be
    monotone, since the bound of all falls when an event is added to a replication with few: they then differ less. It
    is wider than Student's by about ``t / n`` of the rate. 1 with fewer than two replications that have requests.
    """
    part, whole = _with_requests(parts, wholes)
    if len(whole) < 2:
        return 1.0
    pooled = proportion_bounds(round(part.sum()), round(whole.sum()), level)[1]
    reach = student(2 * level - 1, len(whole) - 1)
    subsets = _every_subset(part) if len(part) <= ENUMERATED else _likely_subsets(part, whole)
    return min(1.0, max(pooled, *(_highest(kept, part, whole, reach) for kept in subsets)))


def rate_floor(parts: Sequence[float], wholes: Sequence[float], level: float) -> float:
    """Return a one-sided lower bound: the lower of Student's and Clopper and Pearson's; 0 of fewer than two."""
    part, whole = _with_requests(parts, wholes)
    if len(whole) < 2:
        return 0.0
    pooled = proportion_bounds(round(part.sum()), round(whole.sum()), level)[0]
    mean, error = _ratio(part, whole)
    return max(0.0, min(pooled, mean - student(2 * level - 1, len(whole) - 1) * error))


def _with_requests(parts: Sequence[float], wholes: Sequence[float]) -> tuple[Floats, Floats]:
    part, whole = np.asarray(parts, np.float64), np.asarray(wholes, np.float64)
    return part[whole > 0], whole[whole > 0]


def _ratio(part: Floats, whole: Floats) -> tuple[float, float]:
    """Return the ratio estimate and its standard error, by the jackknife."""
    count, total = len(whole), float(whole.sum())
    mean = float(part.sum()) / total
    squares = float((_leverage(whole) * (part - mean * whole)) @ (part - mean * whole))
    return mean, math.sqrt(squares * count / (count - 1)) / total


def _leverage(whole: Floats) -> Floats:
    """Return the weights of squared residuals: 1 where all replications have as many requests, more for large ones."""
    weights: Floats = ((1 - 1 / len(whole)) / (1 - whole / whole.sum())) ** 2
    return weights


def _every_subset(part: Floats) -> list[NDArray[np.bool_]]:
    """Return one array with a row for each subset."""
    numbers = np.arange(2 ** len(part))
    return [(numbers[:, np.newaxis] >> np.arange(len(part)) & 1).astype(bool)]


def _likely_subsets(part: Floats, whole: Floats) -> list[NDArray[np.bool_]]:
    """Return, for each of some orders, the subsets of the first replications in it."""
    expected = part.sum() / whole.sum() * whole
    orders = [np.argsort(-(part - leaning * expected), kind="stable") for leaning in LEANINGS]
    orders.append(np.argsort(-part / whole, kind="stable"))
    places = np.arange(len(part))
    ranks = [np.argsort(order) for order in orders]
    return [rank[np.newaxis, :] <= places[:, np.newaxis] for rank in ranks]


def _highest(kept: NDArray[np.bool_], part: Floats, whole: Floats, reach: float) -> float:
    """Return the highest of the upper bounds when only the events of the replications ``kept`` had happened.

    A bound is convex in the events (``r exp(s / r)`` is the perspective of ``exp``, and ``s`` is a norm): this is the
    highest of all ways to take events away.
    """
    count, total = len(whole), whole.sum()
    weights = _leverage(whole)
    events, squares, products = (kept @ values for values in (part, weights * part**2, weights * part * whole))
    ratio = events / total
    spread = np.maximum(squares - 2 * ratio * products + ratio**2 * (weights @ whole**2), 0.0)
    error = np.sqrt(spread * count / (count - 1)) / total
    seen = ratio > 0
    # bounds above 1 are all one, and may be too large for a float
    exponents = np.minimum(np.log(ratio[seen]) + reach * error[seen] / ratio[seen], 1.0)
    return float(np.exp(exponents).max(initial=0.0))
