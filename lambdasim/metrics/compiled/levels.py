"""Levels of functions over time: what was counted by period, merged in order of keys. Twin of ``timeline.levels``."""

from typing import Final

from lambdasim.machine_code.jit import kernel
from lambdasim.metrics.cells import Int64
from lambdasim.metrics.compiled.level_tables import Levels

LAST: Final = 1 << 62
"""Beyond every key."""
BUSY_MOST, BUSY, ALIVE_MOST, ALIVE, IDLE, STARTING = range(6)
"""The places of :data:`level_tables.SERIES`."""


@kernel
def follow(levels: Levels) -> int:
    """Write the rows of all series; return how many keys there are."""
    levels.found[:] = 0
    keys = row = change = busy = alive = starting = 0
    periods = len(levels.span_ns)
    while True:
        key = min(
            at(levels.admitted, row),
            at(levels.changed, change),
            at(levels.busy, busy),
            at(levels.alive, alive),
            at(levels.starting, starting),
        )
        if key == LAST:
            return keys
        keys += 1
        most = environments = -1  # where there is nothing
        busy_ns = alive_ns = starting_ns = 0
        while at(levels.admitted, row) == key:
            most = max(most, levels.concurrency[row])
            environments = max(environments, levels.environments[row])
            row += 1
        while at(levels.changed, change) == key:
            environments = max(environments, levels.changed_to[change])
            change += 1
        if at(levels.busy, busy) == key:
            most, busy_ns = max(most, levels.busy_start[busy]), levels.busy_ns[busy]
            busy += 1
        if at(levels.alive, alive) == key:
            environments, alive_ns = max(environments, levels.alive_start[alive]), levels.alive_ns[alive]
            alive += 1
        if at(levels.starting, starting) == key:
            starting_ns = levels.starting_ns[starting]
            starting += 1
        span_ns = levels.span_ns[key % periods]
        tell(levels, BUSY_MOST, key, most, int(most >= 0))
        tell(levels, BUSY, key, busy_ns, span_ns * int(most >= 0))
        tell(levels, ALIVE_MOST, key, environments, int(environments > 0))
        tell(levels, ALIVE, key, alive_ns, span_ns * int(environments >= 0))
        tell(levels, IDLE, key, alive_ns - busy_ns, span_ns * int(max(most, environments) >= 0))
        tell(levels, STARTING, key, starting_ns, span_ns * int(starting_ns > 0))


@kernel
def at(keys: Int64, place: int) -> int:
    """Return the key at a place; after the last one, what is beyond every key."""
    return int(keys[place]) if place < len(keys) else LAST


@kernel
def tell(levels: Levels, series: int, key: int, part: int, whole: int) -> None:
    """Write a row of a series: a part of a whole, if that is not 0."""
    if whole > 0:
        place = series * (len(levels.into_key) // len(levels.found)) + levels.found[series]
        levels.into_key[place], levels.into[place] = key, part / whole
        levels.found[series] += 1
