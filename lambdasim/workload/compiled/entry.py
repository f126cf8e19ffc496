"""The ways into the loops from outside Numba: arrays come as addresses and lengths, which need no Numba to write."""

from typing import Any, Final

import numpy as np

from lambdasim.machine_code.jit import array_at
from lambdasim.workload.compiled import drawing, pacing
from lambdasim.workload.compiled.tables import LOAD, ORIGIN, PIECE

INTEGER: Final = np.dtype(np.int64)
SMALL: Final = np.dtype(np.int32)
UNSIGNED: Final = np.dtype(np.uint64)
REAL: Final = np.dtype(np.float64)


def uniform(arrays: Any, number: int) -> int:
    """``drawing.uniform``."""
    keys, of = array_at(arrays[0], arrays[1], UNSIGNED), array_at(arrays[2], arrays[3], INTEGER)
    drawing.uniform(keys, of, array_at(arrays[4], arrays[5], UNSIGNED), array_at(arrays[6], arrays[7], REAL))
    return number


def rounded(arrays: Any, number: int) -> int:
    """``drawing.rounded``."""
    drawing.rounded(array_at(arrays[0], arrays[1], REAL), array_at(arrays[2], arrays[3], INTEGER))
    return number


def centre(arrays: Any, number: int) -> int:
    """``drawing.centre``."""
    keys, of = array_at(arrays[0], arrays[1], UNSIGNED), array_at(arrays[2], arrays[3], INTEGER)
    index, z = array_at(arrays[4], arrays[5], UNSIGNED), array_at(arrays[6], arrays[7], REAL)
    outer, tails = array_at(arrays[8], arrays[9], INTEGER), array_at(arrays[10], arrays[11], REAL)
    return drawing.centre(keys, of, index, z, outer, tails)


def tail(arrays: Any, number: int) -> int:
    """``drawing.tail``."""
    z, outer = array_at(arrays[0], arrays[1], REAL), array_at(arrays[2], arrays[3], INTEGER)
    drawing.tail(z, outer, array_at(arrays[4], arrays[5], REAL), number)
    return number


def survival(arrays: Any, number: int) -> int:
    """``pacing.survival``."""
    pacing.survival(
        array_at(arrays[0], arrays[1], LOAD),
        array_at(arrays[2], arrays[3], INTEGER),
        array_at(arrays[4], arrays[5], INTEGER),
        array_at(arrays[6], arrays[7], REAL),
    )
    return number


def pace(arrays: Any, number: int) -> int:
    """``pacing.pace``."""
    return pacing.pace(
        array_at(arrays[0], arrays[1], LOAD),
        array_at(arrays[2], arrays[3], INTEGER),
        array_at(arrays[4], arrays[5], INTEGER),
        array_at(arrays[6], arrays[7], REAL),
        array_at(arrays[8], arrays[9], PIECE),
        array_at(arrays[10], arrays[11], INTEGER),
        array_at(arrays[12], arrays[13], INTEGER),
    )


def take(arrays: Any, goal_ns: int) -> int:
    """``pacing.take``."""
    return pacing.take(
        array_at(arrays[0], arrays[1], LOAD),
        goal_ns,
        array_at(arrays[2], arrays[3], INTEGER),
        array_at(arrays[4], arrays[5], INTEGER),
        array_at(arrays[6], arrays[7], SMALL),
        array_at(arrays[8], arrays[9], ORIGIN),
    )


def make_room(arrays: Any, number: int) -> int:
    """``pacing.make_room``."""
    return pacing.make_room(
        array_at(arrays[0], arrays[1], LOAD),
        array_at(arrays[2], arrays[3], INTEGER),
        array_at(arrays[4], arrays[5], INTEGER),
        array_at(arrays[6], arrays[7], INTEGER),
    )


def sort(arrays: Any, number: int) -> int:
    """``pacing.sort``."""
    return pacing.sort(
        array_at(arrays[0], arrays[1], INTEGER),
        array_at(arrays[2], arrays[3], SMALL),
        array_at(arrays[4], arrays[5], INTEGER),
        array_at(arrays[6], arrays[7], SMALL),
        array_at(arrays[8], arrays[9], INTEGER),
    )


def name(arrays: Any, number: int) -> int:
    """``pacing.name``."""
    pacing.name(
        array_at(arrays[0], arrays[1], ORIGIN),
        array_at(arrays[2], arrays[3], INTEGER),
        array_at(arrays[4], arrays[5], INTEGER),
        array_at(arrays[6], arrays[7], INTEGER),
        array_at(arrays[8], arrays[9], INTEGER),
    )
    return number
