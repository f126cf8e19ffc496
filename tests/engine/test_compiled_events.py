"""Whole runs of events by both engines: what a run leaves is the same to the last digit."""

import json
from typing import Any

import pytest

import lambdasim as ls

pytest.importorskip("numba")


def runs(**tables: Any) -> list[ls.Result]:
    """Return the results of both engines; environments are idle for as short as they are long."""
    function = {
        "duration": "exponential(mean=200ms)",
        "init": "lognormal(p50=300ms, p99=900ms)",
        "timeout": "3s",
        "errors": 0.1,
        "crashes": 0.02,
        "idle_timeout": "uniform(1s, 9s)",
        "reserved_concurrency": 4,
        "async": {"maximum_event_age": "1min", "duplicates": 0.05},
    }
    loads = [{"target": name, "executor": "poisson", "rate": "5/s", "duration": "20s"} for name in tables["sources"]]
    exp = ls.Experiment(functions={"f": function}, loads=loads, output={"requests": "all"}, **tables)
    return [exp.run(engine=engine) for engine in ("simpy", "compiled")]


SQS = {"type": "sqs", "function": "f", "visibility_timeout": "10s"}


@pytest.mark.parametrize("simulation", [{}, {"duration": "15s"}, {"duration": "5min"}], ids=["whole", "cut", "long"])
@pytest.mark.parametrize(
    "sources",
    [
        {"e": {"type": "s3", "function": "f"}},
        {"q": SQS},
        {"q": SQS | {"batching_window": "2s", "max_receive_count": 2, "dead_letter_queue": "dlq", "poison": 0.05}},
        {"q": SQS | {"partial_batch_response": True, "record_errors": 0.1, "maximum_concurrency": 2}},
        {"q": SQS, "e": {"type": "async-invoke", "function": "f"}, "i": {"type": "invoke", "function": "f"}},
    ],
    ids=["s3", "sqs", "window", "partial", "all"],
)
def test_both_engines_leave_the_same(sources: dict[str, Any], simulation: dict[str, Any]) -> None:
    simpy, compiled = runs(sources=sources, simulation=simulation)
    summaries = [
        json.dumps({k: v for k, v in result.summary.items() if k not in ("wall_s", "engine")})
        for result in (simpy, compiled)
    ]
    assert summaries[0] == summaries[1]
    assert simpy.timeseries.equals(compiled.timeseries)
    columns = ["load", "sequence", "attempt"]
    assert simpy.requests is not None
    assert compiled.requests is not None
    requests = [
        result.requests.astype({"load": str}).sort_values(columns, ignore_index=True) for result in (simpy, compiled)
    ]
    assert requests[0].equals(requests[1])
