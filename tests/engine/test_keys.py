"""Every attempt has a key of its own: load, sequence and attempt of a log's rows."""

from typing import Any

import pandas as pd
import pytest

import lambdasim as ls

FUNCTION = {"duration": "constant(100ms)", "init": "constant(100ms)", "errors": 0.5, "async": {"duplicates": 0.5}}
RETRIES = {"retries": 3, "backoff": "exponential(base=100ms, max=1s, jitter=full)"}
LOAD = {"target": "s", "executor": "poisson", "rate": "5/s", "duration": "1min"}
CASES: dict[str, dict[str, Any]] = {
    "schedule": {"source": {"expression": "rate(1 minute)", "schedules": 20}},
    "s3": {"load": {}},
    "async-invoke": {"load": {"name": "morning"}},
    "sqs": {"source": {"duplicates": 0.5}, "load": {}},
    "function-url": {"source": {"client": {**RETRIES, "retry_on": ["5xx"]}}, "load": {}},
}


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
@pytest.mark.parametrize("kind", CASES)
def test_no_two_rows_share_a_key(kind: str, engine: str) -> None:
    case = CASES[kind]
    exp = ls.Experiment(
        functions={"f": FUNCTION},
        sources={"s": {"type": kind, "function": "f", **case.get("source", {})}},
        loads=[LOAD | case["load"]] if "load" in case else [],
        simulation={"duration": "5min"},
        output={"requests": "all"},
    )
    result = exp.run(engine=engine)
    assert result.requests is not None
    assert len(result.requests) > 60
    assert not result.requests.duplicated(["load", "sequence", "attempt"]).any()
    if result.events is not None:
        assert not result.events.duplicated(["source", "load", "sequence", "attempt"]).any()


def test_both_engines_give_duplicates_of_a_schedule_the_same_rows() -> None:
    source = {"type": "schedule", "function": "f", **CASES["schedule"]["source"]}
    exp = ls.Experiment(
        functions={"f": FUNCTION},
        sources={"s": source},
        loads=[],
        simulation={"duration": "5min"},
        output={"requests": "all"},
    )
    order = ["load", "sequence", "attempt"]
    simpy, compiled = (
        exp.run(engine=engine).requests.astype({"load": str}).sort_values(order, ignore_index=True)
        for engine in ("simpy", "compiled")
    )
    pd.testing.assert_frame_equal(simpy, compiled)
    assert set(simpy["load"]) == {"s", "again:s"}
