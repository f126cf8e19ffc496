"""Throttling at a concurrency limit is Erlang's loss system M/G/c/c.

Theorem (Erlang 1917; insensitivity: Sevastyanov 1957): with Poisson arrivals, the share of requests that are blocked
is B(c, a) for offered load a, whatever the distribution of service times with that mean.
"""

import statistics

import pytest
from support import experiment

from lambdasim.metrics.queueing import erlang_b

LIMIT, RATE, MEAN_S = 20, 10, 1.5
REPLICATIONS = 8


@pytest.mark.parametrize(
    "duration", ["exponential(mean=1.5s)", "lognormal(mean=1.5s, cv=1.5)", "constant(1.5s)", "gamma(mean=1.5s, cv=0.5)"]
)
def test_throttle_probability_is_erlang_b_whatever_the_service_time(duration: str) -> None:
    exp = experiment(
        {"duration": duration, "timeout": "15min", "init": "constant(0ms)", "idle_timeout": "constant(1h)",
         "max_lifetime": "none"},
        {"executor": "constant-arrival-rate", "rate": f"{RATE}/s", "duration": "40min"},
        account={"concurrency": LIMIT},
        simulation={"warmup": "1min"},
    )  # fmt: skip
    rates = [exp.run(seed=seed).summary["functions"]["f"]["throttle_rate"] for seed in range(REPLICATIONS)]
    error = statistics.stdev(rates) / REPLICATIONS**0.5
    assert abs(statistics.fmean(rates) - erlang_b(RATE * MEAN_S, LIMIT)) < 4 * error
    assert error < 0.003
