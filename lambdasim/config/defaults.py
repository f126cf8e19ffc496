"""What ``resolved.toml`` says of its defaults, read back from its text: which values nobody chose, and their evidence.

The text is the one place that keeps this: the values alone do not tell a default from the same value chosen.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from lambdasim.config.resolved import Written

MARK: Final = "  # default"
_DEFAULT: Final = re.compile(r"(\S+) = (.*)  # default(?:, (official|measured|ours))?: (.*)")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_TEXT: Final = re.compile(r'"[^"\\\x00-\x1f\x7f]*"')
_HEADER: Final = re.compile(r"\[\[?(.+?)\]?\]")


class Default(NamedTuple):
    """One value that was left to its default."""

    table: tuple[str, ...]
    """Keys of its table, such as ``("function", "api")``; of an array of tables ``("load", "0")``."""
    key: str
    value: str
    """As TOML writes it."""
    kind: str
    """``official``, ``measured``, ``ours``, or ``neutral``: see :mod:`lambdasim.config.evidence`."""
    source: str
    """With what the value may be instead, where AWS does not publish it."""


def defaults_of(resolved: str) -> Iterator[Default]:
    """Yield the defaults that the text of :func:`lambdasim.config.resolved.resolved_toml` names, in its order."""
    for table, lines in tables_of(resolved):
        yield from (Default(table, *default) for line in lines if (default := default_of(line)))


Table = tuple[tuple[str, ...], tuple[str, ...]]
"""A table, as :class:`Default` has it, and the lines that may tell of a default."""


def tables_in(written: Sequence[Written]) -> list[Table]:
    """Return what :func:`tables_of` reads in the text of tables."""
    alike: dict[int, tuple[str, ...]] = {}
    found: list[Table] = []
    for path, _, lines in written:
        told = alike.get(id(lines))
        if told is None:
            telling = [text for text in lines if MARK in text]
            told = alike[id(lines)] = tuple([line for text in telling for line in text.splitlines() if MARK in line])
        if told:
            found.append((path, told))
    return found


def tables_of(resolved: str) -> Iterator[Table]:
    """Yield the tables of the text of :func:`lambdasim.config.resolved.resolved_toml`, as far as they have defaults."""
    table: tuple[str, ...] = ()
    arrays: Counter[str] = Counter()
    for part in _parts(resolved):
        lines: list[str] = []
        first, _, rest = part.partition("\n")
        alone = "\n[" not in part  # as a rule: no other table begins in it
        for line in (first,) if alone else part.splitlines():
            if not line.startswith("["):
                if MARK in line:
                    lines.append(line)
            elif header := _HEADER.fullmatch(line):
                if lines:
                    yield table, tuple(lines)
                    lines = []
                keys = _keys(header[1])
                table = (*keys, str(arrays[keys[0]])) if line.startswith("[[") and keys else keys
                if line.startswith("[["):
                    arrays[keys[0]] += 1
                elif arrays[keys[0]]:  # a table inside the latest element of an array
                    table = (keys[0], str(arrays[keys[0]] - 1), *keys[1:])
        if alone:
            lines += _telling(rest)
        if lines:
            yield table, tuple(lines)


@lru_cache(1_024)  # of a thousand functions most have the same
def _telling(text: str) -> list[str]:
    """Return the lines of a table that may tell of a default."""
    return [line for line in text.splitlines() if MARK in line]


def _parts(text: str) -> Iterator[str]:
    """Yield what stands between empty lines, one by one, for of many functions it is much."""
    begin = 0
    while (end := text.find("\n\n", begin)) >= 0:
        yield text[begin:end]
        begin = end + 2
    yield text[begin:]


@lru_cache(4_096)  # of a thousand functions most have the same
def default_of(line: str) -> tuple[str, str, str, str] | None:
    """Return key, value, kind and source that a line tells of a default; None where it only looks as if it did."""
    found = _DEFAULT.fullmatch(line)
    return (found[1], found[2], found[3] or "neutral", found[4]) if found and _is_value(found[2]) else None


def _keys(header: str) -> tuple[str, ...]:
    """Return the keys of a dotted key, quoted or not."""
    if _BARE.fullmatch(header):
        return tuple(header.split("."))
    try:
        tree = tomllib.loads(f"{header} = 0")
    except tomllib.TOMLDecodeError:
        return (header,)
    keys: list[str] = []
    while isinstance(tree, dict):
        key, tree = next(iter(tree.items()))
        keys.append(key)
    return tuple(keys)


def _is_value(text: str) -> bool:
    """Return whether a text is one whole value: a string that was chosen may itself hold the words looked for."""
    if _TEXT.fullmatch(text):  # as most are that differ from function to function
        return True
    try:
        tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return False
    return True
