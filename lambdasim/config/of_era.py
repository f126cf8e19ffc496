"""Laying an era under an experiment: keys that a file leaves out take its values, and still count as defaults."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from lambdasim.config.distribution import Distribution
from lambdasim.config.eras import ERAS, GOVERNED, NEWEST, Governed
from lambdasim.config.evidence import Evidence, evidence_of
from lambdasim.config.idle import IdlePolicy
from lambdasim.config.positions import Path
from lambdasim.config.quantity import ConfigTable, quantity_of
from lambdasim.config.schema import ExperimentConfig, FunctionConfig
from lambdasim.config.sources import SOURCES


@dataclass(frozen=True, slots=True)
class Left:
    """A key that a file leaves to its era."""

    table: Path
    """Path of its table, such as ``("function", "api")``."""
    key: str


def lay_era(tree: dict[str, Any]) -> list[Left]:
    """Give the keys that a file leaves to its era their values, in place; return which those are.

    The newest era's are the defaults of the keys, so nothing needs to be done for it.
    """
    account = tree.get("account")
    era = str(account.get("era")) if isinstance(account, Mapping) else ""
    if era not in ERAS or era == NEWEST:
        return []
    left: list[Left] = []
    for governed in GOVERNED:
        preset = governed.presets.get(era)
        if preset is None:
            continue
        value = _read(governed.path, era)
        *inner, key = governed.path
        for at, outer in _outer_tables(tree, governed.path):
            table = outer
            for step in inner[len(at) :]:
                table = table.setdefault(step, {}) if isinstance(table, dict) else None
            if isinstance(table, dict) and key not in table and not table.keys() & set(governed.beside):
                table[key] = value
                left.append(Left((*at, *inner[len(at) :]), key))
    return left


def forget(left: list[Left], parts: Mapping[str, Any]) -> None:
    """Let keys that an era has decided on count as left to their defaults, in the tables that were read."""
    for one in left:
        section, *steps = one.table
        table: Any = parts.get(section)
        for step in steps:
            table, outer = table.get(step) if isinstance(table, Mapping) else getattr(table, step, None), table
            if (
                isinstance(outer, ConfigTable)
                and isinstance(table, ConfigTable)
                and table.model_fields_set == {one.key}
            ):
                outer.model_fields_set.discard(step)
        if isinstance(table, ConfigTable):
            table.model_fields_set.discard(one.key)


def presets_of(model: type[ConfigTable], name: str) -> Governed | None:
    """Return what eras say of a key of a class of tables; None where they say nothing."""
    return _by_key().get((model, name))


def evidence_in(era: str, model: type[ConfigTable], name: str) -> Evidence | None:
    """Return what the default of a key rests on in an era."""
    governed = presets_of(model, name)
    preset = governed.presets.get(era) if governed is not None else None
    return preset.evidence if preset is not None else evidence_of(model.model_fields[name])


def _outer_tables(tree: dict[str, Any], path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the tables of a tree in which a governed key is, or may be made, with their paths."""
    section, which = path[0], path[1]
    if section not in ("function", "source"):
        table = tree.setdefault(section, {})
        if isinstance(table, dict):
            yield (section,), table
        return
    named = tree.get(section)
    for name, table in named.items() if isinstance(named, dict) else ():
        if not isinstance(table, dict) or (section == "source" and table.get("type") != which):
            continue
        if path[2:] == ("scaling", "policy") and "provisioned_pollers" in table:
            continue  # which have no policy
        yield (section, name), table


@cache
def _read(path: Path, era: str) -> Any:
    """Return the value of a preset, read once for all tables."""
    model, name = _owner(path)
    field = model.model_fields[name]
    mark = quantity_of(field.annotation, field.metadata)
    raw = _by_key()[model, name].presets[era].raw
    value = raw if mark is None else mark.parse(raw)
    return value if isinstance(value, Distribution | IdlePolicy) else raw  # which of them are read but once


@cache
def _by_key() -> dict[tuple[type[ConfigTable], str], Governed]:
    return {_owner(governed.path): governed for governed in GOVERNED}


def _owner(path: Path) -> tuple[type[ConfigTable], str]:
    """Return the class of the table that a governed key is of, and its name there."""
    section, *steps = path
    model: Any = ExperimentConfig.model_fields[section].annotation
    if section == "function":
        model, steps = FunctionConfig, steps[1:]
    elif section == "source":
        model, steps = SOURCES[steps[0]], steps[1:]
    for step in steps[:-1]:
        model = model.model_fields[step].annotation
    return model, steps[-1]
