"""One simulation: plan, engine, records, metrics and bill, chunk by chunk.

Memory stays bounded however long the plan is. The exact laws are checked on every run.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.config.anatomy import DEFAULT
from lambdasim.config.extent import too_many_periods
from lambdasim.config.month import SHORTEST_NS, require_month
from lambdasim.config.qualifier import function_of
from lambdasim.config.schema import ExperimentConfig, FunctionConfig
from lambdasim.control.controlled import ControlledEngine
from lambdasim.control.controller import Controller
from lambdasim.control.rollout import Rollout
from lambdasim.cost import Bill, Month, PriceBook, bill, month_of
from lambdasim.cost.over_time import cost_over_time
from lambdasim.engine import LARGE_REQUESTS, Choice, choose, goes_by_size
from lambdasim.errors import InputError, Interrupted
from lambdasim.garbage import uncollected
from lambdasim.memory import give_back
from lambdasim.metrics import invariants
from lambdasim.metrics.environment_log import EnvironmentLog
from lambdasim.metrics.event_log import EventLog
from lambdasim.metrics.measured import Measured
from lambdasim.metrics.meter import Metrics
from lambdasim.metrics.metered import InitBilling, LoadInfo, MeteredFunction, MeteredSource
from lambdasim.metrics.request_log import RequestLog
from lambdasim.model.control import Control
from lambdasim.pace import Pace, Progress
from lambdasim.plan import Plan, PlanChunk
from lambdasim.policies.chosen import NO_POLICIES, Policies
from lambdasim.records import RecordChunk
from lambdasim.scenario import planned
from lambdasim.scenario.beginning import begun, deciding
from lambdasim.scenario.changes import told
from lambdasim.scenario.provisioning import Provisioner, Replacements
from lambdasim.threads import Stages, available_cores
from lambdasim.units import share_q24
from lambdasim.workload.given import Replayed
from lambdasim.workload.phases import Phases
from lambdasim.workload.plan import Workload
from lambdasim.workload.random_streams import stream_key

if TYPE_CHECKING:
    from lambdasim.engine.reference.policies import PolicyRun

LOG: Final = logging.getLogger("lambdasim")

CHUNK_ROWS = {"simpy": 8_192, "compiled": 131_072}
"""Requests between two reports of progress, and so between two chances to stop."""


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What one simulation came to."""

    seed: int
    engine: Choice
    measured: Measured
    bill: Bill
    cost_by_period: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]
    """Numbers of ``measured.owners``, periods, and what each was charged in each, in USD."""
    requests: RequestLog
    events: EventLog
    environments: EnvironmentLog
    phases: Phases
    replayed: tuple[Replayed, ...]
    """What traces decide."""
    loads_span_ns: int
    """From the beginning of the first load to the end of the last one, or to the interruption."""
    changes: tuple[dict[str, Any], ...] | None
    """What controllers and schedules changed, as ``summary.json`` tells of it; None where nothing may change."""
    simulated_ns: int
    wall_s: float
    """Without the time that an engine takes to begin, which is long where it has to be compiled."""
    complete: bool


