"""Room for what grows. The loop says what it lacks and is called again; here each such array is made twice as long.

So memory follows the number of environments alive, retries waiting and rows not yet handed over. Environments have room
for the account's concurrency from the beginning, for a surge would copy them time and again.
"""

from functools import cache

from lambdasim.engine.compiled import SLOT_BITS
from lambdasim.engine.compiled.state import ENVIRONMENTS, LEAST, State
from lambdasim.engine.compiled.structs import Array, declared
from lambdasim.errors import LambdasimError


@cache
def _growing(number: int) -> tuple[tuple[str, Array], ...]:
    """Return the arrays that grow with a room, by name."""
    return tuple((name, own) for name, own in declared(State).items() if own.room == number)


def enlarged(state: State, number: int) -> State:
    """Return the state with at least twice the room for what it lacks."""
    room = state.rooms[number]
    if number == ENVIRONMENTS and room["capacity"] >= 1 << SLOT_BITS:
        raise LambdasimError(f"The compiled engine cannot keep more than {room['capacity']:,} environments alive.")
    needed = room["used"] + room["owed"] + (LEAST + 1) * room["most"]
    return _replaced(state, number, int(max(2 * room["capacity"], room["first"], needed)), int(room["used"]))


def emptied(state: State, name: str, capacity: int | None = None) -> State:
    """Return the state with a new array for rows, which is as long as before if ``capacity`` does not say otherwise."""
    number = declared(State)[name].room
    if capacity is None and not state.rooms["used"][number]:
        return state
    state.rooms["used"][number] = 0
    return _replaced(state, number, int(state.rooms["capacity"][number]) if capacity is None else capacity, 0)


def _replaced(state: State, number: int, capacity: int, used: int) -> State:
    replaced = {name: own.made(capacity) for name, own in _growing(number)}
    for name, array in replaced.items():
        array[:used] = getattr(state, name)[:used]
    state.rooms["capacity"][number] = capacity
    return state._replace(**replaced)
