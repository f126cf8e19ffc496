"""JSON for people: the text that ``json.dumps(value, indent=2, ensure_ascii=False)`` gives, in half the time.

The standard encoder writes indents in Python only. Pydantic's does not, but it has exponents for other floats.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from pydantic_core import PydanticSerializationError, to_json

SOME: Final = 64
"""A table or list of more values is written so many of them at a time."""
OUTER: Final = 2
"""Shorter ones of so many levels are written value by value, for these may be long."""

_SMALL: Final = re.compile(rb"0\.0000(?<![0-9]0\.0000)[0-9]+(?=,?(?:\n|$))")
_EXPONENT: Final = re.compile(rb"e-(?=[0-9],?(?:\n|$))")
"""A float that begins with ``0.0000``, and an exponent of one digit. Both at the end of a line, where no text ends."""


def json_text(value: Any) -> str:
    """Return the JSON text of plain values with texts as keys, ending in a line end; raises TypeError for others."""
    return b"".join(json_parts(value)).decode()


def json_parts(value: Any) -> Iterator[bytes]:
    """Yield the same in UTF-8 and in parts, so that nobody need hold all of a long text."""
    yield from _parts(value, 0)
    yield b"\n"


def _parts(value: Any, level: int) -> Iterator[bytes]:
    """Yield the text of a value inside so many tables and lists."""
    few = isinstance(value, dict | list | tuple) and len(value) <= SOME
    if not isinstance(value, dict | list | tuple) or not value or (few and level >= OUTER):
        yield _text(value, level)
        return
    line = b"\n" + b"  " * level
    separator, close = (b"{", b"}") if isinstance(value, dict) else (b"[", b"]")
    inside: Iterator[Any] = iter(value.items() if isinstance(value, dict) else value)
    while some := list(islice(inside, 1 if few else SOME)):
        yield separator
        if not few:
            yield _text(dict(some) if isinstance(value, dict) else some, level)[1 : -len(line) - 1]
        elif isinstance(value, dict):
            yield line + b"  " + to_json({some[0][0]: 0})[1:-2] + b" "
            yield from _parts(some[0][1], level + 1)
        else:
            yield line + b"  "
            yield from _parts(some[0], level + 1)
        separator = b","
    yield line + close


def _text(value: Any, level: int) -> bytes:
    for _ in range(level):
        value = [value]
    try:
        text = to_json(value, indent=2, inf_nan_mode="constants")
    except PydanticSerializationError as error:
        raise TypeError(str(error)) from None
    # without the lists around it: for each a bracket, and a line end and spaces on both sides
    text = text[level * (level + 3) : len(text) - level * (level + 1)]
    return _EXPONENT.sub(b"e-0", _SMALL.sub(_with_exponent, text))


def _with_exponent(found: re.Match[bytes]) -> bytes:
    """Return a small float as Python writes it."""
    return repr(float(found[0])).encode()
