"""Which functions an experiment has, and what is known of their cold starts."""

from typing import Any

import pytest

from lambdasim.config.families import parse_distribution
from lambdasim.config.schema import ExperimentConfig
from lambdasim.errors import InputError
from lambdasim.workload.functions import NOTHING, planned_functions

QUICK = {"duration": "constant(1ms)", "init": "constant(100ms)"}


def experiment(**functions: dict[str, Any]) -> ExperimentConfig:
    load = {"name": "replay", "trace": {"file": "calls.csv", "format": "events"}}
    return ExperimentConfig.model_validate({"function": functions, "load": (load,)})


def test_declared_functions_come_first_and_traced_ones_sorted() -> None:
    config = experiment(zeta=QUICK, **{"*": QUICK}, alpha=QUICK)
    functions = planned_functions(config, {0: ["mid", "alpha", "beta", "mid"]}, {})
    assert [(f.name, f.declared) for f in functions] == [
        ("zeta", True),
        ("alpha", True),
        ("beta", False),
        ("mid", False),
    ]
    assert functions[2].config is config.function["*"]


def test_a_function_without_declaration_or_template_is_an_error_with_a_remedy() -> None:
    with pytest.raises(InputError) as caught:
        planned_functions(experiment(checkout=QUICK), {0: ["chekout", "other", "checkout"]}, {})
    assert str(caught.value) == (
        "calls.csv: load.0.trace: the trace names the function 'chekout' (and 1 more), which the experiment does not "
        "declare; did you mean 'checkout'? Or make functions for all names with a table [function.\"*\"]"
    )


def test_what_a_trace_says_of_its_functions_replaces_the_template_only() -> None:
    slow = parse_distribution("constant(9s)")
    config = experiment(known=QUICK, **{"*": {**QUICK, "memory": "256 MB", "cpu_share": 0.5}})
    overrides = {
        "known": {"duration": slow, "memory": 512},
        "both": {"duration": slow, "memory": 512},
        "duration": {"duration": slow},
        "memory": {"memory": 512},
    }
    made = {f.name: f.config for f in planned_functions(config, {0: list(overrides)}, overrides)}
    quick = parse_distribution("constant(1ms)")
    assert {name: (c.duration, c.memory, c.duration_memory) for name, c in made.items()} == {
        "known": (quick, 128, None),
        "both": (slow, 512, None),
        "duration": (slow, 256, None),
        "memory": (quick, 512, 256),  # the template's duration was measured at the template's memory
    }


def test_cold_starts_are_as_given_or_of_the_runtime() -> None:
    config = experiment(
        given=QUICK,
        placed={**QUICK, "placement": "constant(7ms)"},
        runtime={"duration": "constant(1ms)", "runtime": "python3.13"},
        both={"duration": "constant(1ms)", "runtime": "python3.13", "placement": "constant(7ms)"},
    )
    given, placed, runtime, both = planned_functions(config, {}, {})
    assert (given.init.text, given.placement) == ("constant(100ms)", NOTHING)
    assert placed.placement.text == "constant(7ms)"
    assert runtime.init.family == runtime.placement.family == "lognormal"
    assert both.init == runtime.init
    assert both.placement.text == "constant(7ms)"


def test_all_unknown_runtimes_are_reported_at_once() -> None:
    unknown = {"duration": "constant(1ms)", "runtime": "pyhton3.13"}
    config = experiment(a=unknown, b=unknown, **{"*": unknown})
    with pytest.raises(InputError) as caught:
        planned_functions(config, {0: ["x", "y"]}, {})
    assert [problem.path for problem in caught.value.problems] == [
        f"function.{name}.runtime" for name in ("a", "b", "*")
    ]
    assert "did you mean 'python3.13'?" in str(caught.value)
