"""Numbers over replications as a search uses them: means where one may do, and differences of pairs."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from lambdasim.metrics.inference.intervals import Interval, mean_interval, student


def interval(values: Sequence[float | None], confidence: float) -> Interval | None:
    """Return Student's interval for the mean of what was observed; None when nothing was, no width for one value."""
    seen = [value for value in values if value is not None]
    if len(seen) < 2:
        return Interval(seen[0], seen[0], seen[0]) if seen else None
    return mean_interval(seen, confidence)


def paired(differences: Sequence[float], confidence: float) -> Interval | None:
    """Return Student's interval for a mean difference, which may have either sign; None of no pair."""
    if len(differences) < 2:
        return interval(differences, confidence)
    mean = fmean(differences)
    half = student(confidence, len(differences) - 1) * stdev(differences) / math.sqrt(len(differences))
    return Interval(mean, mean - half, mean + half)
