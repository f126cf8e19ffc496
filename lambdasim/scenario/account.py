"""The spec of an account and its functions, from their tables."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from lambdasim.config.anatomy import DEFAULT, ColdStart
from lambdasim.config.calling import lists_of_calls
from lambdasim.config.client import Client
from lambdasim.config.coldstart import first_invocation_ns
from lambdasim.config.distribution import Distribution
from lambdasim.config.downstream import Call, Downstream
from lambdasim.config.function import FunctionConfig
from lambdasim.config.idle import IdlePolicy
from lambdasim.config.links import Link
from lambdasim.config.request_series import RequestSeries
from lambdasim.config.schema import ExperimentConfig, Scaling
from lambdasim.model import rules
from lambdasim.model.calls import CallSpec
from lambdasim.model.cpu import duration_factor
from lambdasim.model.downstream import DownstreamSpec, Slowdown, UseSpec
from lambdasim.model.events import EXPIRY_NAMES, NEVER_NS, REUSE_NAMES, Expiry, RetryCause
from lambdasim.model.spec import (
    LEGACY_CLIENT,
    NO_CLIENT,
    NO_RETRY,
    STANDARD_2020_CLIENT,
    STANDARD_CLIENT,
    AccountSpec,
    ClientSpec,
    FunctionSpec,
    ScalingSpec,
)
from lambdasim.scenario.asynchronous import asynchronous_spec
from lambdasim.scenario.gateways import account_rate
from lambdasim.scenario.links import link_specs
from lambdasim.scenario.sources import source_spec
from lambdasim.units import share_q24
from lambdasim.workload.functions import PlannedFunction
from lambdasim.workload.routes import Route

CLIENT_MODES = {
    "none": NO_RETRY,
    "legacy": LEGACY_CLIENT,
    "standard": STANDARD_CLIENT,
    "standard-2020": STANDARD_2020_CLIENT,
}
"""Retry modes by name. The two standard modes differ only for errors that are not throttles."""

RETRY_ON = {"429": RetryCause.THROTTLE, "5xx": RetryCause.SERVER_ERROR, "timeout": RetryCause.TIMEOUT}


def scaling_spec(scaling: Scaling) -> ScalingSpec:
    """Return the scaling rate that ``account.scaling`` asks for."""
    if scaling.policy == "per-function":
        return ScalingSpec(scaling.environments, scaling.environments, scaling.per, scaling.refill == "continuous")
    assert scaling.burst is not None  # an account fills it in, by its Region
    return ScalingSpec(
        scaling.burst,
        scaling.per_minute,
        60 * rules.NS_PER_S,
        scaling.refill == "continuous",
        per_function=False,
        requests=0,
    )


def client_spec(client: Client | None) -> ClientSpec:
    """Return how a caller retries; without a client nobody does."""
    if client is None:
        return NO_CLIENT
    timeout_ns = client.timeout or NEVER_NS
    if client.backoff is not None or client.retries is not None:
        backoff = client.backoff
        return ClientSpec(
            max_attempts=(client.retries or 0) + 1,
            base_ns=backoff.base if backoff else 0,
            cap_ns=backoff.max if backoff else 0,
            full_jitter=backoff is None or backoff.jitter == "full",
            timeout_ns=timeout_ns,
            retry_on=tuple(RETRY_ON[key] for key in (RETRY_ON if client.retry_on is None else client.retry_on)),
        )
    spec = CLIENT_MODES[client.mode or "none"]
    attempts = client.max_attempts or spec.max_attempts
    return replace(spec, max_attempts=attempts, processes=client.clients, timeout_ns=timeout_ns)


def _calls(config: ExperimentConfig) -> dict[str, list[tuple[tuple[Call, ...], tuple[CallSpec, ...]]]]:
    """Return the lists of calls of each function's handlers; numbers are places among all calls of the experiment."""
    number = count()

    def spec(call: Call) -> CallSpec:
        return CallSpec(next(number), int(call.count), share_q24(call.count - int(call.count)), call.must_succeed)

    return {
        name: [(calls, tuple(spec(call) for call in calls)) for calls in lists]
        for name, lists in lists_of_calls(config).items()
    }


def downstream_spec(name: str, table: Downstream) -> DownstreamSpec:
    """Return the spec of a downstream; a rate is kept to a thousandth of a call per second."""
    return DownstreamSpec(
        name=name,
        connections=table.max_connections or 0,
        calls=round((table.rate or 0.0) * 1_000),
        per_ns=1_000 * rules.NS_PER_S,
        burst=table.burst or 0,
        fail_ns=table.error_after,
        **_turns(table),
        slowdowns=tuple(Slowdown(s.from_, s.until, round(s.factor * 1_000)) for s in table.slowdowns),
    )


