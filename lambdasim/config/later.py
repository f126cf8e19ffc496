"""What the experiment format describes and this version does not simulate: one clear message for each."""

from typing import Any, Final

from lambdasim.config.origins import Problems
from lambdasim.config.positions import Path

TRACE_FORMATS: Final = ("cloudwatch", "reports", "alb-log")


def take_later(tree: dict[str, Any], problems: Problems) -> None:
    """Remove from ``tree``, in place, what this version does not simulate, adding a problem for each.

    Of a source or load whose kind is not simulated nothing can be checked: None takes its place.
    """
    for name, function in _tables(tree, "function"):
        at = ("function", name)
        if isinstance(provisioned := function.get("provisioned"), dict):
            for key in ("autoscaling", "schedule"):
                kind = f"{key} of provisioned concurrency is"
                _take(provisioned, key, (*at, "provisioned"), kind, "a fixed concurrency is", problems)
    for name, source in _tables(tree, "source"):
        at = ("source", name)
        _take_adaptive(source, at, problems)
    loads = tree.get("load")
    for index, load in enumerate(loads if isinstance(loads, list) else ()):
        if isinstance(load, dict):
            at = ("load", str(index))
            _take_adaptive(load, at, problems)
            trace = load.get("trace")
            if isinstance(trace, dict) and trace.get("format") in TRACE_FORMATS:
                known = "'events', 'counts', 'azure2019' and 'azure2021' are"
                message = f"trace format '{trace['format']}' is not read by this version; {known}"
                problems.add((*at, "trace", "format"), message)
                tree["load"][index] = None


def _tables(tree: dict[str, Any], section: str) -> list[tuple[str, dict[str, Any]]]:
    tables = tree.get(section)
    return [(k, t) for k, t in tables.items() if isinstance(t, dict)] if isinstance(tables, dict) else []


def _take(table: dict[str, Any], key: str, at: Path, kind: str, instead: str, problems: Problems) -> None:
    if key in table:
        del table[key]
        problems.add((*at, key), f"{kind} not simulated by this version; {instead}")


def _take_adaptive(table: dict[str, Any], at: Path, problems: Problems) -> None:
    client = table.get("client")
    if isinstance(client, dict) and client.get("mode") == "adaptive":
        table.pop("client")
        known = "'none', 'legacy', 'standard' and 'standard-2020' are"
        problems.add((*at, "client", "mode"), f"retry mode 'adaptive' is not simulated by this version; {known}")
