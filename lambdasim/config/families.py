"""Reading distributions from text: percentiles first, since dashboards show those."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, Literal

from lambdasim.config.call import Call, shortened
from lambdasim.config.distribution import Distribution
from lambdasim.config.suggest import hint
from lambdasim.units import NS_PER_D, format_duration, parse_duration, parse_memory

Dimension = Literal["time", "memory"]

MAX_TIME_NS: Final = 1_830 * NS_PER_D
"""The longest time an experiment may name, five years and any leap days (our limit): sums of several are below 2^62 ns,
and a double holds each to 32 ns."""
MAX_MEMORY_MB: Final = 2**20
MAX_SIGMA: Final = 10.0
"""Largest sigma of a lognormal: beyond it p99 is 10^10 times the median, which is a slip of the pen (our limit)."""
MAX_CV: Final = 100.0
_DEEPEST: Final = 8

_Z: Final = {
    "p50": 0.0,
    "p90": 1.2815515655446004,
    "p95": 1.6448536269514722,
    "p99": 2.3263478740408408,
    "p99.9": 3.090232306167813,
}
"""Quantiles of the standard normal distribution."""


@dataclass(frozen=True, slots=True)
class _Arguments:
    """The arguments of one distribution, read in its dimension."""

    call: Call
    dimension: Dimension
    depth: int

    def bind(self, *names: str) -> dict[str, str]:
        return self.call.bind(*names)

    def quantity(self, bound: Mapping[str, str], name: str, *, positive: bool = False) -> float:
        """Return a time in ns or a size in MB."""
        text = self.given(bound, name)
        value = parse_time(text) if self.dimension == "time" else parse_memory(text)
        if self.dimension == "memory" and value > MAX_MEMORY_MB:
            raise ValueError(f"{name}={text} is above {MAX_MEMORY_MB} MB")
        if positive and value == 0:
            raise ValueError(f"{self.call.name}: {name} must be above zero")
        return float(value)

    def number(self, bound: Mapping[str, str], name: str, low: float, high: float) -> float:
        """Return a plain number in ``low`` .. ``high``."""
        text = self.given(bound, name)
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"{self.call.name}: {name}={shortened(text)} is not a plain number") from None
        if not low <= value <= high:
            raise ValueError(f"{self.call.name}: {name}={shortened(text)} is outside {low:g} to {high:g}")
        return value

    def given(self, bound: Mapping[str, str], name: str) -> str:
        if name not in bound:
            raise ValueError(f"{self.call.name} needs {name}, such as '{EXAMPLES[self.call.name]}'")
        return bound[name]


def parse_time(value: object) -> int:
    """Return the ns of a text such as ``"80ms"``, at most ``MAX_TIME_NS``; raises ``ValueError``."""
    ns = parse_duration(value)
    if ns > MAX_TIME_NS:
        raise ValueError(f"'{value}' is {too_long()}")
    return ns


def too_long() -> str:
    """Return what is wrong with a time above ``MAX_TIME_NS``."""
    return f"longer than {format_duration(MAX_TIME_NS)}, five years, the longest that this simulator accepts"


def parse_distribution(value: object, dimension: Dimension = "time") -> Distribution:
    """Return the distribution that a string, an ``empirical`` table or a ``Distribution`` stands for.

    Raises ``ValueError`` with a message for the user.
    """
    if isinstance(value, Distribution):
        return value
    if isinstance(value, Mapping):
        return _empirical(value, dimension)
    if not isinstance(value, str):
        raise ValueError(f"{shortened(repr(value))} is not a distribution; give one such as '{EXAMPLES['lognormal']}'")
    return _parse_text(value, dimension, 0)


@lru_cache(1_024)  # of a thousand functions most have the same
def _parse_text(text: str, dimension: Dimension, depth: int) -> Distribution:
    if depth > _DEEPEST:
        raise ValueError(f"mixtures are nested more than {_DEEPEST} deep")
    if "(" not in text and text.strip() in _FAMILIES:
        raise ValueError(f"'{text.strip()}' needs its arguments, such as '{EXAMPLES[text.strip()]}'")
    if "(" not in text:
        remedy = f"give one such as '{EXAMPLES['lognormal']}'"
        if text[:1].isdigit():
            remedy = f"for one fixed value write 'constant({shortened(text)})'"
        raise ValueError(f"'{shortened(text)}' is not a distribution; {remedy}")
    call = Call.parse(text)
    read = _FAMILIES.get(call.name)
    if read is None:
        raise ValueError(f"unknown distribution '{call.name}'; {hint(call.name, _FAMILIES, 'the distributions are')}")
    return replace(read(_Arguments(call, dimension, depth)), text=" ".join(text.split()))


def _constant(a: _Arguments) -> Distribution:
    return Distribution("constant", (a.quantity(a.bind("value"), "value"),))


def _exponential(a: _Arguments) -> Distribution:
    return Distribution("exponential", (a.quantity(a.bind("mean"), "mean", positive=True),))


def _uniform(a: _Arguments) -> Distribution:
    bound = a.bind("low", "high")
    low, high = a.quantity(bound, "low"), a.quantity(bound, "high")
    if high < low:
        raise ValueError(f"uniform: high ({bound['high']}) is below low ({bound['low']})")
    return Distribution("uniform", (low, high))


def _half_life(a: _Arguments) -> Distribution:
    return Distribution("half-life", (a.quantity(a.bind("period"), "period", positive=True),))


def _pareto(a: _Arguments) -> Distribution:
    bound = a.bind("min", "alpha")
    return Distribution("pareto", (a.number(bound, "alpha", 0.1, 1000), a.quantity(bound, "min", positive=True)))


def _lognormal(a: _Arguments) -> Distribution:
    bound = a.bind(*_Z, "mean", "cv")
    if len(bound) != 2 or ("cv" in bound and "mean" not in bound):
        raise ValueError(
            "lognormal needs two of p50, p90, p95, p99, p99.9 and mean, or mean and cv, "
            f"such as '{EXAMPLES['lognormal']}'"
        )
    if "cv" in bound:
        variance = math.log1p(a.number(bound, "cv", 0, MAX_CV) ** 2)
        return _lognormal_of(math.log(a.quantity(bound, "mean", positive=True)) - variance / 2, math.sqrt(variance))
    values = {name: a.quantity(bound, name, positive=True) for name in (*_Z, "mean") if name in bound}
    (low, low_value), (high, high_value) = values.items()
    if high == "mean":
        return _lognormal_of(*_fit_mean(high_value, low, low_value))
    if high_value <= low_value:
        raise ValueError(f"lognormal: {high} ({bound[high]}) must be above {low} ({bound[low]})")
    sigma = math.log(high_value / low_value) / (_Z[high] - _Z[low])
    return _lognormal_of(math.log(low_value) - sigma * _Z[low], sigma)


def _fit_mean(mean: float, name: str, value: float) -> tuple[float, float]:
    """Return (mu, sigma) of the lognormal with this mean and this percentile; of two solutions the narrower."""
    z = _Z[name]
    if name == "p50":
        if mean <= value:
            raise ValueError("lognormal: mean must be above p50")
        return math.log(value), math.sqrt(2 * math.log(mean / value))
    spread = z * z - 2 * math.log(value / mean)
    if value <= mean or spread < 0:
        raise ValueError(f"lognormal: {name} must be above the mean and at most {math.exp(z * z / 2):.3g} times it")
    sigma = z - math.sqrt(spread)
    return math.log(value) - z * sigma, sigma


def _lognormal_of(mu: float, sigma: float) -> Distribution:
    if sigma > MAX_SIGMA:
        raise ValueError(f"lognormal: sigma would be {sigma:.3g}, above {MAX_SIGMA:g}, this simulator's limit")
    return Distribution("lognormal", (mu, sigma))


def _gamma(a: _Arguments) -> Distribution:
    if "mean" in a.call.keywords:
        bound = a.bind("mean", "cv")
        shape = a.number(bound, "cv", 0.01, MAX_CV) ** -2
        return Distribution("gamma", (shape, a.quantity(bound, "mean", positive=True) / shape))
    bound = a.bind("shape", "scale")
    return Distribution("gamma", (a.number(bound, "shape", 1e-4, 1e4), a.quantity(bound, "scale", positive=True)))


def _weibull(a: _Arguments) -> Distribution:
    if "mean" in a.call.keywords:
        bound = a.bind("mean", "cv")
        shape = _weibull_shape(a.number(bound, "cv", 0.02, MAX_CV))
        return Distribution("weibull", (shape, a.quantity(bound, "mean", positive=True) / math.gamma(1 + 1 / shape)))
    bound = a.bind("shape", "scale")
    return Distribution("weibull", (a.number(bound, "shape", 0.1, 100), a.quantity(bound, "scale", positive=True)))


def _weibull_shape(cv: float) -> float:
    """Return the shape whose coefficient of variation is ``cv``, by bisection: it falls as the shape grows."""
    low, high, wanted = 0.1, 100.0, math.log1p(cv * cv)
    for _ in range(100):
        middle = (low + high) / 2
        if math.lgamma(1 + 2 / middle) - 2 * math.lgamma(1 + 1 / middle) > wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _percentiles(a: _Arguments) -> Distribution:
    if a.call.positional or a.call.weighted:
        raise ValueError(f"percentiles takes named points only, such as '{EXAMPLES['percentiles']}'")
    points = sorted((_percentile(name), a.quantity(a.call.keywords, name), name) for name in a.call.keywords)
    if len(points) < 2 or points[0][0] != 0 or points[-1][0] != 1:
        raise ValueError(f"percentiles needs p0 and p100, such as '{EXAMPLES['percentiles']}'")
    for (p0, v0, name0), (p1, v1, name1) in pairwise(points):
        if p0 == p1 or v1 < v0:
            reason = f"{name1} must not be below {name0}" if p0 < p1 else f"{name0} is given twice"
            raise ValueError(f"percentiles: {reason}")
    return Distribution("percentiles", tuple(number for p, v, _ in points for number in (p, v)))


def _percentile(name: str) -> float:
    try:
        percent = float(name[1:]) if name.startswith("p") else math.nan
    except ValueError:
        percent = math.nan
    if not 0 <= percent <= 100:
        raise ValueError(f"percentiles: '{name}' is not a percentile such as p50 or p99.9")
    return percent / 100


def _mixture(a: _Arguments) -> Distribution:
    if len(a.call.weighted) < 2 or a.call.positional or a.call.keywords:
        raise ValueError(f"mixture needs two or more 'weight: distribution', such as '{EXAMPLES['mixture']}'")
    bound = {weight: weight for weight, _ in a.call.weighted}
    weights = [a.number(bound, weight, 0, 1) for weight, _ in a.call.weighted]
    total = math.fsum(weights)
    if abs(total - 1) > 1e-6:
        raise ValueError(f"mixture: the weights add up to {total:g}, not to 1")
    parts = [_parse_text(text, a.dimension, a.depth + 1) for _, text in a.call.weighted]
    return Distribution("mixture", parts=tuple((w / total, part) for w, part in zip(weights, parts, strict=True)))


_TIME_UNITS: Final = ("ns", "us", "ms", "s", "min", "h", "d")
_MEMORY_UNITS: Final = ("MB", "GB")
_TABLE_EXAMPLE: Final = '{ dist = "empirical", file = "times.csv", column = "durationMs", unit = "ms" }'


def _empirical(table: Mapping[str, Any], dimension: Dimension) -> Distribution:
    units = _TIME_UNITS if dimension == "time" else _MEMORY_UNITS
    known = ("dist", "file", "column", "unit")
    for key, value in table.items():
        if key not in known:
            raise ValueError(f"unknown key '{key}'; {hint(str(key), known, 'an empirical distribution takes')}")
        if not isinstance(value, str) or not value:
            raise ValueError(f"{key} must be a text, as in {_TABLE_EXAMPLE}")
    if table.get("dist", "empirical") != "empirical":
        raise ValueError(f"only dist = \"empirical\" is written as a table; write '{table['dist']}(...)' as a text")
    for key in known:
        if key not in table:
            raise ValueError(f"'{key}' is missing, as in {_TABLE_EXAMPLE}")
    if table["unit"] not in units:
        raise ValueError(f"unknown unit '{table['unit']}'; {hint(table['unit'], units, 'the units are')}")
    return Distribution("empirical", file=table["file"], column=table["column"], unit=table["unit"])


_FAMILIES: Final[dict[str, Callable[[_Arguments], Distribution]]] = {
    "constant": _constant,
    "exponential": _exponential,
    "lognormal": _lognormal,
    "gamma": _gamma,
    "weibull": _weibull,
    "pareto": _pareto,
    "uniform": _uniform,
    "half-life": _half_life,
    "percentiles": _percentiles,
    "mixture": _mixture,
}

EXAMPLES: Final = {
    "constant": "constant(300ms)",
    "exponential": "exponential(mean=2s)",
    "lognormal": "lognormal(p50=80ms, p99=600ms)",
    "gamma": "gamma(mean=1.8s, cv=0.7)",
    "weibull": "weibull(mean=1.8s, cv=0.7)",
    "pareto": "pareto(min=20ms, alpha=2.5)",
    "uniform": "uniform(5min, 7min)",
    "half-life": "half-life(380s)",
    "percentiles": "percentiles(p0=10ms, p50=80ms, p99=600ms, p100=2s)",
    "mixture": "mixture(0.9: constant(80ms), 0.1: constant(2s))",
}
"""One well-formed text of each family, for messages and for the JSON schema."""
