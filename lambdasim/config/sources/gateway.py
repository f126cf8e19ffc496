"""Gateways in front of a function: API Gateway, Application Load Balancers and function URLs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import model_validator

from lambdasim.config import quotas
from lambdasim.config.client import Client
from lambdasim.config.distribution import Distribution
from lambdasim.config.eras import NETWORK_2026, NETWORK_2026_EVIDENCE
from lambdasim.config.evidence import NEUTRAL, measured, official
from lambdasim.config.families import parse_distribution
from lambdasim.config.positions import Path
from lambdasim.config.quantity import Rate, TimeDistribution, duration, size, whole
from lambdasim.config.quotas import Quota
from lambdasim.config.sources.base import SourceTable
from lambdasim.model.gateway import ANSWERS, GatewayKind
from lambdasim.units import NS_PER_MS, format_duration, format_size

if TYPE_CHECKING:
    from lambdasim.config.function import FunctionConfig

KINDS: Final = {
    "apigateway-rest": GatewayKind.REST,
    "apigateway-http": GatewayKind.HTTP,
    "alb": GatewayKind.ALB,
    "function-url": GatewayKind.URL,
}

TIMEOUTS: Final = {"apigateway-rest": quotas.REST_TIMEOUT, "apigateway-http": quotas.HTTP_TIMEOUT}
"""Longest integration timeout, and default, of the types that have one."""

PAYLOADS: Final = {"alb": quotas.ALB_PAYLOAD}
"""Largest body of the types that take less than Lambda does."""

Status = Annotated[int, whole(400, 599, "an HTTP status of an error")]
Limit = Annotated[
    int, duration(quotas.REST_TIMEOUT.value, quotas.TIMEOUT_MAX.value, "the longest function timeout", NS_PER_MS)
]
Timeout = Annotated[int, duration(1, None, f"AWS's timeouts: {quotas.REST_TIMEOUT.page}", NS_PER_MS)]


class Gateway(SourceTable):
    """``[source.NAME]`` of one of these types."""

    type: Literal["apigateway-rest", "apigateway-http", "alb", "function-url"]
    timeout: Annotated[Timeout | None, official("AWS, API Gateway Developer Guide, limits, 2026-11-23")] = None
    """Integration timeout of API Gateway, after which the client has a 504 and the function runs on; by default the
    longest that AWS allows without a request. Load balancers and function URLs have none."""
    timeout_limit: Annotated[Limit, official(quotas.REST_TIMEOUT.source)] = quotas.REST_TIMEOUT.value
    """Your account's quota of that timeout, which AWS raises on request for Regional and private REST APIs."""
    client: Client | None = None
    """How the caller retries, and how long it waits; None: it does neither."""
    latency: Annotated[TimeDistribution, NETWORK_2026_EVIDENCE] = parse_distribution(NETWORK_2026)
    """Time that the gateway and the client's network add before the function is invoked."""
    rate_limit: Rate | None = None
    """Requests per second that the stage lets through, with ``burst_limit``; None: as many as the account."""
    burst_limit: Annotated[int, whole(1, 1_000_000)] | None = None
    """Requests that it lets through at once; None: as many as the account."""
    throttle_status: Annotated[
        Status | None,
        measured("status of a throttle", "AWS's pages or users' reports, by type; not certain", low=429, high=500),
    ] = None
    """HTTP status of an invocation that Lambda throttles; by default what is known of the type."""
    error_status: Annotated[
        Status | None,
        measured("status of an error", "AWS's pages or users' reports, by type; not certain", low=500, high=502),
    ] = None
    """The same of a function error, and of a function timeout."""
    timeout_status: Annotated[Status, official("AWS, API Gateway Developer Guide, gateway responses, 2026-11-23")] = 504
    """The same of the integration timeout."""
    payload: Annotated[int, size(0, quotas.SYNC_PAYLOAD.value, f"AWS's limit: {quotas.SYNC_PAYLOAD.page}"), NEUTRAL] = (
        1024
    )
    """Size of a request's body, in bytes."""

    @model_validator(mode="after")
    def _fill(self) -> "Gateway":
        usual = ANSWERS[KINDS[self.type]]
        defaults = {"throttle_status": usual.throttled, "error_status": usual.failed}
        if self.type in TIMEOUTS:
            defaults["timeout"] = TIMEOUTS[self.type].value
        for key, value in defaults.items():
            if getattr(self, key) is None:
                object.__setattr__(self, key, value)
        return self

    def unused_keys(self) -> frozenset[str]:
        """Return the keys of API Gateway for the others, and that of REST APIs."""
        if self.type == "apigateway-rest":
            return frozenset()
        if self.type == "apigateway-http":
            return frozenset({"timeout_limit"})
        return frozenset({"timeout", "timeout_limit", "timeout_status", "rate_limit", "burst_limit"})

    def caller(self) -> Client | None:
        """Return how the client retries."""
        return self.client

    def delay(self) -> Distribution | None:
        """Return the latency."""
        return self.latency

    def complaints(self, function: "FunctionConfig") -> Iterator[tuple[Path, str]]:
        """Yield what AWS refuses of this type of gateway."""
        yield from self._timeout_complaints()
        if self.type in TIMEOUTS and (self.rate_limit is None) != (self.burst_limit is None):
            missing, given = ("rate_limit", "burst_limit") if self.rate_limit is None else ("burst_limit", "rate_limit")
            yield (missing,), f"is missing; a stage has it beside {given}"
        largest = PAYLOADS.get(self.type, quotas.SYNC_PAYLOAD)
        if self.payload > largest.value:
            message = f"is above {format_size(largest.value)}, AWS's limit of type '{self.type}' ({largest.page})"
            yield ("payload",), message

    def _timeout_complaints(self) -> Iterator[tuple[Path, str]]:
        quota, shortest = TIMEOUTS.get(self.type), quotas.INTEGRATION_TIMEOUT_MIN
        if self.timeout is None or quota is None:
            return
        if self.timeout < shortest.value:
            yield ("timeout",), f"is below {format_duration(shortest.value)}, AWS's shortest ({shortest.page})"
        longest = self.timeout_limit if self.type == "apigateway-rest" else quota.value
        if self.timeout > longest:
            yield ("timeout",), f"is above {format_duration(longest)}, {self._remedy(quota)}"

    def _remedy(self, quota: Quota) -> str:
        if self.type == "apigateway-http":
            return f"AWS's longest for an HTTP API ({quota.page})"
        return f"the account's quota ({quota.page}); if AWS has raised it, say so with timeout_limit"
