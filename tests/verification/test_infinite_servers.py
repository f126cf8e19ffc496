"""Without a limit, concurrency is the number of customers in M/G/∞.

Theorem (Palm 1943): in steady state it is Poisson with mean a = arrival rate x mean service time, so that its variance
is a as well; by PASTA (Wolff 1982) that is what arrivals see.
"""

import numpy as np
import pytest
from support import experiment, records

RATE, MEAN_S = 20, 2.0
REPLICATIONS = 8


@pytest.mark.parametrize("duration", ["exponential(mean=2s)", "uniform(1s, 3s)", "lognormal(mean=2s, cv=2)"])
def test_concurrency_seen_by_arrivals_is_poisson(duration: str) -> None:
    exp = experiment(
        {"duration": duration, "timeout": "15min", "init": "constant(0ms)", "idle_timeout": "constant(1h)"},
        {"executor": "constant-arrival-rate", "rate": f"{RATE}/s", "duration": "12min"},
    )
    moments = []
    for seed in range(REPLICATIONS):
        rows, _ = records(exp, seed)
        seen = rows["function_concurrency"][rows["arrival_ns"] > 120 * 10**9] - 1
        moments.append((np.mean(seen), np.mean(seen**2)))
    mean, error = np.mean(moments, axis=0), np.std(moments, axis=0, ddof=1) / REPLICATIONS**0.5
    load = RATE * MEAN_S
    assert abs(mean[0] - load) < 4 * error[0]
    assert abs(mean[1] - (load + load**2)) < 4 * error[1]
    assert error[0] < 0.02 * load
