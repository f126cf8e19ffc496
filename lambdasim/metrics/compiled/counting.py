"""The compiled pass from outside: it takes tables of records and fills the accumulators of the meter."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdasim.metrics.cells import Cells, Int64, Integers, Totals, wide
from lambdasim.metrics.compiled import tables
from lambdasim.metrics.compiled.tables import (
    COLUMNS,
    GROUP,
    GROUPS,
    LOG,
    NO_VALUE,
    SAMPLE,
    SAMPLED,
    USUAL,
    Found,
    Merged,
)
from lambdasim.metrics.histogram import BIN_BITS, Histograms, Samples
from lambdasim.metrics.ledger import BOTH, sample_group
from lambdasim.metrics.occupancy import Occupancy
from lambdasim.metrics.tally import CODE_BITS, Tally, code_of
from lambdasim.records import INVOCATION_COLUMNS, RecordTable

Columns = dict[str, Int64]


@dataclass(frozen=True, slots=True, eq=False)
class Accumulators:
    """Those of the meter that attempts go to."""

    tally: Tally
    samples: Samples
    work: Cells
    account: Cells
    executing: Occupancy
    executing_provisioned: Occupancy
    cold_ns: Int64


class CompiledPass:
    """Counts attempts that are not in flight: :meth:`add` tables of them, then :meth:`finish` once."""

    def __init__(
        self,
        accumulators: Accumulators,
        *,
        period_ns: int,
        warmup_ns: int,
        loads_end_ns: int,
        loads: int,
        timed_out_init: bool,
        unit_ms: int,
        init_billed: Int64,
        restore_billed_q24: Int64,
    ) -> None:
        from lambdasim.metrics.compiled.native import loops  # comes with numba, which need not be installed

        self._loops = loops()
        settings, functions = np.zeros(1, tables.SETTINGS), np.zeros(len(init_billed), tables.FUNCTION)
        settings[0] = period_ns, warmup_ns, loads_end_ns, loads, timed_out_init, unit_ms
        functions["init_billed"], functions["restore_billed_q24"] = init_billed, restore_billed_q24
        self._loads = loads
        self._tables = tables.empty(settings, functions)
        self._spare = np.empty(LOG, np.uint32)
        self._room = tables.room()
        self._found = Found(*(np.empty(LOG, kind) for kind in (*[np.int64] * 4, np.int16, np.int32)))
        self._sampled = np.empty(GROUPS * SAMPLED + 1, SAMPLE)  # the loop writes one more, which it does not count
        self._columns = np.empty(GROUPS * COLUMNS, np.int64)
        self._into = accumulators
        self.area_ns = 0
        """As the meter's; complete after :meth:`finish`."""
        self.sojourn_ns = 0

    def add(self, attempts: RecordTable) -> int:
        """Count attempts and return how many were left out because they are in flight."""
        if attempts.columns != INVOCATION_COLUMNS:
            raise ValueError("the compiled pass takes invocations with all their columns, in the order of records")
        rows = np.ascontiguousarray(attempts.rows)
        done = in_flight = 0
        while done < len(rows):
            done = self._loops["counting"]((*self._tables, rows), done)
            in_flight += int(self._tables.loop["in_flight"][0])
            self._tables.loop["in_flight"] = 0
            if done < len(rows):
                self.finish()
        return in_flight

    def finish(self) -> None:
        """Hand over what was counted, and forget it."""
        loop = self._tables.loop[0]
        self.area_ns += (int(loop["area_high"]) << 32) + int(loop["area_low"])
        self.sojourn_ns += (int(loop["sojourn_high"]) << 32) + int(loop["sojourn_low"])
        order = np.argsort(self._tables.groups["key"][: loop["groups"]])
        groups, samples = self._in_order(order)
        lasted_ns = (int(groups["high"].sum()) << 32) + int(groups["low"].sum())  # of warm successes at once
        self.area_ns += lasted_ns
        self.sojourn_ns += lasted_ns
        self._executions(groups)
        self._counts(groups, samples, order)
        self._histograms(groups, order)
        tables.clear(self._tables)

    def _in_order(self, order: Int64) -> tuple[Columns, NDArray[Any]]:
        """Return the groups in an order, and the moments of their values: both until this is called again."""
        groups, columns = self._tables.groups, self._columns[: COLUMNS * len(order)]
        found = self._loops["handing"]((groups, self._tables.moments, order, self._sampled))
        self._loops["columns"]((groups.view(np.int64), order, columns))
        return dict(zip(GROUP.names or (), columns.reshape(COLUMNS, -1), strict=True)), self._sampled[:found]

    def _executions(self, groups: Columns) -> None:
        """Hand over what is not counted by value."""
        keys, functions, into = groups["key"], len(self._tables.functions), self._into
        after, place = keys & 1, (keys >> 2) // self._loads
        period, function = np.divmod(place, functions)
        ran = groups["executions"] > 0
        for cells, own in ((into.work, place << 1 | after), (into.account, period << 1 | after)):
            cells.add(own[ran], **{name: groups[name][ran] for name in (*cells.sums, *cells.maxima)})
        np.add(into.cold_ns, self._tables.functions["cold_ns"], out=into.cold_ns)
        self._tables.functions["cold_ns"] = 0
        for occupancy, prefix, changed in (
            (into.executing, "", ran | (groups["enter"] < 0)),  # either begins or ends
            (into.executing_provisioned, "provisioned_", groups["provisioned_changes"] > 0),
        ):
            sums = {name: groups[prefix + name][changed] for name in ("enter", "part")}
            at_warmup, before_ns = groups[prefix + "at_warmup"], groups[prefix + "before_ns"]
            after_ns = groups["after_ns"] if not prefix else None  # nobody asks for that of the provisioned
            occupancy.merge(Totals(place[changed], sums, {}), function, at_warmup, before_ns, after_ns)

    def _counts(self, groups: Columns, samples: NDArray[Any], order: Int64) -> None:
        """Hand over counts and moments; ``groups`` are in the order of their keys, which is ``order``."""
        cell, measured = groups["key"] >> 2, groups["key"] >> 1 & 1
        # in the log all attempts are as if they were not measured
        own = cell << CODE_BITS | code_of(0, 0, 0, 0, 0, 0, measured, 0)  # type: ignore[no-untyped-call]
        ranks = np.empty(len(order), np.int32)
        ranks[order] = np.arange(len(order))
        log, found, sizes = self._tables.log[: self._tables.loop["logged"][0]], self._found, np.zeros(3, np.int64)
        self._loops["collecting"]((log, self._spare, ranks, own, *self._room, *found, sizes))
        tallied, counted, cells = sizes.tolist()
        usual = np.flatnonzero(groups["usual"])
        keys = np.concatenate((found.tallied[:tallied], own[usual] + USUAL))
        self._into.tally.merge(keys, np.concatenate((found.tallies[:tallied], groups["usual"][usual])))

        rank, kind = samples["rank"], samples["kind"]
        self._into.samples.merge(
            Histograms(
                groups=sample_group(cell[rank], kind, measured[rank]),
                count=found.values[:counted].copy(),
                total_high=samples["high"].copy(),
                total_low=samples["low"].copy(),
                minimum=samples["smallest"].copy(),
                maximum=samples["largest"].copy(),
                first=found.first[:counted].copy(),
                bins=found.bins[:cells].copy(),
                counts=_narrow(found.counts[:cells]),
            )
        )

    def _histograms(self, groups: Columns, order: Int64) -> None:
        """Hand over the histograms; their moments are with the other values of their groups."""
        used = int(self._tables.loop["histograms"][0])
        own = self._tables.histogram_groups[:used]
        ranks = np.empty_like(order)
        ranks[order] = np.arange(len(order))
        by_group = np.argsort(ranks[own])
        keys = groups["key"][ranks[own[by_group]]]
        counts = self._tables.counts.reshape(-1, 1 << BIN_BITS)[by_group]
        some = np.count_nonzero(counts, axis=1)
        counts, keys, some = counts[some > 0], keys[some > 0], some[some > 0]
        none = np.zeros(len(keys), np.int64)
        self._into.samples.merge(
            Histograms(
                groups=sample_group(keys >> 2, BOTH, keys >> 1 & 1),
                count=counts.sum(axis=1),
                total_high=none,
                total_low=none,
                minimum=none + NO_VALUE,
                maximum=none,
                first=np.cumsum(some) - some,
                bins=np.nonzero(counts)[1].astype(np.int32),
                counts=counts[counts > 0].astype(np.int32),
            )
        )


def merged(histograms: Histograms, order: Int64, begin: Int64) -> tuple[Integers, Integers, Int64]:
    """Return what ``histogram.merged`` returns, the bins in two bytes each."""
    from lambdasim.metrics.compiled.native import loops

    size = histograms.sizes()
    most = int(size[order].sum()) + 1
    into = Merged(np.empty(most, np.int16), np.empty(most, np.int64), np.empty(len(begin), np.int64))
    bins, counts = histograms.bins.astype(np.int16, copy=False), histograms.counts
    loop = loops()["merging_narrow" if counts.dtype == np.int16 else "merging"]
    if counts.dtype != np.int16:
        counts = wide(counts)
    columns = (histograms.first, size, bins, counts, order, begin)
    cells = loop((*columns, np.zeros(1 << BIN_BITS, np.int64), *into))
    return into.bins[:cells].copy(), _narrow(into.counts[:cells]), into.sizes


def _narrow(counts: Integers) -> Integers:
    """Return a copy of counts, in two bytes each if they fit, or in four."""
    most = counts.max(initial=0)
    return counts.astype(next(kind for kind in (np.int16, np.int32, np.int64) if most <= np.iinfo(kind).max))
