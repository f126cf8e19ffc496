"""From the plain values of an experiment to its models, section by section, with every problem there is."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from lambdasim.config import validate
from lambdasim.config.alarms import check_alarms, check_called
from lambdasim.config.answer import Asked, check_answer
from lambdasim.config.change import Warmer
from lambdasim.config.cold_start_checks import check_cold_starts
from lambdasim.config.control_checks import check_scaling, check_warmers, ends_ns
from lambdasim.config.destinations import check_destinations
from lambdasim.config.downstream import Downstream
from lambdasim.config.extent import fit_period
from lambdasim.config.later import take_later
from lambdasim.config.link_checks import check_events, check_links
from lambdasim.config.objectives import check_optimize, check_precision, read_objectives
from lambdasim.config.of_era import forget, lay_era
from lambdasim.config.origins import Origins, Problems
from lambdasim.config.over_time import check_changes
from lambdasim.config.positions import Path
from lambdasim.config.qualifier import function_of
from lambdasim.config.quantity import ConfigTable
from lambdasim.config.reading import keys_of, read_table
from lambdasim.config.schema import (
    TEMPLATE,
    Account,
    Billing,
    Change,
    ExperimentConfig,
    FunctionConfig,
    LoadConfig,
    Optimize,
    Output,
    Simulation,
    Sweep,
)
from lambdasim.config.source_kinds import DOWNSTREAM
from lambdasim.config.sources import SOURCES, SourceTable, unknown_type
from lambdasim.config.sweep import disagreement
from lambdasim.config.template import laid_over
from lambdasim.config.tree import copied
from lambdasim.config.versions import names_of
from lambdasim.errors import InputError, Problem

MAX_LOADS: Final = 16_384
"""How many loads the keys of requests can tell apart (``model.events.request_key``)."""

_SINGLE: Final[dict[str, type[ConfigTable]]] = {
    "simulation": Simulation,
    "account": Account,
    "billing": Billing,
    "output": Output,
}
CALLING: Final = ("load", "source", "warmer")
"""Tables that say who calls what."""

_OPTIONAL: Final[dict[str, type[ConfigTable]]] = {"sweep": Sweep, "optimize": Optimize, "answer": Asked}
_NAMES: Final = {
    "function": (re.compile(r"[A-Za-z0-9_-]{1,64}"), "64 letters, digits, '-' and '_', as AWS's function names"),
    "source": (re.compile(r"[A-Za-z0-9_-]{1,128}"), "128 letters, digits, '-' and '_'"),
    "downstream": (re.compile(r"[A-Za-z0-9_-]{1,128}"), "128 letters, digits, '-' and '_'"),
    "warmer": (re.compile(r"[A-Za-z0-9_-]{1,128}"), "128 letters, digits, '-' and '_'"),
    "load": (re.compile(r"[A-Za-z0-9_-]{1,128}"), "128 letters, digits, '-' and '_'"),
}
_CLASHES: Final = {
    "source": (("function",), "a function has this name too; a target would be ambiguous"),
    "downstream": (("function", "source"), "a function or source has this name too; an objective would be ambiguous"),
    "warmer": (
        ("function", "source", "load"),
        "a function, source or load has this name too; an objective would be ambiguous",
    ),
}
"""Tables whose names may not be those of others, and why."""

Model = TypeVar("Model", bound=ConfigTable)
Read = Callable[[Any, Path, Problems], Model | None]
"""Returns the model of a table at a path, after adding its problems; None when nothing of it can be used."""


def build(
    raw: dict[str, Any], origins: Origins, default_name: str, found: Sequence[Problem] = (), *, is_moment: bool = False
) -> ExperimentConfig:
    """Return the checked experiment.

    With ``is_moment`` it is what an experiment is set to from one of its changes on, without the changes: what is true
    of the whole experiment alone, such as what an alarm is on, is not checked again. Raises ``InputError`` with every
    problem, in the order of the file, after those already ``found``.
    """
    problems = Problems(origins, found)
    problems.call_by_name(raw)
    tree = copied(raw)
    take_later(tree, problems)
    _lay_over_base(tree, origins, problems)
    left = lay_era(tree)
    functions = _read_named(partial(read_table, FunctionConfig), tree, "function", problems)
    sources = _read_named(_read_source, tree, "source", problems)
    downstreams = _read_named(partial(read_table, Downstream), tree, "downstream", problems)
    warmers = _read_named(partial(read_table, Warmer), tree, "warmer", problems)
    known = tuple(names_of(tree.get("function")))
    names = validate.Names(_names(tree, "function"), _names(tree, "source"), tuple(_load_names(tree)), known)
    loads = _read_loads(tree, names, problems)
    tree["change"] = _read_changes(tree.get("change", []), problems)
    _check_functions(functions, problems)
    for name, source in sources.items():
        validate.check_source(name, source, functions, names, problems)
    validate.check_clients(loads, sources, problems)
    sources = {name: source for name, source in sources.items() if type(source) is not SourceTable}
    parts: dict[str, Any] = {**tree, "function": functions, "source": sources, "load": loads, "downstream": downstreams}
    parts["warmer"] = warmers
    for section, model in _SINGLE.items():
        parts[section] = read_table(model, tree.get(section, {}), (section,), problems)
    forget(left, parts)
    if parts["account"] is not None:
        validate.check_pools(functions, parts["account"], problems)
        check_cold_starts(functions, parts["account"].region, problems)
    if parts["simulation"] is not None:
        validate.check_simulation(parts["simulation"], loads, problems)
    check_scaling(functions, parts["simulation"], loads, problems)
    check_warmers(warmers, (*names.functions, *known), problems)
    load_names = [load.name for load in loads] + _given_names(tree) + list(warmers)
    types = _types(tree) | dict.fromkeys(_names(tree, "downstream"), DOWNSTREAM)
    parts["slo"] = read_objectives(tree.get("slo", {}), names, load_names, types, problems)
    if parts["simulation"] is not None:
        check_precision(parts["simulation"], names, load_names, types, problems)
    parts |= _read_optional(tree, problems)
    if isinstance(optimize := parts.get("optimize"), Optimize):
        check_optimize(optimize, names, load_names, types, problems)
    present = {key: value for key, value in parts.items() if value is not None}
    config = read_table(ExperimentConfig, present, (), problems)
    if config is not None and not problems:
        check_links(config, problems)
        check_destinations(config, problems)
        if not is_moment:
            check_events(config, problems)
        validate.check_month(config, problems)
        if not is_moment:
            check_answer(config, problems)
    validate.check_waits(functions, names, _names(tree, "downstream"), problems)
    validate.check_downstreams(downstreams, functions, problems)
    if config is not None and (not problems or _is_whole(raw, config)):
        if not is_moment:
            check_alarms(config, problems)
        if not problems:
            fit_period(config)
        right: tuple[Change, ...] = ()
        if config.change:
            right = check_changes(
                config,
                raw,
                partial(build, default_name=default_name, is_moment=True),
                ends_ns(config.simulation, loads, problems),
                problems,
            )
        if not is_moment and not any((one.path or "").startswith(CALLING) for one in problems.problems()):
            check_called(config, right, problems)
    problems.raise_if_any()
    if config is None:
        raise InputError.single("cannot be read as an experiment", file=origins.file)
    if "name" not in config.model_fields_set:
        object.__setattr__(config, "name", default_name)
    return config


def _read_changes(tables: Any, problems: Problems) -> list[Change]:
    """Return the changes that can be read."""
    if not isinstance(tables, list):
        problems.add(("change",), "is not an array of tables; write [[change]] with two brackets")
        return []
    read = (read_table(Change, table, ("change", str(number)), problems) for number, table in enumerate(tables))
    return [change for change in read if change is not None]


def _check_functions(functions: Mapping[str, FunctionConfig], problems: Problems) -> None:
    """Check each function; those that are one table, in which nothing is wrong, once."""
    right: set[int] = set()
    for name, function in functions.items():
        if id(function) not in right:
            before = len(problems)
            validate.check_function(name, function, problems)
            right |= {id(function)} if len(problems) == before else set()


def _read_optional(tree: dict[str, Any], problems: Problems) -> dict[str, ConfigTable | None]:
    """Return the tables of what is asked of an experiment beside running it."""
    found = {
        section: read_table(model, tree[section], (section,), problems)
        for section, model in _OPTIONAL.items()
        if tree.get(section) is not None
    }
    if isinstance(sweep := found.get("sweep"), Sweep) and (wrong := disagreement(sweep)) is not None:
        problems.conclude(("sweep", *wrong[0]), wrong[1])
    return found


def _is_whole(raw: dict[str, Any], config: ExperimentConfig) -> bool:
    """Say whether everything that has a name, or a place, could be read, though something of it may be wrong."""
    named = ("function", "source", "downstream", "alarm")
    placed = {key: tables if isinstance(tables := raw.get(key, []), list) else None for key in ("load", "change")}
    return all(set(_names(raw, key)) == set(getattr(config, key)) for key in named) and all(
        tables is not None and len(tables) == len(getattr(config, key)) for key, tables in placed.items()
    )


def _lay_over_base(tree: dict[str, Any], origins: Origins, problems: Problems) -> None:
    """Let functions take from ``[function."*"]``, in place, what they do not say and what is right there.

    Where that cannot be a function itself, for want of a duration or a cold start, it is a base alone and taken out.
    """
    tables = tree.get("function")
    if not isinstance(tables, dict) or len(tables) < 2:
        return
    base = tables.get(TEMPLATE)
    if not isinstance(base, dict):
        return
    found = Problems(origins)
    read_table(FunctionConfig, base, ("function", TEMPLATE), found)
    known = [key for key in keys_of(FunctionConfig) if not found.is_doubtful(("function", TEMPLATE, key))]
    right = {key: value for key, value in base.items() if key in known}
    tree["function"] = laid_over({**tables, TEMPLATE: right}) | {TEMPLATE: base}
    if "duration" not in base or not base.keys() & {"init", "runtime"}:
        unlike = [problem for problem in found.problems() if not problem.message.startswith("is missing")]
        problems.take(unlike)
        del tree["function"][TEMPLATE]


def _names(tree: dict[str, Any], section: str) -> tuple[str, ...]:
    tables = tree.get(section)
    return tuple(tables) if isinstance(tables, dict) else ()


def _types(tree: dict[str, Any]) -> dict[str, str]:
    """Return the type of each source, right or wrong."""
    tables = tree.get("source")
    every = tables.items() if isinstance(tables, dict) else ()
    return {name: str(table.get("type")) if isinstance(table, dict) else "" for name, table in every}


def _read_source(table: Any, path: Path, problems: Problems) -> SourceTable | None:
    """Return a source; of an unknown type no more than its function, as a bare :class:`SourceTable`."""
    kind = table.get("type") if isinstance(table, dict) else ""
    model = SOURCES.get(str(kind))
    if isinstance(table, dict) and model is None:
        problems.add((*path, "type"), unknown_type(kind))
        table = {"type": kind} | {key: value for key, value in table.items() if key == "function"}
    return read_table(model or SourceTable, table, path, problems)


def _read_named(read: Read[Model], tree: dict[str, Any], section: str, problems: Problems) -> dict[str, Model]:
    """Return the tables ``[section.NAME]``, as far as they can be read."""
    tables = tree.get(section, {})
    if not isinstance(tables, dict):
        problems.add((section,), f"is not a table; write [{section}.NAME]")
        return {}
    if section == "function" and not tables:
        problems.add((), "there is no function; add a table [function.NAME]")
    others, clash = _CLASHES.get(section, ((), ""))
    taken = {name for other in others for name in (_load_names(tree) if other == "load" else _names(tree, other))}
    found = {}
    alike: dict[str, Model] = {}  # of a thousand functions most may be written alike, and are then one model
    for name, table in tables.items():
        _check_name(section, name, (section, name), problems)
        if name in taken:
            problems.add((section, name), clash)
        path = (section, name)
        text = repr(table)
        value = alike.get(text) if not problems else None
        if value is None:
            value = read(table, path, problems)
        if value is not None:
            found[name] = alike[text] = value
    return found


def _check_name(kind: str, name: str, path: tuple[str, ...], problems: Problems) -> None:
    pattern, rule = _NAMES[kind]
    if name == "account":
        problems.add(path, "this name stands for the whole account; choose another")
    elif not pattern.fullmatch(name) and not (kind == "function" and name == TEMPLATE):
        problems.add(path, f"a {kind}'s name has 1 to {rule}")


def _read_loads(tree: dict[str, Any], names: validate.Names, problems: Problems) -> tuple[LoadConfig, ...]:
    """Return the loads, as far as they can be read, each with its name."""
    tables = tree.get("load", [])
    if not isinstance(tables, list):
        problems.add(("load",), "is not an array of tables; write [[load]] with two brackets")
        return ()
    if not tables and not _makes_events(tree):
        problems.add((), "there is no load; add a table [[load]]")
    if len(tables) > MAX_LOADS:
        problems.add(("load",), f"there are {len(tables)} loads, more than this simulator's {MAX_LOADS}")
        return ()
    taken = set(_given_names(tree))
    found: list[LoadConfig] = []
    before: set[str] = set()
    numbers: dict[str, int] = {}
    for index, table in enumerate(tables):
        path = ("load", str(index))
        load = read_table(LoadConfig, table, path, problems) if table is not None else None
        if load is not None:
            _name_load(load, before, taken, numbers, path, problems)
            before.add(load.name)
            validate.check_load(index, load, names, problems)
            found.append(load)
    return tuple(found)


def _makes_events(tree: dict[str, Any]) -> bool:
    """Return whether some source makes events itself, so that a load is not needed."""
    sources = tree.get("source")
    tables = sources.values() if isinstance(sources, dict) else ()
    kinds = [SOURCES.get(str(table.get("type"))) for table in tables if isinstance(table, dict)]
    return any(kind is not None and not kind.takes_loads for kind in kinds)


def _load_names(tree: dict[str, Any]) -> list[str]:
    """Return the names of loads that can be followed: those given, and the targets they are named after."""
    tables = tree.get("load")
    tables = [table for table in tables if isinstance(table, dict)] if isinstance(tables, list) else []
    return [str(name) for table in tables if (name := table.get("name") or _stem(table.get("target"))) is not None]


def _stem(target: Any) -> Any:
    """Return the name that a load has by its target: that of the function, whatever version it calls."""
    return function_of(target) if isinstance(target, str) else target


def _given_names(tree: dict[str, Any]) -> list[str]:
    """Return the names that the file gives to loads, also to those that are wrong."""
    tables = tree.get("load")
    names = [table.get("name") for table in tables if isinstance(table, dict)] if isinstance(tables, list) else []
    return [name for name in names if isinstance(name, str)]


def _name_load(
    load: LoadConfig,
    before: set[str],
    given: set[str],
    numbers: dict[str, int],
    path: tuple[str, ...],
    problems: Problems,
) -> None:
    """Check a load's name, or give it its default: the target, then ``<target>-2`` and so on, by its last number."""
    if "name" in load.model_fields_set:
        _check_name("load", load.name, (*path, "name"), problems)
        if load.name.isdecimal():
            message = "is a number, by which paths call a load by its place; give it a word"
            problems.add((*path, "name"), message)
        if load.name in before:
            problems.add((*path, "name"), f"another load is named '{load.name}' too")
        return
    stem = _stem(load.target) or "trace"
    number = numbers.get(stem, 1)
    name = stem if number == 1 else f"{stem}-{number}"
    while name in before or name in given:
        number += 1
        name = f"{stem}-{number}"
    numbers[stem] = number
    object.__setattr__(load, "name", name)
