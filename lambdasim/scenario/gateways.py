"""The spec of gateways and of direct calls that can be late, from their ``[source.NAME]`` tables."""

from lambdasim.config.schema import ApiGateway
from lambdasim.config.sources.gateway import KINDS, Gateway
from lambdasim.config.sources.invoke import Invoke
from lambdasim.model.events import NEVER_NS
from lambdasim.model.gateway import ANSWERS, Answers, GatewayKind, GatewaySource, RateSpec
from lambdasim.model.rules import NS_PER_S

PARTS = 1_000
"""Rates are taken to a thousandth of a request per second."""


def gateway_source(name: str, table: Gateway, function: int) -> GatewaySource:
    """Return the spec of a gateway."""
    assert table.throttle_status is not None  # the table fills both in, by its type
    assert table.error_status is not None
    stage = None
    if table.rate_limit is not None and table.burst_limit is not None:
        stage = rate_spec(table.rate_limit, table.burst_limit)
    return GatewaySource(
        name=name,
        function=function,
        kind=KINDS[table.type],
        answers=Answers(table.throttle_status, table.error_status, table.timeout_status),
        timeout_ns=table.timeout or NEVER_NS,
        stage=stage,
    )


def invoke_source(name: str, table: Invoke, function: int) -> GatewaySource:
    """Return the spec of direct calls."""
    kind = GatewayKind.INVOKE
    return GatewaySource(name, function, kind, ANSWERS[kind], read_timeout_ns=table.timeout or NEVER_NS)


def account_rate(table: ApiGateway) -> RateSpec:
    """Return the rate that all APIs of an account share."""
    return rate_spec(table.rate_limit, table.burst_limit)


def rate_spec(rate: float, burst: int) -> RateSpec:
    """Return a token bucket of ``rate`` requests per second."""
    return RateSpec(max(1, round(rate * PARTS)), PARTS * NS_PER_S, burst)
