"""Utilization of provisioned concurrency as an integer, of which the highest can be kept, and its exact share."""

from fractions import Fraction
from typing import Final

import numpy as np

from lambdasim.metrics.cells import Int64

BITS: Final = 38
"""Of its fraction, so that no concurrency below 2**24 overflows."""
MOST: Final = 1 << 18
"""Shares of no more than this are told apart exactly: two of them differ by more than ``2**-BITS``."""


def utilization_of(used: Int64, allocated: Int64) -> Int64:
    """Return how much of what is allocated is used, in units of ``2**-BITS``; 0 where there is nothing."""
    some = allocated > 0
    units: Int64 = np.where(some, (used << BITS) // np.where(some, allocated, 1), 0)
    return units


def share_of(units: int) -> float:
    """Return the share that was meant, ``used / allocated``."""
    return float(Fraction(units, 1 << BITS).limit_denominator(MOST)) if units else 0.0
