"""Warmers: rounds of pings that keep environments, in both engines, and on the bill."""

from typing import Any

import pytest

from lambdasim.config import config_from_dict
from lambdasim.errors import InputError
from lambdasim.simulate import RunOutcome, simulate

FUNCTION = {
    "init": "constant(1s)",
    "duration": "constant(100ms)",
    "idle_timeout": "constant(6min)",
    "max_lifetime": "none",
}
VISIT = {"name": "visit", "target": "f", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "6/h"}


def run(warmer: dict[str, Any] | None, engine: str = "simpy", **more: Any) -> RunOutcome:
    tree = {
        "simulation": {"duration": "2h", "engine": engine},
        "function": {"f": {**FUNCTION, **more}},
        "load": [{**VISIT, "start_time": "1min", "duration": "119min"}],
        "warmer": {} if warmer is None else {"pings": {"function": "f", **warmer}},
    }
    return simulate(config_from_dict(tree).config, 1)


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
@pytest.mark.parametrize(
    ("warmer", "pings", "cold", "environments"),
    [
        (None, 0, 12, 1),
        ({"environments": 0}, 0, 12, 1),
        ({"every": "5min"}, 24, 0, 1),
        ({"every": "5min", "environments": 3}, 72, 0, 3),
        ({"every": "20min"}, 6, 6, 1),
    ],
)
def test_who_starts_cold(engine: str, warmer: dict[str, Any] | None, pings: int, cold: int, environments: int) -> None:
    """Twelve visits ten minutes apart find an environment that was used in the last six minutes, or none."""
    outcome = run(warmer, engine)
    sources, of = outcome.measured.sources, outcome.measured.functions["f"]
    assert sources.get("pings", {"requests": 0})["requests"] == pings
    assert sources["visit"]["cold_starts"] == cold
    assert of["environments"]["max"] == environments
    assert outcome.bill.lines[0].quantity == 12 + pings


def test_a_ping_takes_its_own_time_and_never_fails() -> None:
    outcome = run({"every": "1h", "duration": "700ms"}, errors=1.0)
    of = outcome.measured.sources["pings"]
    assert (of["errors"], of["latency"]["max"], of["cold_starts"]) == (0, 1_700, 2)
    assert outcome.measured.sources["visit"]["errors"] == 12


def test_visits_are_drawn_alike_with_and_without() -> None:
    one, other = (run(warmer, duration="lognormal(p50=100ms, p99=900ms)") for warmer in (None, {"environments": 2}))
    durations = [outcome.measured.functions["f"]["duration"]["max"] for outcome in (one, other)]
    assert durations[0] == durations[1]


@pytest.mark.parametrize(
    ("warmer", "message"),
    [
        ({"function": "g"}, "warmer.w.function: no function is named 'g'"),
        ({"function": "f", "every": "50ms"}, "warmer.w.every: is not longer than a ping's duration, 50ms"),
    ],
)
def test_what_is_no_warmer(warmer: dict[str, Any], message: str) -> None:
    tree = {"function": {"f": FUNCTION}, "load": [{**VISIT, "duration": "1h"}], "warmer": {"w": warmer}}
    with pytest.raises(InputError, match=message):
        config_from_dict(tree)


def test_a_warmer_has_a_name_of_its_own() -> None:
    tree = {"function": {"f": FUNCTION}, "load": [{**VISIT, "duration": "1h"}], "warmer": {"visit": {"function": "f"}}}
    with pytest.raises(InputError, match="would be ambiguous"):
        config_from_dict(tree)
