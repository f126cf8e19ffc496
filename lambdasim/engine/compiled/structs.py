"""Records of arrays for the structs of ``model``: what SimPy has in the slots of an object stands here in a row.

A struct is a dataclass; those of its fields that are integers are the record's, so that each is declared once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field, fields
from typing import Any, Final

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


def aligned(records: int, record: np.dtype[Any], first: int = 0) -> Records:
    """Return records of which number ``first`` begins a cache line, with any content."""
    room = np.empty(records * record.itemsize + CACHE_LINE, np.uint8)
    skip = -(room.ctypes.data + first * record.itemsize) % CACHE_LINE
    return room[skip : skip + records * record.itemsize].view(record)


def _is_integer(field: Field[Any]) -> bool:
    return isinstance(field.type, type) and issubclass(field.type, int) and not field.name.startswith("_")
