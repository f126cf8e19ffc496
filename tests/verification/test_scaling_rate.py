"""The ramp under the scaling rate, as a fluid: N(t) = min(demand, 1,000 + 100 t) under continuous refill."""

import pytest
from support import experiment


def concurrency(refill: str) -> list[float]:
    """Highest concurrency in each second under 1,000 requests/s that last longer than the run."""
    exp = experiment(
        {"duration": "constant(2min)", "timeout": "3min", "init": "constant(0ms)"},
        {"executor": "constant-arrival-rate", "process": "deterministic", "rate": "1000/s", "duration": "30s"},
        account={"concurrency": 10_000, "scaling": {"policy": "per-function", "refill": refill}},
        simulation={"duration": "30s"},
        output={"period": "1s"},
    )
    series = exp.run().timeseries
    rows = series[(series.metric == "ConcurrentExecutions") & (series.function == "f")]
    return list(rows[rows.statistic == "Maximum"].value)


def test_continuous_refill() -> None:
    reached = concurrency("continuous")
    assert reached[0] == 1_000
    # the last request of second k arrives 1 ms before its end, when 10 ms have to pass for each new environment
    assert reached[1:] == [pytest.approx(1_000 + 100 * (k + 1), abs=101) for k in range(1, 30)]
    assert next(k for k, n in enumerate(reached) if n >= 2_900) in (19, 20)


def test_step_refill() -> None:
    reached = concurrency("step")
    assert [reached[k] for k in (0, 9, 10, 19, 20, 29)] == [1_000, 1_000, 2_000, 2_000, 3_000, 3_000]


def test_time_to_three_thousand_is_twenty_seconds() -> None:
    reached = concurrency("continuous")
    first = next(k for k, n in enumerate(reached) if n >= 3_000)
    assert first == pytest.approx(20, abs=1)
