"""The tables of an experiment by their public names, as notebooks make them.

``tables.pyi`` beside it says the same to type checkers and editors; ``tools/signatures.py`` writes it.
"""

from typing import Any

from lambdasim.config.signatures import TABLES, constructor


def __getattr__(name: str) -> Any:
    if name not in (*TABLES, "Source"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return constructor(name)
