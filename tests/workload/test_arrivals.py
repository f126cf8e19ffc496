"""Arrival processes at their rates: counts, gaps, exact instants, ends."""

from itertools import islice
from typing import Any

import numpy as np
import pytest

from lambdasim.config.schema import LoadConfig
from lambdasim.model.events import NEVER_NS
from lambdasim.workload.arrivals import FIRST_BLOCK, LAST_BLOCK, RATES, open_synthetic
from lambdasim.workload.random_streams import stream_key

S = 10**9


def load(executor: str, latest_ns: int = NEVER_NS, seed: int = 1, **keys: Any) -> Any:
    config = LoadConfig.model_validate({"name": "a", "target": "api", "executor": executor, **keys})
    return open_synthetic(config, "api", seed, stream_key(seed, "arrival", config.name), latest_ns)


def arrivals(executor: str, **keys: Any) -> np.ndarray:
    blocks = [block.arrival_ns for block in load(executor, **keys).blocks()]
    return np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.int64)


KINDS: dict[str, dict[str, Any]] = {
    "constant-arrival-rate": {"rate": "50/s", "duration": "1000s"},
    "poisson": {"rate": "50/s", "duration": "1000s"},
    "ramping-arrival-rate": {
        "start_rate": "10/s",
        "stages": [{"duration": "400s", "target": "90/s"}, {"duration": "600s", "target": "0/s"}],
    },
    "diurnal": {"rate": "50/s", "peak": "90/s", "period": "200s", "duration": "1000s"},
    "spike": {
        "rate": "20/s",
        "spike_rate": "400/s",
        "spike_at": "300s",
        "spike_duration": "50s",
        "duration": "1000s",
    },
}
MEANS = {
    "constant-arrival-rate": 50_000,
    "poisson": 50_000,
    "ramping-arrival-rate": 47_000,
    "diurnal": 50_000,
    "spike": 39_000,
}


def test_every_executor_of_the_file_is_here() -> None:
    from lambdasim.config.traffic import EXECUTORS

    assert set(RATES) == set(EXECUTORS) - {"constant-vus"}


@pytest.mark.parametrize("executor", KINDS)
def test_poisson_counts(executor: str) -> None:
    """The count of a Poisson process is Poisson with the rate's integral as mean and variance; 4 standard errors."""
    counts = [len(arrivals(executor, seed=seed, **KINDS[executor])) for seed in range(10)]
    assert abs(np.mean(counts) - MEANS[executor]) < 4 * np.sqrt(MEANS[executor] / 10)


