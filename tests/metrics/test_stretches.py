"""Series that are made when they are asked for are those that are kept of fewer functions."""

import pytest

from lambdasim.cli.bench import many_functions
from lambdasim.metrics import measured, stretches
from lambdasim.result import Result


@pytest.fixture(scope="module")
def result() -> Result:
    return many_functions(180, functions=7, rate=10).with_({"output.period": "1min"}).run(engine="simpy")


def test_made_when_asked_for(result, monkeypatch, tmp_path) -> None:
    cost = result._outcomes[0].cost_by_period
    kept = result.measured.series(cost)
    monkeypatch.setattr(measured, "MANY", 1)
    monkeypatch.setattr(stretches, "STRETCH", 3)
    later = result.measured.series(cost)
    assert kept.later is None
    assert later.later is not None
    assert len(later.later.bounds()) > 2
    assert later.frame().equals(kept.frame())
    assert (later.metrics, later.last_s, later.has_spread) == (kept.metrics, kept.last_s, False)
    assert later.of_account().frame().equals(kept.of_account().frame())
    metrics = ("Latency", "Environments", "Throttles")
    assert later.peaks(metrics) == kept.peaks(metrics)
    for owners in (["f2", "", "f7"], ["", "nobody"], [f"f{n}" for n in range(1, 8)] * 5):
        for metric, statistic in (("Latency", "p99"), ("EnvironmentsIdle", "Average"), ("Invocations", "Sum")):
            found, expected = (table.points_of(metric, statistic, owners) for table in (later, kept))
            assert sorted(zip(*found, strict=True)) == sorted(zip(*expected, strict=True))
