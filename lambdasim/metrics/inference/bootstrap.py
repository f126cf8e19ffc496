"""Bootstrap intervals for what has no formula of its own, such as a ratio of two means over the same replications.

Which replications a resample holds is a function of a seed and a name, as every random number here is; no generator is
shared with anyone.
"""

import math
from collections.abc import Callable
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.metrics.inference.intervals import Interval, student

Floats = NDArray[np.float64]
RESAMPLES: Final = 2000


def resamples(count: int, seed: int, name: str, times: int = RESAMPLES) -> NDArray[np.int64]:
    """Return ``times`` rows, each of ``count`` indices drawn from ``count`` with replacement."""
    digest = blake2b(name.encode(), digest_size=8).digest()
    source = np.random.PCG64(np.random.SeedSequence([seed, int.from_bytes(digest, "little")]))
    drawn = source.random_raw(times * count) >> np.uint64(32)  # raw bits keep their meaning between numpy's versions
    return (drawn * np.uint64(count) >> np.uint64(32)).astype(np.int64).reshape(times, count)


def bootstrap_interval(
    values: Floats, statistic: Callable[[Floats], Floats], confidence: float, *, seed: int, name: str
) -> Interval:
    """Return an interval for a statistic of independent values: one for each row of ``values``.

    ``statistic`` is given an array of shape (samples, rows, ...) and returns one number for each sample. The interval
    is of percentiles, widened for few values as Student's is (T. C. Hesterberg, "What Teachers Should Know About the
    Bootstrap", The American Statistician 69, 2015: the expanded percentile interval). Raises ValueError for fewer
    than two rows.
    """
    from scipy.special import ndtr

    count = len(values)
    if count < 2:
        raise ValueError("one value has no interval")
    estimate = float(statistic(values[np.newaxis])[0])
    found = np.sort(statistic(values[resamples(count, seed, name)]))
    found = found[np.isfinite(found)]
    if not len(found):
        return Interval(estimate, -math.inf, math.inf)
    tail = float(ndtr(-math.sqrt(count / (count - 1)) * student(confidence, count - 1)))
    low, high = np.quantile(found, [tail, 1 - tail])
    return Interval(estimate, float(low), float(high))
