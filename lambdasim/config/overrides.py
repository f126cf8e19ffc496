"""Changing values of an experiment by their dotted path, as ``--set PATH=VALUE`` does."""

import copy
import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final

from lambdasim.config.call import shortened
from lambdasim.config.origins import Origins
from lambdasim.config.plain import plain_tree
from lambdasim.config.positions import Path, dotted
from lambdasim.config.qualifier import function_of
from lambdasim.config.quotas import MEMORY_MIN
from lambdasim.config.reading import keys_of
from lambdasim.config.schema import ExperimentConfig
from lambdasim.config.suggest import hint
from lambdasim.config.template import laid_over
from lambdasim.errors import InputError, Problem
from lambdasim.units import format_memory, parse_fraction

_STEP: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|([^."]+)')


def parse_value(text: str) -> Any:
    """Return ``text`` read as a TOML value if it is one (``40``, ``true``, ``["a"]``), else itself (``300/s``)."""
    try:
        document = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return document["value"] if len(document) == 1 else text


def split_path(text: str) -> Path:
    """Return the keys of a dotted path such as ``function.api.memory`` or ``slo."api.latency"``.

    Raises ``InputError`` when the text is no path.
    """
    keys: list[str] = []
    at = 0
    while match := _STEP.match(text, at):
        keys.append(match[2].strip() if match[1] is None else re.sub(r"\\(.)", r"\1", match[1]))
        at = match.end()
        if at == len(text):
            return tuple(keys)
        if text[at] != ".":
            break
        at += 1
    raise InputError.single(f"'{shortened(text)}' is not a path such as function.api.memory or load.0.rate")


def apply_overrides(
    raw: Mapping[str, Any], changes: Mapping[str, Any], origins: Origins
) -> tuple[dict[str, Any], list[Problem]]:
    """Return a copy of ``raw`` with the value at each dotted path replaced; tables on the way are made.

    Changing the memory of a function whose ``cpu_share`` is above zero sets its ``duration_memory`` to the memory
    it had, unless that is given: its ``duration`` was measured there. The places of what changes are taken out of
    ``origins``. With the copy comes a problem for each path that leads nowhere.
    """
    tree = plain_tree(raw)
    problems: list[Problem] = []
    for text, value in changes.items():
        try:
            path = _numbered(tree, _joined(split_path(text)))
        except InputError as error:
            problems += error.problems
            continue
        known = _known_part(tree, path)
        try:
            _set(tree, path, copy.deepcopy(value))
        except ValueError as error:
            problems.append(Problem(None, None, dotted(path), str(error)))
        else:
            origins.mark(path[: known + 1], (None, None))
    _keep_duration_memory(raw, tree)
    return tree, problems


def _joined(path: Path) -> Path:
    """Return a path with a name that has dots in one piece: ``slo.api.latency`` is ``slo."api.latency"``, and what a
    change sets, ``change.noon.set.account.concurrency``, is ``change.noon.set."account.concurrency"``.
    """
    if path[0] == "change":
        for begin in (3, 4):
            if path[begin - 1 : begin] == ("set",) and len(path) > begin + 1:
                return (*path[:begin], dotted(path[begin:]))
    if path[0] in ("sweep", "optimize") and path[1:2] == ("over",) and len(path) > 3:
        return (*path[:2], ".".join(path[2:]))
    if path[0] != "slo" or len(path) < 3:
        return path
    *name, last = path[1:]
    return ("slo", ".".join(name), last) if last.isdecimal() else ("slo", ".".join((*name, last)))


def _numbered(tree: Mapping[str, Any], path: Path) -> Path:
    """Return a path with the number of a load or change in place of its name: ``load.launch.rate`` is
    ``load.0.rate``.
    """
    kind, tables = path[0], tree.get(path[0])
    if kind not in ("load", "change") or len(path) < 2 or path[1].isdecimal() or not isinstance(tables, list):
        return path
    names = [
        str(table.get("name") or (function_of(str(table.get("target"))) if kind == "load" else f"change-{number}"))
        if isinstance(table, dict)
        else ""
        for number, table in enumerate(tables, 1)
    ]
    if path[1] in names:
        return (kind, str(names.index(path[1])), *path[2:])
    wanted = hint(path[1], names, "there are") if any(names) else "there is none"
    raise InputError.single(f"no {kind} is named '{shortened(path[1])}'; {wanted}", path=dotted(path))


def _known_part(tree: Any, path: Path) -> int:
    """Return how many of the first keys of a path lead to something."""
    for depth, key in enumerate(path):
        if isinstance(tree, dict) and key in tree:
            tree = tree[key]
        elif isinstance(tree, list) and key.isdecimal() and int(key) < len(tree):
            tree = tree[int(key)]
        else:
            return depth
    return len(path)


def _set(tree: dict[str, Any], path: Path, value: Any) -> None:
    """Put ``value`` at ``path``; raises ``ValueError`` when a name on the way is unknown."""
    sections = keys_of(ExperimentConfig)
    if path[0] not in sections:
        raise ValueError(f"unknown key; {hint(path[0], sections, 'the keys here are')}")
    if path[0] in ("function", "source"):
        if len(path) < 3:
            raise ValueError(f"needs a key, as in {path[0]}.NAME.KEY")
        tables = tree.get(path[0], {})
        if isinstance(tables, dict) and path[1] not in tables:
            raise ValueError(f"no {path[0]} is named '{shortened(path[1])}'; {hint(path[1], tables, 'there are')}")
    place: Any = tree
    for depth, key in enumerate(path[:-1]):
        place = _step(place, key, path[: depth + 1], create=True)
    if isinstance(place, list):
        _step(place, path[-1], path, create=False)
        place[int(path[-1])] = value
    elif isinstance(place, dict):
        place[path[-1]] = value
    else:
        raise ValueError(f"{dotted(path[:-1])} is a value, not a table")


def _step(place: Any, key: str, path: Path, *, create: bool) -> Any:
    """Return what ``key`` leads to, an empty table if there is nothing yet."""
    if isinstance(place, list):
        if not key.isdecimal() or int(key) >= len(place):
            raise ValueError(f"{dotted(path[:-1])} has no element {key}; it has {len(place)}, counted from 0")
        return place[int(key)]
    if not isinstance(place, dict):
        raise ValueError(f"{dotted(path[:-1])} is a value, not a table")
    return place.setdefault(key, {}) if create else place.get(key)


def _keep_duration_memory(before: Mapping[str, Any], tree: dict[str, Any]) -> None:
    functions, old_functions = tree.get("function"), before.get("function")
    if not isinstance(functions, dict) or not isinstance(old_functions, Mapping):
        return
    whole, old_whole = laid_over(functions), laid_over(old_functions)
    for name, function in functions.items():
        now, old = whole[name], old_whole.get(name)
        if not isinstance(function, dict) or not isinstance(old, Mapping) or "duration_memory" in now:
            continue
        default = format_memory(MEMORY_MIN.value)
        memory = old.get("memory", default)
        if memory != now.get("memory", default) and _is_positive(now.get("cpu_share", 0)):
            function["duration_memory"] = memory


def _is_positive(fraction: Any) -> bool:
    try:
        return parse_fraction(fraction) > 0
    except ValueError:
        return False