def simulate(
    config: ExperimentConfig,
    seed: int,
    progress: Callable[[Progress], None] | None = None,
    *,
    keep_requests: bool = True,
    scratch: Path | None = None,
    similar_runs: int = 1,
    others: int = 0,
    threads: int | None = None,
    controllers: Sequence[Controller] = (),
    policies: Policies = NO_POLICIES,
) -> RunOutcome:
    """Simulate an experiment once; without ``keep_requests`` no log of the requests is kept, whatever it asks for.

    ``scratch`` is the folder that this log is gathered in, the system's temporary one by default. ``similar_runs``
    is how many simulations of about this size are made, and ``others`` about how many requests the same command has
    besides: under ``auto`` an engine is chosen for all of them. ``threads`` is how many may be used,
    by default as many as help; the outcome is the same.

    ``controllers`` decide during the run what changes: see :class:`lambdasim.control.controller.Controller`;
    ``policies`` are those of the user's own, a controller among them.

    ``progress`` is called between chunks; when it raises :class:`Interrupted`, no further request arrives, those in
    flight end, and the outcome is marked incomplete. Raises :class:`InputError` for a trace that cannot be used, too
    many periods, or a log that cannot be kept, and :class:`lambdasim.metrics.invariants.InvariantViolation` if the
    records contradict themselves.
    """
    begin = time.perf_counter()
    plan, workload = planned(config, seed, policies)
    reason = too_many_periods(min(plan.loads_end_ns, plan.horizon_ns), config.output.period)
    if reason is not None:
        raise InputError.single(reason, path="output.period")
    require_month(config, workload.span_ns)
    shifting, own = deciding(config, plan, workload)
    controllers = [*own, *controllers, *policies.controllers()]
    requested, policy_run = config.simulation.engine, _policy_run(policies, workload, seed)
    choice, ahead = _choose(requested, plan, workload, similar_runs, others)
    before = time.perf_counter()
    choice, alone = begun(choice, requested, plan, bool(controllers), policy_run)
    begin += time.perf_counter() - before  # an engine that is compiled first takes its time once, and no run's
    chunks = _chunks(choice, workload, ahead)
    provision = Provisioner(workload, plan.control).request
    engine = ControlledEngine(alone, plan, controllers, provision, Replacements(workload), workload.rerouted)
    fails = any(change.kind in (Control.LAMBDA_ERRORS, Control.ENVIRONMENTS_LOST) for change in plan.control)
    metrics = _metrics(config, workload, choice.used == "compiled", fails)
    logs = _Logs.of(config.output.requests if keep_requests else "none", workload, scratch)
    count = _counting(metrics, logs)
    stages = Stages(1 if choice.used == "simpy" else threads or available_cores())
    complete, ends_ns = _through(engine, chunks, plan.loads_end_ns, count, progress or _nobody, stages)
    ended_ns = engine.ended_ns
    changes = _changes(config, engine, shifting) if controllers or config.change else None
    del alone, engine, chunks  # which of many functions take as much as what was counted
    logs.finish()
    give_back(len(workload.functions))
    measured = metrics.finish(ended_ns)
    del metrics, count
    give_back(len(workload.functions))
    invariants.verify(measured.balances)

    book = PriceBook.load(config.account.region)
    span_ns = max(workload.span_ns - (plan.loads_end_ns - ends_ns), 0)
    total = _billed(config, book, measured, span_ns if complete else None)
    uses = measured.uses()
    give_back(len(workload.functions))
    return RunOutcome(
        seed=seed,
        engine=choice,
        measured=measured,
        bill=total,
        cost_by_period=cost_over_time(total, book, measured.owners, uses),
        requests=logs.requests,
        events=logs.events,
        environments=logs.environments,
        phases=workload.phases,
        replayed=workload.replayed,
        loads_span_ns=span_ns,
        changes=changes,
        simulated_ns=ended_ns,
        wall_s=time.perf_counter() - begin,
        complete=complete,
    )


class _Logs(NamedTuple):
    """What is kept of single requests, events and environments."""

    requests: RequestLog
    events: EventLog
    environments: EnvironmentLog

    @classmethod
    def of(cls, mode: str, workload: Workload, scratch: Path | None) -> "_Logs":
        """Begin them; callers of one label, all but the first, have names of their own there."""
        callers: dict[str, None] = {}
        for series in workload.named:
            callers[series.name if series.label in callers else series.label] = None
        functions = workload.functions
        return cls(
            RequestLog(mode, [f.of for f in functions], [*callers], scratch, [f.version for f in functions]),
            EventLog(mode, list(workload.sources), [*callers], scratch),
            EnvironmentLog(mode, [f.label for f in functions], scratch),
        )

    def consume(self, records: RecordChunk) -> None:
        """Keep the rows of a chunk that are asked for."""
        self.requests.consume(records.invocations)
        self.events.consume(records.deliveries)
        self.environments.consume(records.environments)

    def finish(self) -> None:
        """Close them."""
        for log in self:
            log.finish()


