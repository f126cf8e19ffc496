"""What we write, we read: ``resolved.toml`` of every type of source, with every key that a table has."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest

import lambdasim as ls
from lambdasim.config import config_from_dict
from lambdasim.config.load import load_config
from lambdasim.config.quantity import ConfigTable, quantity_of
from lambdasim.config.reading import table_types
from lambdasim.config.resolved import resolved_toml
from lambdasim.config.schema import ExperimentConfig
from lambdasim.config.sources import SOURCES
from lambdasim.errors import InputError
from lambdasim.planning.race import most_replications

EXAMPLES = Path(__file__).parents[2] / "experiments"
CASES = Path(__file__).parents[3] / "shared" / "cases"
NEEDED: dict[str, dict[str, Any]] = {
    "schedule": {"expression": "rate(1 minute)"},
    "map": {"items": 3},
    "mq": {"engine": "rabbitmq"},
}


def raw_of(kind: str) -> dict[str, Any]:
    """An experiment of one source of a type, as a file would hold it."""
    source = {"type": kind, "function": "f", **NEEDED.get(kind, {})}
    load = {"target": "s", "executor": "constant-arrival-rate", "rate": "2/s", "duration": "10s"}
    function = {"duration": "exponential(mean=50ms)", "init": "constant(100ms)"}
    raw: dict[str, Any] = {"function": {"f": function}, "source": {"s": source}, "load": [load]}
    if kind == "schedule":
        load["target"] = "f"
        raw["simulation"] = {"duration": "3min"}
    return raw


def values_of(annotation: Any, metadata: Any) -> Iterator[Any]:
    """Yield some values that a field may have."""
    mark = quantity_of(annotation, metadata)
    if mark is not None:
        yield from mark.examples or (mark.json.get("minimum", 1), 2)
        return
    for part in (annotation, *get_args(annotation)):
        if get_origin(part) is Literal:
            yield from get_args(part)
        elif part is bool:
            yield from (True, False)
        elif part in (int, float):
            yield from (1, 2)
        elif isinstance(part, type) and issubclass(part, ConfigTable):
            yield from changes_of(part)


def changes_of(model: type[ConfigTable]) -> Iterator[dict[str, Any]]:
    """Yield for each key of a table, and of those in it, tables that give it a value."""
    for name, field in model.model_fields.items():
        for value in values_of(field.annotation, field.metadata):
            yield {field.alias or name: value}


def require_read_back(config: ExperimentConfig) -> None:
    text = resolved_toml(config)
    again = config_from_dict(tomllib.loads(text)).config
    assert again == config, text


@pytest.mark.parametrize("kind", SOURCES)
def test_every_key_of_a_source(kind: str) -> None:
    raw = raw_of(kind)
    require_read_back(config_from_dict(raw).config)
    accepted = set()
    for changes in changes_of(SOURCES[kind]):
        source = raw["source"]["s"] | changes
        try:
            config = config_from_dict(raw | {"source": {"s": source}}).config
        except InputError:
            continue  # of another type, or together with other keys only
        require_read_back(config)
        accepted |= changes.keys()
    assert len(accepted - {"type", "function"}) > 1


@pytest.mark.parametrize("section", ["simulation", "account", "billing", "output", "function", "load"])
def test_every_key_of_the_other_tables(section: str) -> None:
    tables = {"function": "FunctionConfig", "load": "LoadConfig"}
    name = tables.get(section, section.capitalize())
    model = next(model for model in table_types(ExperimentConfig) if model.__name__ == name)
    accepted = set()
    for changes in changes_of(model):
        raw = raw_of("async-invoke")
        if section == "function":
            raw["function"]["f"] |= changes
        elif section == "load":
            raw["load"][0] |= changes
        else:
            raw[section] = changes
        try:
            config = config_from_dict(raw).config
        except InputError:
            continue
        require_read_back(config)
        accepted |= changes.keys()
    assert len(accepted) > 1


@pytest.mark.parametrize("file", sorted(EXAMPLES.rglob("*.toml")), ids=lambda file: file.stem)
def test_every_example(file: Path) -> None:
    require_read_back(load_config(file).config)


def test_every_case() -> None:
    if not CASES.is_dir():
        pytest.skip(f"{CASES} is not there")
    read = 0
    for file in sorted(CASES.glob("*.toml")):
        try:
            config = load_config(file).config
        except InputError:
            continue  # a file that is right to refuse
        require_read_back(config)
        read += 1
    assert read > 20


def test_searches_do_as_much_with_the_resolved_file() -> None:
    for replications in (None, 1, 7):
        raw = raw_of("invoke") | ({"simulation": {"replications": replications}} if replications else {})
        config = config_from_dict(raw).config
        again = config_from_dict(tomllib.loads(resolved_toml(config))).config
        assert most_replications(again.simulation) == most_replications(config.simulation)


def summary_of(file: Path, out: Path) -> bytes:
    ls.load_experiment(file).run().save(out, figures=False)
    summary = json.loads((out / "summary.json").read_bytes())
    return (out / "summary.json").read_bytes().replace(f'"wall_s": {summary["wall_s"]}'.encode(), b"")


@pytest.mark.parametrize("kind", SOURCES)
def test_the_resolved_file_gives_the_same_summary(kind: str, tmp_path: Path) -> None:
    raw = raw_of(kind)
    experiment = ls.Experiment(functions=raw.pop("function"), sources=raw.pop("source"), loads=raw.pop("load"), **raw)
    file = tmp_path / "own-name.toml"
    file.write_text(experiment.to_toml())
    first = summary_of(file, tmp_path / "first")
    assert summary_of(tmp_path / "first" / "resolved.toml", tmp_path / "second") == first


@pytest.mark.parametrize("name", ["quickstart", "trace-replay", "poison-record"])
def test_the_resolved_file_of_an_example_gives_the_same_summary(name: str, tmp_path: Path) -> None:
    first = summary_of(EXAMPLES / f"{name}.toml", tmp_path / "first")
    assert summary_of(tmp_path / "first" / "resolved.toml", tmp_path / "second") == first
