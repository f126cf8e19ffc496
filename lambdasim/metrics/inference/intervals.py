"""Confidence intervals from independent replications: of a mean, of a proportion, of a quantile.

A percentile in a summary is of thousands of requests that waited for each other, so they are no independent sample;
the replications are. Its interval is therefore Student's over the percentiles of the replications, about the
percentile that a run of this length has on average. :func:`quantile_interval` answers the other question, what a part
of all runs stays below, and assumes no distribution at all.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import fmean, stdev
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the bounds that contain what it estimates, with a stated confidence."""

    mean: float
    """The estimate."""
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half of its width."""
        return (self.high - self.low) / 2

    @property
    def relative(self) -> float:
        """The half width as a share of the estimate: 0 when there is no width, infinite about an estimate of 0."""
        if self.half_width == 0:
            return 0.0
        return self.half_width / abs(self.mean) if self.mean else math.inf

    def to_json(self) -> dict[str, Any]:
        """Return ``{"mean", "ci": [low, high]}``, as in ``summary.json``."""
        return {"mean": self.mean, "ci": [self.low, self.high]}


OF_ONE_RUN: Final = 0.95, 19
"""Confidence and degrees of freedom of the batch means of one run, for which scipy need not be loaded."""


@cache
def student(confidence: float, degrees: int) -> float:
    """Return how many standard errors a two-sided interval reaches to each side."""
    if (confidence, degrees) == OF_ONE_RUN:
        return 2.0930240544083087
    from scipy.special import stdtrit  # slow to import, and most runs of one replication need none

    return float(stdtrit(degrees, (1 + confidence) / 2))


def mean_interval(values: Sequence[float], confidence: float) -> Interval:
    """Return Student's interval for the mean of independent values, two at least.

    Exact for normal values, and nearly so for means over many requests. Values that all are 0 or above have no
    bound below 0. Raises ValueError for fewer than two values.
    """
    if len(values) < 2:
        raise ValueError("one value has no interval")
    mean = fmean(values)
    half = student(confidence, len(values) - 1) * stdev(values) / math.sqrt(len(values))
    low = mean - half
    return Interval(mean, max(0.0, low) if min(values) >= 0 else low, mean + half)


def proportion_interval(successes: int, trials: int, confidence: float) -> Interval:
    """Return Clopper and Pearson's interval for the probability of a success, of independent trials.

    It covers with at least the confidence asked for. Where all trials agree, which has one bound only, the other
    one has all of the doubt: "rule of three". Raises ValueError without trials.
    """
    from scipy.special import betaincinv

    if trials < 1:
        raise ValueError("no trials have no proportion")
    doubt = 1 - confidence
    if successes in (0, trials):
        width = -math.expm1(math.log(doubt) / trials)
        return Interval(0.0, 0.0, width) if successes == 0 else Interval(1.0, 1 - width, 1.0)
    low = float(betaincinv(successes, trials - successes + 1, doubt / 2))
    high = float(betaincinv(successes + 1, trials - successes, 1 - doubt / 2))
    return Interval(successes / trials, low, high)


def proportion_bounds(successes: int, trials: int, level: float) -> tuple[float, float]:
    """Return Clopper and Pearson's lower and upper bound for a probability, each of which holds with ``level``.

    With no success the upper one is ``1 - (1 - level) ** (1 / trials)``, the "rule of three". Raises ValueError without
    trials.
    """
    from scipy.special import betaincinv

    if trials < 1:
        raise ValueError("no trials have no proportion")
    low = float(betaincinv(successes, trials - successes + 1, 1 - level)) if successes else 0.0
    high = float(betaincinv(successes + 1, trials - successes, level)) if successes < trials else 1.0
    return low, high


def trials_for(probability: float, level: float) -> int:
    """Return how many trials, successes all, show with ``level`` that a success has at least this probability.

    29 for 90 % at 95 %, 299 for 99 %. ``probability`` is above 0 and below 1.
    """
    return math.ceil(math.log(1 - level) / math.log(probability) - 1e-9)


def quantile_interval(values: Sequence[float], quantile: float, confidence: float) -> Interval:
    """Return an interval for a quantile of the distribution that independent values come from, whatever it is.

    Its bounds are two of the values, by the binomial distribution of how many lie below the quantile (W. J. Conover,
    *Practical Nonparametric Statistics*, section 3.2), so it covers with at least the confidence asked for. Raises
    ValueError when there are too few values, saying how many it takes.
    """
    from scipy.special import bdtr

    n = len(values)
    doubt = 1 - confidence
    least = math.ceil(math.log(doubt / 2) / math.log(max(quantile, 1 - quantile)))
    if n < least:
        raise ValueError(f"{n} values are too few for an interval of their quantile {quantile:g}; it takes {least}")
    ordered = sorted(values)
    # by k: the probability that at most k of the values lie below the quantile
    below = [float(bdtr(k, n, quantile)) for k in range(n)]
    low = max(k for k in range(n) if k == 0 or below[k - 1] <= doubt / 2)
    high = min(k for k in range(n) if below[k] >= 1 - doubt / 2)
    return Interval(ordered[max(0, math.ceil(n * quantile) - 1)], ordered[max(0, low - 1)], ordered[high])
