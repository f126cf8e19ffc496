"""Application Auto Scaling of provisioned concurrency: from an alarm's metric to a capacity.

Target tracking makes two alarms on ProvisionedConcurrencyUtilization, one above the target and one below 90 % of it
(Developer Guide, provisioned-concurrency, 2022 and 2026). Capacity follows the metric in proportion; how fast it
falls AWS does not publish.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Final

from lambdasim.model.alarms import MissingData

LOW_SHARE: Final = Fraction(9, 10)
"""Of the target: below it the low alarm breaches (0.63 for 0.7: Developer Guide, provisioned-concurrency, 2022)."""


@dataclass(frozen=True, slots=True)
class TargetTracking:
    """A target tracking policy."""

    target: Fraction
    is_maximum: bool = False
    """Whether the metric is the maximum of a minute, and not the average over invocations."""
    high_datapoints: int = 3
    low_datapoints: int = 15
    missing: MissingData = MissingData.MISSING
    """Of the low alarm."""
    in_cooldown_ns: int = 0
    out_cooldown_ns: int = 0
    in_step: Fraction = Fraction(1, 10)
    """The largest share of the capacity that one step takes away."""
    delay_ns: int = 1
    """From the end of a minute until its datapoint is evaluated."""


def is_high(utilization: Fraction, target: Fraction) -> bool:
    """Say whether a datapoint, which is rounded down to units of 2**-24, breaches the high alarm."""
    return utilization > _rounded_down(target)


def is_low(utilization: Fraction, target: Fraction) -> bool:
    """Say whether a datapoint, which is rounded down to units of 2**-24, breaches the low alarm."""
    return utilization < _rounded_down(LOW_SHARE * target)


def _rounded_down(share: Fraction) -> Fraction:
    return Fraction(int(share * (1 << 24)), 1 << 24)


def scaled_out(base: int, utilization: Fraction, target: Fraction) -> int:
    """Return the capacity of which the target would be used if ``base`` is used by ``utilization``, rounded up."""
    return ceil(base * utilization / target)


def scaled_in(capacity: int, utilization: Fraction, target: Fraction, step: Fraction) -> int:
    """Return the capacity after one step of scaling in, or the same if one less would be used above the target.

    The proportional capacity bounds it from below (Application Auto Scaling guide, target-tracking overview, 2026);
    that a step takes a share of the capacity is our model.
    """
    lowest = scaled_out(capacity, utilization, target)
    return min(capacity, max(lowest, capacity - max(1, int(capacity * step))))
