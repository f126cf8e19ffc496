"""The compiled pass gives every number of the numpy pass, whatever the rows and however they are divided."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from record_rows import Run, chunk, environment, invocation, part_of, parts, runs

from lambdasim.metrics.histogram import bin_of
from lambdasim.metrics.invariants import verify
from lambdasim.metrics.measured import Measured
from lambdasim.metrics.meter import Metrics
from lambdasim.metrics.metered import InitBilling, LoadInfo, MeteredFunction
from lambdasim.metrics.period_usage import BILLABLE
from lambdasim.model.events import LOAD_SHIFT, StartKind, Status
from lambdasim.records import INVOCATION_COLUMNS, RecordChunk, RecordTable

pytest.importorskip("numba")
tables = pytest.importorskip("lambdasim.metrics.compiled.tables")

billings = st.builds(InitBilling, st.sampled_from(("2025-08", "legacy")), st.booleans())
ENVIRONMENTS = [environment(0, 3), environment(1, -1, 1, invocations=2)]


def written(measured: Measured) -> str:
    """All that can be read from measurements."""
    usage = measured.usage_by_period
    columns = [getattr(usage, name).tolist() for name in ("function", "start_ns", *BILLABLE)]
    summary = json.dumps([measured.functions, measured.account, measured.sources, columns])
    return summary + measured.timeseries().to_csv() + repr(measured.usage) + repr(measured.balances)


def divided(whole: RecordTable, cuts: list[int]) -> list[RecordTable]:
    return [RecordTable(whole.columns, rows) for rows in np.split(whole.rows, sorted(cuts))]


@st.composite
def attempts(draw: st.DrawFn, functions: list[MeteredFunction], loads: int) -> dict[str, int]:
    """A row that need not make sense but keeps to the columns' ranges; times are ticks."""
    arrival = draw(st.integers(0, 30))
    ticks, levels, few = st.integers(0, 30), st.sampled_from((0, 1, 2, 9)), st.integers(0, 3)
    start = draw(st.sampled_from(StartKind))
    function = draw(st.integers(0, len(functions) - 1))
    row = invocation(
        arrival,
        draw(ticks),
        load=draw(st.integers(0, loads - 1)),
        function=function,
        attempt=draw(few),
        first_arrival_ns=draw(st.sampled_from((arrival, arrival // 2))),
        status=draw(st.sampled_from(Status)),
        reason=draw(st.integers(0, 6)),
        final=draw(st.integers(0, 1)),
        provisioned=draw(st.sampled_from((0, 0, 1))),
        start=start,
        placement_ns=draw(st.sampled_from((0, 0, 1, 5))),
        init_ns=draw(few) if start in (StartKind.COLD, StartKind.COLD_INIT_TIMEOUT, StartKind.RESTORED) else 0,
    )
    row.update({name: draw(levels) for name in INVOCATION_COLUMNS if "concurrency" in name or name == "environments"})
    return row


@st.composite
def experiments(draw: st.DrawFn) -> tuple[list[MeteredFunction], list[LoadInfo], RecordTable]:
    provisioned = st.builds(
        MeteredFunction,
        st.just(""),
        package=st.sampled_from(("zip", "image")),
        reserved=st.sampled_from((None, None, 3)),
        restore_billed_q24=st.sampled_from((0, 5_033_165, 1 << 24)),
        snapstart=st.sampled_from(("", "java", "paid")),
        ahead=st.booleans(),
    )
    made = draw(st.lists(provisioned, min_size=1, max_size=3))
    functions = [MeteredFunction(f"f{i}", **{n: getattr(f, n) for n in f.__slots__[1:]}) for i, f in enumerate(made)]
    loads = [LoadInfo(f"load-{i}") for i in range(draw(st.integers(1, 3)))]
    rows = draw(st.lists(attempts(functions, len(loads)), max_size=40))
    return functions, loads, chunk(rows).invocations


TIMES = [n for n in INVOCATION_COLUMNS if n.endswith("_ns")]


@given(
    experiments(), st.integers(1, 70), st.integers(0, 20), st.sampled_from((1, 10**6, 2**40 + 1, 2**56)), billings,
    st.lists(st.integers(0, 40), max_size=4), st.integers(0, 80),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_any_rows(
    made: tuple[list[MeteredFunction], list[LoadInfo], RecordTable], period: int, warmup: int, tick: int,
    billing: InitBilling, cuts: list[int], loads_end: int,
) -> None:  # fmt: skip
    functions, loads, whole = made
    for name in TIMES:
        whole[name][whole[name] > 0] *= tick

    def measured(pieces: list[RecordTable], compiled: bool) -> str:
        metrics = Metrics(
            functions,
            loads,
            period_ns=period * tick,
            warmup_ns=warmup * tick,
            loads_end_ns=loads_end * tick,
            billing=billing,
            compiled=compiled,
        )
        for piece in pieces:
            metrics.consume(RecordChunk(piece, chunk([]).environments))
        metrics.consume(chunk([], ENVIRONMENTS))
        return written(metrics.finish(70 * tick))

    assert measured(divided(whole, cuts), compiled=True) == measured([whole], compiled=False)


@given(runs, parts, st.sampled_from((0, 3, 11)), st.sampled_from((0, 1, 2)), billings)
@settings(max_examples=60, deadline=None)
def test_what_the_engine_writes(run: Run, periods: int, warmup: int, ends: int, billing: InitBilling) -> None:
    results = []
    for compiled in (False, True):
        metrics = Metrics(
            run.functions,
            run.loads,
            period_ns=part_of(run, periods),
            warmup_ns=part_of(run, warmup) if warmup else 0,
            loads_end_ns=part_of(run, ends),
            billing=billing,
            compiled=compiled,
        )
        for part in run.chunks:
            metrics.consume(part)
        measured = metrics.finish(run.end_ns)
        verify(measured.balances)
        results.append(written(measured))
    assert results[0] == results[1]


def many(rows: int, functions: int, loads: int) -> RecordTable:
    """More groups and pages than the tables have room for, if there are many rows."""
    rng = np.random.default_rng(1)
    table = RecordTable(INVOCATION_COLUMNS, np.zeros((rows, len(INVOCATION_COLUMNS)), np.int64, order="F"))
    for name, most in (
        ("function", functions),
        ("first_arrival_ns", 10**12),
        ("status", 5),
        ("final", 2),
        ("start", 3),
    ):
        table[name][:] = rng.integers(0, most, rows)
    table["request"][:] = rng.integers(0, loads, rows) << 44
    table["start"][:] += 1
    for name in ("duration_ns", "placement_ns", "init_ns"):
        table[name][:] = np.exp(rng.uniform(0, 25, rows)).astype(np.int64)
    for name in ("placement_ns", "init_ns"):
        table[name][table["start"] == StartKind.WARM] = 0  # as the end says, too
    table["arrival_ns"][:] = table["first_arrival_ns"]
    table["end_ns"][:] = table["arrival_ns"] + table["duration_ns"]
    return table


@pytest.mark.parametrize(("functions", "loads"), [(1, 1), (50, 40)])
def test_more_than_there_is_room_for(functions: int, loads: int) -> None:
    results = []
    for compiled in (False, True):
        metrics = Metrics(
            [MeteredFunction(f"f{i}") for i in range(functions)],
            [LoadInfo(f"l{i}") for i in range(loads)],
            period_ns=10**11,
            compiled=compiled,
        )
        metrics.consume(RecordChunk(many(60_000, functions, loads), chunk([]).environments))
        ledger = metrics.finish(2 * 10**12)._ledger
        histograms = [getattr(ledger.samples, name).tolist() for name in ledger.samples.__slots__]
        results.append(
            (histograms, ledger.counts.cell.tolist(), ledger.counts._count.tolist(), ledger.work["busy_ns"].tolist())
        )
    assert results[0] == results[1]


def test_streaks_of_usual_attempts() -> None:
    rng, rows, period = np.random.default_rng(1), 12_000, 10**9
    table = RecordTable(INVOCATION_COLUMNS, rng.integers(0, 9, (rows, len(INVOCATION_COLUMNS))))
    for name in ("request", "attempt", "function", "status", "reason", "provisioned", "placement_ns", "init_ns"):
        table[name][:] = 0
    table["start"][:] = table["final"][:] = 1
    table["allocated_concurrency"][:] = 0
    table["arrival_ns"][:] = np.sort(rng.integers(0, 90 * period, rows))  # in more periods than there are histograms
    table["duration_ns"][:] = rng.lognormal(17, 1, rows)
    others = [
        ("status", Status.ERROR), ("status", Status.IN_FLIGHT), ("reason", 2), ("start", StartKind.COLD),
        ("attempt", 1), ("final", 0), ("provisioned", 1), ("allocated_concurrency", 3), ("function", 1),
        ("request", 1 << LOAD_SHIFT),
    ]  # fmt: skip
    for row in rng.choice(rows, 300, replace=False):
        name, value = others[rng.integers(len(others))]
        table[name][row] = value
    table["first_arrival_ns"][:] = table["arrival_ns"] - 7 * (rng.random(rows) < 0.01)
    table["end_ns"][:] = table["arrival_ns"] + table["duration_ns"]

    def measured(compiled: bool) -> str:
        times = {"period_ns": period, "warmup_ns": 5 * period // 2, "loads_end_ns": 171 * period // 2}
        functions, loads = [MeteredFunction("f"), MeteredFunction("g")], [LoadInfo("a"), LoadInfo("b")]
        metrics = Metrics(functions, loads, **times, compiled=compiled)
        for piece in divided(table, [3_000, 3_001, 7_000]):
            metrics.consume(RecordChunk(piece, chunk([]).environments))
        found = metrics.finish(100 * period)
        samples = found._ledger.samples
        return written(found) + repr([getattr(samples, name).tolist() for name in samples.__slots__])

    assert measured(compiled=True) == measured(compiled=False)


def test_bins_at_every_edge() -> None:
    powers = [2**k + d for k in range(63) for d in range(-3, 4)]
    edges = [(128 + m << k) + d for k in range(55) for m in range(0, 128, 9) for d in (-1, 0, 1)]
    halves = [2**k - 2 ** (k - 54) + d for k in range(54, 62) for d in (-1, 0, 1)]
    values = np.array(sorted({v for v in powers + edges + halves if 0 <= v <= 2**62}), np.int64)
    metrics = Metrics([MeteredFunction("f")], [LoadInfo("l")], period_ns=2**62, compiled=True)
    table = RecordTable(INVOCATION_COLUMNS, np.zeros((len(values), len(INVOCATION_COLUMNS)), np.int64))
    table["duration_ns"][:] = table["end_ns"][:] = values
    table["final"][:] = table["start"][:] = 1
    metrics.consume(RecordChunk(table, chunk([]).environments))
    histogram = metrics.finish(2**62)._ledger.samples.histogram(1 | 4 << 1)
    bins, counts = np.unique(bin_of(values), return_counts=True)
    assert histogram.bins.tolist() == bins.tolist()
    assert histogram.counts.tolist() == counts.tolist()
    assert (histogram.total, histogram.minimum, histogram.maximum) == (sum(values.tolist()), 0, 2**62)


def test_other_columns_are_refused() -> None:
    metrics = Metrics([MeteredFunction("f")], [LoadInfo("l")], period_ns=1, compiled=True)
    table = RecordTable(INVOCATION_COLUMNS[1:], np.zeros((1, 20), np.int64))
    with pytest.raises(ValueError, match="in the order of records"):
        metrics.consume(RecordChunk(table, chunk([]).environments))