def _turns(table: Downstream) -> dict[str, Any]:
    """Return what makes those who use a database wait for others; nothing of one without."""
    pool = table.pool
    pooled = {} if pool is None else {
        "has_pool": True,
        "pool_connections": pool.connections or 0,
        "pool_share_ppm": round(pool.share * 1_000_000),
        "borrow_ns": pool.borrow_timeout,
        "pinned_q24": share_q24(pool.pinned),
    }  # fmt: skip
    per_ns = round(rules.NS_PER_S / table.connection_rate) if table.connection_rate else 0
    return {**pooled, "connect_per_ns": per_ns, "contention_permille": round(table.contention * 1_000)}


def function_specs(functions: Sequence[PlannedFunction]) -> list[FunctionSpec]:
    """Return the spec of each version of each function."""
    first: dict[str, int] = {}
    found = []
    written: dict[int, FunctionSpec] = {}  # tables that are written alike are one
    for number, function in enumerate(functions):
        begins, table = first.setdefault(function.of, number), function.config
        if id(table) not in written:
            written[id(table)] = _of_table(table)
        version_of, reserved = (-1, table.reserved_concurrency) if begins == number else (begins, None)
        found.append(written[id(table)].alike(function.name, version_of, reserved))
    return found


def _of_table(function: FunctionConfig) -> FunctionSpec:
    """Return what the specs of all functions and versions with a table have in common, as one without a name."""
    return FunctionSpec(
        name="",
        timeout_ns=function.timeout,
        reuse=REUSE_NAMES[function.reuse],
        suppressed_init_permille=round(function.suppressed_init_slowdown * 1000),
        expiry=_expiry(function.idle_timeout),
        errors_q24=share_q24(function.errors),
        crashes_q24=share_q24(function.crashes),
        **_starts(function),
        per_record_ns=round(function.per_record * _duration_factor(function)),
        asynchronous=asynchronous_spec(function.async_),
    )


def _expiry(idle_timeout: Distribution | IdlePolicy) -> Expiry:
    return EXPIRY_NAMES[idle_timeout.expiry] if isinstance(idle_timeout, IdlePolicy) else Expiry.ONE_TIMEOUT


def _starts(function: FunctionConfig) -> dict[str, Any]:
    """Return how environments of a function start."""
    parts = function.cold_start or DEFAULT
    restores = {
        "snapstart": True,
        "restore_billed_q24": share_q24(parts.restore_billed),
        "first_restores_q24": share_q24(parts.first_restores - 1),
    }
    return {
        "first_ns": _first_ns(function, parts),
        "ahead_q24": share_q24(parts.proactive),
        **(restores if function.snapstart else {}),
    }


def _first_ns(function: FunctionConfig, parts: ColdStart) -> int:
    """Return what the first invocation in an environment takes longer than others."""
    if isinstance(parts.first_invocation, str):
        return first_invocation_ns(str(function.runtime), function.package, function.architecture, function.memory)
    measured_mb = function.duration_memory or function.memory
    factor = duration_factor(function.memory, measured_mb, parts.first_cpu_share, function.threads)
    return round(parts.first_invocation * factor)


def _duration_factor(function: FunctionConfig) -> float:
    measured_mb = function.duration_memory or function.memory
    return duration_factor(function.memory, measured_mb, function.cpu_share, function.threads)


def account_spec(
    config: ExperimentConfig,
    planned: Sequence[PlannedFunction],
    functions: Sequence[FunctionSpec],
    series: Sequence[RequestSeries],
    links: Sequence[Link],
    routes: Mapping[str, Route],
) -> AccountSpec:
    """Return the whole account's spec; ``functions`` are the specs of what is ``planned``.

    ``series``, ``links`` and ``routes`` are all there are in the experiment.
    """
    downstreams, calls = list(config.downstream), _calls(config)
    functions = [
        function._replace(
            calls=next((specs for of, specs in calls.get(one.of, ()) if of == one.config.calls), ()),
            uses=tuple(
                UseSpec(downstreams.index(use.downstream), use.calls, round(use.share * 1_000), use.connects == "init")
                for use in one.config.uses
            ),
        )
        if one.config.calls or one.config.uses
        else function
        for one, function in zip(planned, functions, strict=True)
    ]
    return AccountSpec(
        concurrency=config.account.concurrency,
        functions=tuple(functions),
        scaling=scaling_spec(config.account.scaling),
        whole_seconds=config.account.request_meter == "second",
        clients=tuple(client_spec(one.client) for one in series),
        downstreams=tuple(downstream_spec(name, table) for name, table in config.downstream.items()),
        links=link_specs(config, links, series, planned),
        api_gateway=account_rate(config.account.api_gateway),
        unreserved_minimum=config.account.unreserved_minimum,
        sources=tuple(
            source_spec(name, source, first, functions[first].timeout_ns)
            for name, source in config.event_sources.items()
            for first in (routes[source.function].begins,)
        ),
        aliases=tuple(dict.fromkeys(route.spec for route in routes.values() if not route.is_settled)),
    )
