"""Writing TOML: every tree that ``tomllib`` can return is written so that it reads back equal."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any, Final

_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}
_BARE_KEY: Final = re.compile("[A-Za-z0-9_-]+")
_ESCAPED: Final = re.compile('["\\\\\\x00-\\x1f\\x7f]')


def write_text(text: str) -> str:
    """Return a TOML basic string."""
    if _ESCAPED.search(text) is None:
        return f'"{text}"'
    return '"' + _ESCAPED.sub(lambda match: _ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04x}", text) + '"'


def write_key(*path: str) -> str:
    """Return a dotted TOML key."""
    return ".".join([key if _BARE_KEY.fullmatch(key) else write_text(key) for key in path])


def write_value(value: Any) -> str:
    """Return a value on one line; raises ``TypeError`` for what TOML cannot hold."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return write_text(value)
        case int():
            return str(value)
        case float() if math.isnan(value) or math.isinf(value):
            return str(value)
        case float():
            text = repr(value)
            return text if "." in text or "e" not in text else text.replace("e", ".0e")
        case datetime() | date() | time():
            return value.isoformat()
        case Mapping():
            pairs = ", ".join(f"{write_key(key)} = {write_value(item)}" for key, item in value.items())
            return f"{{ {pairs} }}" if pairs else "{}"
        case Sequence():
            return "[" + ", ".join(write_value(item) for item in value) + "]"
    raise TypeError(f"TOML has no {type(value).__name__}")


def to_toml(raw: Mapping[str, Any]) -> str:
    """Return the TOML document of a tree: tables as ``[a.b]``, top-level arrays of tables as ``[[a]]``."""
    lines: list[str] = []
    _write_table((), raw, lines)
    return "\n".join(lines).lstrip("\n") + "\n"


def _write_table(path: tuple[str, ...], table: Mapping[str, Any], lines: list[str]) -> None:
    plain, inner, arrays = [], [], []
    for key, value in table.items():
        if type(value) is str:  # as most are
            plain.append(_text_line(key, value))
        elif isinstance(value, Mapping):
            inner.append(key)
        elif not path and _is_array_of_tables(value):
            arrays.append(key)
        else:
            plain.append(_line(key, value))
    if path and (plain or not inner):
        lines += ["", f"[{write_key(*path)}]"]
    lines += plain
    for key in inner:
        _write_table((*path, key), table[key], lines)
    for key in arrays:
        for element in table[key]:
            lines += ["", f"[[{write_key(key)}]]"]
            lines += [_text_line(name, own) if type(own) is str else _line(name, own) for name, own in element.items()]


def _line(key: str, value: Any) -> str:
    return f"{write_key(key)} = {write_value(value)}"


@lru_cache(1_024)  # of a thousand functions most have the same
def _text_line(key: str, text: str) -> str:
    return _line(key, text)


def _is_array_of_tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(item, Mapping) for item in value)