def _counting(metrics: Metrics, logs: _Logs) -> Callable[[RecordChunk], None]:
    """Return what counts a chunk's rows and keeps those that are asked for."""

    def count(records: RecordChunk) -> None:
        metrics.consume(records)
        logs.consume(records)

    return count


def _through(
    engine: ControlledEngine,
    chunks: Iterator[PlanChunk],
    ends_ns: int,
    count: Callable[[RecordChunk], None],
    shown: Callable[[Progress], None],
    stages: Stages,
) -> tuple[bool, int]:
    """Count what becomes of all chunks; return whether the loads came to their end, and when they ended."""
    complete, pace = True, Pace(ends_ns)
    with stages:
        counted = stages.behind(count, lambda records: len(records.invocations) + len(records.deliveries))
        for chunk in stages.ahead(chunks, len):
            for records in engine.advance(chunk):
                counted(records)
            try:
                shown(pace.after(chunk, records))
            except Interrupted:
                complete, ends_ns = False, min(chunk.until_ns, ends_ns)
                break
        with suppress(Interrupted):  # what is in flight ends all the same
            for records in engine.drain(ends_ns, lambda deliveries: shown(pace.ahead(deliveries))):
                counted(records)
                shown(pace.draining(records))
        counted(engine.finish(ends_ns))
        stages.wait()
    return complete, ends_ns


def _billed(config: ExperimentConfig, book: PriceBook, measured: Measured, span_ns: int | None) -> Bill:
    """Return the bill of a run, and of a month that repeats its loads of ``span_ns``; of None no month is known."""
    repeats = config.billing.repeats
    month = Month(None)  # part of a run is none that a month repeats
    if span_ns is not None:
        repeats_ns = repeats.period_ns if repeats else None
        month = month_of(span_ns, *measured.busy(), repeats_ns=repeats_ns, shortest_ns=SHORTEST_NS)
    return bill(
        list(measured.usage.values()),
        book,
        free_tier=config.account.free_tier,
        month=month,
        sources=measured.source_usage(),
        services=config.billing.sources,
    )


def _policy_run(policies: Policies, workload: Workload, seed: int) -> "PolicyRun | None":
    """Return what the SimPy engine needs to ask the policies of the user's own; None without any."""
    if not policies.names:
        return None
    from lambdasim.engine.reference.policies import PolicyRun

    memory_mb = [function.config.memory for function in workload.functions]
    keys = [stream_key(seed, "policy", function.name) for function in workload.functions]
    return PolicyRun(policies, memory_mb, keys)


def _changes(
    config: ExperimentConfig, engine: ControlledEngine, shifting: Sequence[Rollout]
) -> tuple[dict[str, Any], ...]:
    """Return what happened to be changed, in order of time."""
    rolled_back_ns = {name: at_ns for own in shifting for name, at_ns in own.rolled_back_ns.items()}
    happened = [*told(config, engine.ended_ns, rolled_back_ns), *engine.activities]
    return tuple(one.to_dict(engine.ended_ns) for one in sorted(happened, key=attrgetter("at_ns")))


def _choose(
    requested: str, plan: Plan, workload: Workload, similar_runs: int, others: int
) -> tuple[Choice, list[PlanChunk]]:
    """Return the engine to use, and all chunks where it depends on how many they are and they are few, else none."""
    ahead: list[PlanChunk] = []
    large = True
    if goes_by_size(requested, plan):
        requests = counted(plan, workload, similar_runs, others, ahead.append)
        large = requests >= LARGE_REQUESTS
    return choose(requested, plan, large=large), [] if large else ahead


