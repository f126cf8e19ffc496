"""A probability distribution of a time or of a memory size, as a value. It draws nothing: ``workload`` does."""

import math
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, slots=True)
class Distribution:
    """One distribution over values in ns (times) or MB (memory sizes).

    ``family`` and its ``params``, in the unit of the values unless said otherwise:

    ========================= =================================================================
    ``constant``              value
    ``exponential``           mean
    ``lognormal``             mu, sigma: mean and standard deviation of ln(value)
    ``gamma``                 shape (plain), scale
    ``weibull``               shape (plain), scale
    ``pareto``                alpha (plain), minimum
    ``uniform``               low, high
    ``half-life``             period: survives k periods with probability 2^-k, ends at their ends only
    ``percentiles``           p0, v0, p1, v1, ... with 0 = p0 < p1 < ... = 1: linear between the points
    ``mixture``               none; ``parts`` holds (weight, distribution), weights sum to 1
    ``empirical``             none; the values of ``column`` of ``file`` in ``unit``, equally likely
    ========================= =================================================================
    """

    family: str
    params: tuple[float, ...] = ()
    parts: "tuple[tuple[float, Distribution], ...]" = ()
    file: str | None = None
    column: str | None = None
    unit: str | None = None
    shift: float = 0.0
    """What is added to each value; no file says it."""
    text: str = field(default="", compare=False)
    """How it is written in an experiment file; two ways of writing one distribution are equal."""

    def mean(self) -> float:
        """Return the mean: ``inf`` for a Pareto tail too heavy to have one, ``nan`` for an unread file."""
        return self.shift + self._mean()

    def later(self, shift: float) -> "Distribution":
        """Return that of values which are greater by ``shift``."""
        return replace(self, shift=self.shift + shift) if shift else self

    def _mean(self) -> float:
        if self.family == "empirical":
            return math.nan
        if self.family == "mixture":
            return math.fsum(weight * part.mean() for weight, part in self.parts)
        if self.family == "percentiles":
            points = list(zip(self.params[::2], self.params[1::2], strict=True))
            return math.fsum((p1 - p0) * (v0 + v1) / 2 for (p0, v0), (p1, v1) in pairwise(points))
        return _simple_mean(self.family, *self.params)

    def to_raw(self) -> str | dict[str, Any]:
        """Return what an experiment file holds for it: a string, or a table for an empirical one."""
        if self.family != "empirical":
            return self.text
        table = {"dist": "empirical", "file": self.file, "column": self.column, "unit": self.unit}
        return {key: value for key, value in table.items() if value is not None}


def _simple_mean(family: str, first: float, second: float = math.nan) -> float:
    match family:
        case "constant" | "exponential":
            return first
        case "lognormal":
            return math.exp(first + second * second / 2)
        case "gamma":
            return first * second
        case "weibull":
            return second * math.gamma(1 + 1 / first)
        case "pareto":
            return first * second / (first - 1) if first > 1 else math.inf
        case "uniform":
            return (first + second) / 2
        case "half-life":
            return 2 * first
    raise ValueError(f"no distribution family is called {family!r}")
