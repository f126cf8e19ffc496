"""The back of the envelope: what a load amounts to before anything is simulated.

Offered load is rate times mean duration, Erlang B says what part of it a limit turns away. Cold starts, retries,
bursts and scaling rates are left out: where they matter is what the simulation is for. Plain arithmetic, no numpy.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lambdasim.config.month import SHORTEST_NS, end_ns, loads_span_ns, why_none
from lambdasim.config.qualifier import function_of as named_function
from lambdasim.config.quotas import REQUESTS_PER_CONCURRENCY
from lambdasim.config.template import TEMPLATE
from lambdasim.config.versions import invoked
from lambdasim.metrics.queueing import erlang_b
from lambdasim.model.cpu import duration_factor
from lambdasim.units import NS_PER_MS, NS_PER_S
from lambdasim.usage import Busy, FunctionUsage, Span

if TYPE_CHECKING:
    from lambdasim.config.schema import ExperimentConfig, FunctionConfig, LoadConfig

ALL_TOGETHER: Final = "all loads at once"


@dataclass(frozen=True, slots=True)
class LoadEstimate:
    """One load; what only its trace or data file knows is ``None``."""

    load: str
    function: str
    mean_rate: float | None
    """Requests per second over the load's duration."""
    peak_rate: float | None
    duration_ms: float | None
    """Mean of the handler's duration, at the function's memory."""
    offered_erlangs: float | None
    """Peak rate times mean duration: executions at once if nothing were turned away."""
    concurrency_limit: int
    """Reserved concurrency, or what the account leaves to all functions without it, provisioned included."""
    blocking: float | None
    """Part of the requests that Erlang B expects the limit to throttle at the peak rate."""
    concurrency: float | None
    """Mean executions at the peak rate, after blocking."""
    rate_limit: float
    """Requests per second that the limit allows, AWS's ten times its concurrency."""
    notes: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)


def estimates(config: "ExperimentConfig") -> list[LoadEstimate]:
    """Return an estimate for each load, and one for all that share the account's unreserved concurrency."""
    account = config.account.concurrency
    reserved = sum(function.reserved_concurrency or 0 for function in config.function.values())
    provisioned = sum(
        function.provisioned.concurrency
        for function in config.function.values()
        if function.provisioned and function.reserved_concurrency is None
    )
    pool = account - reserved - provisioned
    found: list[LoadEstimate] = []
    sharing: list[LoadEstimate] = []
    for load in config.load:
        name = function_of(config, load)
        called = invoked(config.function, _target(config, load) or TEMPLATE)
        if name is None or not called:
            continue
        function = called[0]
        limit = function.reserved_concurrency
        if limit is None:
            own = function.provisioned.concurrency if function.provisioned else 0
            found.append(_estimate(load, name, function, pool + own, account))
            sharing.append(found[-1])
        else:
            found.append(_estimate(load, name, function, limit, limit))
    if len(sharing) > 1:
        found.append(_together(sharing, account - reserved, account))
    return found


def function_of(config: "ExperimentConfig", load: "LoadConfig") -> str | None:
    """Return the name of the function that a load's requests reach; ``None`` when its trace names them."""
    target = _target(config, load)
    return None if target is None else named_function(target)


def _target(config: "ExperimentConfig", load: "LoadConfig") -> str | None:
    """Return the function, version or alias that a load's requests reach."""
    source = config.source.get(load.target or "")
    return source.function if source else load.target


def rates(load: "LoadConfig") -> tuple[float, float] | None:
    """Return mean and peak requests per second of an open load; ``None`` for traces and closed loops."""
    if load.executor == "ramping-arrival-rate":
        stages = load.stages or ()
        levels = [load.start_rate, *(stage.target for stage in stages)]
        spans = [stage.duration for stage in stages]
        area = sum((a + b) / 2 * span for a, b, span in zip(levels, levels[1:], spans, strict=False))
        return area / max(sum(spans), 1), max(levels)
    if load.rates and load.sojourns:
        weights = load.sojourns
        mean = sum(rate * weight for rate, weight in zip(load.rates, weights, strict=True)) / sum(weights)
        return mean, max(load.rates)
    if load.rate is None:
        return None
    if load.executor == "diurnal":
        return load.rate, max(load.rate, load.peak or 0.0)
    if load.executor == "spike" and load.spike_rate is not None and load.duration and load.spike_duration:
        share = min(1.0, load.spike_duration / load.duration)
        return load.rate + (load.spike_rate - load.rate) * share, max(load.rate, load.spike_rate)
    return load.rate, load.rate


def handler_ms(function: "FunctionConfig") -> float | None:
    """Return the mean handler time at the function's memory; ``None`` when only a data file knows it."""
    mean = function.duration.mean()
    if math.isnan(mean):
        return None
    measured = function.duration_memory or function.memory
    factor = duration_factor(function.memory, measured, function.cpu_share, function.threads)
    return min(mean * factor, function.timeout) / NS_PER_MS


def _estimate(load: "LoadConfig", name: str, function: "FunctionConfig", limit: int, per_rate: int) -> LoadEstimate:
    duration = handler_ms(function)
    known = rates(load)
    notes: tuple[str, ...] = ()
    if duration is None:
        notes = ("the durations are in a data file",)
    if load.vus is not None:
        notes += (f"a closed loop: never more than {load.vus:,} at once",)
        think = load.think_time.mean() / NS_PER_MS if load.think_time else 0.0
        if duration is not None and not math.isnan(think) and duration + think > 0:
            rate = load.vus * 1000 / (duration + think)
            busy = rate * duration / 1000
            return LoadEstimate(
                load.name, name, rate, rate, duration, busy, limit, None, min(busy, limit), _rate_limit(per_rate), notes
            )
    elif load.per is not None:
        notes += (f"the rate follows from {load.per.source}",)
    elif known is None:
        notes += ("the rate is in the trace",)
    mean, peak = known or (None, None)
    offered = None if peak is None or duration is None else peak * duration / 1000
    blocking = None if offered is None else erlang_b(offered, limit)
    carried = None if offered is None or blocking is None else offered * (1 - blocking)
    return LoadEstimate(
        load.name, name, mean, peak, duration, offered, limit, blocking, carried, _rate_limit(per_rate), notes
    )


