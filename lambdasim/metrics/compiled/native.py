"""The loops as machine code."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from lambdasim.machine_code.native import load
from lambdasim.machine_code.program import METRICS, Native


@cache
def loops() -> Mapping[str, Native]:
    """Return the loops. Warns when they cannot be kept for the next time."""
    return load(METRICS)


def entries() -> dict[str, Callable[..., Any]]:
    """Return what is compiled, by the names of the functions in ``entry``."""
    from lambdasim.metrics.compiled import entry

    functions = (entry.counting, entry.collecting, entry.merging, entry.merging_narrow, entry.describing, entry.writing)
    return {function.__name__: function for function in functions}
