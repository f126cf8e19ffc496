"""Where a curve bends: the point with the largest distance to the chord from its first to its last point.

Both axes are scaled to 0..1 first, so the distance is a share of the whole rise (as in V. Satopää et al., "Finding a
'Kneedle' in a Haystack", ICDCS workshops 2011, without its smoothing).
"""

from collections.abc import Sequence
from typing import Final

METHOD: Final = "largest distance to the chord"
LEAST: Final = 0.1
"""A curve whose largest distance is below this share of its rise is called straight."""


def knee(x: Sequence[float], y: Sequence[float]) -> int | None:
    """Return the index of the knee; None for fewer than three points, and for a curve that is flat or straight.

    ``x`` ascends.
    """
    if len(x) < 3 or x[-1] == x[0]:
        return None
    rise = max(y) - min(y)
    if rise == 0:
        return None
    shares = [(at - x[0]) / (x[-1] - x[0]) for at in x]
    distances = [abs(value - (y[0] + (y[-1] - y[0]) * share)) / rise for value, share in zip(y, shares, strict=True)]
    largest = max(range(len(x)), key=lambda i: distances[i])
    return largest if distances[largest] >= LEAST else None
