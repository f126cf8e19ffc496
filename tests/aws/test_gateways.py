"""Gateways from the experiment file to the records: worked examples of AWS's pages, run as a user runs them."""

from pathlib import Path
from typing import Any

import pytest
from support import deliveries

import lambdasim as ls

PLAIN = {"duration": "constant(35s)", "init": "constant(0ms)", "timeout": "60s", "idle_timeout": "constant(1h)",
         "max_lifetime": "none"}  # fmt: skip


def experiment(source: dict[str, Any], load: dict[str, Any], **function: Any) -> ls.Experiment:
    """One function behind one source under one load."""
    return ls.Experiment(
        functions={"f": PLAIN | function},
        sources={"http": {"function": "f", "latency": "constant(0s)"} | source},
        loads=[{"target": "http", "name": "clients"} | load],
    )


ONCE = {"executor": "constant-arrival-rate", "process": "deterministic", "rate": "1/s", "duration": "1s"}


def test_a_function_of_35_seconds_behind_a_rest_api_is_billed_in_full() -> None:
    """API Gateway Developer Guide, limits: 29 s; Lambda runs on to the end (facts 3.2.2)."""
    exp = experiment({"type": "apigateway-rest"}, ONCE)
    [row] = deliveries(exp)
    assert (row["answer"], row["ended_ns"] - row["sent_ns"]) == (504, 29 * 10**9)
    result = exp.run()
    assert result.summary["functions"]["f"]["billed_duration_ms"] == 35_000
    assert result.summary["functions"]["f"]["errors"] == 0


def test_a_cold_start_counts_for_the_integration_timeout() -> None:
    for init, answer in (("1s", 200), ("1001ms", 504)):
        exp = experiment({"type": "apigateway-http"}, ONCE, duration="constant(29s)", init=f"constant({init})")
        assert [row["answer"] for row in deliveries(exp)] == [answer]


def test_boto3s_read_timeout_runs_a_long_call_twice() -> None:
    client = {"retries": 1, "backoff": "exponential(base=1s, max=1s, jitter=none)"}
    exp = experiment({"type": "invoke", "timeout": "10s", "client": client}, ONCE)
    assert [(row["answer"], row["sent_ns"] // 10**9) for row in deliveries(exp)] == [(0, 0), (0, 0)]
    assert exp.run().summary["functions"]["f"]["billed_duration_ms"] == 70_000


def test_virtual_users_wait_for_what_the_client_sees() -> None:
    """A call of 35 s behind a timeout of 10 s and no think time: a user starts one every 10 s (and 1 ms)."""
    load = {"executor": "constant-vus", "vus": 1, "duration": "35s"}
    exp = experiment({"type": "apigateway-rest", "timeout": "10s"}, load)
    rows = deliveries(exp)
    assert [row["sent_ns"] // 10**6 for row in rows] == [0, 10_001, 20_002, 30_003]
    assert {row["answer"] for row in rows} == {504}
    assert exp.run().summary["functions"]["f"]["concurrency"]["max"] == 4


def test_latency_is_drawn_for_each_request() -> None:
    load = {"executor": "constant-vus", "vus": 2, "duration": "10s"}
    source = {"type": "alb", "latency": "uniform(10ms, 20ms)"}
    rows = deliveries(experiment(source, load, duration="constant(100ms)"))
    waits = {row["delivered_ns"] - row["sent_ns"] for row in rows}
    assert len(rows) > 150
    assert len(waits) > 100
    assert min(waits) >= 10 * 10**6
    assert max(waits) < 20 * 10**6


def test_a_direct_call_without_a_timeout_is_as_it_was() -> None:
    load = {"executor": "poisson", "rate": "50/s", "duration": "20s"}
    function = {"duration": "lognormal(p50=80ms, p99=900ms)", "errors": 0.1}
    through = experiment({"type": "invoke"}, load, **function).run()
    patient = experiment({"type": "invoke", "timeout": "10min"}, load, **function).run()
    same = ("requests", "invocations", "errors", "billed_duration_ms", "cold_starts", "duration", "concurrency")
    assert {key: through.summary["functions"]["f"][key] for key in same} == {
        key: patient.summary["functions"]["f"][key] for key in same
    }


def test_both_engines_tell_the_same_of_them() -> None:
    pytest.importorskip("numba")
    exp = experiment({"type": "alb"}, ONCE)
    summaries = [exp.run(engine=engine).summary for engine in ("simpy", "compiled")]
    assert summaries[0]["sources"] == summaries[1]["sources"]
    assert summaries[0]["functions"] == summaries[1]["functions"]


def test_a_trace_that_names_a_gateway_has_its_client(tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    file.write_text("time,function,duration\n0,http,35\n")
    exp = ls.Experiment(
        functions={"f": PLAIN},
        sources={"http": {"function": "f", "type": "alb", "client": {"timeout": "5s"}}},
        loads=[{"name": "trace", "trace": {"file": str(file), "format": "events", "unit": "s"}}],
    )
    assert [(row["answer"], row["ended_ns"]) for row in deliveries(exp)] == [(0, 5 * 10**9)]
