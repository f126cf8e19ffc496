"""What the experiment format describes and this version does not simulate: one clear message for each."""

from typing import Any

from lambdasim.config.origins import Problems
from lambdasim.config.positions import Path


def take_later(tree: dict[str, Any], problems: Problems) -> None:
    """Remove from ``tree``, in place, what this version does not simulate, adding a problem for each."""
    sources, loads = tree.get("source"), tree.get("load")
    for name, source in sources.items() if isinstance(sources, dict) else ():
        _take_adaptive(source, ("source", name), problems)
    for index, load in enumerate(loads if isinstance(loads, list) else ()):
        _take_adaptive(load, ("load", str(index)), problems)


def _take_adaptive(table: Any, at: Path, problems: Problems) -> None:
    client = table.get("client") if isinstance(table, dict) else None
    if isinstance(client, dict) and client.get("mode") == "adaptive":
        table.pop("client")
        known = "'none', 'legacy', 'standard' and 'standard-2020' are"
        problems.add((*at, "client", "mode"), f"retry mode 'adaptive' is not simulated by this version; {known}")