@pytest.mark.parametrize("cv", [0.3, 3.0])
def test_gamma_counts_and_gaps(cv: float) -> None:
    """An equilibrium renewal process has the mean count rate x time exactly (renewal theory) at any time; the variance
    of the count tends to cv^2 x mean (central limit theorem for renewal processes). 4 standard errors."""
    runs = [
        arrivals("constant-arrival-rate", seed=seed, process=f"gamma(cv={cv})", rate="50/s", duration="200s")
        for seed in range(60)
    ]
    counts = np.array([len(run) for run in runs])
    assert abs(counts.mean() - 10_000) < 4 * cv * np.sqrt(10_000 / 60)
    early = np.array([np.searchsorted(run, S // 50) for run in runs])  # within one mean gap of the start
    assert abs(early.mean() - 1.0) < 4 * max(early.std(), 0.1) / np.sqrt(60)
    gaps = np.concatenate([np.diff(run) for run in runs]) / (S / 50)
    assert gaps.std() == pytest.approx(cv, rel=0.03)


def test_poisson_gaps_are_exponential() -> None:
    """Dvoretzky-Kiefer-Wolfowitz: the empirical distribution is off by more than e with probability 2 exp(-2 n e^2)."""
    gaps = np.sort(np.diff(arrivals("poisson", **KINDS["poisson"]))) / (S / 50)
    n = len(gaps)
    error = np.abs(1.0 - np.exp(-gaps) - (np.arange(n) + 0.5) / n).max()
    assert error < np.sqrt(np.log(2 / 1e-6) / (2 * n))


def test_bursty_counts_are_those_of_a_markov_modulated_process() -> None:
    """The mean count is exact in equilibrium, the variance follows from the two states' autocovariance
    (p q (r1 - r2)^2 exp(-t / c), 1/c = 1/s1 + 1/s2); central limit theorem over seeds, 4 standard errors."""
    seconds, n = 500, 40
    counts = [
        len(arrivals("bursty", seed=seed, rates=["5/s", "100/s"], sojourns=["9s", "1s"], duration=f"{seconds}s"))
        for seed in range(n)
    ]
    mean = (0.9 * 5 + 0.1 * 100) * seconds
    c = 1 / (1 / 9 + 1 / 1)
    variance = mean + 2 * 0.09 * 95**2 * c * (seconds - c)
    assert abs(np.mean(counts) - mean) < 4 * np.sqrt(variance / n)
    assert 0.4 < np.var(counts) / variance < 2.0


def test_deterministic_instants_are_exact() -> None:
    got = arrivals("constant-arrival-rate", process="deterministic", rate="300/s", duration="1h", start_time="10s")
    assert len(got) == 300 * 3600
    k = np.arange(len(got), dtype=object)
    assert (got - 10 * S == np.array([round(int(i) * S / 300) for i in k])).all()


def test_a_slow_schedule_is_exact() -> None:
    got = arrivals("constant-arrival-rate", process="deterministic", rate="5/min", duration="1h")
    assert got.tolist() == [12 * S * k for k in range(300)]


def test_a_deterministic_ramp_follows_the_square_root() -> None:
    stages = [{"duration": "10s", "target": "20/s"}]
    got = arrivals("ramping-arrival-rate", process="deterministic", stages=stages)
    assert len(got) == 100
    assert got.tolist() == [round(np.sqrt(k) * S) for k in range(100)]


def test_the_spike_is_where_it_should_be() -> None:
    got = arrivals("spike", process="deterministic", **KINDS["spike"])
    assert np.histogram(got, np.array([0, 300, 350, 1000]) * S)[0].tolist() == [6_000, 20_000, 13_000]


@pytest.mark.parametrize("process", ["poisson", "deterministic", "gamma(cv=2.0)"])
def test_a_rate_of_zero_is_silence(process: str) -> None:
    assert len(arrivals("constant-arrival-rate", process=process, rate="0/s", duration="1h")) == 0
    assert len(arrivals("ramping-arrival-rate", process=process, stages=[{"duration": "0s", "target": "9/s"}])) == 0
    assert len(arrivals("bursty", rates=["0/s", "0/s"], sojourns=["1s", "1s"], duration="1h")) == 0


@pytest.mark.parametrize("executor", [*KINDS, "bursty"])
def test_blocks_are_sorted_within_the_load_and_of_fixed_sizes(executor: str) -> None:
    keys = KINDS.get(executor, {"rates": ["5/s", "100/s"], "sojourns": ["9s", "1s"], "duration": "1000s"})
    opened = load(executor, start_time="7s", **keys)
    blocks = list(opened.blocks())
    sizes = [len(block) for block in blocks]
    assert sizes[:-1] == [min(FIRST_BLOCK * 2**k, LAST_BLOCK) for k in range(len(blocks) - 1)]
    together = np.concatenate([block.arrival_ns for block in blocks])
    assert (np.diff(together) >= 0).all()
    assert together[0] >= 7 * S
    assert together[-1] < opened.ends_ns == 1007 * S
    assert not any(block.function.any() for block in blocks)


def test_a_longer_load_begins_like_a_shorter_one() -> None:
    short = arrivals("poisson", rate="50/s", duration="100s")
    long = arrivals("poisson", rate="50/s", duration="5000s")
    assert (long[: len(short)] == short).all()
    assert long[len(short)] >= 100 * S


def test_the_end_of_the_simulation_ends_the_load() -> None:
    whole = arrivals("poisson", rate="50/s", duration="100s")
    cut = arrivals("poisson", rate="50/s", duration="100s", latest_ns=40 * S)
    assert cut.tolist() == whole[whole < 40 * S].tolist()
    assert load("poisson", rate="50/s", duration="100s", start_time="50s", latest_ns=40 * S).ends_ns == 50 * S


def test_a_load_without_end_is_read_lazily() -> None:
    opened = load("poisson", rate="1000000/s", duration="100d")
    assert sum(len(block) for block in islice(opened.blocks(), 10)) > 20_000


def test_names_and_seeds_make_different_arrivals() -> None:
    first = arrivals("poisson", **KINDS["poisson"])[:10].tolist()
    assert first != arrivals("poisson", seed=2, **KINDS["poisson"])[:10].tolist()
    assert first != arrivals("poisson", name="b", **KINDS["poisson"])[:10].tolist()
    assert first == arrivals("poisson", **KINDS["poisson"])[:10].tolist()


def test_stages_are_moved_to_the_start_of_the_load() -> None:
    assert load("poisson", rate="50/s", duration="100s", start_time="7s").stages == [(7 * S, 107 * S, "50/s")]
