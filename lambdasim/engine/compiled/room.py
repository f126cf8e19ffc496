"""Room for what grows. The loop says what it lacks and is called again; here each such array is made twice as long.

So memory follows the number of environments alive, retries waiting and rows not yet handed over. Environments have room
for the account's concurrency from the beginning, for a surge would copy them time and again.
"""

from typing import Final

import numpy as np

from lambdasim.engine.compiled import SLOT_BITS
from lambdasim.engine.compiled.state import ENVIRONMENT, HEAP_MARGIN, State, heap
from lambdasim.engine.compiled.structs import Records, aligned
from lambdasim.errors import LambdasimError

ENOUGH, INVOCATIONS, ENDED, EXPIRIES, ENVIRONMENTS, WAITING, DELIVERIES = range(7)
MESSAGES, RECEIPTS, TIMERS, SAMPLES, DRAWN = range(7, 12)
"""What the loop lacks; with :data:`ENOUGH` it did all it was asked to do. Drawn rows are not of this module."""

FIRST: Final = 1_024
"""Room for so many in the beginning."""

SURGE: Final = 1 << 17
"""For so many environments at most there is room in the beginning; memory that is not touched costs nothing."""


def enlarged(state: State, lacking: int) -> State:
    """Return the state with at least twice the room for what it lacks."""
    loop = state.loop[0]
    if lacking == INVOCATIONS:
        return state._replace(invocations=longer(state.invocations))
    if lacking == ENDED:
        return state._replace(ended=longer(state.ended))
    if lacking == EXPIRIES:
        return state._replace(expiries=_larger(state.expiries, _first(state)))
    if lacking == DELIVERIES:
        rows = int(loop["deliveries"])
        needed = rows + int(loop["visible"]) + 4 * int(loop["most_messages"])
        return state._replace(deliveries=longer(state.deliveries, needed, rows))
    if lacking == MESSAGES:
        needed = int(loop["messages"]) + 2 * int(loop["most_messages"])
        return state._replace(messages=longer(state.messages, needed))
    if lacking == RECEIPTS:
        return state._replace(receipts=longer(state.receipts))
    if lacking == SAMPLES:
        return state._replace(samples=longer(state.samples))
    if lacking == TIMERS:
        timers = longer(state.timers, int(loop["moments"] + loop["most_timers"]))
        return state._replace(timers=timers, moments=_larger(state.moments, len(timers)))
    if lacking == WAITING:
        return state._replace(
            waiting=longer(state.waiting), retries=_larger(state.retries), firsts=_larger(state.firsts)
        )
    used = len(state.environments)
    if used >= 1 << SLOT_BITS:
        raise LambdasimError(f"The compiled engine cannot keep more than {used:,} environments alive.")
    first = _first(state)
    environments = aligned(max(2 * used, first), ENVIRONMENT)
    environments[:used] = state.environments
    return state._replace(environments=environments, completions=_larger(state.completions, first))


def longer(records: Records, rows: int = 0, used: int | None = None) -> Records:
    """Return the first ``used`` records (all) with room for ``rows``, and at least twice as many as before."""
    result = np.empty(max(2 * len(records), rows, FIRST), records.dtype)
    kept = len(records) if used is None else used
    result[:kept] = records[:kept]
    return result


def _first(state: State) -> int:
    """Return room for how many environments there is in the beginning."""
    return max(min(int(state.account["concurrency"][0]), SURGE), FIRST)


def _larger(entries: Records, capacity: int = FIRST) -> Records:
    used = len(entries) - HEAP_MARGIN
    result = heap(max(2 * used, capacity))
    result[:used] = entries[:used]
    return result
