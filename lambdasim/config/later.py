"""What the experiment format describes and this version does not simulate: one clear message for each."""

from typing import Any, Final

from lambdasim.config.origins import Problems
from lambdasim.config.positions import Path

NOT_YET: Final[dict[Path, str]] = {}
"""What a file may say by its path, and the sentence that refuses it; ``*`` stands for any name."""


def take_later(tree: dict[str, Any], problems: Problems) -> None:
    """Remove from ``tree``, in place, what this version does not simulate, adding a problem for each.

    Of a source or load whose kind is not simulated nothing can be checked: None takes its place.
    """
    for path, sentence in NOT_YET.items():
        _take(tree, path, (), sentence, problems)
    for name, source in _tables(tree, "source"):
        at = ("source", name)
        _take_adaptive(source, at, problems)
    loads = tree.get("load")
    for index, load in enumerate(loads if isinstance(loads, list) else ()):
        if isinstance(load, dict):
            at = ("load", str(index))
            _take_adaptive(load, at, problems)


def _take(table: Any, path: Path, at: Path, sentence: str, problems: Problems) -> None:
    """Take what stands at a path out of a table, or out of each of a list."""
    if isinstance(table, list):
        table = {str(number): inner for number, inner in enumerate(table)}
    if not isinstance(table, dict):
        return
    key, *rest = path
    if key == "*":
        for name, inner in table.items():
            _take(inner, tuple(rest), (*at, name), sentence, problems)
    elif rest:
        _take(table.get(key), tuple(rest), (*at, key), sentence, problems)
    elif table.get(key):  # nothing asks for nothing
        del table[key]
        problems.add((*at, key), sentence)


def _tables(tree: dict[str, Any], section: str) -> list[tuple[str, dict[str, Any]]]:
    tables = tree.get(section)
    return [(k, t) for k, t in tables.items() if isinstance(t, dict)] if isinstance(tables, dict) else []


def _take_adaptive(table: dict[str, Any], at: Path, problems: Problems) -> None:
    client = table.get("client")
    if isinstance(client, dict) and client.get("mode") == "adaptive":
        table.pop("client")
        known = "'none', 'legacy', 'standard' and 'standard-2020' are"
        problems.add((*at, "client", "mode"), f"retry mode 'adaptive' is not simulated by this version; {known}")
