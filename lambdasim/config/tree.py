"""The tree of an experiment file: read from disk, joined with the files it extends, still plain TOML values."""

import ast
import os
import re
import tomllib
from typing import Any, Final

from lambdasim.config.files import complaint, refusal
from lambdasim.config.origins import Origins, merge
from lambdasim.config.positions import dotted, index_lines
from lambdasim.errors import InputError

MAX_BYTES: Final = 10_000_000
"""Largest experiment file (our limit)."""
MAX_DEPTH: Final = 20
"""Deepest nesting of tables and arrays (our limit; the format needs 6)."""


def read_tree(file: str, extended_by: tuple[str, ...] = ()) -> tuple[str, dict[str, Any], Origins]:
    """Return a file's text, its tree laid over those it extends, and where everything comes from.

    ``extended_by`` holds the files that led here, so that a circle is noticed. Names of input files in the tree
    become absolute. Raises ``InputError``.
    """
    text = _read_text(file)
    tree = _parse(text, file)
    origins = Origins(file, index_lines(text))
    base_name = tree.pop("extends", None)
    absolute_paths(tree, os.path.dirname(file))
    if base_name is None:
        return text, tree, origins
    line = origins.place(("extends",))[1]
    if not isinstance(base_name, str) or not base_name or "\0" in base_name:
        raise InputError.single(f"{base_name!r} is not the name of one file", file=file, line=line, path="extends")
    base_file = os.path.join(os.path.dirname(file), base_name)
    chain = (*extended_by, os.path.realpath(file))
    if os.path.realpath(base_file) in chain:
        raise InputError.single(f"'{base_name}' extends this file in turn", file=file, line=line, path="extends")
    if (wrong := complaint(base_file)) is not None:
        raise InputError.single(wrong, file=file, line=line, path="extends")
    _, base, base_origins = read_tree(base_file, chain)
    base_origins.file = file
    base_origins.adopt(origins, merge(base, tree))
    return text, base, base_origins


def absolute_paths(tree: dict[str, Any], folder: str) -> None:
    """Make the names of input files in a tree absolute, in place; they are relative to ``folder``."""
    loads = tree.get("load")
    for load in loads if isinstance(loads, list) else ():
        trace = load.get("trace") if isinstance(load, dict) else None
        for key in ("file", "durations", "memory"):
            _make_absolute(trace, key, folder)
    pending: list[Any] = [tree.get("function"), loads]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if value.get("dist") == "empirical":
                _make_absolute(value, "file", folder)
            pending += value.values()
        elif isinstance(value, list):
            pending += value


def _make_absolute(table: Any, key: str, folder: str) -> None:
    if isinstance(table, dict) and isinstance(table.get(key), str) and table[key] and "\0" not in table[key]:
        table[key] = os.path.abspath(os.path.join(folder, table[key]))


def _read_text(file: str) -> str:
    reason = refusal(file)
    if reason is not None:
        raise InputError.single(reason, file=file)
    try:
        with open(file, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError.single(f"cannot be read: {error.strerror}", file=file) from None
    if len(data) > MAX_BYTES:
        raise InputError.single(f"is larger than {MAX_BYTES // 10**6} MB, too large for an experiment file", file=file)
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError.single("is not text in UTF-8, as TOML files are", file=file, line=line) from None
    if not text.strip():
        raise InputError.single("is empty; 'lambdasim new' writes a commented example", file=file)
    return text


def _parse(text: str, file: str) -> dict[str, Any]:
    try:
        tree = tomllib.loads(text)
    except RecursionError:
        raise InputError.single("is nested too deeply", file=file) from None
    except ValueError as error:
        match = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", str(error), re.DOTALL)
        line = int(match[2]) if match and match[2] else text.count("\n") + 1 if match else None
        reason = match[1] if match else str(error)
        if "int_max_str_digits" in reason:  # Python's limit, which knows no line
            long_number = re.search(r"\d[\d_]{4300,}", text)
            line = text.count("\n", 0, long_number.start()) + 1 if long_number else None
            reason = "a whole number has more than 4300 digits"
        raise InputError.single(f"is not valid TOML: {_twice(reason)}", file=file, line=line) from None
    check_depth(tree, file)
    return tree


def _twice(reason: str) -> str:
    """Return what Python's parser says in the words of a file, where something is in it twice."""
    if reason == "Cannot overwrite a value":
        return "this key has a value already; take one of the two out"
    match = re.fullmatch(r"Cannot (declare|mutate|redefine)[^(]*(\(.*\))(?: twice)?", reason)
    if match is None:
        return reason
    table = dotted(ast.literal_eval(match[2]))
    if match[1] == "mutate":
        return f"{table} is complete where it is first written, and takes no more keys here; write them there"
    return (
        f"the table [{table}] is there already, or part of one in braces; put its keys together, or give one of the "
        "two another name"
    )


def copied(value: Any) -> Any:
    """Return a tree, or a part of one, with tables and arrays of its own; what else is in it never changes."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


def check_depth(tree: dict[str, Any], file: str | None) -> None:
    """Raise ``InputError`` when tables and arrays are nested more than ``MAX_DEPTH`` deep."""
    level: list[Any] = [tree]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for value in level
            for item in (value.values() if isinstance(value, dict) else value)
            if isinstance(item, dict | list)
        ]
        if not level:
            return
    raise InputError.single(f"is nested more than {MAX_DEPTH} deep", file=file)
