"""A law for some measured times: lognormal, gamma, a mixture of two lognormals, or the measured values themselves.

Of the three laws with parameters the one with the lowest BIC (maximum likelihood) is taken if it is near enough to what
was measured: if its Kolmogorov-Smirnov distance is at most ``NEAR`` or within what chance gives (the inequality of
Dvoretzky, Kiefer and Wolfowitz with Massart's constant, 95 %), and its p99 is within ``NEAR_P99`` of the measured one,
where that is known. Else the values themselves are taken, as equally likely.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NEAR: Final = 0.02
NEAR_P99: Final = 0.1
FEWEST: Final = 30
"""With fewer values a law is a guess, whichever it is."""
FOR_P99: Final = 1_000
"""So many values have ten beyond their p99."""
MOST_VALUES: Final = 10_000
"""Values that an empirical law keeps, as equally spaced quantiles of all."""
_MOST_FITTED: Final = 20_000
_Z99: Final = 2.3263478740408408
_LEAST_MS: Final = 0.001


@dataclass(frozen=True, slots=True)
class Candidate:
    """A law with parameters, and how well it does."""

    law: str
    text: str
    """As an experiment file has it."""
    bic: float
    ks: float
    cdf: Callable[[Floats], Floats]
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The law taken for some times, in ms."""

    law: str
    text: str
    """As an experiment file has it; empty for an empirical one, which is a table with a file."""
    p50_ms: float
    p99_ms: float
    ks: float
    values: Floats
    """What was measured, sorted; no more than ``MOST_VALUES`` quantiles of it."""
    samples: int
    mean_ms: float
    candidates: tuple[Candidate, ...]
    why: str

    @property
    def near(self) -> float:
        """The distance that chance alone exceeds with a probability of 5 %."""
        return dkw(self.samples)

    def beyond(self, time_ms: float) -> float:
        """Return the share of the law that takes longer; nothing of one without parameters."""
        laws = [one.cdf for one in self.candidates if one.text == self.text]
        return 1 - float(laws[0](np.array([time_ms]))[0]) if laws else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the object of ``fit.json``."""
        quantiles = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
        observed = {name: _rounded(quantile(self.values, q)) for name, q in quantiles.items()}
        return {
            "law": self.law,
            "text": self.text or None,
            "p50_ms": _rounded(self.p50_ms),
            "p99_ms": _rounded(self.p99_ms),
            "ks": round(self.ks, 6),
            "ks_by_chance": round(self.near, 6),
            "samples": self.samples,
            "why": self.why,
            "observed_ms": {"mean": _rounded(self.mean_ms), **observed, "max": _rounded(float(self.values[-1]))},
            "considered": [
                {"law": one.law, "text": one.text, "bic": round(one.bic, 1), "ks": round(one.ks, 6)}
                for one in self.candidates
            ],
        }


NOTHING: Final[dict[str, Any]] = {"law": None, "text": None, "p50_ms": None, "p99_ms": None, "ks": None, "samples": 0}
"""The object of ``fit.json`` where nothing was measured."""


def dkw(samples: int, error: float = 0.05) -> float:
    """Return the distance between a sample and its law that chance exceeds with probability ``error`` at most."""
    return math.sqrt(math.log(2 / error) / (2 * samples))


def quantile(ordered: Floats, q: float) -> float:
    """Return a quantile of sorted values: the least that at least the share ``q`` does not exceed."""
    return float(ordered[max(math.ceil(q * len(ordered)) - 1, 0)])


def fit(times_ms: Floats) -> Fit:
    """Return the law for some times, of which there is at least one."""
    ordered = np.sort(np.maximum(times_ms, _LEAST_MS))
    samples, mean = len(ordered), float(ordered.mean())
    kept = _quantiles(ordered, MOST_VALUES)
    if ordered[0] == ordered[-1]:
        value, text = float(ordered[0]), f"constant({_ms(ordered[0])})"
        return Fit("constant", text, value, value, 0.0, kept, samples, mean, (), "all values are the same")
    candidates = tuple(_candidates(ordered))
    best = min(candidates, key=lambda one: one.bic, default=None)
    if best is not None:
        fits, why = _is_near(best, ordered)
        if fits or samples < FEWEST:
            why = why if fits else f"fewer than {FEWEST} values: a guess"
            return Fit(best.law, best.text, best.p50_ms, best.p99_ms, best.ks, kept, samples, mean, candidates, why)
    else:
        why = "no law with parameters describes them"
    ks = distance(ordered, lambda x: np.searchsorted(kept, x, side="right") / len(kept))
    p50, p99 = quantile(kept, 0.5), quantile(kept, 0.99)
    return Fit("empirical", "", p50, p99, ks, kept, samples, mean, candidates, why)


def _is_near(best: Candidate, ordered: Floats) -> tuple[bool, str]:
    limit = max(NEAR, dkw(len(ordered)))
    if best.ks > limit:
        return False, f"the best law, {best.law}, is {best.ks:.3f} away (KS), more than {limit:.3f}"
    tail = quantile(ordered, 0.99)
    if len(ordered) >= FOR_P99 and abs(best.p99_ms / tail - 1) > NEAR_P99:
        return False, f"the p99 of the best law, {best.law}, is {best.p99_ms / tail - 1:+.0%} off"
    return True, f"lowest BIC, {best.ks:.3f} away (KS)"


def distance(ordered: Floats, cdf: Callable[[Floats], Floats]) -> float:
    """Return the Kolmogorov-Smirnov distance between sorted values and a law, steps of either included."""
    values, counts = np.unique(ordered, return_counts=True)
    above = np.cumsum(counts) / len(ordered)
    below = above - counts / len(ordered)
    law = cdf(values)
    before = cdf(np.nextafter(values, 0))
    return float(max(np.abs(above - law).max(), np.abs(before - below).max()))


def _quantiles(ordered: Floats, most: int) -> Floats:
    if len(ordered) <= most:
        return ordered
    places = ((np.arange(most) + 0.5) * (len(ordered) / most)).astype(np.int64)
    return ordered[places]


def _candidates(ordered: Floats) -> Iterator[Candidate]:
    some = _quantiles(ordered, _MOST_FITTED)
    weight = len(ordered) / len(some)
    for law, parameters, fitted in (("lognormal", 2, _lognormal), ("gamma", 2, _gamma), ("mixture", 5, _mixture)):
        found = fitted(some)
        if found is None:
            continue
        text, log_density, cdf = found
        with np.errstate(divide="ignore"):
            likelihood = float(log_density(some).sum()) * weight
        if math.isfinite(likelihood):
            bic = parameters * math.log(len(ordered)) - 2 * likelihood
            p50, p99 = _solved(cdf, 0.5, ordered), _solved(cdf, 0.99, ordered)
            yield Candidate(law, text, bic, distance(ordered, cdf), cdf, p50, p99)


def _solved(cdf: Callable[[Floats], Floats], q: float, ordered: Floats) -> float:
    """Return the quantile of a law, by bisection of the logarithm."""
    low, high = math.log(ordered[0]) - 20, math.log(ordered[-1]) + 20
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if cdf(np.array([math.exp(middle)]))[0] < q else (low, middle)
    return math.exp((low + high) / 2)


Fitted = tuple[str, Callable[[Floats], Floats], Callable[[Floats], Floats]]
"""A law's text, the logarithm of its density, and its distribution function."""


