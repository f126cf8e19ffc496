"""The compiled pass from outside: it takes tables of records and fills the accumulators of the meter."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.metrics import ledger
from lambdasim.metrics.cells import Cells, Int64, Totals
from lambdasim.metrics.compiled import tables
from lambdasim.metrics.compiled.tables import (
    ATTEMPT,
    BOTH,
    DURATION,
    HIGH,
    INIT,
    KIND_BITS,
    LARGEST,
    LATENCY_COLD,
    LATENCY_WARM,
    LOW,
    NO_VALUE,
    PAGE_BITS,
    SMALLEST,
    USUAL,
)
from lambdasim.metrics.histogram import BIN_BITS, Samples
from lambdasim.metrics.occupancy import Occupancy
from lambdasim.metrics.tally import CODE_BITS, Tally, code_of
from lambdasim.records import INVOCATION_COLUMNS, Table

SAMPLED_AS: Final = (
    (BOTH, ledger.DURATION),
    (BOTH, ledger.LATENCY_WARM),
    (DURATION, ledger.DURATION),
    (LATENCY_WARM, ledger.LATENCY_WARM),
    (LATENCY_COLD, ledger.LATENCY_COLD),
    (INIT, ledger.INIT),
)
"""Kinds of counted values, and the ledger's that they are of."""
Records = NDArray[Any]
MOST_ROWS: Final = 2**31
"""Fewer rows than that may be counted before the tables are emptied: their counts have 32 bits."""


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
        loads: int,
        timed_out_init: bool,
        init_billed: Int64,
        ready_ns: Int64,
    ) -> None:
        from lambdasim.metrics.compiled import loop  # imports numba
        from lambdasim.metrics.compiled.jit import counting_loops

        self._run, self._collect = counting_loops()
        self._law = loop.MeterLaw(period_ns, warmup_ns, loads, int(timed_out_init), init_billed, ready_ns)
        self._tables = tables.empty()
        self._into = accumulators
        self._counted = 0
        self.area_ns = 0
        """As the meter's; complete after :meth:`finish`."""
        self.sojourn_ns = 0

    def add(self, attempts: Table) -> int:
        """Count attempts and return how many were left out because they are in flight."""
        if attempts.columns != INVOCATION_COLUMNS:
            raise ValueError("the compiled pass takes invocations with all their columns, in the order of records")
        rows = np.ascontiguousarray(attempts.rows)
        if self._counted + len(rows) >= MOST_ROWS:
            self.finish()
        self._counted += len(rows)
        done = in_flight = 0
        while done < len(rows):
            done = self._run(self._tables, self._law, rows, done)
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
        groups = self._tables.groups[: loop["groups"]]
        self._executions(groups)
        self._counts(groups["key"])
        tables.clear(self._tables)
        self._counted = 0

    def _executions(self, groups: Records) -> None:
        """Hand over what is not counted by kind."""
        keys, functions, into = groups["key"], len(self._law.ready_ns), self._into
        after, place = keys & 1, (keys >> 2) // self._law.loads
        period, function = np.divmod(place, functions)
        ran = groups["executions"] > 0
        for cells, own in ((into.work, place << 1 | after), (into.account, period << 1 | after)):
            cells.add(own[ran], **{name: groups[name][ran] for name in (*cells.sums, *cells.maxima)})
        np.add.at(into.cold_ns, function, groups["cold_ns"])
        for occupancy, prefix in ((into.executing, ""), (into.executing_provisioned, "provisioned_")):
            changed = groups[prefix + "changes"] > 0
            sums = {name: groups[prefix + name][changed] for name in ("enter", "part")}
            at_warmup, before_ns = groups[prefix + "at_warmup"], groups[prefix + "before_ns"]
            occupancy.merge(Totals(place[changed], sums, {}), function, at_warmup, before_ns)

    def _counts(self, keys: Int64) -> None:
        """Hand over counts and moments; ``keys`` are those of the groups."""
        loop, moments = self._tables.loop[0], self._tables.moments
        page_keys = self._tables.page_keys[: loop["pages"]] << PAGE_BITS
        group, kind, code = (
            page_keys >> CODE_BITS + KIND_BITS,
            page_keys >> CODE_BITS & 7,
            page_keys & (1 << CODE_BITS) - 1,
        )
        cell, measured = keys >> 2, keys >> 1 & 1

        # in the pages all attempts are as if they were not measured
        own = cell << CODE_BITS | code_of(0, 0, 0, 0, 0, 0, measured, 0)  # type: ignore[no-untyped-call]
        pages = np.flatnonzero(kind == ATTEMPT)
        self._into.tally.merge(*self._cells(pages, own[group[pages]] + code[pages]))
        usual = self._tables.groups["usual"][: len(keys)]
        self._into.tally.merge(own[usual > 0] + USUAL, usual[usual > 0])

        parts, firsts, sums = [], [], []
        for counted, sampled in SAMPLED_AS:
            groups = (cell << 2 | sampled) << 1 | measured
            mine = np.flatnonzero(kind == counted)
            parts.append(mine)
            firsts.append(groups[group[mine]] << BIN_BITS | code[mine])
            there = np.flatnonzero(moments[: len(keys), counted, SMALLEST] < NO_VALUE)
            sums.append((groups[there], moments[there, counted]))
        cells, counts = self._cells(np.concatenate(parts), np.concatenate(firsts))
        owners = np.concatenate([owner for owner, _ in sums])
        values = np.concatenate([value for _, value in sums])
        self._into.samples.merge(
            Totals(
                owners,
                {"high": values[:, HIGH], "low": values[:, LOW]},
                {"neg_minimum": -values[:, SMALLEST], "maximum": values[:, LARGEST]},
            ),
            Totals(cells, {"count": counts}, {}),
        )

    def _cells(self, pages: Int64, first: Int64) -> tuple[Int64, Int64]:
        """Return the keys and counts in some pages, ``first`` being the key of each page's first count, in order."""
        order = np.argsort(first)
        counts = self._tables.counts
        most = 2 * int(np.count_nonzero(counts[: self._tables.loop["pages"][0]]))  # pages may be given twice
        keys, found = np.empty(most + 1, np.int64), np.empty(most + 1, np.int64)
        size = self._collect(counts, pages[order], first[order], keys, found)
        return keys[:size], found[:size]
