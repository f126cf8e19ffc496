"""Distributions from text: parameters against closed forms, messages word for word."""

import math
import re
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.config.distribution import Distribution
from lambdasim.config.families import EXAMPLES, MAX_TIME_NS, parse_distribution

MS = 1e6


@pytest.mark.parametrize(
    ("text", "family", "params"),
    [
        ("constant(300ms)", "constant", (300 * MS,)),
        ("constant(value=300ms)", "constant", (300 * MS,)),
        ("exponential(mean=2s)", "exponential", (2000 * MS,)),
        ("exponential(2s)", "exponential", (2000 * MS,)),
        ("uniform(5min, 7min)", "uniform", (300e9, 420e9)),
        ("uniform(high=7min, low=5min)", "uniform", (300e9, 420e9)),
        ("half-life(380s)", "half-life", (380e9,)),
        ("pareto(min=20ms, alpha=2.5)", "pareto", (2.5, 20 * MS)),
        ("gamma(shape=2, scale=10ms)", "gamma", (2.0, 10 * MS)),
        ("gamma(mean=2s, cv=0.5)", "gamma", (4.0, 500 * MS)),
        ("weibull(shape=1.5, scale=10ms)", "weibull", (1.5, 10 * MS)),
        ("percentiles(p100=3s, p0=1s, p50=2s)", "percentiles", (0.0, 1e9, 0.5, 2e9, 1.0, 3e9)),
    ],
)
def test_parameters(text: str, family: str, params: tuple[float, ...]) -> None:
    assert parse_distribution(text) == Distribution(family, params)


def _quantile(distribution: Distribution, p: float) -> float:
    mu, sigma = distribution.params
    return math.exp(NormalDist(mu, sigma).inv_cdf(p))


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("lognormal(p50=80ms, p99=600ms)", {0.5: 80, 0.99: 600}),
        ("lognormal(p99=600ms, p50=80ms)", {0.5: 80, 0.99: 600}),
        ("lognormal(p90=100ms, p95=120ms)", {0.9: 100, 0.95: 120}),
        ("lognormal(p95=120ms, p99.9=900ms)", {0.95: 120, 0.999: 900}),
        ("lognormal(mean=200ms, p99=1s)", {0.99: 1000}),
        ("lognormal(mean=200ms, p50=150ms)", {0.5: 150}),
    ],
)
def test_lognormal_meets_its_percentiles(text: str, points: dict[float, float]) -> None:
    distribution = parse_distribution(text)
    assert {p: _quantile(distribution, p) / MS for p in points} == pytest.approx(points)


@pytest.mark.parametrize(
    "text",
    [
        "lognormal(mean=200ms, cv=0.5)",
        "lognormal(mean=200ms, p99=1s)",
        "lognormal(mean=200ms, p50=150ms)",
        "gamma(mean=200ms, cv=0.7)",
        "weibull(mean=200ms, cv=0.7)",
        "weibull(mean=200ms, cv=3)",
    ],
)
def test_mean_as_given(text: str) -> None:
    assert parse_distribution(text).mean() == pytest.approx(200 * MS, rel=1e-9)


def test_lognormal_of_mean_and_cv_has_that_cv() -> None:
    _, sigma = parse_distribution("lognormal(mean=200ms, cv=0.5)").params
    assert math.sqrt(math.expm1(sigma**2)) == pytest.approx(0.5)


@given(st.floats(0.05, 20))
def test_weibull_of_mean_and_cv_has_that_cv(cv: float) -> None:
    shape, _ = parse_distribution(f"weibull(mean=1s, cv={cv!r})").params
    assert math.gamma(1 + 2 / shape) / math.gamma(1 + 1 / shape) ** 2 - 1 == pytest.approx(cv**2, rel=1e-6)


