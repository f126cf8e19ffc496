"""A predictive pre-warmer: provisioned concurrency for what the next minutes will need, as their past foretells.

The demand of each interval, its greatest concurrency, is forecast by its Fourier harmonics, as in R. B. Roy, T. Patel
and D. Tiwari, "IceBreaker: Warming Serverless Functions Better with Heterogeneity", ASPLOS 2022, section 3: of the
past, the strongest harmonics are kept and carried on. It remembers a run, so ``with_policies`` is given a maker:
``controller=lambda: PreWarmer("api")``.
"""

from typing import TYPE_CHECKING, Final

import numpy as np

from lambdasim.model.control import Control
from lambdasim.records import LevelMetric

if TYPE_CHECKING:
    from lambdasim.control.controller import Actions, Seen

LEAST: Final = 8
"""Intervals before anything is forecast; until then the last one counts."""


class PreWarmer:
    """Provisions what the harmonics of a function's demand foretell."""

    def __init__(
        self, function: str, *, every_ns: int = 60 * 10**9, harmonics: int = 5, margin: float = 0.1, most: int = 1_000
    ) -> None:
        """``every_ns`` is an interval; the share ``margin`` is added to the forecast, and ``most`` is the ceiling."""
        self.function, self.every_ns = function, every_ns
        self.harmonics, self.margin, self.most = harmonics, margin, most
        self._demand: list[int] = []

    @property
    def first_ns(self) -> int:
        """After one interval."""
        return self.every_ns

    def act(self, seen: "Seen", actions: "Actions") -> int:
        """Provide for the next interval but one, as AWS takes a minute or two to allocate."""
        index = actions.index(self.function)
        rows = seen.since.invocations
        own = rows["function"] == index
        self._demand.append(int(rows["function_concurrency"][own].max(initial=0)))
        wanted = min(self.most, round(self.forecast() * (1 + self.margin)))
        asked = seen.level(LevelMetric.CONFIGURED, index)
        if wanted > asked:
            actions.provision(index, wanted - asked)
        elif wanted < asked:
            ready = seen.level(LevelMetric.ALLOCATED, index)
            actions.change(Control.PROVISIONED_DECREASED, index, min(asked - wanted, ready))
        return seen.now_ns + self.every_ns

    def forecast(self, ahead: int = 2) -> float:
        """Return the demand so many intervals on."""
        past = np.array(self._demand, np.float64)
        if len(past) < LEAST:
            return float(past[-1])
        waves = np.fft.rfft(past)
        strongest = np.argsort(-np.abs(waves))[: self.harmonics]
        at = len(past) - 1 + ahead
        turns = np.exp(2j * np.pi * strongest * at / len(past))
        weight = np.where((strongest == 0) | (2 * strongest == len(past)), 1, 2)
        found = (waves[strongest] * turns * weight).real.sum() / len(past)
        return max(float(found), 0.0)
