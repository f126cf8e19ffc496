"""Every family against its closed form, and the independence of draws from how they are asked for."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lambdasim.config.distribution import Distribution
from lambdasim.config.families import parse_distribution
from lambdasim.errors import InputError
from lambdasim.model.events import NEVER_NS
from lambdasim.workload.arithmetic import PLAIN
from lambdasim.workload.distributions import Sampler
from lambdasim.workload.random_streams import stream_key

MS = 1e6
N = 200_000

CLOSED_FORMS: list[tuple[str, Any]] = [
    ("exponential(mean=2s)", stats.expon(scale=2000 * MS)),
    ("lognormal(p50=80ms, p99=600ms)", stats.lognorm(np.log(600 / 80) / stats.norm.ppf(0.99), scale=80 * MS)),
    ("gamma(mean=1.8s, cv=0.7)", stats.gamma(0.7**-2, scale=1800 * MS * 0.49)),
    ("gamma(mean=1.8s, cv=2)", stats.gamma(0.25, scale=1800 * MS * 4)),
    ("weibull(shape=0.8, scale=1s)", stats.weibull_min(0.8, scale=1000 * MS)),
    ("pareto(min=20ms, alpha=2.5)", stats.pareto(2.5, scale=20 * MS)),
    ("uniform(5min, 7min)", stats.uniform(300e9, 120e9)),
]
ALL = [
    *(text for text, _ in CLOSED_FORMS),
    "constant(300ms)",
    "half-life(380s)",
    "percentiles(p0=10ms, p50=80ms, p99=600ms, p100=2s)",
    "percentiles(p0=0s, p100=1s)",
    "mixture(0.9: lognormal(p50=80ms, p99=600ms), 0.1: constant(2s))",
    "mixture(0.5: mixture(0.2: constant(1s), 0.8: exponential(mean=1s)), 0.5: gamma(mean=1s, cv=3))",
]


def sample(text: str, n: int = N) -> np.ndarray:
    return Sampler([parse_distribution(text)], [stream_key(1, text)])(0, np.arange(n))


@pytest.mark.parametrize("text", ALL)
def test_means(text: str) -> None:
    """The mean of n draws is normal around the mean (central limit theorem); 4 standard errors."""
    draws = sample(text)
    error = draws.std() / np.sqrt(N)
    assert abs(draws.mean() - parse_distribution(text).mean()) <= 4 * error + 0.5  # and half a ns of rounding


@pytest.mark.parametrize(("text", "law"), CLOSED_FORMS, ids=[text for text, _ in CLOSED_FORMS])
@pytest.mark.parametrize("p", [0.01, 0.1, 0.5, 0.9, 0.99, 0.999])
def test_quantiles(text: str, law: Any, p: float) -> None:
    """The number of draws below the p-quantile is binomial(n, p); 4 standard errors."""
    below = (sample(text) < law.ppf(p)).mean()
    assert abs(below - p) < 4 * np.sqrt(p * (1 - p) / N)


def test_constant() -> None:
    assert set(sample("constant(300ms)", 10).tolist()) == {300_000_000}
    assert Sampler([parse_distribution("constant(1ms)")] * 2, [1, 2]).constant == 1_000_000
    assert Sampler([parse_distribution("constant(1ms)"), parse_distribution("constant(2ms)")], [1, 2]).constant is None


def test_half_life_dies_at_multiples_of_the_period_only() -> None:
    """Survivors of k periods are binomial(n, 2**-k); 4 standard errors."""
    periods, rest = np.divmod(sample("half-life(380s)"), 380_000_000_000)
    assert not rest.any()
    assert periods.min() == 1
    for k in range(1, 8):
        p = 2.0**-k
        assert abs((periods > k).mean() - p) < 4 * np.sqrt(p * (1 - p) / N)


def test_percentiles_are_hit_and_joined_by_lines() -> None:
    """Counts below the knots and below the middle of a segment are binomial; 4 standard errors."""
    draws = sample("percentiles(p0=10ms, p50=80ms, p99=600ms, p100=2s)")
    assert 10 * MS <= draws.min() <= draws.max() <= 2000 * MS
    for value, p in [(45 * MS, 0.25), (80 * MS, 0.5), (340 * MS, 0.745), (600 * MS, 0.99)]:
        assert abs((draws < value).mean() - p) < 4 * np.sqrt(p * (1 - p) / N)


def test_the_parts_of_a_mixture_have_their_weights() -> None:
    """The number of draws from a part is binomial(n, weight); 4 standard errors."""
    draws = sample("mixture(0.7: constant(1s), 0.3: mixture(0.5: constant(2s), 0.5: constant(3s)))")
    for value, p in [(1, 0.7), (2, 0.15), (3, 0.15)]:
        assert abs((draws == value * 10**9).mean() - p) < 4 * np.sqrt(p * (1 - p) / N)


@settings(max_examples=30, deadline=None)
@given(
    texts=st.lists(st.sampled_from(ALL), min_size=1, max_size=6),
    rows=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2**44)), min_size=1, max_size=40),
    cut=st.integers(0, 40),
)
def test_draws_do_not_depend_on_the_rows_around_them(texts: list[str], rows: list[tuple[int, int]], cut: int) -> None:
    """Rows of many actors at once, in two parts, and one by one from samplers of their own: exactly the same."""
    distributions = [parse_distribution(text) for text in texts]
    keys = [stream_key(5, str(place)) for place in range(len(texts))]
    sampler = Sampler(distributions, keys)
    actor = np.array([which % len(texts) for which, _ in rows])
    index = np.array([number for _, number in rows])
    together = sampler(actor, index).tolist()
    assert together == [*sampler(actor[:cut], index[:cut]), *sampler(actor[cut:], index[cut:])]
    alone = [int(Sampler([distributions[a]], [keys[a]])(0, index[i : i + 1])[0]) for i, a in enumerate(actor.tolist())]
    assert together == alone


def test_long_arrays_agree_with_short_ones() -> None:
    """Vectorised loops treat the ends of arrays apart; nothing of that may show."""
    for text in ALL:
        whole = sample(text, 10_001)
        sampler = Sampler([parse_distribution(text)], [stream_key(1, text)])
        index = np.arange(10_001)
        for begin, end in [(0, 1), (1, 4), (17, 2_048), (10_000, 10_001)]:
            assert (sampler(0, index[begin:end]) == whole[begin:end]).all()


def test_values_are_whole_and_end_before_never() -> None:
    values = np.array([-1.0, 0.4, 0.6, 1e30, np.inf])
    assert PLAIN.rounded(values).tolist() == [0, 0, 1, NEVER_NS - 1024, NEVER_NS - 1024]
    endless = Sampler([Distribution("pareto", (0.01, 1e9))], [1])(0, np.arange(1000))
    assert endless.max() == NEVER_NS - 1024


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet"])
def test_empirical_values_have_equal_weight(tmp_path: Path, kind: str) -> None:
    """Each of 4 values is drawn binomial(n, 1/4) times; 4 standard errors."""
    file = tmp_path / f"times.{kind}"
    table = pd.DataFrame({"other": ["a", "b", "c", "d"], "ms": [1.5, 0.0, 70.0, 8.0]})
    if kind == "parquet":
        table.to_parquet(file)
    elif kind == "csv":
        table.to_csv(file, index=False)
    else:
        file.write_bytes(gzip.compress(table.to_csv(index=False).encode()))
    empirical = parse_distribution({"dist": "empirical", "file": str(file), "column": "ms", "unit": "ms"})
    other = parse_distribution("constant(1s)")
    draws = Sampler([other, empirical, empirical], [1, 2, 3])(2, np.arange(N))
    values, counts = np.unique(draws, return_counts=True)
    assert values.tolist() == [0, 1_500_000, 8_000_000, 70_000_000]
    assert (np.abs(counts / N - 0.25) < 4 * np.sqrt(0.25 * 0.75 / N)).all()


def test_empirical_memory_is_in_mb(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("used\n1.5\n")
    used = parse_distribution(
        {"dist": "empirical", "file": str(tmp_path / "m.csv"), "column": "used", "unit": "GB"}, "memory"
    )
    assert Sampler([used], [1]).values(0, np.arange(2)).tolist() == [1536.0, 1536.0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        (b"", "is empty"),
        (b"ms\n", "no rows"),
        (b"msec\n1\n", "no column is called 'ms'"),
        (b"ms\n1\nfast\n", "times.csv:3: ms: 'fast' is not a number"),
        (b"ms\n1\n-2\n", "times.csv:3: ms: '-2' is not a number from 0 up"),
        (b"a,ms\n1,2\n1,\n", "times.csv:3: ms"),
        (b"a,ms\n1,nan\n", "times.csv:2: ms"),
        (b"PAR1\x00\x01\x02", "cannot be read"),
    ],
)
def test_unusable_files_are_explained(tmp_path: Path, content: bytes | None, message: str) -> None:
    file = tmp_path / "times.csv"
    if content is not None:
        file.write_bytes(content)
    empirical = parse_distribution({"dist": "empirical", "file": str(file), "column": "ms", "unit": "ms"})
    with pytest.raises(InputError, match=message):
        Sampler([empirical], [1])
