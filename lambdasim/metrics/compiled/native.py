"""The loops as machine code."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from lambdasim.machine_code.native import load
from lambdasim.machine_code.program import METRICS, SERIES, Native


@cache
def loops() -> Mapping[str, Native]:
    """Return the loops. Warns when they cannot be kept for the next time."""
    return load(METRICS)


@cache
def loops_of_series() -> Mapping[str, Native]:
    """Return the loops of the time series of many functions."""
    return load(SERIES)


def entries() -> dict[str, Callable[..., Any]]:
    """Return what is compiled, by the names of the functions in ``entry``."""
    from lambdasim.metrics.compiled import entry

    functions = (
        entry.counting, entry.handing, entry.columns, entry.collecting, entry.merging, entry.merging_narrow,
    )  # fmt: skip
    return {function.__name__: function for function in functions}


def entries_of_series() -> dict[str, Callable[..., Any]]:
    """The same of the time series of many functions."""
    from lambdasim.metrics.compiled import entry

    return {function.__name__: function for function in (entry.describing, entry.following, entry.writing)}
