"""The way into the loop from outside Numba: arrays come as addresses and lengths, which need no Numba to write."""

from typing import Any, Final

from lambdasim.engine.compiled.loop import run
from lambdasim.engine.compiled.plain import ABSENT
from lambdasim.engine.compiled.routine import state_at
from lambdasim.engine.compiled.state import COLUMNS, INTEGER, State
from lambdasim.machine_code.jit import address_of, table_at

columns_at: Any = table_at("Columns", dict.fromkeys(COLUMNS, INTEGER), absent=ABSENT)

BYTES: Final = 16
"""Of the address and the length of an array."""
BEHIND_STATE: Final = BYTES * len(State._fields)


def entry(arrays: Any, until_ns: int) -> int:
    """Run the loop. ``arrays`` holds the address and the length of each of the state's arrays, then of each column."""
    address = address_of(arrays)
    return run(state_at(address), columns_at(address + BEHIND_STATE), until_ns)
