"""``--set PATH=VALUE``."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.config.overrides import parse_value, split_path
from lambdasim.errors import InputError

CPU = """\
[function.api]
memory = "1024 MB"
cpu_share = "50%"
duration = "constant(80ms)"
init = "constant(1s)"
[function.plain]
duration = "constant(80ms)"
init = "constant(1s)"
[[load]]
target = "api"
executor = "ramping-arrival-rate"
stages = [{ duration = "1s", target = "3/s" }]
[slo]
"api.latency" = ["p99 < 1s"]
"""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("40", 40),
        ("0.5", 0.5),
        ("true", True),
        ('"40"', "40"),
        ('["a", 1]', ["a", 1]),
        ("{ min = 3 }", {"min": 3}),
        ("300/s", "300/s"),
        ("2 GB", "2 GB"),
        ("uniform(1s, 2s)", "uniform(1s, 2s)"),
        ("", ""),
        ("1\nother = 2", "1\nother = 2"),
        ("[" * 5000, "[" * 5000),
    ],
)
def test_value(text: str, value: object) -> None:
    assert parse_value(text) == value


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("load.0.rate", ("load", "0", "rate")),
        ('slo."api.latency".0', ("slo", "api.latency", "0")),
        ('function."*".memory', ("function", "*", "memory")),
        ("function.*.memory", ("function", "*", "memory")),
    ],
)
def test_path(text: str, path: tuple[str, ...]) -> None:
    assert split_path(text) == path


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", 'a"b"'])
def test_no_path(text: str) -> None:
    with pytest.raises(InputError, match=r"is not a path such as function\.api\.memory or load\.0\.rate"):
        split_path(text)


@given(st.text(max_size=20))
def test_any_text_is_a_path_or_a_message(text: str) -> None:
    keys, problems = 0, 0
    try:
        keys = len(split_path(text))
    except InputError as error:
        problems = len(error.problems)
    assert (keys >= 1) != (problems == 1)


def test_values_are_replaced_and_tables_made(load) -> None:
    config = load(
        CPU,
        ("function.api.provisioned.concurrency", "40"),
        ("load.0.stages.0.target", "7/s"),
        ("simulation.seed", "5"),
        ('slo."api.latency"', '["p50 < 2s"]'),
        ("name", "other"),
        ("account.scaling.refill", "step"),
    ).config
    assert config.function["api"].provisioned is not None
    assert config.function["api"].provisioned.concurrency == 40
    assert config.load[0].stages is not None
    assert config.load[0].stages[0].target == 7.0
    assert (config.simulation.seed, config.name, config.account.scaling.refill) == (5, "other", "step")
    assert [expression.text for expression in config.slo["api.latency"]] == ["p50 < 2s"]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("function.apo.memory", "2 GB", "function.apo.memory: no function is named 'apo'; did you mean 'api'?"),
        ("source.x.type", "invoke", "source.x.type: no source is named 'x'; there are: none"),
        ("functions.api.memory", "2 GB", "functions.api.memory: unknown key; did you mean 'function'?"),
        ("function.api", "3", "function.api: needs a key, as in function.NAME.KEY"),
        ("function", "3", "function: needs a key, as in function.NAME.KEY"),
        ("load.1.rate", "1/s", "load.1.rate: load has no element 1; it has 1, counted from 0"),
        ("load.x.rate", "1/s", "load.x.rate: no load is named 'x'; there are: api"),
        ("load.1", "{}", "load.1: load has no element 1; it has 1, counted from 0"),
        ("function.api.memory.mb", "3", "function.api.memory.mb: function.api.memory is a value, not a table"),
        ("function.api.memori", "2 GB", "function.api.memori: unknown key; did you mean 'memory'?"),
        (
            "function.api.timeout",
            "30",
            "function.api.timeout: 30 needs a number and a unit, such as '80ms', '1.5s' or '10min'",
        ),
        (
            "load.0.rate",
            "nan",
            "load.0.rate: nan is not a quantity; give a number and a unit, such as '300/s', '5/min' or '2/h'",
        ),
        (
            "function.api.provisioned.max",
            "3",
            "function.api.provisioned.concurrency: is missing\n"
            "function.api.provisioned.max: unknown key; the keys here are: concurrency, requested_at, preparation, "
            "autoscaling, schedule",
        ),
        ("a..b", "1", "'a..b' is not a path such as function.api.memory or load.0.rate"),
    ],
)
def test_refused(path: str, value: str, message: str, messages) -> None:
    assert messages(CPU, (path, value)) == message.splitlines()


@pytest.mark.parametrize("path", ['slo."api.latency"', "slo.api.latency"])
def test_an_objective_needs_no_quotes(path: str, load) -> None:
    config = load(CPU, (path, '["p50 < 2s", "p99 < 9s"]'), (f"{path}.1", "p99 < 8s"), ("slo.account.cost.monthly",
                  '["mean < 3 USD"]'), ("billing.repeats", "1/h")).config  # fmt: skip
    assert [expression.text for expression in config.slo["api.latency"]] == ["p50 < 2s", "p99 < 8s"]
    assert "account.cost.monthly" in config.slo


def test_all_bad_paths_at_once(messages) -> None:
    assert len(messages(CPU, ("function.x.memory", "1"), ("functio.y.memory", "2"))) == 2


def test_duration_stays_measured_at_the_memory_of_the_file(load) -> None:
    for overrides in (
        [("function.api.memory", "2048 MB")],
        [("function.api.memory", "512 MB"), ("function.api.memory", "2048 MB")],
    ):
        function = load(CPU, *overrides).config.function["api"]
        assert (function.memory, function.duration_memory) == (2048, 1024)


@pytest.mark.parametrize(
    ("overrides", "memory", "duration_memory"),
    [
        ([("function.api.memory", "1024 MB")], 1024, None),
        ([("function.api.memory", "2048 MB"), ("function.api.cpu_share", "0")], 2048, None),
        ([("function.api.memory", "2048 MB"), ("function.api.duration_memory", "256 MB")], 2048, 256),
        ([("function.api.timeout", "5s")], 1024, None),
    ],
)
def test_duration_memory_is_left_alone(overrides, memory: int, duration_memory: int | None, load) -> None:
    function = load(CPU, *overrides).config.function["api"]
    assert (function.memory, function.duration_memory) == (memory, duration_memory)


def test_duration_memory_of_a_function_at_the_default_memory(load) -> None:
    changed = load(CPU, ("function.plain.memory", "512 MB"), ("function.plain.cpu_share", "0.3")).config
    assert changed.function["plain"].duration_memory == 128
    assert load(CPU, ("function.plain.memory", "512 MB")).config.function["plain"].duration_memory is None


@pytest.mark.parametrize(
    "path",
    ["change.noon.set.account.concurrency", 'change.0.set."account.concurrency"'],
)
def test_what_a_change_sets_needs_no_quotes(path: str, load) -> None:
    change = '[[change]]\nname = "noon"\ntime = "1s"\nset = { "account.concurrency" = 500 }\n'
    assert load(NAMED + change, (path, "700")).config.change[0].set == {"account.concurrency": 700}
    update = '[[change]]\ntime = "1s"\ndeploy = { function = "api", set = { "cold_start.vpc" = true } }\n'
    deploy = load(NAMED + update, ("change.change-1.deploy.set.cold_start.vpc", "false")).config.change[0].deploy
    assert deploy.set == {"cold_start.vpc": False}


@pytest.mark.parametrize("path", ["load.api.rate", "load.0.rate"])
def test_a_load_is_found_by_its_name_or_that_of_its_target(path: str, load) -> None:
    other = NAMED.replace('name     = "lunch"\n', "")
    assert load(other, (path, "7/s")).config.load[0].rate == 7.0


def test_a_name_of_its_own_comes_before_that_of_the_target(load, messages) -> None:
    assert load(NAMED, ("load.lunch.rate", "7/s")).config.load[0].rate == 7.0
    assert messages(NAMED, ("load.lanch.rate", "7/s")) == [
        "load.lanch.rate: no load is named 'lanch'; did you mean 'lunch'?"
    ]


def test_a_sweep_may_name_a_load_or_a_change(load) -> None:
    swept = NAMED + '[sweep.over]\n"load.lunch.rate" = ["1/s", "2/s"]\n'
    assert load(swept).config.sweep.size == 2
    change = '[[change]]\nname = "noon"\ntime = "1s"\nset = { "account.concurrency" = 500 }\n'
    over = '[sweep.over]\n"change.noon.time" = ["1s", "2s"]\n"change.noon.set.account.concurrency" = [500, 700]\n'
    assert load(NAMED + change + over).config.sweep.size == 4


NAMED = """
[function.api]
duration = "constant(1s)"
init     = "constant(0s)"

[[load]]
name     = "lunch"
target   = "api"
executor = "constant-arrival-rate"
rate     = "1/s"
duration = "1min"
"""
