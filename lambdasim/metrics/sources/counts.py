"""Counts what became of deliveries and of events: one small code for each way in which a delivery can end.

What a code says, hence what it counts as, is decided afterwards on the distinct codes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from lambdasim.metrics.cells import Cells, Int64, Mask, Totals, order_of, run_starts
from lambdasim.model.events import DeliveryOutcome, Destination, Fate

CODE_BITS: Final = 13
_FATE, _DESTINATION, _DELIVERED, _FIRST, _INVOKED, _MEASURED, _HIDDEN = 3, 6, 8, 9, 10, 11, 12

FAILED_INVOKES: Final = (DeliveryOutcome.FAILED, DeliveryOutcome.THROTTLED, DeliveryOutcome.TIMED_OUT)

SPARE: Final = 16
"""Keys of a block are counted in a table of at most so many places for each of them."""


def counted(keys: Int64) -> Totals:
    """Return how often each key is there, as ``count``."""
    low = int(keys.min())
    if int(keys.max()) - low < SPARE * len(keys) + 4096:
        table = np.bincount(keys - low)
        found = np.flatnonzero(table)
        return Totals(found + low, {"count": table[found]}, {})
    keys = keys[order_of(keys)]
    first = run_starts(keys)
    return Totals(keys[first], {"count": np.diff(first, append=len(keys))}, {})


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How often each of :func:`_happened` was the case in each cell, ``period * sources + source``."""

    cell: Int64
    count: Int64
    measured: Mask
    """Whether the event was sent after the warm-up."""
    happened: Mapping[str, Mask]

    def by(self, index: Int64, size: int, where: Mask) -> dict[str, list[int]]:
        """Return the counts by ``index`` in ``range(size)``, only ``where`` it is true."""
        result = {}
        for name, mask in self.happened.items():
            sums = np.zeros(size, np.int64)
            chosen = mask & where
            np.add.at(sums, index[chosen], self.count[chosen])
            result[name] = sums.tolist()
        return result

    def totals(self, keys: Int64, where: Mask) -> Totals:
        """Return the counts by the keys given for each present cell, only ``where`` it is true."""
        sums = {name: self.count * mask for name, mask in self.happened.items()}
        return Totals(keys, sums, {}).regroup(keys, where)


def _happened(codes: Int64) -> dict[str, Mask]:
    outcome, fate, destination = codes & 7, codes >> _FATE & 7, codes >> _DESTINATION & 3
    delivered, first, invoked, hidden = ((codes >> bit & 1) == 1 for bit in (_DELIVERED, _FIRST, _INVOKED, _HIDDEN))
    given_up = (fate == Fate.EXHAUSTED) | (fate == Fate.AGED_OUT)
    return {
        "received": first,
        "delivered": delivered,
        "invoked": invoked,
        "failed_invoke": np.isin(outcome, FAILED_INVOKES),
        "retries": delivered & ~first,
        "failed": outcome == DeliveryOutcome.FAILED,
        "throttled": outcome == DeliveryOutcome.THROTTLED,
        "timed_out": outcome == DeliveryOutcome.TIMED_OUT,
        "refused": outcome == DeliveryOutcome.REFUSED,
        "refused_delivery": delivered & (outcome == DeliveryOutcome.REFUSED),
        "processed": fate == Fate.DONE,
        "exhausted": fate == Fate.EXHAUSTED,
        "aged_out": fate == Fate.AGED_OUT,
        "filtered": fate == Fate.FILTERED,
        "given_up": given_up,
        "dead_lettered": destination == Destination.DELIVERED,
        "destination_failures": destination == Destination.FAILED,
        "dropped": given_up & (destination != Destination.DELIVERED),
        "waiting": (fate == Fate.REMAINS) & ~delivered & ~hidden,
        "hidden": (fate == Fate.REMAINS) & ~delivered & hidden,
        "in_process": (fate == Fate.REMAINS) & delivered,
    }


class Tally:
    """Accumulates deliveries."""

    __slots__ = ("_cells",)

    def __init__(self) -> None:
        self._cells = Cells(("count",))

    def add(self, cell: Int64, row: Mapping[str, Int64], measured: Mask, hidden: Mask) -> None:
        """Count deliveries, given by the columns of their records.

        ``measured``: sent after the warm-up; ``hidden``: not to be delivered yet when the run ended.
        """
        code = row["outcome"] | row["fate"] << _FATE | row["destination"] << _DESTINATION
        code |= (row["delivered_ns"] >= 0).astype(np.int64) << _DELIVERED
        code |= (row["attempt"] == 0).astype(np.int64) << _FIRST
        code |= (row["batch"] >= 0).astype(np.int64) << _INVOKED
        code |= measured.astype(np.int64) << _MEASURED | hidden.astype(np.int64) << _HIDDEN
        self._cells.merge(counted(cell << CODE_BITS | code))

    def counts(self) -> Counts:
        """Return the counts of all deliveries so far."""
        totals = self._cells.totals()
        codes = totals.keys & (1 << CODE_BITS) - 1
        return Counts(totals.keys >> CODE_BITS, totals["count"], (codes >> _MEASURED & 1) == 1, _happened(codes))
