"""The row of a delivery, the jitter that belongs to an attempt of one, and where an event goes that is given up."""

from typing import Any

import numpy as np

from lambdasim.engine.compiled import capacity
from lambdasim.engine.compiled.state import DELIVERIES, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model.asynchronous import destination
from lambdasim.model.rules import jitter24, jitter_index


@kernel
def jitter(key: Any, event: int, attempt: int) -> int:
    """Return the 24 bits of jitter of an attempt."""
    index: Any = np.uint64(jitter_index(event, attempt & 127))  # with a signed one Numba would turn to floats
    return int(jitter24(key, index))


@kernel
def sent_away(state: State, source: Any, event: int, at_ns: int) -> int:
    """Return what becomes of an asynchronous event that was not processed, as is known at a time, now or to come."""
    destinations = int(source.destinations)
    for number in range(source.first_outlet, source.first_outlet + source.outlets):
        if state.outlets[number].from_ns <= at_ns:
            destinations = int(state.outlets[number].destinations)
    index: Any = np.uint64(event)
    return destination(source, destinations, int(jitter24(source.destination_key, index)))


@kernel
def write(
    state: State, source: int, event: int, attempt: int, sent_ns: int, available_ns: int, delivered_ns: int,
    ended_ns: int, outcome: int, fate: int, destination: int, batch: int,
) -> Any:  # fmt: skip
    """Write the row of a delivery that nobody waits for; return it."""
    row = capacity.new_row(state.deliveries, state.rooms[DELIVERIES])
    row.source, row.event, row.attempt, row.partition = source, event, attempt, -1
    row.sent_ns, row.available_ns, row.delivered_ns, row.ended_ns = sent_ns, available_ns, delivered_ns, ended_ns
    row.outcome, row.fate, row.destination, row.answer, row.batch = outcome, fate, destination, 0, batch
    return row