def _together(sharing: Sequence[LoadEstimate], limit: int, account: int) -> LoadEstimate:
    """Return the sum of loads that share the unreserved concurrency, as if their peaks met."""
    offered = _sum([load.offered_erlangs for load in sharing])
    blocking = None if offered is None else erlang_b(offered, limit)
    return LoadEstimate(
        ALL_TOGETHER,
        "",
        _sum([load.mean_rate for load in sharing]),
        _sum([load.peak_rate for load in sharing]),
        None,
        offered,
        limit,
        blocking,
        None if offered is None or blocking is None else offered * (1 - blocking),
        _rate_limit(account),
    )


def _rate_limit(concurrency: int) -> float:
    return float(REQUESTS_PER_CONCURRENCY.value * concurrency)


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


@dataclass(frozen=True, slots=True)
class MonthEstimate:
    """About what a month costs in USD, of Lambda alone; None where it is not known. ``notes`` are about that."""

    usd: float | None
    notes: tuple[str, ...]


def month_estimate(config: "ExperimentConfig") -> MonthEstimate:
    """Return about what a month costs, without cold starts, what is throttled and other services.

    It is not known where a rate or a duration is in a file, where loads follow others, where events are batched, and
    where there is no month (:mod:`lambdasim.config.month`), which a note then says.
    """
    from lambdasim.config.repeated import repeated_notes
    from lambdasim.cost import PriceBook, bill, month_of

    book = PriceBook.load(config.account.region)
    every = estimates(config)
    loads = [load for load in every if load.load != ALL_TOGETHER]
    together = next((load for load in every if load.load == ALL_TOGETHER), None)
    span_ns = loads_span_ns(config)
    why = None if span_ns is None else why_none(config, span_ns)
    repeated = () if span_ns is None or why is not None else repeated_notes(config, span_ns, span_ns)
    standing = (*(note for note in (book.note(),) if note), *repeated)
    unknown = len(loads) < len(config.load) or any(load.mean_rate is None or load.duration_ms is None for load in loads)
    batched = any(
        load.target in config.source and not config.source[load.target].carries_durations for load in config.load
    )
    if unknown or batched or span_ns is None:
        return MonthEstimate(None, standing)
    if why is not None:
        return MonthEstimate(None, (*standing, f"no cost of a month: {why}"))
    lasting = {load.name: (end_ns(load) or 0) - load.start_time for load in config.load}
    requests = {
        load.load: (load.mean_rate or 0.0) * lasting[load.load] / NS_PER_S * _admitted(config, load, together)
        for load in loads
    }
    asked, busy = dict.fromkeys(config.function, 0.0), dict.fromkeys(config.function, 0.0)
    for load in loads:
        asked[load.function] += requests[load.load]
        busy[load.function] += requests[load.load] * (load.duration_ms or 0.0)
    limits = {load.function: load.concurrency_limit for load in loads}
    repeats = config.billing.repeats
    month = month_of(
        span_ns,
        Busy(round(sum(busy.values()) * NS_PER_MS), config.account.concurrency),
        {name: Busy(round(busy[name] * NS_PER_MS), limit) for name, limit in limits.items()},
        repeats_ns=repeats.period_ns if repeats else None,
        shortest_ns=SHORTEST_NS,
    )
    unit_ms = config.billing.unit_ms
    usages = [
        _use(function, name, asked[name], span_ns, unit_ms) for name, function in config.function.items() if name != "*"
    ]
    total = bill(usages, book, free_tier=config.account.free_tier, month=month, services=False)
    return MonthEstimate(None if total.monthly is None else float(total.monthly), standing)


def _admitted(config: "ExperimentConfig", load: LoadEstimate, together: LoadEstimate | None) -> float:
    """Return which part of a load's requests is not throttled at the mean rate; that of all loads where they share."""
    reserved = invoked(config.function, load.function or TEMPLATE)[0].reserved_concurrency
    of = together if together is not None and reserved is None else load
    if of.blocking is None or of.offered_erlangs is None or not of.peak_rate or of.mean_rate is None:
        return 1.0
    return 1 - erlang_b(of.offered_erlangs * of.mean_rate / of.peak_rate, of.concurrency_limit)


def _use(function: "FunctionConfig", name: str, requests: float, span_ns: int, unit_ms: int) -> FunctionUsage:
    """Return what ``requests`` within a time use; provisioned concurrency takes as many of them as it can hold."""
    milliseconds = (handler_ms(function) or 0.0) + unit_ms / 2  # billed duration is rounded up
    provisioned = function.provisioned.concurrency if function.provisioned else 0
    billed_ms = requests * milliseconds
    busy = billed_ms * NS_PER_MS / span_ns
    held = min(1.0, provisioned / busy) if busy else 0.0
    return FunctionUsage(
        name,
        function.architecture,
        function.memory,
        function.ephemeral_storage,
        requests=round(requests),
        billed_ms=round(billed_ms * (1 - held)),
        provisioned_billed_ms=round(billed_ms * held),
        provisioned=(Span(provisioned, span_ns),) if provisioned else (),
    )
