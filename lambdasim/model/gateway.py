"""Gateways: what stands between a client that waits for an answer and a function, and what it tells the client.

A direct call of an SDK is the simplest of them: it only waits. A gateway never tries again by itself and never stops a
function: after its timeout the function runs on, is billed and holds its concurrency (Developer Guide,
services-apigateway, 2026).
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from lambdasim.model import rules
from lambdasim.model.bucket import Bucket, taken
from lambdasim.model.control import Control
from lambdasim.model.events import NEVER_NS, DeliveryOutcome, RetryCause, Status, ThrottleReason

OK: Final = 200
NO_ANSWER: Final = 0
REFUSED: Final = 429
"""What API Gateway answers itself to a request above its rate (API Gateway Developer Guide, request-throttling, 2026).
"""

# plain integers, of which the compiled engine makes code
_SUCCESS, _SUCCEEDED, _FAILED = int(Status.SUCCESS), int(DeliveryOutcome.SUCCEEDED), int(DeliveryOutcome.FAILED)
_THROTTLE, _SERVER_ERROR, _TIMEOUT = int(RetryCause.THROTTLE), int(RetryCause.SERVER_ERROR), int(RetryCause.TIMEOUT)
_LOST, _SERVICE = int(Status.LOST), int(ThrottleReason.SERVICE)


class GatewayKind(IntEnum):
    """What the client talks to."""

    INVOKE = 0
    REST = 1
    HTTP = 2
    ALB = 3
    URL = 4


@dataclass(frozen=True, slots=True)
class Answers:
    """HTTP status of each outcome that is no success."""

    throttled: int
    """Lambda throttled the invocation."""
    failed: int
    """The function returned an error, crashed, ran out of memory, or passed its own timeout."""
    overdue: int = 504
    """The integration timeout passed."""
    service: int = 500
    """Lambda itself failed, or lost the environment (API Invoke: ServiceException, HTTP 500, 2026-11-17; uncertain for
    gateways)."""


ANSWERS: Final = {
    # API Invoke: TooManyRequestsException; a failed function is a 200 with a FunctionError
    GatewayKind.INVOKE: Answers(throttled=429, failed=200),
    # measured (re:Post, proxy integration does not forward 429, 2026); AWS re:Post, malformed-502-api-gateway, 2026
    GatewayKind.REST: Answers(throttled=500, failed=502),
    # uncertain: AWS's pages name no status for each case; 500 and 503 are what users report
    GatewayKind.HTTP: Answers(throttled=503, failed=500),
    # Application Load Balancers, lambda-functions and load-balancer-troubleshooting, 2026: 502 for all of them
    GatewayKind.ALB: Answers(throttled=502, failed=502),
    # 429: Developer Guide 2022, urls-configuration; 502 is uncertain
    GatewayKind.URL: Answers(throttled=429, failed=502),
}
"""What a client is told, unless the experiment says otherwise. With a proxy integration, where there are two."""


@dataclass(frozen=True, slots=True)
class RateSpec:
    """A token bucket: ``amount`` requests every ``per_ns``, and at most ``burst`` at once."""

    amount: int
    per_ns: int
    burst: int


RATES: Final = {Control.RATE_LIMIT: "amount", Control.BURST_LIMIT: "burst"}
"""What rows of the control table change of a rate."""

NO_RATE: Final = RateSpec(0, 0, 0)
"""Of a stage that has none."""

API_GATEWAY: Final = RateSpec(rules.API_GATEWAY_RATE, rules.NS_PER_S, rules.API_GATEWAY_BURST)


@dataclass(frozen=True, slots=True)
class GatewaySource:
    """A source whose clients wait for an answer."""

    name: str
    function: int
    """Index of the function."""
    kind: GatewayKind
    answers: Answers
    timeout_ns: int = NEVER_NS
    """Integration timeout, from the arrival of a request at the gateway."""
    read_timeout_ns: int = NEVER_NS
    """How long clients wait that do not say so themselves, from their sending of a request."""
    stage: RateSpec | None = None
    """The stage's own rate, below the account's."""

    @property
    def has_stage_rate(self) -> bool:
        """Whether its stage has a rate of its own."""
        return self.stage is not None

    @property
    def shares_rate(self) -> bool:
        """Whether its requests draw on the account's rate of API Gateway."""
        return self.kind in (GatewayKind.REST, GatewayKind.HTTP)


def passes(spec: RateSpec, bucket: Bucket, now: int) -> bool:
    """Say whether a rate lets a request pass; then it counts."""
    return taken(bucket, now, 1, spec.burst, spec.amount, spec.per_ns)


def adjusted(rate: RateSpec, kind: int, value: int) -> RateSpec:
    """Return a rate that a row of the control table changes."""
    return replace(rate, **{RATES[Control(kind)]: value})


def catch_up(spec: RateSpec, bucket: Bucket, now: int) -> None:
    """Let a bucket have what came back until now, at which its rate changes; what was used stays used."""
    if spec.per_ns > 0:
        taken(bucket, now, 0, spec.burst, spec.amount, spec.per_ns)


def is_let_in(
    gateway: GatewaySource, stage: RateSpec, of_stage: Bucket, account: RateSpec, of_account: Bucket, now: int
) -> bool:
    """Say whether the rates of the stage and of the account let a request pass.

    The stage is asked first, and counts a request that only the account refuses.
    """
    if gateway.has_stage_rate and not passes(stage, of_stage, now):
        return False
    return not gateway.shares_rate or passes(account, of_account, now)


def outcome(first: int, attempt: int, u24: int, errors_q24: int, crashes_q24: int) -> int:
    """Return how the handler of an attempt ends: as drawn for the first, and by chance for those after it."""
    return rules.repeated_outcome(first, u24, errors_q24, crashes_q24) if attempt else first


def longest_wait_ns(spec: GatewaySource, answers: Answers, client_timeout_ns: int, delay_ns: int) -> tuple[int, int]:
    """Return how long a client waits at most for what reaches the gateway after ``delay_ns``, and the answer it then
    has."""
    patience_ns, overdue_ns = min(client_timeout_ns, spec.read_timeout_ns), delay_ns + spec.timeout_ns
    return (overdue_ns, answers.overdue) if overdue_ns <= patience_ns else (patience_ns, NO_ANSWER)


def answer(answers: Answers, status: int) -> tuple[int, int]:
    """Return what an execution that ended in time with ``status`` is to the client, and its HTTP status."""
    if status == _LOST:
        return _FAILED, answers.service
    return (_SUCCEEDED, OK) if status == _SUCCESS else (_FAILED, answers.failed)


def refusal(answers: Answers, reason: int) -> int:
    """Return the HTTP status that a client has of a refusal of Lambda's, by its ``ThrottleReason``."""
    return answers.service if reason == _SERVICE else answers.throttled


def trouble(answer: int) -> int:
    """Return the ``RetryCause`` that a client takes an HTTP status (0 for none) for; -1 if it is none to it."""
    if answer == NO_ANSWER:
        return _TIMEOUT
    if answer == REFUSED:
        return _THROTTLE
    return _SERVER_ERROR if answer >= 500 else -1