@pytest.mark.parametrize(
    ("text", "mean_ms"),
    [
        ("constant(300ms)", 300),
        ("uniform(100ms, 300ms)", 200),
        ("half-life(380s)", 760_000),
        ("pareto(min=20ms, alpha=2)", 40),
        ("pareto(min=20ms, alpha=1)", math.inf),
        ("weibull(shape=1, scale=5ms)", 5),
        ("percentiles(p0=0ms, p50=100ms, p100=300ms)", 125),
        ("mixture(0.9: constant(100ms), 0.1: constant(2s))", 290),
    ],
)
def test_mean(text: str, mean_ms: float) -> None:
    assert parse_distribution(text).mean() == pytest.approx(mean_ms * MS)


def test_mixture_keeps_its_parts() -> None:
    mixture = parse_distribution("mixture(0.75: exponential(1s), 0.25: mixture(0.5: constant(1s), 0.5: constant(2s)))")
    assert [weight for weight, _ in mixture.parts] == [0.75, 0.25]
    assert mixture.parts[0][1] == Distribution("exponential", (1e9,))
    assert mixture.parts[1][1].parts == (
        (0.5, Distribution("constant", (1e9,))),
        (0.5, Distribution("constant", (2e9,))),
    )


def test_empirical_table() -> None:
    table = {"dist": "empirical", "file": "times.csv", "column": "durationMs", "unit": "ms"}
    distribution = parse_distribution(table)
    assert distribution == Distribution("empirical", file="times.csv", column="durationMs", unit="ms")
    assert distribution.to_raw() == table
    assert math.isnan(distribution.mean())


def test_memory_is_in_mb() -> None:
    assert parse_distribution("uniform(100 MB, 1 GB)", "memory").params == (100.0, 1024.0)


@pytest.mark.parametrize("text", EXAMPLES.values())
def test_text_is_kept_and_reads_back(text: str) -> None:
    distribution = parse_distribution(text)
    assert distribution.to_raw() == text
    assert parse_distribution(distribution.to_raw()) == distribution


