"""One simulation: plan, engine, records, metrics and bill, chunk by chunk.

Memory stays bounded however long the plan is. The exact laws are checked on every run.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.config.extent import too_many_periods
from lambdasim.config.month import SHORTEST_NS, require_month
from lambdasim.config.schema import ExperimentConfig
from lambdasim.control.controlled import ControlledEngine
from lambdasim.control.controller import Controller
from lambdasim.cost import Bill, PriceBook, bill, month_of
from lambdasim.cost.over_time import cost_over_time
from lambdasim.engine import LARGE_REQUESTS, Choice, build, choose
from lambdasim.errors import InputError, Interrupted
from lambdasim.metrics import laws
from lambdasim.metrics.event_log import EventLog
from lambdasim.metrics.measured import Measured
from lambdasim.metrics.meter import Metrics
from lambdasim.metrics.metered import InitBilling, LoadInfo, MeteredFunction, MeteredSource
from lambdasim.metrics.request_log import RequestLog
from lambdasim.model.sqs import SqsLaw
from lambdasim.plan import Plan, PlanChunk
from lambdasim.records import RecordChunk
from lambdasim.scenario import planned
from lambdasim.scenario.provisioning import Provisioner
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
    scratch: Path | None = None,
    alike: int = 1,
    controllers: Sequence[Controller] = (),
) -> Outcome:
    """Simulate an experiment once; without ``keep_requests`` no log of the requests is kept, whatever it asks for.

    ``scratch`` is the folder that this log is gathered in, the system's temporary one by default.
    ``alike`` is how many simulations of about this size are made: under ``auto`` an engine is chosen for all of them.

    ``controllers`` decide during the run what changes: see :class:`lambdasim.control.controller.Controller`.

    ``progress`` is called between chunks; when it raises :class:`Interrupted`, no further request arrives, those in
    flight end, and the outcome is marked incomplete. Raises :class:`InputError` for a trace that cannot be used, too
    many periods, or a log that cannot be kept, and :class:`lambdasim.metrics.laws.LawViolation` if the records
    contradict themselves.
    """
    begin = time.perf_counter()
    plan, workload = planned(config, seed)
    reason = too_many_periods(min(plan.loads_end_ns, plan.horizon_ns), config.output.period)
    if reason is not None:
        raise InputError.single(reason, path="output.period")
    require_month(config, workload.span_ns)
    choice, chunks = _choose(config.simulation.engine, plan, workload, alike)
    if choice.used == "compiled":
        _compile(any(isinstance(source, SqsLaw) for source in plan.account.sources))
    provision = Provisioner(workload, plan.control).request
    engine = ControlledEngine(build(choice, plan), plan, controllers, provision)
    callers: list[str] = []  # where several have one label, all but the first have their own names
    for series in workload.named:
        callers.append(series.name if series.label in callers else series.label)
    metrics = _metrics(config, workload, choice.used == "compiled")
    log_mode = config.output.requests if keep_requests else "none"
    requests = RequestLog(log_mode, [f.name for f in workload.functions], callers, scratch)
    events = EventLog(log_mode, list(config.event_sources), callers, scratch)

    def consume(records: RecordChunk) -> None:
        metrics.consume(records)
        requests.consume(records.invocations)
        events.consume(records.deliveries)

    complete, ends_ns, arrived = True, plan.loads_end_ns, 0
    for chunk in chunks:
        for records in engine.advance(chunk):
            consume(records)
        arrived += len(chunk)
        if progress is not None:
            try:
                progress(_progress(min(chunk.until_ns, ends_ns), ends_ns, arrived, time.perf_counter() - begin))
            except Interrupted:
                complete, ends_ns = False, min(chunk.until_ns, ends_ns)
                break
    for records in engine.finish(ends_ns):
        consume(records)
    requests.finish()
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


def _choose(requested: str, plan: Plan, workload: Workload, alike: int) -> tuple[Choice, Iterator[PlanChunk]]:
    """Return the engine to use, and the chunks; under ``auto`` they are drawn ahead until it is known to be large."""
    ahead: list[PlanChunk] = []
    large = True
    if requested == "auto":
        known, large = 0, False
        for chunk in workload.chunks(CHUNK_ROWS["simpy"]):
            ahead.append(chunk)
            known += len(chunk)
            if known * alike >= LARGE_REQUESTS:
                large = True
                break
    choice = choose(requested, plan, large=large)
    if requested == "auto" and not large:
        return choice, iter(ahead)
    return choice, workload.chunks(CHUNK_ROWS[choice.used], compiled=choice.used == "compiled")


@cache
def _compile(queues: bool) -> None:
    """See to it that all loops are kept as machine code, for ``queues`` too; say so when that takes a while.

    It does once. A second process compiles what is not the event loop's.
    """
    from lambdasim.engine.compiled import native as of_engine
    from lambdasim.machine_code.beside import loaded_beside
    from lambdasim.machine_code.native import is_kept
    from lambdasim.metrics.compiled import native as of_metrics
    from lambdasim.workload.compiled import native as of_workload

    if all(map(is_kept, (of_engine.program(queues), of_metrics.program(), of_workload.program()))):
        return
    LOG.info("compiling the fast engine, once; this takes ten to twenty seconds")
    begin = time.perf_counter()
    with loaded_beside([f"{module.__name__}:loops" for module in (of_metrics, of_workload)]):
        of_engine.event_loop(queues)
    LOG.info("compiled in %.1f s", time.perf_counter() - begin)


def _metrics(config: ExperimentConfig, workload: Workload, compiled: bool) -> Metrics:
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
        )
        for f in workload.functions
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
