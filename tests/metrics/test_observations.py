"""A run as series of observations: of many functions, those with most invocations, in the order of the file."""

import pytest

from lambdasim import Experiment
from lambdasim.metrics.observations import MOST_FUNCTIONS


def test_the_busiest_functions_are_observed() -> None:
    rates = [1, 9, 3, 4, 5, 6, 7, 8, 2, 10, 11, 12]
    result = Experiment(
        functions={f"f{rate}": {"duration": f"constant({rate}ms)", "init": "constant(100ms)"} for rate in rates},
        loads=[
            {"target": f"f{rate}", "executor": "constant-arrival-rate", "rate": f"{rate}/s", "duration": "3min"}
            for rate in rates
        ],
    ).run(engine="simpy")
    assert result.measured is not None
    found = result.measured.observations
    names = [path.removesuffix(".latency.mean") for path in found if path.endswith(".latency.mean")]
    assert names == [f"f{rate}" for rate in rates if rate > len(rates) - MOST_FUNCTIONS]
    for name in names:
        summary = result.summary["functions"][name]
        latency, cold = found[f"{name}.latency.mean"], found[f"{name}.cold_starts.rate"]
        assert latency.weights.tolist() == cold.weights.tolist()
        assert latency.weights.sum() == summary["requests"]
        assert latency.totals.sum() / latency.weights.sum() == pytest.approx(summary["latency"]["mean"])
        assert cold.totals.sum() == summary["cold_starts"]
