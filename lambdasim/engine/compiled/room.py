"""Room for what grows. The loop says what it lacks and is called again; here each such array is made longer.

So memory follows the number of environments alive, retries waiting and rows not yet handed over. Environments have room
for the account's concurrency from the beginning, for a surge would copy them time and again.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final
from weakref import finalize

import numpy as np

from lambdasim.engine.compiled import SLOT_BITS
from lambdasim.engine.compiled.state import (
    AWAITED,
    CALLS,
    ENVIRONMENTS,
    GROUPS,
    HELD,
    LEAST,
    MADE,
    MESSAGES,
    RECEIPTS,
    RECORDS,
    State,
)
from lambdasim.engine.compiled.structs import Array, Records, declared
from lambdasim.errors import LambdasimError

SLACK: Final = 8
"""Memory for rows is taken for one part in so many more than are asked for, as the next time it may be a few more."""

OF_SLOTS: Final = frozenset({MESSAGES, RECEIPTS, GROUPS, CALLS, HELD, RECORDS, AWAITED, MADE})
"""What has slots alone, which are written to as they are needed: to copy them less often costs no memory. Heaps are
written to throughout, and rows until there is no more room."""


class Handed:
    """Memory of rows that are handed over: it is used again once nobody looks at them.

    New memory costs more than what is written to it, as the system clears every page.
    """

    def __init__(self) -> None:
        self._unused: list[Records] = []
        self._most = 0

    def rows(self, record: np.dtype[Any], count: int) -> Records:
        """Return so many records, with any content."""
        size = count * record.itemsize
        if size > self._most:  # all are made as large, as controllers cut chunks into small and large ones
            self._most = size + size // SLACK
        memory = self._unused.pop() if self._unused else None
        if memory is None or len(memory) < size:
            memory = np.empty(self._most, np.uint8)
        rows = np.frombuffer(memory.data, record, count)  # all views of these hold them, and not what holds the memory
        finalize(rows, self._unused.append, memory).atexit = False
        return rows


def enlarged(state: State, number: int) -> State:
    """Return the state with at least twice the room for what it lacks."""
    room = state.rooms[number]
    if number == ENVIRONMENTS and room["capacity"] >= 1 << SLOT_BITS:
        raise LambdasimError(f"The compiled engine cannot keep more than {room['capacity']:,} environments alive.")
    needed = room["used"] + room["owed"] + (LEAST + 1) * room["most"]
    times = 4 if number in OF_SLOTS else 2
    return _replaced(state, number, int(max(times * room["capacity"], room["first"], needed)), int(room["used"]))


def emptied(state: State, name: str) -> State:
    """Return the state with a new array for rows, which is as long as before, if there are any."""
    number = declared(State)[name].room
    if not state.rooms["used"][number]:
        return state
    state.rooms["used"][number] = 0
    return _replaced(state, number, int(state.rooms["capacity"][number]), 0)


def given(state: State, name: str, rows: Records) -> State:
    """Return the state with an array for rows that none are in, the only one in its room."""
    own = state.rooms[declared(State)[name].room]
    own["used"], own["capacity"] = 0, len(rows)
    return state._replace(**{name: rows})


@cache
def _arrays_in(number: int) -> Mapping[str, Array]:
    return {name: own for name, own in declared(State).items() if own.room == number}


def _replaced(state: State, number: int, capacity: int, used: int) -> State:
    replaced = {name: own.made(capacity) for name, own in _arrays_in(number).items()}
    for name, array in replaced.items():
        array[:used] = getattr(state, name)[:used]
    state.rooms["capacity"][number] = capacity
    return state._replace(**replaced)
