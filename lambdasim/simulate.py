"""One simulation: plan, engine, records, metrics and bill, chunk by chunk.

Memory stays bounded however long the plan is. The exact laws are checked on every run.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.config.schema import ExperimentConfig
from lambdasim.config.streams import Stream, streams
from lambdasim.cost import Bill, PriceBook, bill, cost_rates
from lambdasim.engine import LARGE_REQUESTS, Choice, build, choose
from lambdasim.errors import Interrupted
from lambdasim.metrics import laws
from lambdasim.metrics.event_log import EventLog
from lambdasim.metrics.measured import Measured
from lambdasim.metrics.meter import Metrics
from lambdasim.metrics.metered import InitBilling, LoadInfo, MeteredFunction, MeteredSource
from lambdasim.metrics.request_log import RequestLog
from lambdasim.model.events import NEVER_NS
from lambdasim.model.law import AccountLaw
from lambdasim.model.sqs import SqsLaw
from lambdasim.plan import PlanChunk
from lambdasim.scenario import account_law, function_law, provisioned_inits
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
    cost_by_period: NDArray[np.float64]
    """USD of each row of ``measured.usage_by_period``."""
    requests: RequestLog
    events: EventLog
    stages: list[Stage]
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
) -> Outcome:
    """Simulate an experiment once; without ``keep_requests`` no log of the requests is kept, whatever it asks for.

    ``alike`` is how many simulations of about this size are made: under ``auto`` an engine is chosen for all of them.

    ``progress`` is called between chunks; when it raises :class:`Interrupted`, no further request arrives, those in
    flight end, and the outcome is marked incomplete. Raises :class:`InputError` for a trace that cannot be used, and
    :class:`lambdasim.metrics.laws.LawViolation` if the records contradict themselves.
    """
    begin = time.perf_counter()
    workload, law, provisioned_init_ns = prepared(config, seed)
    horizon_ns = config.simulation.duration or NEVER_NS
    choice, chunks = _choose(config.simulation.engine, workload, law, alike)
    if choice.used == "compiled":
        _compile(any(isinstance(source, SqsLaw) for source in law.sources))
    engine = build(
        choice,
        law,
        workload.client_keys,
        workload.closed_loops,
        provisioned_init_ns,
        horizon_ns,
        workload.drawn,
        workload.followers,
        workload.called,
    )
    numbered = streams(config)
    callers = [stream.shown for stream in numbered]
    metrics = _metrics(config, numbered, workload, law, choice.used == "compiled")
    log_mode = config.output.requests if keep_requests else "none"
    requests = RequestLog(log_mode, [f.name for f in workload.functions], callers)
    events = EventLog(log_mode, list(config.event_sources), callers)

    complete, ends_ns, arrived = True, workload.ends_ns, 0
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
    usages = list(measured.usage.values())
    lasted_ns = config.simulation.duration if complete else None  # what it is said to last, also after its loads
    span_ns = lasted_ns or min(horizon_ns, ends_ns) or engine.ended_ns or 1
    total = bill(
        usages,
        book,
        free_tier=config.account.free_tier,
        span_ns=span_ns,
        sources=measured.source_usage(services=config.billing.sources),
    )
    used = measured.usage_by_period
    rates = np.array([cost_rates(usage, book) for usage in usages]).reshape(-1, 4)[used.function]
    quantities = (
        used.requests + used.extra_requests,
        used.billed_ms,
        used.provisioned_billed_ms,
        used.provisioned_enabled_ns,
    )
    return Outcome(
        seed=seed,
        engine=choice,
        measured=measured,
        bill=total,
        cost_by_period=(rates * np.column_stack(quantities)).sum(axis=1),
        requests=requests,
        events=events,
        stages=workload.stages,
        simulated_ns=engine.ended_ns,
        wall_s=time.perf_counter() - begin,
        complete=complete,
    )


def prepared(config: ExperimentConfig, seed: int) -> tuple[Workload, AccountLaw, list[list[int]]]:
    """Return what an engine needs: the workload, the account's law, and by function the provisioned inits (ns)."""
    workload = Workload(config, seed)
    inits = [
        provisioned_inits(f.config, workload.provisioned_init_ns(i, f.config.provisioned.concurrency))
        if f.config.provisioned
        else []
        for i, f in enumerate(workload.functions)
    ]
    laws = [
        function_law(f.name, f.config, workload.preparation_ns(i), inits[i]) for i, f in enumerate(workload.functions)
    ]
    return workload, account_law(config, laws), inits


def _choose(requested: str, workload: Workload, law: AccountLaw, alike: int) -> tuple[Choice, Iterator[PlanChunk]]:
    """Return the engine to use, and the plan; under ``auto`` the plan is drawn ahead until it is known to be large."""
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
    choice = choose(requested, large=large, law=law, closed_loops=workload.closed_loops)
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


def _metrics(
    config: ExperimentConfig, numbered: Sequence[Stream], workload: Workload, law: AccountLaw, compiled: bool
) -> Metrics:
    functions = [
        MeteredFunction(
            name=f.name,
            architecture=f.config.architecture,
            memory_mb=f.config.memory,
            ephemeral_mb=f.config.ephemeral_storage,
            package=f.config.package,
            custom_runtime=(f.config.runtime or "").startswith("provided"),
            reserved=f.config.reserved_concurrency,
            provisioned=own.provisioned,
            provisioned_claimed_ns=own.provisioned_requested_ns,
            provisioned_ready_ns=own.provisioned_ready_ns,
        )
        for f, own in zip(workload.functions, law.functions, strict=True)
    ]
    loads = [LoadInfo(stream.shown, stream.target if stream.target in config.source else None) for stream in numbered]
    return Metrics(
        functions,
        loads,
        _metered_sources(config, workload),
        list(config.downstream),
        period_ns=config.output.period,
        warmup_ns=config.simulation.warmup,
        loads_end_ns=workload.ends_ns,
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
