"""Random experiments in which much acts on each other come to the same numbers on both engines, to the last request.

LAMBDASIM_EXAMPLES=200 compares a few thousand of them.
"""

from typing import Any

import numpy as np
import pytest
from eventful_experiments import eventful_experiment
from oracle_plans import examples

import lambdasim as ls
from lambdasim.engine.compiled import supports
from lambdasim.scenario import planned

pytest.importorskip("numba")

TOGETHER = 12
"""Experiments of one test."""
TOLD = ("wall_s", "engine")
"""What of a summary tells of the engine itself."""


def numbers(exp: ls.Experiment, engine: str) -> list[Any]:
    """Return all that a run says: its summary, its series, and its requests, in an order of their own."""
    result = exp.run(engine=engine)
    summary = {key: value for key, value in result.summary.items() if key not in TOLD}
    series, requests = result.timeseries, result.requests
    assert all((np.diff(part.keys) > 0).all() for part in result.series.parts)  # or rows would be lost
    rows = [] if requests is None else sorted(requests.astype(str).itertuples(index=False, name=None))
    return [summary, series.to_csv(), rows]


@pytest.mark.parametrize("first", range(0, examples(24), TOGETHER))
def test_both_engines_say_the_same(first: int) -> None:
    compared = 0
    for number in range(first, first + TOGETHER):
        keys = {"simulation.replications": 1, "simulation.seed": number, "output.requests": "all"}
        exp = eventful_experiment(number).with_(keys)
        if supports(planned(exp.config, number)[0])[0]:
            assert numbers(exp, "compiled") == numbers(exp, "simpy"), number
            compared += 1
    assert compared > TOGETHER // 3


def test_they_have_all_that_may_act_on_each_other() -> None:
    some = [eventful_experiment(number).config for number in range(80)]
    functions = [function for config in some for function in config.function.values()]
    assert {key for own in functions for key in ("uses", "calls", "version", "alias") if getattr(own, key)} == {
        "uses", "calls", "version", "alias",
    }  # fmt: skip
    downstreams = [own for config in some for own in config.downstream.values()]
    kept = ("pool", "connection_rate", "contention", "rate", "slowdowns")
    assert [key for key in kept if not any(getattr(own, key) for own in downstreams)] == []
    followed = {config.source[load.target].type for config in some for load in config.load if load.per is not None
                and load.target in config.source}  # fmt: skip
    assert followed >= {"sqs", "sqs-fifo", "kinesis", "dynamodb", "async-invoke", "apigateway-http"}
    faults = {key for config in some for change in config.change if change.fault is not None
              for key, value in change.fault if value is not None}  # fmt: skip
    assert faults >= {"down", "slowdown", "errors", "disabled", "record_errors", "environments_lost", "lambda_errors"}
    assert any(change.deploy for config in some for change in config.change)
    assert eventful_experiment(7).to_toml() == eventful_experiment(7).to_toml()
