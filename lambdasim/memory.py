"""Memory that is free goes back to the system, where the C library would keep it for what may come."""

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from typing import Final

MANY_FUNCTIONS: Final = 2_000
"""From so many functions on, what is free between two steps is as much as what is not; of fewer it is soon used."""


def give_back(functions: int) -> None:
    """Give back what is free, where there are many functions."""
    if functions >= MANY_FUNCTIONS and (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    """Return glibc's ``malloc_trim``; None where there is another C library."""
    if sys.platform != "linux":
        return None
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
    return trim
