"""The loops as machine code."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lambdasim import records
from lambdasim.machine_code import cache as kept
from lambdasim.machine_code.native import Native, Program, load
from lambdasim.metrics import histogram, ledger, tally
from lambdasim.model import events, rules


def program() -> Program:
    """Return the loops as the sources have them now; each is called what its function in ``entry`` is called."""
    files = [Path(str(module.__file__)) for module in (events, histogram, ledger, records, rules, tally)]
    return Program(kept.name("metrics", [*files, *sorted(Path(__file__).parent.glob("*.py"))]), _entries)


@cache
def loops() -> Mapping[str, Native]:
    """Return the loops. Warns when they cannot be kept for the next time."""
    return load(program())


def _entries() -> dict[str, Callable[..., Any]]:
    from lambdasim.metrics.compiled import entry

    functions = (entry.counting, entry.collecting, entry.merging, entry.merging_collected)
    return {function.__name__: function for function in functions}
