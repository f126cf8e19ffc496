"""Constructors of tables for notebooks: their signatures and help say what keys there are.

``tables.pyi`` says the same to type checkers and editors.
"""

import inspect
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from lambdasim.config import schema
from lambdasim.config.quantity import ConfigTable
from lambdasim.config.reference import Key, keys_of
from lambdasim.config.sources import SOURCES, SourceTable, source_table

TABLES: Final[Mapping[str, type[ConfigTable]]] = {
    "Account": schema.Account,
    "Asynchronous": schema.Asynchronous,
    "Billing": schema.Billing,
    "Client": schema.Client,
    "Function": schema.FunctionConfig,
    "Load": schema.LoadConfig,
    "Output": schema.Output,
    "Provisioned": schema.Provisioned,
    "Scaling": schema.Scaling,
    "Simulation": schema.Simulation,
    "Stage": schema.Stage,
    "Trace": schema.Trace,
}
"""The tables by their public names."""


@cache  # a notebook may make thousands of functions
def constructor(name: str) -> Any:
    """Return the table of a public name, or the function that makes sources, with signature and help."""
    if name == "Source":
        return _source()
    found: Any = TABLES[name]
    keys = own_keys(found)
    found.__signature__ = signature(keys)
    found.__doc__ = documentation(found, keys)
    return found


def _source() -> Any:
    """Return the constructor of sources, whose help lists the keys of every type."""
    parts = ["Return the source of a ``type``; raises ``InputError`` with every problem.", ""]
    for model in dict.fromkeys(SOURCES.values()):
        types = ", ".join(f'"{kind}"' for kind, one in SOURCES.items() if one is model)
        parts += [f"With type {types}:", "", *(_line(name, key) for name, key in own_keys(model).items()), ""]
    source_table.__doc__ = "\n".join(parts)
    return source_table


def own_keys(model: type[ConfigTable]) -> dict[str, Key]:
    """Return the keys of one table by the names of its fields, those first that are needed."""
    kind = next((name for name, one in SOURCES.items() if one is model), "") if issubclass(model, SourceTable) else ""
    pairs = zip(model.model_fields, keys_of(model, f"source.{kind}." if kind else ""), strict=True)
    return dict(sorted(pairs, key=lambda pair: not pair[1].required))


def signature(keys: Mapping[str, Key]) -> inspect.Signature:
    """Return the signature of a constructor: a keyword for each key, with its default as a file would say it."""
    kind, empty = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.empty
    defaults = {name: None if key.default is None else value_of(key.default) for name, key in keys.items()}
    return inspect.Signature(
        [inspect.Parameter(n, kind, default=empty if k.required else defaults[n]) for n, k in keys.items()]
    )


def value_of(default: str) -> Any:
    """Return what a text of TOML means."""
    return tomllib.loads(f"value = {default}")["value"]


def documentation(model: type[ConfigTable], keys: Mapping[str, Key]) -> str:
    """Return the summary of a table, and a line for each key: meaning, unit, default and AWS's page."""
    first = inspect.cleandoc(model.__dict__.get("__doc__") or "").partition("\n")[0]
    return "\n".join([first, "", *(_line(name, key) for name, key in keys.items())])


def _line(name: str, key: Key) -> str:
    default = "needed" if key.required else f"default {key.default}" if key.default is not None else "not set"
    unit = f", in {key.unit}" if key.unit else ""
    page = f" {key.page}" if key.page else ""
    return f"    {name}: {key.meaning.replace('``', '')} ({key.type}{unit}; {default}){page}"
