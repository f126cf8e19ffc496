"""The ledger: all that was accumulated from the records of one run, as integers. Summary and time series read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.metrics.cells import Int64, Mask, Totals, divided, order_of
from lambdasim.metrics.control import ControlLevels
from lambdasim.metrics.histogram import Histograms, Merge
from lambdasim.metrics.metered import LoadInfo, MeteredFunction
from lambdasim.metrics.occupancy import Levels
from lambdasim.metrics.tally import Counts, Happened

Floats = NDArray[np.float64]

LATENCY_WARM: Final = 0
LATENCY_COLD: Final = 1
DURATION: Final = 2
INIT: Final = 3
BOTH: Final = 4
"""A value that is the duration of a warm start as well as its latency, as nearly all are: kept once for the two."""
RESTORE: Final = 5
KIND_BITS: Final = 3

LATENCIES: Final = (LATENCY_WARM, LATENCY_COLD, BOTH)
DURATIONS: Final = (DURATION, BOTH)


def sample_group(cell: Int64, kind: Int64 | int, measured: Int64 | int) -> Int64:
    """Return the group of samples of a kind in a cell, of requests that are measured (1) or not (0)."""
    return (cell << KIND_BITS | kind) << 1 | measured


def sample_cell(group: Int64) -> Int64:
    """Return the cell of a group of samples."""
    return group >> KIND_BITS + 1


def sample_kind(group: Int64) -> Int64:
    """Return the kind of a group of samples."""
    return group >> 1 & (1 << KIND_BITS) - 1


@dataclass(frozen=True, eq=False)
class Ledger:
    """One run, counted. A cell of ``counts`` and ``samples`` is ``(period * functions + function) * loads + load``."""

    functions: Sequence[MeteredFunction]
    loads: Sequence[LoadInfo]
    period_ns: int
    warmup_ns: int
    loads_end_ns: int
    """When the last load ends, or the run; what follows is the drain."""
    end_ns: int
    counts: Counts
    samples: Histograms
    """In ns, by :func:`sample_group`; the kinds are above."""
    work: Totals
    """By ``(period * functions + function) << 1 | after the warm-up``: billed ms and the highest levels in records."""
    account: Totals
    """By ``period << 1 | after the warm-up``: the account's highest levels in records."""
    executing: Levels
    executing_provisioned: Levels
    alive: Levels
    initialising: Levels
    """On-demand environments; provisioned ones are ready when they are created."""
    control: ControlLevels
    created: Int64
    """By function: environments created after the warm-up."""
    provisioned_init: Totals
    """By ``period * functions + function``: billed ms of the init of provisioned environments."""
    ahead_init: Totals
    """The same of environments on demand that were initialised before their requests came."""

    service_errors: bool
    """Whether anything makes Lambda fail in the run."""
    merge: Merge
    """What merges :attr:`samples`."""

    @property
    def periods(self) -> int:
        """How many periods the run touches, the one that begins with its end included."""
        return self.end_ns // self.period_ns + 1

    def place(self, cell: Int64) -> tuple[Int64, Int64, Int64]:
        """Return the period, function and load of each cell."""
        rest, load = divided(cell, max(len(self.loads), 1))
        period, function = divided(rest, len(self.functions))
        return period, function, load

    @cached_property
    def happened(self) -> Happened:
        """What happened to each function in the whole run."""
        _, function, _ = self.place(self.counts.cell)
        return self.counts.by(function, len(self.functions))

    def events(self, *names: str) -> Totals:
        """Return how often some events happened, by ``period * functions + function``; events that never did are left
        out."""
        return self.counts.totals(self.counts.cell // max(len(self.loads), 1), names)

    def work_place(self) -> tuple[Int64, Int64]:
        """Return the period and function of each cell of :attr:`work`."""
        return divided(self.work.keys >> 1, max(len(self.functions), 1))

    def sample_place(self) -> tuple[Int64, Int64, Int64, Int64, Mask]:
        """Return the period, function, load and kind of each group of samples, and whether it is measured."""
        groups = self.samples.groups
        return *self.place(sample_cell(groups)), sample_kind(groups), (groups & 1) == 1

    def samples_by(self, groups: Int64, where: Mask) -> Histograms:
        """Return the samples under other groups, one given for each present group; only ``where`` it is true."""
        return self.samples.regroup(groups, where, self.merge)

    def span_ns(self) -> Int64:
        """Return how long each period lasted; the last one ends with the run."""
        begin = np.arange(self.periods) * self.period_ns
        return np.minimum(self.end_ns - begin, self.period_ns)

    def by_owner(self, totals: Totals) -> Totals:
        """Return totals by ``period * functions + function`` by ``function * periods + period``."""
        period, function = divided(totals.keys, max(len(self.functions), 1))
        order = order_of(function)
        return Totals((function * self.periods + period).take(order), *totals.chosen(order).columns)

    def by_period(self, period: Int64, values: Int64) -> Int64:
        """Return the sum of ``values`` in each period."""
        result = np.zeros(self.periods, np.int64)
        np.add.at(result, period, values)
        return result

    def unreserved_start(self) -> Int64:
        """Return the account's unreserved concurrency at the start of each period."""
        result = np.zeros(self.periods, np.int64)
        for levels, sign in ((self.executing, 1), (self.executing_provisioned, -1)):
            unreserved = self.control.is_unreserved(levels.function, levels.period * self.period_ns)
            result += sign * self.by_period(levels.period[unreserved], levels.start[unreserved])
        return result