def _lognormal(x: Floats) -> Fitted | None:
    logs = np.log(x)
    made = _part(float(logs.mean()), float(logs.std()))
    if made is None:
        return None
    text, mu, sigma = made
    return text, lambda x: _log_density(x, mu, sigma), lambda x: _normal_cdf((np.log(x) - mu) / sigma)


def _part(mu: float, sigma: float) -> tuple[str, float, float] | None:
    """Return a lognormal as text, and what that text means."""
    if not 1e-6 < sigma < 8:
        return None
    p50, p99 = _ms(math.exp(mu)), _ms(math.exp(mu + _Z99 * sigma))
    low, high = float(p50[:-2]), float(p99[:-2])
    if not 0 < low < high:
        return None
    return f"lognormal(p50={p50}, p99={p99})", math.log(low), math.log(high / low) / _Z99


def _log_density(x: Floats, mu: float, sigma: float) -> Floats:
    z = (np.log(x) - mu) / sigma
    result: Floats = -0.5 * z * z - np.log(x * sigma * math.sqrt(2 * math.pi))
    return result


def _normal_cdf(z: Floats) -> Floats:
    from scipy.special import ndtr

    result: Floats = ndtr(z)
    return result


def _gamma(x: Floats) -> Fitted | None:
    from scipy import special

    mean = float(x.mean())
    wanted = math.log(mean) - float(np.log(x).mean())
    if wanted <= 0:
        return None
    shape = (3 - wanted + math.sqrt((wanted - 3) ** 2 + 24 * wanted)) / (12 * wanted)  # Minka 2002, then Newton
    for _ in range(50):
        step = (math.log(shape) - special.digamma(shape) - wanted) / (1 / shape - special.polygamma(1, shape))
        shape = max(shape - float(step), shape / 10)
    cv = float(f"{1 / math.sqrt(shape):.4g}")
    if not 0.01 <= cv <= 50:
        return None
    text = f"gamma(mean={_ms(mean)}, cv={cv})"
    shape = cv**-2
    scale = float(_ms(mean)[:-2]) / shape

    def log_density(x: Floats) -> Floats:
        result: Floats = (shape - 1) * np.log(x) - x / scale - special.gammaln(shape) - shape * math.log(scale)
        return result

    return text, log_density, lambda x: special.gammainc(shape, x / scale)


