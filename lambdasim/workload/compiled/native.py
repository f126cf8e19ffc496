"""The loops as machine code."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lambdasim import units
from lambdasim.machine_code import cache as kept
from lambdasim.machine_code.native import Native, Program, load
from lambdasim.model import events
from lambdasim.workload import arithmetic, normal, streams


def program() -> Program:
    """Return the loops as the sources have them now; each is called what its function in ``entry`` is called."""
    files = [Path(str(module.__file__)) for module in (arithmetic, events, normal, streams, units)]
    return Program(kept.name("workload", [*files, *sorted(Path(__file__).parent.glob("*.py"))]), _entries)


@cache
def loops() -> Mapping[str, Native]:
    """Return the loops. Warns when they cannot be kept for the next time."""
    return load(program())


def _entries() -> dict[str, Callable[..., Any]]:
    from lambdasim.workload.compiled import entry

    drawing = (entry.uniform, entry.rounded, entry.centre, entry.tail)
    pacing = (entry.survival, entry.pace, entry.make_room, entry.take, entry.order)
    return {function.__name__: function for function in drawing + pacing}
