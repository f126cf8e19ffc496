"""``[function."*"]`` says what the functions of a file leave out."""

import tomllib
from typing import Any

import pytest

import lambdasim as ls
from lambdasim.config import config_from_dict
from lambdasim.config.resolved import resolved_toml
from lambdasim.errors import InputError

LOAD = {"target": "api", "executor": "poisson", "rate": "1/s", "duration": "5s"}
BASE = {"duration": "constant(80ms)", "init": "constant(1s)", "memory": "512 MB", "timeout": "10s"}


def config(**functions: Any) -> Any:
    return config_from_dict({"function": functions, "load": [LOAD]}).config


def test_what_a_function_leaves_out_is_the_bases() -> None:
    found = config(**{"*": BASE, "api": {"memory": "1024 MB"}}).function
    whole = config(api=BASE | {"memory": "1024 MB"}).function["api"]
    assert found["api"] == whole
    assert found["api"].memory == 1024
    assert found["*"].memory == 512


def test_inner_tables_are_laid_over_key_by_key_and_values_are_not() -> None:
    base = BASE | {"async": {"maximum_retry_attempts": 1, "maximum_event_age": "1h"}, "idle_timeout": "constant(1min)"}
    own = {
        "async": {"maximum_event_age": "2h"},
        "idle_timeout": {"lone": "constant(5min)", "surplus": "constant(1min)"},
    }
    api = config(**{"*": base, "api": own}).function["api"]
    assert (api.async_.maximum_retry_attempts, api.async_.maximum_event_age) == (1, 7_200 * 10**9)
    assert api.idle_timeout.to_raw() == own["idle_timeout"]


def test_a_base_that_is_no_function_is_a_base_alone() -> None:
    own = {"duration": "constant(80ms)", "init": "constant(1s)"}
    found = config(**{"*": {"memory": "512 MB"}, "api": own})
    assert list(found.function) == ["api"]
    assert found.function["api"].memory == 512
    assert config_from_dict(tomllib.loads(resolved_toml(found))).config == found


def test_what_is_wrong_in_the_base_is_told_once_and_there() -> None:
    wrong = BASE | {"memory": "5 MB", "timout": "3s"}
    with pytest.raises(InputError) as caught:
        config(**{"*": wrong, "api": {}, "worker": {}})
    assert sorted(problem.path or "" for problem in caught.value.problems) == [
        'function."*".memory',
        'function."*".timout',
    ]
    with pytest.raises(InputError) as caught:
        config(**{"*": {"memory": "5 MB"}, "api": {"duration": "constant(80ms)", "init": "constant(1s)"}})
    assert [problem.path for problem in caught.value.problems] == ['function."*".memory']


def test_memory_can_be_varied_where_the_base_says_how_it_matters() -> None:
    exp = ls.Experiment(functions={"*": BASE | {"cpu_share": 1.0}, "api": {}}, loads=[LOAD])
    assert exp.with_({"function.api.memory": "1024 MB"}).config.function["api"].duration_memory == 512
    assert exp.with_({'function."*".memory': "1024 MB"}).config.function["api"].memory == 1024
    assert ls.Experiment(functions={"*": BASE, "api": {}}, loads=[LOAD]).to_toml().count("512 MB") == 1
