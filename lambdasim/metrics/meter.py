"""The meter: reads records chunk by chunk and counts, in integers only.

Everything a run's statistics need is accumulated by function and period (or histogram bin) and in memory of that
size, however many invocations there are. Sums of integers do not depend on the order of rows or on their division
into chunks, so neither does any number that comes of them.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from lambdasim.garbage import uncollected
from lambdasim.memory import give_back
from lambdasim.metrics import invariants
from lambdasim.metrics.cells import Cells, Int64, Mask, exact_sum, sums_by
from lambdasim.metrics.compiled.counting import Accumulators, CompiledPass
from lambdasim.metrics.compiled.counting import merged as merged_by_loop
from lambdasim.metrics.control import ControlMeter
from lambdasim.metrics.downstreams import DownstreamMeter
from lambdasim.metrics.histogram import Samples, merged
from lambdasim.metrics.ledger import BOTH, DURATION, INIT, LATENCY_WARM, RESTORE, Ledger, sample_group
from lambdasim.metrics.measured import Measured
from lambdasim.metrics.metered import InitBilling, LoadInfo, MeteredFunction, MeteredSource
from lambdasim.metrics.occupancy import Occupancy
from lambdasim.metrics.sources.measured import MeasuredSources
from lambdasim.metrics.sources.meter import SourceMeter
from lambdasim.metrics.tally import Tally, is_cold
from lambdasim.metrics.utilization import BITS, utilization_of
from lambdasim.model import rules
from lambdasim.model.events import LOAD_SHIFT, NEVER_NS, StartKind, Status
from lambdasim.records import EndReason, LevelMetric, RecordChunk, RecordTable, SourceMetric

Rows = dict[str, Int64]

BLOCK_ROWS: Final = 2048
"""Rows turned into columns at a time, so that they stay in the cache meanwhile."""

ENDED_ROWS: Final = 2**14
"""Environments that are counted at a time: numpy costs the same for few as for many."""

WORK_SUMS: Final = ("billed_ms", "provisioned_billed_ms", "busy_ns", "used_q32")
WORK_MAXIMA: Final = (
    "function_concurrency", "version_concurrency", "provisioned_concurrency", "function_environments", "environments",
    "utilization",
)  # fmt: skip
ACCOUNT_MAXIMA: Final = ("account_concurrency", "unreserved_concurrency", "claimed_concurrency")


class Metrics:
    """Accumulates the records of one run: :meth:`consume` every chunk, then :meth:`finish` once.

    ``functions``, ``loads``, ``sources`` and ``downstreams`` (names) are in the order of their indices in records.
    ``warmup_ns``: requests that first arrived before it are left out of the summary, not of the time series and not of
    the usage.
    ``loads_end_ns``: means of levels are over the time from the warm-up until then, unless it lies within the warm-up.
    ``compiled``: read invocations by the compiled pass, which gives the same numbers, needs numba and is compiled the
    first time.
    """

    def __init__(
        self,
        functions: Sequence[MeteredFunction],
        loads: Sequence[LoadInfo],
        sources: Sequence[MeteredSource] = (),
        downstreams: Sequence[str] = (),
        pooled: Sequence[str] = (),
        *,
        period_ns: int,
        warmup_ns: int = 0,
        loads_end_ns: int = NEVER_NS,
        billing: InitBilling = InitBilling(),  # noqa: B008 (frozen)
        compiled: bool = False,
        service_errors: bool = False,
    ) -> None:
        count = len(functions)
        self._functions = tuple(functions)
        self._loads = tuple(loads)
        if loads_end_ns <= warmup_ns:
            loads_end_ns = NEVER_NS
        times = {"period_ns": period_ns, "warmup_ns": warmup_ns, "loads_end_ns": loads_end_ns}
        self._sources = SourceMeter(sources, **times)
        self._downstreams = DownstreamMeter(downstreams, pooled, **times)
        self._loads_end_ns = loads_end_ns
        self._service_errors = service_errors
        self._period_ns = period_ns
        self._warmup_ns = warmup_ns
        self._billing = billing
        self._init_billed = np.array([billing.applies_to(f) for f in functions], np.int64)
        self._restore_billed_q24 = np.array([f.restore_billed_q24 for f in functions], np.int64)
        self._all_init_billed = billing.timed_out_init and bool(self._init_billed.all())
        self._tally = Tally()
        self._merge = merged_by_loop if compiled else merged
        self._samples = Samples(self._merge)
        self._work = Cells(WORK_SUMS, WORK_MAXIMA)
        self._account = Cells((), ACCOUNT_MAXIMA)
        self._executing, self._alive = (Occupancy(count, period_ns, warmup_ns, loads_end_ns) for _ in range(2))
        self._executing_provisioned, self._initialising = (Occupancy(count, period_ns, warmup_ns) for _ in range(2))
        self._control = ControlMeter(functions)
        self._provisioned_init, self._ahead_init = Cells(("billed_ms",)), Cells(("billed_ms",))
        self._created, self._created_on_demand, self._served, self._env_init_ns = (
            np.zeros(count, np.int64) for _ in range(4)
        )
        self._cold_ns = np.zeros(count, np.int64)
        self._area_ns = 0
        self._sojourn_ns = 0
        self._in_flight: list[Rows] = []
        self._survivors: list[Rows] = []
        self._ended: list[RecordTable] = []  # environments, until there are enough of them
        self._pass: CompiledPass | None = None
        if compiled:
            self._pass = CompiledPass(
                Accumulators(
                    self._tally,
                    self._samples,
                    self._work,
                    self._account,
                    self._executing,
                    self._executing_provisioned,
                    self._cold_ns,
                ),
                **times,
                loads=len(loads),
                timed_out_init=billing.timed_out_init,
                unit_ms=billing.unit_ms,
                init_billed=self._init_billed,
                restore_billed_q24=self._restore_billed_q24,
            )

    def consume(self, chunk: RecordChunk) -> None:
        """Count a chunk's rows."""
        samples = chunk.samples
        if len(samples):
            samples = RecordTable(samples.columns, samples.rows[samples["metric"] < SourceMetric.BACKLOG])
            of_functions = (samples["metric"] >= LevelMetric.RESERVED) & (samples["source"] >= 0)
            self._control.consume(RecordTable(samples.columns, samples.rows[of_functions]))
            samples = RecordTable(samples.columns, samples.rows[~of_functions])
        if self._downstreams.names and len(samples):
            self._downstreams.consume(samples)
            samples = RecordTable(samples.columns, samples.rows[samples["source"] >= 0])
        self._sources.consume(chunk.deliveries, samples)
        rows = _columns(chunk.invocations if self._pass is None else self._left_out(self._pass, chunk.invocations))
        if rows:
            flying = rows["status"] == Status.IN_FLIGHT
            if flying.any():
                self._in_flight.append(_select(rows, flying))
                rows = _select(rows, ~flying)
            self._attempts(rows, rows["end_ns"], ended=True)
        if len(chunk.environments):
            self._ended.append(RecordTable(chunk.environments.columns, chunk.environments.rows.copy()))
            if sum(map(len, self._ended)) >= ENDED_ROWS:
                self._take_ended()

    @uncollected
    def finish(self, end_ns: int) -> Measured:
        """Count what outlived the run, which ended at ``end_ns``, and return the measurements. Call it once."""
        self._take_ended()
        if self._pass is not None:
            self._pass.finish()
            self._area_ns += self._pass.area_ns
            self._sojourn_ns += self._pass.sojourn_ns
        flying_cold = np.zeros(0, np.int64)
        if self._in_flight:
            flying = _joined(self._in_flight)
            self._attempts(flying, np.full(len(flying["status"]), end_ns), ended=False)
            flying_cold = flying["environment"][is_cold(flying["start"])]
        if self._survivors:
            alive = _joined(self._survivors)
            initialised_ns = np.minimum(alive["initialised_ns"], end_ns)
            self._environments(alive, np.full(len(initialised_ns), end_ns), initialised_ns, flying_cold)
        give_back(len(self._functions))
        ledger = Ledger(
            functions=self._functions,
            loads=self._loads,
            period_ns=self._period_ns,
            warmup_ns=self._warmup_ns,
            loads_end_ns=min(self._loads_end_ns, end_ns),
            end_ns=end_ns,
            counts=self._tally.counts(),
            samples=self._samples.histograms(),
            work=self._work.totals(),
            account=self._account.totals(),
            executing=self._executing.levels(),
            executing_provisioned=self._executing_provisioned.levels(),
            alive=self._alive.levels(),
            initialising=self._initialising.levels(),
            control=self._control.levels(),
            created=self._created,
            provisioned_init=self._provisioned_init.totals(),
            ahead_init=self._ahead_init.totals(),
            merge=self._merge,
            service_errors=self._service_errors,
        )
        give_back(len(self._functions))
        of_sources, balances = self._sources.finish(end_ns)
        events = MeasuredSources(of_sources, [f.name for f in self._functions])
        self._downstreams.finish(end_ns)
        return Measured(ledger, [*self._balances(ledger), *balances], events, self._downstreams)

    def _take_ended(self) -> None:
        """Count the environments that wait to be counted."""
        if not self._ended:
            return
        rows = np.concatenate([table.rows for table in self._ended])
        environments = _columns(RecordTable(self._ended[0].columns, rows))
        self._ended = []
        surviving = environments["destroyed_ns"] < 0
        self._survivors.append(_select(environments, surviving))
        environments = _select(environments, ~surviving)
        self._environments(environments, environments["destroyed_ns"], environments["initialised_ns"])

    def _left_out(self, compiled: CompiledPass, attempts: RecordTable) -> RecordTable:
        """Count attempts by the compiled pass and return those that it leaves out, which are in flight."""
        in_flight = compiled.add(attempts)
        flying = np.flatnonzero(attempts["status"] == Status.IN_FLIGHT) if in_flight else slice(0)
        return RecordTable(attempts.columns, attempts.rows[flying])

    def _attempts(self, rows: Rows, end_ns: Int64, ended: bool) -> None:
        """Count attempts; those that have not ended have no duration, latency or bill yet."""
        function, arrival_ns, first_ns = rows["function"], rows["arrival_ns"], rows["first_arrival_ns"]
        period = arrival_ns // self._period_ns
        place = period * len(self._functions) + function
        cell = place * len(self._loads) + (rows["request"] >> LOAD_SHIFT)
        measured = (first_ns >= self._warmup_ns).astype(np.int64)
        ready = (rows["allocated_concurrency"] > 0).astype(np.int64)
        self._tally.add(cell, rows, measured, ready)

        throttled = rows["status"] == Status.THROTTLED
        gone = rows["final"] == 1 if ended else np.ones(len(end_ns), bool)
        gone_ns = np.where(throttled, arrival_ns, end_ns)[gone]
        self._area_ns += exact_sum(gone_ns) - exact_sum(first_ns[rows["attempt"] == 0])
        self._sojourn_ns += exact_sum(gone_ns - first_ns[gone])

        if throttled.any():
            ran = np.flatnonzero(~throttled)
            rows = {name: column[ran] for name, column in rows.items()}
            period, place, cell, measured, end_ns = period[ran], place[ran], cell[ran], measured[ran], end_ns[ran]
        if ended:
            self._sample(rows, cell, measured)
        self._execute(rows, period, place, end_ns, ended)

    def _sample(self, rows: Rows, cell: Int64, measured: Int64) -> None:
        """Take durations, and latencies and init durations where there are any."""
        last, cold, duration_ns = rows["final"] == 1, is_cold(rows["start"]), rows["duration_ns"]
        latency_ns = rows["end_ns"] - rows["first_arrival_ns"]
        both = last & ~cold & (latency_ns == duration_ns)
        kind = np.where(both, BOTH, DURATION)
        groups, values = [sample_group(cell, kind, measured)], [duration_ns]
        apart = np.flatnonzero(last & ~both)
        if len(apart):
            groups.append(sample_group(cell[apart], LATENCY_WARM + cold[apart], measured[apart]))
            values.append(latency_ns[apart])
        if cold.any():
            kind = np.where(rows["start"][cold] == StartKind.RESTORED, RESTORE, INIT)
            groups.append(sample_group(cell[cold], kind, measured[cold]))
            values.append(rows["init_ns"][cold])
        self._samples.add(np.concatenate(groups), np.concatenate(values))

    def _execute(self, rows: Rows, period: Int64, place: Int64, end_ns: Int64, ended: bool) -> None:
        """Take executions: whom they occupy, how high levels were after their admission, what they are billed."""
        function, arrival_ns, provisioned = rows["function"], rows["arrival_ns"], rows["provisioned"]
        if ended:
            init_ns = rows["placement_ns"] + rows["init_ns"]
            busy_ns = init_ns + rows["duration_ns"]
            cold = np.flatnonzero(is_cold(rows["start"]))
            np.add.at(self._cold_ns, function[cold], init_ns[cold])
            billed = _billed_ms(rows["duration_ns"], rows["init_ns"], self._billed_init(rows), self._billing.unit_ms)
            back = np.flatnonzero(rows["start"] == StartKind.RESTORED)
            if len(back):
                part_q24 = self._restore_billed_q24[function[back]]
                billed[back] = _billed_restored_ms(rows["duration_ns"][back], rows["init_ns"][back], part_q24)
        else:
            busy_ns = end_ns - arrival_ns
            billed = np.zeros(len(busy_ns), np.int64)
        after = arrival_ns >= self._warmup_ns
        used = utilization_of(rows["provisioned_concurrency"] * provisioned, rows["allocated_concurrency"])
        self._work.add(
            place << 1 | after,
            busy_ns=busy_ns,
            billed_ms=billed * (1 - provisioned),
            provisioned_billed_ms=billed * provisioned,
            utilization=used,
            used_q32=used >> (BITS - 32),
            **{name: rows[name] for name in WORK_MAXIMA if name in rows},
        )
        self._account.add(period << 1 | after, **{name: rows[name] for name in ACCOUNT_MAXIMA})
        self._executing.add(function, arrival_ns, end_ns)
        held = provisioned == 1
        if held.any():
            self._executing_provisioned.add(function[held], arrival_ns[held], end_ns[held])

    def _billed_init(self, rows: Rows) -> Int64 | int:
        """Return 1 where init is part of the Billed Duration, else 0."""
        if self._all_init_billed:
            return 1
        billed = self._init_billed[rows["function"]]
        if not self._billing.timed_out_init:
            billed[rows["start"] == StartKind.COLD_INIT_TIMEOUT] = 0
        return billed

    def _environments(
        self, rows: Rows, destroyed_ns: Int64, initialised_ns: Int64, flying_cold: Int64 | None = None
    ) -> None:
        """Take environments; for those in ``flying_cold`` no ended invocation tells how long their init was."""
        function, created_ns = rows["function"], np.maximum(rows["created_ns"], 0)
        self._alive.add(function, created_ns, destroyed_ns)
        np.add.at(self._created, function[created_ns >= self._warmup_ns], 1)
        np.add.at(self._served, function, rows["invocations"])
        held = rows["provisioned"] == 1
        gone = held & np.isin(rows["end_reason"], (EndReason.GIVEN_UP, EndReason.LOST))
        self._control.gone(function[gone], destroyed_ns[gone])
        own, begin, finish = function[~held], created_ns[~held], initialised_ns[~held]
        self._initialising.add(own, begin, finish)
        np.add.at(self._created_on_demand, own, 1)
        known = np.ones(len(own), bool) if flying_cold is None else ~np.isin(rows["environment"][~held], flying_cold)
        np.add.at(self._env_init_ns, own[known], (finish - begin)[known])

        ahead = ~held & (initialised_ns == rows["created_ns"]) & (rows["init_ns"] > 0)
        billed = self._init_billed[function[ahead]]
        self._ahead_init.add(
            created_ns[ahead] // self._period_ns * len(self._functions) + function[ahead],
            billed_ms=_billed_ms(
                np.zeros(len(billed), np.int64), rows["init_ns"][ahead], billed, self._billing.unit_ms
            ),
        )
        # an environment that is there from the start was initialised, and paid for, before it
        paid = held & (created_ns > 0)
        self._provisioned_init.add(
            created_ns[paid] // self._period_ns * len(self._functions) + function[paid],
            billed_ms=_billed_ms(rows["init_ns"][paid], 0, 0, self._billing.unit_ms),
        )

    def _balances(self, ledger: Ledger) -> list[invariants.Balance]:
        names = [f.name for f in self._functions]
        count = len(names)
        happened = ledger.happened.events()
        n = {event: values.tolist() for event, values in happened.items()}
        n["new"] = (happened["cold_starts"] + happened["initialised_ahead"]).tolist()
        busy_ns = sums_by(ledger.work_place()[1], ledger.work["busy_ns"], count)
        overfull = _overfull(ledger)
        return [
            invariants.conservation(names, n["requests"], n["completed"], n["refused_requests"], n["in_flight"]),
            invariants.busy_time(names, ledger.executing.totals, busy_ns),
            invariants.environment_starts(names, self._created_on_demand.tolist(), n["new"]),
            invariants.environment_use(names, self._served.tolist(), n["invocations"]),
            *invariants.environment_states(names, self._env_init_ns.tolist(), self._cold_ns.tolist(), overfull),
            invariants.little(self._area_ns, self._sojourn_ns),
        ]


