"""Records of arrays for the structs of ``model``: what SimPy has in the slots of an object stands here in a row.

A struct is a dataclass or a named tuple; those of its fields that are integers are the record's, so that each is
declared once.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache, partial
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Records = NDArray[Any]
"""An array of records."""

CACHE_LINE: Final = 64

_NO_FIELDS: Final[Mapping[str, Any]] = {}


def record_of(
    *structs: type, own: Iterable[str] = (), as_type: Mapping[str, Any] = _NO_FIELDS, first: Iterable[str] = (),
    without: Iterable[str] = (), lines: bool = False,
) -> np.dtype[Any]:  # fmt: skip
    """Return a record with the integer fields of ``structs``, ``own`` ones and those of ``as_type``, each an int64 if
    that does not say otherwise.

    Those named by ``first`` come first; with ``lines`` it fills whole cache lines.
    """
    declared = [name for struct in structs for name in integers_of(struct)]
    every = dict.fromkeys((*first, *declared, *own, *as_type))
    types = {name: np.dtype(as_type.get(name, np.int64)) for name in every if name not in set(without)}
    filled = sum(one.itemsize for one in types.values())
    fillers = -(-filled // CACHE_LINE) * CACHE_LINE - filled if lines else 0
    return np.dtype([*types.items(), *[("_", np.uint8, fillers)][: fillers > 0]])


def integers(*names: str) -> list[tuple[str, type]]:
    """Return the fields of a record that has int64 alone."""
    return [(name, np.int64) for name in names]


def records_of(record: np.dtype[Any], *objects: Sequence[object]) -> Records:
    """Return records with the integer fields of as many objects of a struct, or of several; all else is 0."""
    records = np.zeros(len(objects[0]), record)
    for own in objects:
        for name in integers_of(type(own[0])) if own else ():  # type: ignore[arg-type]
            if name in (record.names or ()):
                records[name] = [getattr(one, name) for one in own]
    return records


def alike(parts: Iterable[Hashable]) -> tuple[list[int], NDArray[np.int64]]:
    """Return the places of those that no other before is equal to, and for each of all which of these it is equal to.

    So what a thousand functions have in common is worked out once.
    """
    first: dict[Hashable, int] = {}
    equals = [first.setdefault(part, number) for number, part in enumerate(parts)]
    distinct = [*first.values()]
    return distinct, np.searchsorted(distinct, equals)


class Array(NamedTuple):
    """What an array of a table is made of."""

    record: np.dtype[Any]
    room: int
    """The number of what counts the room in it, -1 if it does not grow."""
    made: Callable[[int], Records]
    """Returns one with room for so many."""


def of(record: np.dtype[Any], room: int = -1, made: Callable[[int], Records] | None = None) -> Any:
    """Declare an array of a table, as the default of its field: see :class:`Array`."""
    return Array(record, room, made or partial(np.empty, dtype=record))


def declared(table: Any) -> Mapping[str, Array]:
    """Return the declarations of a table, which is a named tuple, in their order."""
    result: Mapping[str, Array] = table._field_defaults
    return result


def records_in(table: Any) -> Mapping[str, np.dtype[Any]]:
    """Return what the records of each array of a table are, in their order."""
    return {name: own.record for name, own in declared(table).items()}


def aligned(records: int, record: np.dtype[Any], first: int = 0) -> Records:
    """Return records of which number ``first`` begins a cache line, with any content."""
    room = np.empty(records * record.itemsize + CACHE_LINE, np.uint8)
    skip = -(room.ctypes.data + first * record.itemsize) % CACHE_LINE
    return room[skip : skip + records * record.itemsize].view(record)


@cache
def integers_of(struct: type) -> tuple[str, ...]:
    """Return the names of the integer fields of a struct."""
    types = {field.name: field.type for field in fields(struct)} if is_dataclass(struct) else struct.__annotations__
    integer = [name for name, own in types.items() if isinstance(own, type) and issubclass(own, int)]
    return tuple(name for name in integer if not name.startswith("_"))
