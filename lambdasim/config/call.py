"""The little language of values with arguments: ``name(first, key=value, weight: name(...))``.

Only its shape is read here; what the names and arguments mean is left to the caller.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

LONGEST_TEXT: Final = 2_000
_SHAPE: Final = re.compile(r"\s*([A-Za-z][\w-]*)\s*\((.*)\)\s*", re.DOTALL)
_KEYWORD: Final = re.compile(r"\s*([A-Za-z][\w.-]*)\s*=(.*)", re.DOTALL)
_WEIGHTED: Final = re.compile(r"\s*([^\s:()]+)\s*:(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Call:
    """``lognormal(p50=80ms, p99=600ms)`` taken apart; every argument is still a text."""

    name: str
    positional: tuple[str, ...]
    keywords: dict[str, str]
    weighted: tuple[tuple[str, str], ...]
    """Arguments of the form ``weight: value``."""

    @classmethod
    def parse(cls, text: str) -> "Call":
        """Return the parts of ``text``; raises ``ValueError`` when it has another shape."""
        match = _SHAPE.fullmatch(text) if len(text) <= LONGEST_TEXT else None
        if match is None:
            raise ValueError(f"'{shortened(text)}' is not of the form name(...), such as 'constant(300ms)'")
        positional: list[str] = []
        keywords: dict[str, str] = {}
        weighted: list[tuple[str, str]] = []
        for argument in _split(match[2]):
            if keyword := _KEYWORD.fullmatch(argument):
                if keyword[1] in keywords:
                    raise ValueError(f"'{keyword[1]}' is given twice in '{shortened(text)}'")
                keywords[keyword[1]] = keyword[2].strip()
            elif pair := _WEIGHTED.fullmatch(argument):
                weighted.append((pair[1], pair[2].strip()))
            elif argument.strip():
                positional.append(argument.strip())
            else:
                raise ValueError(f"an argument is missing in '{shortened(text)}'")
        return cls(match[1], tuple(positional), keywords, tuple(weighted))

    def bind(self, *names: str) -> dict[str, str]:
        """Return the arguments by name, positional ones taking ``names`` in order.

        Raises ``ValueError`` when there are too many, one is given twice or one has an unknown name.
        """
        if self.weighted or len(self.positional) > len(names):
            raise ValueError(f"{self.name} takes {' and '.join(names)}, not '{self._first_excess(len(names))}'")
        bound = dict(zip(names, self.positional, strict=False))
        for name, value in self.keywords.items():
            if name in bound:
                raise ValueError(f"{self.name}: '{name}' is given twice")
            if name not in names:
                raise ValueError(f"{self.name} takes {' and '.join(names)}, not '{name}'")
            bound[name] = value
        return bound

    def _first_excess(self, known: int) -> str:
        return shortened(": ".join(self.weighted[0]) if self.weighted else self.positional[known])


def shortened(text: str) -> str:
    """Return ``text`` cut to what fits in a message."""
    return text if len(text) <= 80 else text[:77] + "..."


def _split(arguments: str) -> list[str]:
    """Split at the commas that are inside no parentheses; nothing at all is no argument."""
    if not arguments.strip():
        return []
    parts, depth, start = [], 0, 0
    for place, character in enumerate(arguments):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            raise ValueError(f"a ')' has no '(' in '{shortened(arguments)}'")
        if character == "," and depth == 0:
            parts.append(arguments[start:place])
            start = place + 1
    if depth:
        raise ValueError(f"a '(' has no ')' in '{shortened(arguments)}'")
    return [*parts, arguments[start:]]


def value_in_words(value: Any) -> str:
    """Return a value as a file has it, a table as ``linear 0.1, every 1min`` and a list as its parts or "none"."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {value_in_words(own)}" for key, own in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(value_in_words, value)) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)