def counted(
    plan: Plan,
    workload: Workload,
    runs: int,
    others: float = 0,
    drawn: Callable[[PlanChunk], None] = lambda _: None,
) -> float:
    """Return about how many requests so many runs of a plan have, with ``others``; of many, that ``auto`` has enough.

    ``drawn`` is called with each chunk that was drawn for it.
    """
    from lambdasim.engine.size import Size

    size, chunks = Size(plan, workload.of_users), workload.chunks(CHUNK_ROWS["simpy"])
    while others + size.requests * runs < LARGE_REQUESTS and (chunk := next(chunks, None)) is not None:
        drawn(chunk)
        size.add(chunk)
    return others + size.requests * runs


def _chunks(choice: Choice, workload: Workload, ahead: list[PlanChunk]) -> Iterator[PlanChunk]:
    """Return the chunks of a workload, which may all have been drawn ahead."""
    return iter(ahead) if ahead else workload.chunks(CHUNK_ROWS[choice.used], compiled=choice.used == "compiled")


@uncollected
def _metrics(config: ExperimentConfig, workload: Workload, compiled: bool, service_errors: bool) -> Metrics:
    functions: list[MeteredFunction] = []
    written: dict[int, MeteredFunction] = {}  # tables that are written alike are one
    for index, (f, first) in enumerate(zip(workload.functions, workload.firsts, strict=True)):
        table = f.config
        if id(table) not in written:
            written[id(table)] = _metered(table)
        version_of, reserved = (-1, table.reserved_concurrency) if first == index else (first, None)
        functions.append(written[id(table)].alike(f.name, f.function, f.version, version_of, reserved))
    known = {*config.source, *workload.sources}
    loads = [
        LoadInfo(one.label, one.target if one.target in known else None, workload.destinations.aliases_of(number))
        for number, one in enumerate(workload.named)
    ]
    return Metrics(
        functions,
        loads,
        _metered_sources(config, workload),
        list(config.downstream),
        [name for name, downstream in config.downstream.items() if downstream.pool is not None],
        period_ns=config.output.period,
        warmup_ns=config.simulation.warmup,
        loads_end_ns=workload.ends_ns,
        billing=InitBilling(config.billing.init_policy, config.billing.timed_out_init, config.billing.unit_ms),
        compiled=compiled,
        service_errors=service_errors,
    )


def _metered(function: FunctionConfig) -> MeteredFunction:
    """Return what the metrics of all functions and versions with a table depend on, of one without a name."""
    parts = function.cold_start or DEFAULT
    return MeteredFunction(
        name="",
        architecture=function.architecture,
        memory_mb=function.memory,
        ephemeral_mb=function.ephemeral_storage,
        log_bytes=function.logs,
        snapstart=_pays(function),
        restore_billed_q24=share_q24(parts.restore_billed),
        ahead=bool(parts.proactive),
        package=function.package,
        custom_runtime=(function.runtime or "").startswith("provided"),
    )


def _pays(function: FunctionConfig) -> Literal["", "java", "paid"]:
    if not function.snapstart:
        return ""
    return "java" if str(function.runtime).startswith("java") else "paid"


def _metered_sources(config: ExperimentConfig, workload: Workload) -> list[MeteredSource]:
    of = {name: function_of(source.function) for name, source in workload.sources.items()}
    first = workload.first_versions
    times = [config, *(moment.config for moment in config.moments)]
    return [
        MeteredSource(
            name=name,
            type=source.type,
            function=first[of[name]],
            version=workload.destinations.routes[source.function].begins,
            payload_bytes=getattr(source, "payload", 0),
            dead_letter=any(one.function[of[name]].async_.dead_letter_queue is not None for one in times),
            on_failure=any(one.function[of[name]].async_.on_failure is not None for one in times),
            pays_for_pollers=source.pays_for_pollers(),
            shards=getattr(source, "shards", 1),
            items=getattr(source, "items", 0),
        )
        for name, source in workload.sources.items()
    ]


def _nobody(progress: Progress) -> None:
    """Look at no progress."""
