"""A controller that scales provisioned concurrency by steps."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lambdasim.control.controller import Actions, Seen
from lambdasim.model.control import Control
from lambdasim.records import LevelMetric
from lambdasim.units import NS_PER_S


@dataclass(frozen=True, slots=True)
class StepScaler:
    """Keeps the utilization of a function's provisioned concurrency between two thresholds.

    The utilization is the greatest that CloudWatch's metric ProvisionedConcurrencyUtilization has at an invocation
    that ended since the last look, and 0 without any.
    """

    function: str
    above: float = 0.7
    """It adds ``step`` when the utilization is higher than this share."""
    below: float = 0.3
    """It gives up ``step`` when the utilization is lower."""
    step: int = 1
    minimum: int = 0
    maximum: int = 1_000
    """It neither gives up what would leave less, nor adds what would make more."""
    every_ns: int = 60 * NS_PER_S
    """Time between two looks."""
    watches: ClassVar = ("invocations", "samples")

    @property
    def first_ns(self) -> int:
        """One interval after the start."""
        return self.every_ns

    def act(self, seen: Seen, actions: Actions) -> int:
        """Add or give up a step."""
        function = actions.index(self.function)
        level = seen.level(LevelMetric.CONFIGURED, function)
        utilization = self._utilization(seen, function)
        if utilization > self.above or level < self.minimum:
            if (more := min(self.step, self.maximum - level)) > 0:
                actions.provision(function, more)
        elif utilization < self.below:
            less = min(self.step, level - self.minimum, seen.level(LevelMetric.ALLOCATED, function))
            if less > 0:
                actions.change(Control.PROVISIONED_DECREASED, function, less)
        return seen.now_ns + self.every_ns

    def _utilization(self, seen: Seen, function: int) -> float:
        rows = seen.since.invocations
        served = (rows["function"] == function) & (rows["environment"] >= 0) & (rows["allocated_concurrency"] > 0)
        shares = np.true_divide(rows["provisioned_concurrency"][served], rows["allocated_concurrency"][served])
        return float(shares.max(initial=0.0))
