"""Every key is described, its example can be read, and a path that is wrong is answered with the nearest right ones."""

import re
import tomllib

import pytest

from lambdasim.config.reading import table_types
from lambdasim.config.reference import explained, inner_keys, page_of, reference
from lambdasim.config.schema import ExperimentConfig
from lambdasim.config.sources import SOURCES
from lambdasim.config.sources.base import SourceTable
from lambdasim.errors import InputError

KEYS = list(reference().values())


def test_every_key_of_every_table_is_described() -> None:
    assert [key.path for key in KEYS if not key.meaning] == []
    sources = [model for model in table_types(ExperimentConfig) if issubclass(model, SourceTable)]
    counted = {kind: len(model.model_fields) for kind, model in SOURCES.items()}
    for kind, count in counted.items():
        assert len(inner_keys(f"source.{kind}")) == count
    assert set(SOURCES.values()) == set(sources)
    others = [model for model in table_types(ExperimentConfig) if model not in sources]
    for model in others:  # each at least once, wherever it stands
        names = {field.alias or name for name, field in model.model_fields.items()}
        assert names <= {key.path.rpartition(".")[2] for key in KEYS}


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.path)
def test_an_example_is_toml_with_the_key_in_it(key) -> None:
    tree = tomllib.loads(key.example)
    assert re.search(rf"\b{re.escape(key.path.rpartition('.')[2])}\b", key.example)
    assert tree
    assert key.type != "array of tables" or "[[" in key.example


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("function.memory", ["function.memory"]),
        ("function.checkout.memory", ["function.memory"]),
        ('function."*".async.on_failure', ["function.async.on_failure"]),
        ("load.0.rate", ["load.rate"]),
        ("load.launch.trace.file", ["load.trace.file"]),
        ("source.sqs.visibility_timeout", ["source.sqs.visibility_timeout"]),
        ("source.visibility_timeout", ["source.sqs.visibility_timeout", "source.sqs-fifo.visibility_timeout"]),
        ("source.jobs.visibility_timeout", ["source.sqs.visibility_timeout", "source.sqs-fifo.visibility_timeout"]),
        ("slo.api.latency", ["slo"]),
        ("change.friday.set", ["change.set"]),
        ('function."*"', ["function"]),
        ("account.scaling", ["account.scaling"]),
    ],
)
def test_a_path_may_have_names_in_it(path: str, found: list[str]) -> None:
    assert [key.path for key in explained(path)] == found


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("function.memry", "function.memory"),
        ("account.concurency", "account.concurrency"),
        ("reserved_concurrency", "function.reserved_concurrency"),
        ("nothing", "function"),
        ("source.sqss", "source.sqs"),
    ],
)
def test_a_wrong_path_is_answered_with_the_nearest_ones(path: str, near: str) -> None:
    with pytest.raises(InputError, match=re.escape(near)):
        explained(path)


@pytest.mark.parametrize(
    ("source", "page"),
    [
        ("AWS, DG:scaling-behavior, 2026-11-23", "https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html"),
        ("API CreateFunction", "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html"),
        (
            "AWS, API scheduler CreateSchedule, 2026-11-23",
            "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html",
        ),
        ("lambdasim", ""),
    ],
)
def test_pages_have_addresses(source: str, page: str) -> None:
    assert page_of(source) == page


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("function.alias.weights", {"1": 0.9, "2": 0.1}),
        ("load.trace.units", {"time": "unix-ms"}),
        ("load.trace.columns", {"time": "@timestamp"}),
        ("optimize.over", {"function.api.provisioned.concurrency": [0, 100]}),
    ],
)
def test_a_table_of_values_has_a_table_as_its_example(path: str, value: dict[str, object]) -> None:
    (key,) = explained(path)
    text = key.example.partition("\n")[2].partition(" = ")[2]
    assert tomllib.loads(f"x = {text}") == {"x": value}
    assert key.type == "table"
