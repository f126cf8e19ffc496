"""Random experiments in which much acts on each other come to the same numbers on both engines, to the last row.

LAMBDASIM_EXAMPLES=200 compares a few thousand of them; ``tests/benchmarks/engines_agree.py`` says what they had.
"""

import sys
from pathlib import Path

import pytest
from both_engines import differences, told
from detailed_experiments import detailed_experiment, detailed_tables
from eventful_experiments import eventful_experiment
from oracle_plans import examples
from random_experiments import EVENTS, GATEWAYS, QUEUES

import lambdasim as ls
from lambdasim.engine.compiled import supports
from lambdasim.scenario import planned

pytest.importorskip("numba")
sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from engines_agree import kinds

TOGETHER = 12
"""Experiments of one test."""


@pytest.mark.parametrize("first", range(0, examples(24), TOGETHER))
def test_both_engines_say_the_same(first: int) -> None:
    compared = 0
    for number in range(first, first + TOGETHER):
        exp = detailed_experiment(number)
        if supports(planned(exp.config, number)[0])[0]:
            assert differences(exp) == [], number
            compared += 1
    assert compared > TOGETHER // 3


def test_both_engines_keep_the_same_rows() -> None:
    exp = ls.Experiment(
        functions={"f": {"duration": "constant(1s)", "init": "constant(1s)", "errors": 0.5}},
        sources={"q": {"type": "sqs", "function": "f", "max_receive_count": 2}},
        loads=[{"target": "q", "executor": "constant-arrival-rate", "rate": "9/s", "duration": "3s"}],
        output={"requests": "all"},
    )
    compiled, simpy = exp.run(engine="compiled"), exp.run(engine="simpy")
    for table, order in (("requests", ["arrival_ns", "sequence"]), ("events", ["sequence", "attempt"])):
        one, other = (getattr(result, table).sort_values(order).reset_index(drop=True) for result in (compiled, simpy))
        assert len(one) > 3
        assert one.equals(other)
    rows = told(exp, "compiled")
    assert [len(rows[name]) for name in ("invocations", "deliveries", "environments")] == [
        len(table) for table in (compiled.requests, compiled.events, compiled.environments)
    ]
    assert len(rows["samples"]) > 0
    assert compiled.environments is not None
    assert compiled.environments.equals(simpy.environments)


def test_they_have_all_that_the_compiled_engine_takes() -> None:
    had = {kind for number in range(300) for kind in kinds(detailed_tables(number))}
    sources = (*GATEWAYS, *EVENTS, *QUEUES, "invoke", "schedule", "kinesis", "dynamodb")
    assert {f"sources {kind}" for kind in sources} <= {name for name, _ in had}
    executors = ("constant-arrival-rate", "ramping-arrival-rate", "diurnal", "bursty", "spike", "constant-vus")
    assert {f"loads {kind}" for kind in executors} <= {name for name, _ in had}
    assert had >= {
        ("functions", "snapstart"), ("functions", "recursive_loop"), ("cold_start", "proactive"),
        ("async", "duplicates"),
        ("provisioned", "autoscaling"), ("provisioned", "schedule"), ("deploy", "alarm"), ("per", "max_rounds"),
        ("sources sqs-fifo", "groups"), ("sources sqs-fifo", "dead_letter_queue"), ("sources sqs", "scaling"),
        ("sources sqs", "windows"), ("sources kinesis", "enhanced_fan_out"), ("sources kinesis", "tumbling_window"),
        ("sources dynamodb", "partial_batch_response"), ("sources invoke", "timeout"), ("client", "retry_on"),
        ("set", "source.rate_limit"), ("set", "downstream.rate"), ("set", "account.scaling.burst"),
    }  # fmt: skip


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
