"""JSON for people: the text that ``json.dumps(value, indent=2, ensure_ascii=False)`` gives, in half the time.

The standard encoder writes indents in Python only, each value through a generator of its own for every level it is at.
"""

import json
from functools import cache
from json.encoder import encode_basestring
from typing import Any


def json_text(value: Any) -> str:
    """Return the JSON text of plain values, ending in a line end; raises TypeError and ValueError as ``json`` does."""
    parts: list[str] = []
    _write(value, "\n", parts)
    parts.append("\n")
    return "".join(parts)


def _write(value: Any, end: str, parts: list[str]) -> None:
    """``end`` begins the line on which the value ends."""
    if not value or not isinstance(value, dict | list | tuple):
        parts.append(json.dumps(value, ensure_ascii=False))
        return
    is_table = isinstance(value, dict)
    start = end + "  "
    separator = ("{" if is_table else "[") + start
    inside: Any = value.items() if isinstance(value, dict) else value
    for one in inside:
        if is_table:
            key, one = one
            separator += _key(key) if type(key) is str else json.dumps({key: 0})[1:-2]
        kind = type(one)
        if kind is int or (kind is float and one - one == 0.0):  # neither infinite nor NaN
            parts.append(f"{separator}{one!r}")
        elif one is None:
            parts.append(separator + "null")
        elif kind is str:
            parts.append(separator + encode_basestring(one))
        else:
            inner = [separator]
            _write(one, start, inner)
            parts.append("".join(inner))  # a few long texts take less room than all the short ones
        separator = "," + start
    parts.append(end + ("}" if is_table else "]"))


@cache
def _key(key: str) -> str:
    return encode_basestring(key) + ": "
