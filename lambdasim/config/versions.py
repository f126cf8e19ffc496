"""Versions and aliases of a function: what each comes to, and AWS's rules on them. What is wrong is added to a list."""

import re
from collections.abc import Iterator, Mapping
from math import fsum
from typing import Any, Final

from lambdasim.config.anatomy import ColdStart
from lambdasim.config.call import shortened
from lambdasim.config.function import FunctionConfig
from lambdasim.config.origins import Problems
from lambdasim.config.positions import Path
from lambdasim.config.provisioned import Provisioned
from lambdasim.config.qualifier import LATEST, function_of, qualified, qualifier_of
from lambdasim.config.suggest import hint
from lambdasim.config.version import Alias

_VERSION: Final = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_ALIAS: Final = re.compile(r"(?![0-9]+$)[A-Za-z0-9_-]{1,128}", re.ASCII)
"""API PublishVersion and CreateAlias, 2026."""

WEIGHTED: Final = "AWS refuses to change provisioned concurrency of an alias with two weights (configuration-aliases)"


def of_version(function: FunctionConfig, number: str) -> FunctionConfig:
    """Return a published version as a function: what it names, and else its function's, but for what is provisioned.

    A duration that it does not name was measured at its function's memory.
    """
    version = function.version[number]
    update: dict[str, Any] = {name: getattr(version, name) for name in version.model_fields_set}
    update["provisioned"] = version.provisioned
    if version.snapstart and version.cold_start is None and function.cold_start is None:
        update["cold_start"] = ColdStart()
    if version.memory is not None and version.duration_memory is None:
        update["duration_memory"] = None if version.duration else function.duration_memory or function.memory
    return function.model_copy(update={**update, "version": {}, "alias": {}})


def qualifiers(function: FunctionConfig) -> Iterator[str]:
    """Yield the versions of a function, and then its aliases."""
    if function.version:
        yield from dict.fromkeys((LATEST, *function.version, *function.alias))


def names_of(tables: Any) -> Iterator[str]:
    """Yield the names of versions and aliases in the tables of functions, right or wrong."""
    for name, table in tables.items() if isinstance(tables, Mapping) else ():
        own = table if isinstance(table, Mapping) else {}
        inner = [key for kind in ("version", "alias") if isinstance(own.get(kind), Mapping) for key in own[kind]]
        if inner:
            yield from (qualified(name, key) for key in dict.fromkeys((LATEST, *inner)))


def provisioned_tables(name: str, function: FunctionConfig) -> Iterator[tuple[Path, Provisioned]]:
    """Yield where provisioned concurrency of a function, its versions and aliases stands, and its table."""
    path = ("function", name)
    if function.provisioned is not None:
        yield (*path, "provisioned"), function.provisioned
    for kind, tables in (("version", function.version), ("alias", function.alias)):
        for key, table in tables.items():
            if table.provisioned is not None:
                yield (*path, kind, key, "provisioned"), table.provisioned


def check_versions(name: str, function: FunctionConfig, problems: Problems) -> None:
    """Check the versions and aliases of one function."""
    path = ("function", name)
    if not function.version and not function.alias:
        return
    for number, version in function.version.items():
        if number == LATEST:
            message = f"[function.{name}] itself is {LATEST}; take the table out"
            if version.provisioned is not None:
                message += ": AWS gives it no provisioned concurrency (DG:provisioned-concurrency), a version has it"
            problems.add((*path, "version", number), message)
        elif not _VERSION.fullmatch(number):
            message = "AWS numbers versions 1, 2, 3, …; give an alias where a name is meant"
            problems.add((*path, "version", number), message)
    if function.provisioned is not None:
        problems.conclude(
            (*path, "provisioned"),
            f"with versions this is of {LATEST}, which AWS gives no provisioned concurrency (DG:provisioned-"
            f"concurrency); move it to a version or an alias, such as function.{name}.version."
            f"{next(iter(function.version), '1')}.provisioned",
        )
    holders: dict[str, str] = {number: number for number, own in function.version.items() if own.provisioned}
    for key, alias in function.alias.items():
        own_path = (*path, "alias", key)
        if not _ALIAS.fullmatch(key):
            problems.add(own_path, "an alias has 1 to 128 letters, digits, '-' and '_', and is no number")
        _check_weights(own_path, alias, function, problems)
        if alias.provisioned is None:
            continue
        if sum(share > 0 for share in alias.weights.values()) > 1 and alias.provisioned.varies:
            problems.conclude((*own_path, "provisioned"), f"{WEIGHTED}; let it lead to one version, or leave it be")
        for number in (number for number, share in alias.weights.items() if share > 0):
            if number in holders:
                what = f"alias '{holders[number]}'" if holders[number] in function.alias else "version itself"
                problems.conclude(
                    (*own_path, "provisioned"),
                    f"version {number} has provisioned concurrency by the {what} already, and AWS takes one for each "
                    "version (DG:provisioned-concurrency); leave one out",
                )
            holders[number] = key


def _check_weights(path: Path, alias: Alias, function: FunctionConfig, problems: Problems) -> None:
    rule = "an alias leads to one version, or to two whose weights add up to 1 (configuration-aliases)"
    for number in alias.weights:
        if number not in function.version:
            near = hint(number, list(function.version), "there are") if function.version else "there is none"
            what = f"{LATEST}, which no weight may be of," if number == LATEST else f"version {shortened(number)}"
            problems.conclude((*path, "weights", number), f"{what} is not published; {near}")
    if not alias.weights or len(alias.weights) > 2:
        problems.conclude((*path, "weights"), f"names {len(alias.weights)} versions; {rule}")
    elif abs(fsum(alias.weights.values()) - 1) > 1e-9:
        problems.conclude((*path, "weights"), f"add up to {fsum(alias.weights.values()):g}; {rule}")


def invoked(functions: Mapping[str, FunctionConfig], name: str) -> list[FunctionConfig]:
    """Return what a name of a function, version or alias leads to, as far as there is such: each as a function."""
    function, qualifier = functions.get(function_of(name)), qualifier_of(name)
    if function is None or qualifier in ("", LATEST):
        return [] if function is None else [function]
    numbers = function.alias[qualifier].weights if qualifier in function.alias else (qualifier,)
    return [of_version(function, number) for number in numbers if number in function.version]