def _overfull(ledger: Ledger) -> list[int]:
    """Return for how long more environments of each function were busy in a period than were there."""
    executing, alive = ledger.executing, ledger.alive
    busy, there = (levels.function * ledger.periods + levels.period for levels in (executing, alive))
    some, same = (np.flatnonzero(np.isin(*keys, assume_unique=True)) for keys in ((busy, there), (there, busy)))
    del busy, there  # which are large
    beyond_ns = executing.integral_ns.copy()
    beyond_ns[some] -= alive.integral_ns[same]  # both are in order of function and time
    return sums_by(executing.function, np.maximum(beyond_ns, 0), len(ledger.functions))


def _billed_ms(duration_ns: Int64, init_ns: Int64 | int, init_billed: Int64 | int, unit_ms: int) -> Int64:
    billed: Int64 = rules.billed_ms(duration_ns, init_ns, init_billed, unit_ms)  # type: ignore[no-untyped-call]
    return billed


def _billed_restored_ms(duration_ns: Int64, restore_ns: Int64, billed_q24: Int64) -> Int64:
    billed: Int64 = rules.billed_restored_ms(duration_ns, restore_ns, billed_q24)  # type: ignore[no-untyped-call]
    return billed


def _columns(table: RecordTable) -> Rows:
    """Return a table's columns, each side by side in memory; nothing for an empty table."""
    rows = table.rows
    if not len(rows):
        return {}
    if rows.flags.c_contiguous:
        columns = np.empty((rows.shape[1], len(rows)), np.int64)
        for first in range(0, len(rows), BLOCK_ROWS):
            columns[:, first : first + BLOCK_ROWS] = rows[first : first + BLOCK_ROWS].T
    else:
        columns = np.ascontiguousarray(rows.T)
    return dict(zip(table.columns, columns, strict=True))


def _select(rows: Rows, where: Mask) -> Rows:
    return {name: column[where] for name, column in rows.items()}


def _joined(parts: Sequence[Rows]) -> Rows:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
