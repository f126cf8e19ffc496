"""Undecided points of a steady state get longer runs, those of a launch day do not."""

from typing import Any

import pytest

import lambdasim as ls
from lambdasim.metrics.judging import Judged
from lambdasim.metrics.queueing import erlang_b
from lambdasim.planning.longer import LONGER, gains, longer
from lambdasim.planning.points import Points
from lambdasim.planning.race import Race

STEADY = {"target": "f", "executor": "constant-arrival-rate", "rate": "40/s", "duration": "6s"}


def steady(limit: float = 0.5, **tables: Any) -> ls.Experiment:
    """Return 4 erlangs on 9 environments, with a warm-up."""
    keys: dict[str, Any] = {"simulation": {"warmup": "2s"}, "loads": [STEADY], **tables}
    return ls.Experiment(
        functions={"f": {"duration": "exponential(mean=100ms)", "init": "constant(0s)", "reserved_concurrency": 9}},
        slo={"f.throttles": [f"rate < {limit:.6%}"]},
        **keys,
    )


def test_what_makes_a_steady_state_longer() -> None:
    assert LONGER == 4
    assert longer(steady().config) == {"load.0.duration": "24s"}
    other = {**STEADY, "executor": "bursty", "rates": ["1/s", "9/s"], "sojourns": ["1s", "1s"], "name": "b"}
    del other["rate"]
    both = steady(loads=[STEADY, other], simulation={"warmup": "2s", "duration": "6s"})
    assert longer(both.config) == {
        "load.0.duration": "24s", "load.1.duration": "24s", "simulation.duration": "24s",
    }  # fmt: skip


RAMP = {"target": "f", "executor": "ramping-arrival-rate", "stages": [{"target": "9/s", "duration": "6s"}]}
EVENTFUL: list[dict[str, Any]] = [
    {"simulation": {}},  # from cold: the beginning is a part of what was asked
    {"loads": [RAMP]},
    {"loads": [{**STEADY, "start_time": "1s"}]},
    {"loads": [STEADY, {**STEADY, "name": "b", "duration": "7s"}]},
    {"simulation": {"warmup": "2s", "duration": "9s"}},
    {"sources": {"tick": {"type": "schedule", "function": "f", "expression": "rate(1 minute)"}},
     "simulation": {"warmup": "2s", "duration": "6s"}},
    {"downstream": {"db": {"type": "database", "slowdowns": [{"from": "1s", "until": "2s", "factor": 3}]}}},
]  # fmt: skip


@pytest.mark.parametrize("tables", EVENTFUL)
def test_what_happens_at_a_time_of_its_own_is_not_made_longer(tables: dict[str, Any]) -> None:
    assert longer(steady(**tables).config) is None


@pytest.mark.parametrize(
    ("path", "text", "gained"),
    [
        ("f.throttles", "rate < 1%", True), ("f.latency", "p99 < 1s", True), ("f.latency", "mean < 1s", True),
        ("account.cost.monthly", "mean < 9 USD", True), ("account.cost", "mean < 9 USD", False),
        ("f.latency", "max < 1s", False), ("f.throttles", "count == 0", False),
        ("f.latency", "P(p99 < 1s) >= 99%", False),
    ],
)  # fmt: skip
def test_objectives_on_a_whole_run_do_not_gain(path: str, text: str, gained: bool) -> None:
    [expression] = steady(billing={"repeats": "3/day"}).with_({"slo": {path: [text]}}).config.slo[path]
    assert gains(Judged(path, expression, None, "undecided", 0.0)) is gained


def test_longer_runs_decide_what_more_runs_of_the_same_length_do_not() -> None:
    truth = erlang_b(4.0, 9)
    exp = steady(truth / 0.8)
    short = exp.with_({"simulation.warmup": "1999ms", "load.0.start_time": "1ms"})  # no steady state
    undecided = Race(Points(short._loaded)).confirm({})
    assert (undecided.verdict, undecided.longer, len(undecided.measurements)) == ("undecided", 1, 96)
    decided = Race(Points(exp._loaded)).confirm({})
    assert (decided.verdict, decided.longer, len(decided.measurements)) == ("passes", 4, 96)
    assert decided.runs == {"runs": 96, "longer": 4}
    [one] = decided.judged
    assert one.observed is not None
    assert one.observed.low < truth < one.observed.high


def test_the_sentence_says_how_long_the_runs_were() -> None:
    found = steady(erlang_b(4.0, 9) / 0.8).capacity("function.f.reserved_concurrency", low=9, high=10)
    again = found.summary["judged_again"]
    assert (again["longer"], found.summary["passes"]) == (4, 9)
    assert "9 is safe on 96 fresh runs, and on as many 4 times as long" in found.summary["verdict"]
