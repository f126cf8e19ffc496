"""Records of arrays for the structs of ``model``: what SimPy has in the slots of an object stands here in a row.

A struct is a dataclass; those of its fields that are integers are the record's, so that each is declared once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import Field, fields
from functools import partial
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
    declared = [field.name for struct in structs for field in fields(struct) if _is_integer(field)]
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
        for field in fields(own[0]) if own else ():  # type: ignore[arg-type]
            if _is_integer(field) and field.name in (record.names or ()):
                records[field.name] = [getattr(one, field.name) for one in own]
    return records


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


def _is_integer(field: Field[Any]) -> bool:
    return isinstance(field.type, type) and issubclass(field.type, int) and not field.name.startswith("_")
