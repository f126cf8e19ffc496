"""One simulation: plan, engine, records, metrics and bill, chunk by chunk.

Memory stays bounded however long the plan is. The exact laws are checked on every run.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.config.month import SHORTEST_NS, require_month
from lambdasim.config.schema import ExperimentConfig
from lambdasim.cost import Bill, PriceBook, bill, month_of
from lambdasim.cost.over_time import cost_over_time
from lambdasim.engine import LARGE_REQUESTS, Choice, build, choose, goes_by_size
from lambdasim.engine.compiled import programs
from lambdasim.errors import Interrupted
from lambdasim.machine_code.program import EVERY_RUN, Program
from lambdasim.metrics import laws
from lambdasim.metrics.event_log import EventLog
from lambdasim.metrics.measured import Measured
from lambdasim.metrics.meter import Metrics
from lambdasim.metrics.metered import InitBilling, LoadInfo, MeteredFunction, MeteredSource
from lambdasim.metrics.request_log import RequestLog
from lambdasim.plan import Plan, PlanChunk
from lambdasim.scenario import planned
from lambdasim.workload.block import Stage
from lambdasim.workload.plan import Workload

LOG: Final = logging.getLogger("lambdasim")

CHUNK_ROWS = {"simpy": 8_192, "compiled": 131_072}
"""Requests between two reports of progress, and so between two chances to stop."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; ``eta_s`` is None until there is something to estimate it from."""

    fraction: float
    simulated_s: float
    invocations: int
    rate: float
    """Requests simulated per second of wall time."""
    eta_s: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one simulation came to."""

    seed: int
    engine: Choice
    measured: Measured
    bill: Bill
    cost_by_period: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]
    """Numbers of ``measured.owners``, periods, and what each was charged in each, in USD."""
    requests: RequestLog
    events: EventLog
    stages: list[Stage]
    loads_span_ns: int
    """From the beginning of the first load to the end of the last one, or to the interruption."""
    simulated_ns: int
    wall_s: float
    complete: bool


def simulate(
    config: ExperimentConfig,
    seed: int,
    progress: Callable[[Progress], None] | None = None,
    *,
    keep_requests: bool = True,
    alike: int = 1,
    before: int = 0,
) -> Outcome:
    """Simulate an experiment once; without ``keep_requests`` no log of the requests is kept, whatever it asks for.

    ``alike`` is how many simulations of about this size are made, and ``before`` how many requests the same command has
    simulated before them: under ``auto`` an engine is chosen for all of them.

    ``progress`` is called between chunks; when it raises :class:`Interrupted`, no further request arrives, those in
    flight end, and the outcome is marked incomplete. Raises :class:`InputError` for a trace that cannot be used, and
    :class:`lambdasim.metrics.laws.LawViolation` if the records contradict themselves.
    """
    begin = time.perf_counter()
    plan, workload = planned(config, seed)
    require_month(config, workload.span_ns)
    choice, chunks = _choose(config.simulation.engine, plan, workload, alike, before)
    if choice.used == "compiled":
        _compile(programs(plan))
    engine = build(choice, plan)
    callers = [series.label for series in workload.named]
    metrics = _metrics(config, plan, workload, choice.used == "compiled")
    log_mode = config.output.requests if keep_requests else "none"
    requests = RequestLog(log_mode, [f.name for f in workload.functions], callers)
    events = EventLog(log_mode, list(config.event_sources), callers)

    complete, ends_ns, arrived = True, plan.loads_end_ns, 0
    for chunk in chunks:
        records = engine.advance(chunk)
        metrics.consume(records)
        requests.consume(records.invocations)
        events.consume(records.deliveries)
        arrived += len(chunk)
        if progress is not None:
            try:
                progress(_progress(min(chunk.until_ns, ends_ns), ends_ns, arrived, time.perf_counter() - begin))
            except Interrupted:
                complete, ends_ns = False, min(chunk.until_ns, ends_ns)
                break
    records = engine.finish(ends_ns)
    metrics.consume(records)
    requests.consume(records.invocations)
    requests.finish()
    events.consume(records.deliveries)
    events.finish()
    measured = metrics.finish(engine.ended_ns)
    laws.verify(measured.balances)

    book = PriceBook.load(config.account.region)
    repeats = config.billing.repeats
    span_ns = max(workload.span_ns - (plan.loads_end_ns - ends_ns), 0)
    month = month_of(
        span_ns,
        *measured.busy(),
        repeats_ns=repeats.period_ns if repeats else None,
        shortest_ns=SHORTEST_NS,
    )
    total = bill(
        list(measured.usage.values()),
        book,
        free_tier=config.account.free_tier,
        month=month,
        sources=measured.source_usage(),
        services=config.billing.sources,
    )
    return Outcome(
        seed=seed,
        engine=choice,
        measured=measured,
        bill=total,
        cost_by_period=cost_over_time(total.lines, book, measured.owners, measured.uses()),
        requests=requests,
        events=events,
        stages=workload.stages,
        loads_span_ns=span_ns,
        simulated_ns=engine.ended_ns,
        wall_s=time.perf_counter() - begin,
        complete=complete,
    )


def _choose(
    requested: str, plan: Plan, workload: Workload, alike: int, before: int
) -> tuple[Choice, Iterator[PlanChunk]]:
    """Return the engine to use, and the chunks, which are drawn ahead as far as that depends on how many they are."""
    ahead: list[PlanChunk] = []
    large = True
    if before < LARGE_REQUESTS and goes_by_size(requested, plan):
        known, large = 0, False
        for chunk in workload.chunks(CHUNK_ROWS["simpy"]):
            ahead.append(chunk)
            known += len(chunk)
            if before + known * alike >= LARGE_REQUESTS:
                large = True
                break
    choice = choose(requested, plan, large=large)
    if not large:
        return choice, iter(ahead)
    return choice, workload.chunks(CHUNK_ROWS[choice.used], compiled=choice.used == "compiled")


def _compile(own: Sequence[Program]) -> None:
    """See to it that all loops are at hand, and some ``own`` programs; say so when that takes a while.

    It does once.
    """
    from lambdasim.machine_code.native import is_at_hand, prepare

    needed = (*EVERY_RUN, *own)
    if all(map(is_at_hand, needed)):
        return
    LOG.info("compiling the fast engine, once; this takes about ten seconds")
    begin = time.perf_counter()
    prepare(needed)
    LOG.info("compiled in %.1f s", time.perf_counter() - begin)


def _metrics(config: ExperimentConfig, plan: Plan, workload: Workload, compiled: bool) -> Metrics:
    functions = [
        MeteredFunction(
            name=f.name,
            architecture=f.config.architecture,
            memory_mb=f.config.memory,
            ephemeral_mb=f.config.ephemeral_storage,
            log_bytes=f.config.logs,
            package=f.config.package,
            custom_runtime=(f.config.runtime or "").startswith("provided"),
            reserved=f.config.reserved_concurrency,
            provisioned=own.provisioned,
            provisioned_claimed_ns=own.provisioned_requested_ns,
            provisioned_ready_ns=own.provisioned_ready_ns,
        )
        for f, own in zip(workload.functions, plan.account.functions, strict=True)
    ]
    loads = [LoadInfo(one.label, one.target if one.target in config.source else None) for one in workload.named]
    return Metrics(
        functions,
        loads,
        _metered_sources(config, workload),
        list(config.downstream),
        period_ns=config.output.period,
        warmup_ns=config.simulation.warmup,
        billing=InitBilling(config.billing.init_policy, config.billing.timed_out_init),
        compiled=compiled,
    )


def _metered_sources(config: ExperimentConfig, workload: Workload) -> list[MeteredSource]:
    index = {f.name: i for i, f in enumerate(workload.functions)}
    return [
        MeteredSource(
            name=name,
            type=source.type,
            function=index[source.function],
            payload_bytes=getattr(source, "payload", 0),
            dead_letter=config.function[source.function].async_.dead_letter_queue is not None,
            on_failure=config.function[source.function].async_.on_failure is not None,
            pays_for_pollers=source.pays_for_pollers(),
            shards=getattr(source, "shards", 1),
            items=getattr(source, "items", 0),
        )
        for name, source in config.event_sources.items()
    ]


def _progress(now_ns: int, ends_ns: int, arrived: int, wall_s: float) -> Progress:
    fraction = now_ns / ends_ns if ends_ns else 1.0
    return Progress(
        fraction=fraction,
        simulated_s=now_ns / 1e9,
        invocations=arrived,
        rate=arrived / wall_s,
        eta_s=wall_s * (1 - fraction) / fraction if fraction > 0.01 else None,
    )