TABLE = '{ dist = "empirical", file = "times.csv", column = "durationMs", unit = "ms" }'


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("lognorml(p50=80ms, p99=600ms)", "unknown distribution 'lognorml'; did you mean 'lognormal'?"),
        (
            "zipf(2)",
            "unknown distribution 'zipf'; the distributions are: constant, exponential, lognormal, gamma, weibull, "
            "pareto, uniform, half-life, percentiles, mixture",
        ),
        ("300ms", "'300ms' is not a distribution; for one fixed value write 'constant(300ms)'"),
        ("gamma", "'gamma' needs its arguments, such as 'gamma(mean=1.8s, cv=0.7)'"),
        (80, "80 is not a distribution; give one such as 'lognormal(p50=80ms, p99=600ms)'"),
        ("lognormal(p50=80ms, p99=80ms)", "lognormal: p99 (80ms) must be above p50 (80ms)"),
        ("lognormal(p99=60ms, p50=80ms)", "lognormal: p99 (60ms) must be above p50 (80ms)"),
        ("lognormal(p50=80, p99=600ms)", "80 needs a number and a unit, such as '80ms', '1.5s' or '10min'"),
        (
            "lognormal(p50=-80ms, p99=600ms)",
            "'-80ms' is negative; give zero or more, such as '80ms', '1.5s' or '10min'",
        ),
        (
            "lognormal(p50=80ms)",
            "lognormal needs two of p50, p90, p95, p99, p99.9 and mean, or mean and cv, "
            "such as 'lognormal(p50=80ms, p99=600ms)'",
        ),
        ("lognormal(p50=0s, p99=1s)", "lognormal: p50 must be above zero"),
        ("lognormal(p90=1s, p95=50d)", "lognormal: sigma would be 42.1, above 10, this simulator's limit"),
        ("lognormal(mean=1s, p99=20s)", "lognormal: p99 must be above the mean and at most 15 times it"),
        ("lognormal(mean=1s, p99=1s)", "lognormal: p99 must be above the mean and at most 15 times it"),
        ("lognormal(mean=1s, p50=1s)", "lognormal: mean must be above p50"),
        ("lognormal(mean=1s, cv=nan)", "lognormal: cv=nan is outside 0 to 100"),
        ("lognormal(mean=1s, cv=-1)", "lognormal: cv=-1 is outside 0 to 100"),
        ("exponential(mean=0s)", "exponential: mean must be above zero"),
        (
            "exponential(mean=inf)",
            "'inf' is not a quantity; give a number and a unit, such as '80ms', '1.5s' or '10min'",
        ),
        ("exponential()", "exponential needs mean, such as 'exponential(mean=2s)'"),
        ("exponential(median=1s)", "exponential takes mean, not 'median'"),
        ("uniform(2s, 1s)", "uniform: high (1s) is below low (2s)"),
        ("uniform(1s, 2s, 3s)", "uniform takes low and high, not '3s'"),
        ("uniform(1s, low=2s)", "uniform: 'low' is given twice"),
        ("uniform(1s,)", "an argument is missing in 'uniform(1s,)'"),
        ("gamma(mean=1s, cv=x)", "gamma: cv=x is not a plain number"),
        ("constant(2000d)", "'2000d' is longer than 1830d, five years, the longest that this simulator accepts"),
        ("constant((1s)", "a '(' has no ')' in '(1s'"),
        ("constant(1s))", "a ')' has no '(' in '1s)'"),
        ("constant 1s", "'constant 1s' is not a distribution; give one such as 'lognormal(p50=80ms, p99=600ms)'"),
        ("mixture(0.9: constant(80ms), 0.2: constant(2s))", "mixture: the weights add up to 1.1, not to 1"),
        (
            "mixture(constant(1s))",
            "mixture needs two or more 'weight: distribution', "
            "such as 'mixture(0.9: constant(80ms), 0.1: constant(2s))'",
        ),
        (
            "percentiles(p50=1s, p100=2s)",
            "percentiles needs p0 and p100, such as 'percentiles(p0=10ms, p50=80ms, p99=600ms, p100=2s)'",
        ),
        ("percentiles(p0=1s, p50=500ms, p100=2s)", "percentiles: p50 must not be below p0"),
        ("percentiles(p0=1s, p50=2s, p50.0=2s, p100=3s)", "percentiles: p50 is given twice"),
        ("percentiles(p0=1s, q=2s, p100=3s)", "percentiles: 'q' is not a percentile such as p50 or p99.9"),
        ({"dist": "empirical", "file": "a.csv", "column": "x"}, f"'unit' is missing, as in {TABLE}"),
        (
            {"dist": "empirical", "file": "a.csv", "column": "x", "unit": "msec"},
            "unknown unit 'msec'; did you mean 'ms'?",
        ),
        ({"dist": "empirical", "fil": "a.csv"}, "unknown key 'fil'; did you mean 'file'?"),
        ({"dist": "empirical", "file": 3}, f"file must be a text, as in {TABLE}"),
        ({"dist": "gamma"}, "only dist = \"empirical\" is written as a table; write 'gamma(...)' as a text"),
    ],
)
def test_refused(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_distribution(value)


def test_deep_mixtures_are_refused() -> None:
    text = "constant(1s)"
    for _ in range(9):
        text = f"mixture(0.5: {text}, 0.5: constant(1s))"
    with pytest.raises(ValueError, match="mixtures are nested more than 8 deep"):
        parse_distribution(text)


@given(
    st.text(max_size=60) | st.from_regex(r"(lognormal|mixture|uniform|gamma)\([a-z0-9=,.: ()]{0,40}\)", fullmatch=True)
)
def test_any_text_is_a_distribution_or_a_message(text: str) -> None:
    mean, message = 0.0, ""
    try:
        mean = parse_distribution(text).mean()
    except ValueError as error:
        message = str(error)
    assert mean >= 0
    assert len(message) < 400


@given(st.integers(1, MAX_TIME_NS), st.floats(1.001, 1e6))
def test_lognormal_round_trip_of_percentiles(p50: int, ratio: float) -> None:
    p99 = int(p50 * ratio)
    if not p50 < p99 <= MAX_TIME_NS:
        return
    distribution = parse_distribution(f"lognormal(p50={p50}ns, p99={p99}ns)")
    assert _quantile(distribution, 0.5) == pytest.approx(p50)
    assert _quantile(distribution, 0.99) == pytest.approx(p99)
