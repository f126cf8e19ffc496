"""From the tables of the loop to columns in the order of keys, when what was counted is handed over."""

from typing import Any, Final

from numpy.typing import NDArray

from lambdasim.machine_code.jit import kernel
from lambdasim.metrics.cells import Int64
from lambdasim.metrics.compiled.tables import COLUMNS, GROUPS, NO_VALUE, SAMPLED
from lambdasim.metrics.ledger import BOTH

BLOCK: Final = 64
"""So many groups stay in the processor's first cache while column after column is written."""


@kernel
def hand_over(groups: NDArray[Any], moments: NDArray[Any], order: Int64, sampled: NDArray[Any]) -> int:
    """Put warm successes at once with all others; write the moments of all values in an order of the groups, and return
    of how many kinds of how many groups there are any.
    """
    found = 0
    for i in range(len(order)):
        group = groups[order[i]]
        only_at_once = group.executions == 0
        add_at_once(group, moments[BOTH * GROUPS + order[i]])
        for kind in range(BOTH, BOTH + 1) if only_at_once else range(SAMPLED):
            own, into = moments[kind * GROUPS + order[i]], sampled[found]
            into.rank, into.kind, into.high, into.low = i, kind, own.high, own.low
            into.largest, into.smallest = own.largest, NO_VALUE - own.below
            found += own.below > 0
    return found


@kernel
def write_columns(groups: Int64, order: Int64, columns: Int64) -> None:
    """Write groups, which are given as integers, in an order, column after column."""
    size = len(order)
    for begin in range(0, size, BLOCK):
        end = min(begin + BLOCK, size)
        for column in range(COLUMNS):
            for i in range(begin, end):
                columns[column * size + i] = groups[order[i] * COLUMNS + column]


@kernel
def add_at_once(group: Any, moments: Any) -> None:
    """Put what was counted of warm successes at once with all others."""
    lasted_ns = (group.high << 32) + group.low
    group.usual += group.whole
    group.executions += group.whole
    group.busy_ns += lasted_ns
    group.part += lasted_ns
    moments.high += group.high
    moments.low += group.low
    moments.largest = max(moments.largest, group.largest)
    moments.below = max(moments.below, NO_VALUE - group.smallest)
