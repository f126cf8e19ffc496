"""Write lambdasim/config/tables.pyi: the constructors of tables as type checkers and editors read them.

Run ``python tools/signatures.py`` after a key was added or changed; a test compares.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lambdasim.config.quantity import ConfigTable
from lambdasim.config.reference import Key
from lambdasim.config.signatures import TABLES, own_keys
from lambdasim.config.sources import SOURCES

FILE: Final = Path(__file__).parents[1] / "lambdasim" / "config" / "tables.pyi"
LONGEST: Final = 160
"""Longer lists of choices, such as that of the Regions, are told as texts."""
WORDS: Final = (
    ("whole number", "int"),
    (r"(?<!whole )number", "float"),
    ('text|"', "str"),
    ("true or false", "bool"),
    ("table", "Mapping[str, Any]"),
    ("value", "Any"),
)
"""Words of a type, and what they are in Python."""
HEAD: Final = '''\
"""Written by tools/signatures.py from the tables themselves; a test compares."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, overload

'''


def stub() -> str:
    """Return the text of the stub."""
    sources = list(dict.fromkeys(SOURCES.values()))
    used = {(model.__module__, model.__name__) for model in (ConfigTable, *TABLES.values(), *sources)}
    imports = [f"from {module} import {name} as _{name}\n" for module, name in sorted(used)]
    parts = [_class(name, model) for name, model in TABLES.items()]
    return HEAD + "".join([*imports, "\n"]) + "\n".join([*parts, *map(_overload, sources)])


def _class(name: str, model: type[ConfigTable]) -> str:
    keys = own_keys(model)
    head = f"class {name}(_{model.__name__}):\n    def __init__(\n        self,\n        *,\n"
    return f"{head}{_parameters(keys, 8)}    ) -> None: ...\n"


def _overload(model: type[ConfigTable]) -> str:
    keys = own_keys(model)
    return f"@overload\ndef Source(\n    *,\n{_parameters(keys, 4)}) -> _{model.__name__}: ...\n"


def _parameters(keys: Mapping[str, Key], indent: int) -> str:
    lines = []
    for name, key in keys.items():
        annotation = _annotation(key)
        annotation += "" if key.default is not None or key.required else " | None"
        lines.append(f"{' ' * indent}{name}: {annotation}{'' if key.required else ' = ...'}")
    return "".join(f"{line},\n" for line in lines)


def _annotation(key: Key) -> str:
    """Return the Python type of what a file may say."""
    kind = key.type
    if kind.startswith("one of "):
        choices = kind.removeprefix("one of ")
        return f"Literal[{choices}]" if len(choices) < LONGEST else "str"
    if kind.startswith("list") or kind == "array of tables":
        return "Sequence[Any]"
    if kind in ("table", "tables by name"):
        return "Mapping[str, Any] | _ConfigTable"
    found = [annotation for word, annotation in WORDS if re.search(word, kind)]
    return " | ".join(found) or "Any"


if __name__ == "__main__":
    FILE.write_text(stub(), encoding="utf-8")
