"""The loops as machine code."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from lambdasim.machine_code.native import load
from lambdasim.machine_code.program import WORKLOAD, Native


@cache
def loops() -> Mapping[str, Native]:
    """Return the loops. Warns when they cannot be kept for the next time."""
    return load(WORKLOAD)


def entries() -> dict[str, Callable[..., Any]]:
    """Return what is compiled, by the names of the functions in ``entry``."""
    from lambdasim.workload.compiled import entry

    drawing = (entry.uniform, entry.rounded, entry.centre, entry.tail)
    pacing = (entry.survival, entry.pace, entry.make_room, entry.take, entry.sort, entry.name)
    return {function.__name__: function for function in drawing + pacing}