def _mixture(x: Floats) -> Fitted | None:
    """Fit two lognormals by expectation and maximization, from several beginnings."""
    if len(x) < FEWEST:
        return None
    logs = np.log(x)
    begun = [_maximized(logs, share) for share in (0.5, 0.8, 0.95)]
    best = max((one for one in begun if one is not None), key=lambda one: one[0], default=None)
    if best is None:
        return None
    _, share, first, second = best
    parts = [_part(*first), _part(*second)]
    if parts[0] is None or parts[1] is None or not 0.001 < share < 0.999:
        return None
    (text_a, mu_a, sigma_a), (text_b, mu_b, sigma_b) = parts[0], parts[1]
    share = round(share, 4)
    text = f"mixture({share:g}: {text_a}, {round(1 - share, 4):g}: {text_b})"

    def log_density(x: Floats) -> Floats:
        a = math.log(share) + _log_density(x, mu_a, sigma_a)
        return np.logaddexp(a, math.log(1 - share) + _log_density(x, mu_b, sigma_b))

    def cdf(x: Floats) -> Floats:
        a, b = _normal_cdf((np.log(x) - mu_a) / sigma_a), _normal_cdf((np.log(x) - mu_b) / sigma_b)
        return share * a + (1 - share) * b

    return text, log_density, cdf


Part = tuple[float, float]


def _maximized(logs: Floats, share: float) -> tuple[float, float, Part, Part] | None:
    """Return the likelihood, the share of the first part and both parts (mean and deviation of the logarithm)."""
    cut = int(len(logs) * share)
    floor = max(float(logs.std()) * 0.01, 1e-4)  # or a part could shrink to one value
    first = (float(logs[:cut].mean()), max(float(logs[:cut].std()), floor))
    second = (float(logs[cut:].mean()), max(float(logs[cut:].std()), floor))
    before = -math.inf
    for _ in range(300):
        a = math.log(share) + _normal_log(logs, *first)
        b = math.log1p(-share) + _normal_log(logs, *second)
        total = np.logaddexp(a, b)
        likelihood = float(total.sum())
        if likelihood - before < 1e-6 * len(logs):
            break
        before = likelihood
        mine = np.exp(a - total)
        weight = float(mine.sum())
        if not 1 < weight < len(logs) - 1:
            return None
        share = weight / len(logs)
        first, second = _moments(logs, mine, floor), _moments(logs, 1 - mine, floor)
    return likelihood, share, first, second


def _moments(logs: Floats, weights: Floats, floor: float) -> Part:
    mean = float(np.average(logs, weights=weights))
    return mean, max(math.sqrt(float(np.average((logs - mean) ** 2, weights=weights))), floor)


def _normal_log(logs: Floats, mu: float, sigma: float) -> Floats:
    result: Floats = -0.5 * ((logs - mu) / sigma) ** 2 - math.log(sigma * math.sqrt(2 * math.pi))
    return result


def _ms(value: float) -> str:
    """Return a time in ms with five digits, as a quantity of an experiment file."""
    digits = max(0, 4 - math.floor(math.log10(abs(value)))) if value > 0 else 0
    text = f"{value:.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "ms"


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
