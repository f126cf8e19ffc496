"""The meter of event sources: reads deliveries and samples chunk by chunk and counts, in integers only.

Memory is by source, period (or its sixtieth, for levels) and histogram bin, however many events there are. Sums of
integers do not depend on the order of rows or on their division into chunks, so neither does any number that comes
of them.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.config.source_kinds import ASYNCHRONOUS, KAFKA, QUEUE
from lambdasim.metrics import invariants
from lambdasim.metrics.cells import Cells, Int64, Mask, Totals, exact_sum, sums_by
from lambdasim.metrics.histogram import Samples
from lambdasim.metrics.metered import MeteredSource
from lambdasim.metrics.sources.counts import Tally, counted
from lambdasim.metrics.sources.ledger import ANSWER_BITS, DELIVERED, LEFT, REMAINING, SourceLedger
from lambdasim.metrics.sources.presence import Presence, grid_of
from lambdasim.metrics.sources.sampled import Sampled
from lambdasim.model.events import NEVER_NS, Fate
from lambdasim.records import RecordTable

Rows = dict[str, Int64]

BLOCK_ROWS: Final = 2**16
"""Rows turned into columns at a time, so that they stay in the cache meanwhile."""

COLUMNS: Final = (
    "source",
    "event",
    "attempt",
    "sent_ns",
    "available_ns",
    "delivered_ns",
    "ended_ns",
    "outcome",
    "fate",
    "destination",
    "answer",
    "batch",
)
"""What is read of a delivery."""

POLLERS_PER_UNIT: Final = {QUEUE: 1, KAFKA: 10}
"""Event pollers in one event poller unit (Developer Guide, services-sqs-scaling and kafka-scaling-modes, 2026)."""

FATES: Final = ("processed", "given_up", "filtered", "waiting", "hidden", "in_process")
"""What becomes of events: one of these of each."""

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)


class SourceMeter:
    """Accumulates deliveries and samples: :meth:`consume` every chunk's, then :meth:`finish` once.

    ``sources`` are in the order of the indices in records. ``warmup_ns``: events sent before it are left out of the
    summary, not of the time series.
    """

    def __init__(
        self,
        sources: Sequence[MeteredSource],
        *,
        period_ns: int,
        warmup_ns: int = 0,
        loads_end_ns: int = NEVER_NS,
    ) -> None:
        count = len(sources)
        self._sources = tuple(sources)
        self._period_ns, self._warmup_ns, self._loads_end_ns = period_ns, warmup_ns, loads_end_ns
        self._grid_ns = grid_of(period_ns)
        self._asynchronous = np.array([s.kind == ASYNCHRONOUS for s in sources], bool)
        self._units = np.array([POLLERS_PER_UNIT.get(s.kind, 0) * s.pays_for_pollers for s in sources], np.int64)
        self._tally = Tally()
        self._answers, self._sent = Cells(("count",)), Cells(("count",))
        self._delivered = Cells(("first", "again"))
        self._ages = Samples()
        self._oldest = Cells((), ("age", "earliest"))
        self._present, self._backlog, self._delayed, self._processing = (
            Presence(count, self._grid_ns, warmup_ns, loads_end_ns) for _ in range(4)
        )
        self._last_backlog_ns = np.full(count, -1, np.int64)
        self._sampled = Sampled(count, period_ns, warmup_ns, loads_end_ns)
        self._remaining: list[Rows] = []
        self._came, self._went = np.zeros(count, np.uint64), np.zeros(count, np.uint64)
        self._sojourn_ns = [0] * count

    def consume(self, deliveries: RecordTable, samples: RecordTable) -> None:
        """Count a chunk's rows."""
        self._sampled.add(samples, self._units)
        which = [deliveries.columns.index(name) for name in COLUMNS]
        for begin in range(0, len(deliveries), BLOCK_ROWS):
            block = deliveries.rows[begin : begin + BLOCK_ROWS]
            rows = {name: np.ascontiguousarray(block[:, i]) for name, i in zip(COLUMNS, which, strict=True)}
            unended = rows["ended_ns"] < 0
            if unended.any():
                self._remaining.append(_select(rows, unended))
                rows = _select(rows, ~unended)
            self._count(rows)

    def finish(self, end_ns: int) -> tuple[SourceLedger, list[invariants.Balance]]:
        """Count what remains at the end of the run, and return the ledger and its exact laws. Call it once."""
        left_waiting = np.zeros(len(self._sources), np.int64)
        for rows in self._remaining:
            ready = (rows["available_ns"] <= end_ns) | self._asynchronous[rows["source"]]
            ready &= rows["delivered_ns"] < 0
            np.add.at(left_waiting, rows["source"][ready], 1)
            rows["ended_ns"] = np.full(len(rows["source"]), end_ns)
            self._count(rows)
        ledger = SourceLedger(
            sources=self._sources,
            period_ns=self._period_ns,
            warmup_ns=self._warmup_ns,
            loads_end_ns=min(self._loads_end_ns, end_ns),
            end_ns=end_ns,
            grid_ns=self._grid_ns,
            counts=self._tally.counts(),
            answers=self._answers.totals(),
            sent=self._sent.totals(),
            delivered=self._delivered.totals(),
            ages=self._ages.histograms(),
            oldest=self._oldest.totals(),
            present=self._present.levels(),
            backlog=self._backlog.levels(),
            delayed=self._delayed.levels(),
            processing=self._processing.levels(),
            last_backlog_ns=self._last_backlog_ns,
            left_waiting=left_waiting.tolist(),
            sampled=self._sampled,
        )
        return ledger, self._balances(ledger)

    def _count(self, rows: Rows) -> None:
        if not len(rows["source"]):
            return
        source, sent_ns, ended_ns = rows["source"], rows["sent_ns"], rows["ended_ns"]
        measured = sent_ns >= self._warmup_ns
        cell = self._cell(ended_ns, source)
        self._tally.add(cell, rows, measured, ~self._asynchronous[source] & (rows["available_ns"] > ended_ns))
        answered = np.flatnonzero(rows["answer"])
        if len(answered):
            keys = (cell[answered] << ANSWER_BITS | rows["answer"][answered]) << 1 | measured[answered]
            self._answers.merge(counted(keys))
        self._deliver(rows, measured)
        self._wait(rows)
        self._enter(rows)
        self._leave(rows, cell << 3 | measured)

    def _cell(self, time_ns: Int64, source: Int64) -> Int64:
        cell: Int64 = time_ns // self._period_ns * len(self._sources) + source
        return cell

    def _deliver(self, rows: Rows, measured: Mask) -> None:
        """Take deliveries at the time they began."""
        there = np.flatnonzero(rows["delivered_ns"] >= 0)
        if not len(there):
            return
        source, delivered_ns = rows["source"][there], rows["delivered_ns"][there]
        cell = self._cell(delivered_ns, source)
        totals = counted(cell << 1 | (rows["attempt"][there] > 0))
        again = totals.keys & 1
        self._delivered.add(totals.keys >> 1, first=totals["count"] * (1 - again), again=totals["count"] * again)
        self._processing.add(source, delivered_ns, rows["ended_ns"][there])
        asynchronous = self._asynchronous[source]
        if asynchronous.any():
            group = (cell << 2 | DELIVERED) << 1 | measured[there]
            self._ages.add(group[asynchronous], (delivered_ns - rows["sent_ns"][there])[asynchronous])

    def _wait(self, rows: Rows) -> None:
        """Take the time between the possibility of a delivery and the delivery."""
        source, since_ns = rows["source"], rows["available_ns"]
        until_ns = np.where(rows["delivered_ns"] >= 0, rows["delivered_ns"], rows["ended_ns"])
        self._backlog.add(source, since_ns, until_ns)
        waited = until_ns > np.where(self._asynchronous[source], rows["sent_ns"], since_ns)
        np.maximum.at(self._last_backlog_ns, source[waited], until_ns[waited])

    def _enter(self, rows: Rows) -> None:
        """Take events by their first rows."""
        first = np.flatnonzero(rows["attempt"] == 0)
        if not len(first):
            return
        source, sent_ns = rows["source"][first], rows["sent_ns"][first]
        self._sent.merge(counted(self._cell(sent_ns, source)))
        self._delayed.add(source, sent_ns, np.minimum(rows["available_ns"], rows["ended_ns"])[first])
        np.add.at(self._came, source, _hash(rows["event"][first]))
        self._sojourn(source, sent_ns, -1)

    def _leave(self, rows: Rows, group: Int64) -> None:
        """Take events by their last rows."""
        last = np.flatnonzero(rows["fate"] != Fate.STAYS)
        if not len(last):
            return
        source, sent_ns, ended_ns, fate = (rows[name][last] for name in ("source", "sent_ns", "ended_ns", "fate"))
        age_ns = ended_ns - sent_ns
        self._present.add(source, sent_ns, ended_ns)
        np.add.at(self._went, source, _hash(rows["event"][last]))
        self._sojourn(source, ended_ns, 1)
        self._oldest.add(
            self._cell(ended_ns, source) << 1 | (ended_ns >= self._warmup_ns), age=age_ns, earliest=-sent_ns
        )
        group = group[last] | np.where(fate == Fate.REMAINS, REMAINING, LEFT) << 1
        meant = fate != Fate.FILTERED
        if not meant.all():
            group, age_ns = group[meant], age_ns[meant]
        self._ages.add(group, age_ns)

    def _sojourn(self, source: Int64, time_ns: Int64, sign: int) -> None:
        if len(self._sources) == 1:
            self._sojourn_ns[0] += sign * exact_sum(time_ns)
            return
        for i, total in enumerate(sums_by(source, time_ns, len(self._sources))):
            self._sojourn_ns[i] += sign * total

    def _balances(self, ledger: SourceLedger) -> list[invariants.Balance]:
        names = [source.name for source in self._sources]
        count = len(names)
        _, source = ledger.place(ledger.counts.cell)
        n = ledger.counts.by(source, count, np.ones(len(source), bool))
        fates = zip(*(n[fate] for fate in FATES), strict=True)
        parts = [ledger.backlog, ledger.delayed, ledger.processing]
        keys = np.concatenate([p.source + p.instant * count for p in (ledger.present, *parts)])
        within = np.concatenate([-ledger.present.integral_ns, *(p.integral_ns for p in parts)])
        overfull = Totals(keys, {"ns": within}, {}).regroup(keys)
        beyond_ns = sums_by(overfull.keys % max(count, 1), np.maximum(overfull["ns"], 0), count)
        return [
            invariants.events(names, n["received"], [sum(one) for one in fates]),
            invariants.same_events(names, (self._came >> np.uint64(1)).tolist(), (self._went >> np.uint64(1)).tolist()),
            invariants.time_in_sources(names, ledger.present.totals(), self._sojourn_ns),
            invariants.one_place_at_a_time(names, beyond_ns),
        ]


def _select(rows: Rows, mask: Mask) -> Rows:
    return {name: column[mask] for name, column in rows.items()}


def _hash(events: Int64) -> NDArray[np.uint64]:
    mixed = events.astype(np.uint64) * _GOLDEN
    return mixed ^ (mixed >> np.uint64(32))
