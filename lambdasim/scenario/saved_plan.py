"""Plans as plain data, for JSON, and back.

An object of a class is ``{"is": its class, field: value, …}`` with the fields that are not the default.
"""

from enum import Enum
from typing import Any, Final, get_args, get_type_hints

from lambdasim.plan import Plan, has_fields, stated
from lambdasim.workload.closed_loop import VirtualUsers
from lambdasim.workload.series import PlannedSeries

CLASS: Final = "is"


def plain(value: Any) -> Any:
    """Return a plan, or a part of one, as dictionaries, lists, strings, numbers and None."""
    if isinstance(value, tuple) and not has_fields(value):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return {CLASS: type(value).__name__, "name": value.name}
    if has_fields(value):
        return {CLASS: type(value).__name__} | {name: plain(own) for name, own in stated(value).items()}
    return value


def restored(data: Any) -> Any:
    """Return what :func:`plain` was given; raises ``KeyError`` for a class that no plan contains."""
    if isinstance(data, list):
        return tuple(restored(item) for item in data)
    if isinstance(data, dict):
        own = CLASSES[data[CLASS]]
        parts = {name: restored(item) for name, item in data.items() if name != CLASS}
        return own[parts["name"]] if issubclass(own, Enum) else own(**parts)
    return data


def _classes(hint: Any, found: dict[str, type[Any]]) -> dict[str, type[Any]]:
    """Add the classes and enumerations that values of a type consist of."""
    for part in get_args(hint):
        _classes(part, found)
    if isinstance(hint, type) and hint.__name__ not in found and (has_fields(hint) or issubclass(hint, Enum)):
        found[hint.__name__] = hint
        for own in get_type_hints(hint).values() if has_fields(hint) else ():
            _classes(own, found)
    return found


CLASSES: Final = _classes(Plan | PlannedSeries | VirtualUsers, {})
"""By name."""
