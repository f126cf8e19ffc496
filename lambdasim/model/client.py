"""The caller of a synchronous request: whether and when it tries again.

A function error of a direct call arrives as HTTP 200 with a FunctionError, which SDKs do not retry (botocore 1.44,
read 2026-11); through a gateway it is a server error like any other.
"""

from dataclasses import dataclass

from lambdasim.model.events import RetryCause, ThrottleReason
from lambdasim.model.rules import backoff_ns, jittered_ns
from lambdasim.model.spec import ClientSpec

_THROTTLE, _SERVER_ERROR, _TIMEOUT = (
    int(RetryCause.THROTTLE), int(RetryCause.SERVER_ERROR), int(RetryCause.TIMEOUT)
)  # fmt: skip
_SERVICE = int(ThrottleReason.SERVICE)


@dataclass(slots=True, eq=False, init=False)
class ClientState:
    """The client processes of one load, each with its retry quota; what its spec leaves open is filled in."""

    retry_on: int
    """A bit for each ``RetryCause``."""
    error_base_ns: int
    error_cost: int
    timeout_cost: int
    spec: ClientSpec
    tokens: list[int]
    """Left to each process."""

    def __init__(self, spec: ClientSpec) -> None:
        self.spec = spec
        self.retry_on = sum(1 << trouble for trouble in spec.retry_on)
        self.error_base_ns = spec.base_ns if spec.error_base_ns is None else spec.error_base_ns
        self.error_cost = spec.retry_cost if spec.error_cost is None else spec.error_cost
        self.timeout_cost = spec.retry_cost if spec.timeout_cost is None else spec.timeout_cost
        self.tokens = [spec.quota] * spec.processes

    def retry_delay_ns(self, sequence: int, attempt: int, jitter: int, trouble: int = _THROTTLE) -> int | None:
        """Return how long to wait before the next attempt, or None to give up.

        ``sequence`` is the request's place in its load, ``attempt`` counts from 0 and ``jitter`` is uniform on
        0 .. 2**24 - 1.
        """
        process = sequence % self.spec.processes
        left = left_by_retry(self.spec, self, self.tokens[process], attempt, trouble)
        if left < 0:
            return None
        self.tokens[process] = left
        return retry_delay_ns(self.spec, self, attempt, trouble, jitter)

    def answered(self, sequence: int, attempt: int, last: int = _THROTTLE) -> None:
        """Note an answer that was no trouble; ``last`` is what the last retry followed."""
        process = sequence % self.spec.processes
        self.tokens[process] = refunded(self.tokens[process], refund(self.spec, self, attempt, last), self.spec.quota)


def trouble_of(reason: int) -> int:
    """Return the ``RetryCause`` that a caller takes a refusal for, by its ``ThrottleReason``."""
    return _SERVER_ERROR if reason == _SERVICE else _THROTTLE


def left_by_retry(spec: ClientSpec, client: ClientState, tokens: int, attempt: int, trouble: int) -> int:
    """Return how many of a process's retry tokens a retry after ``trouble`` leaves; fewer than 0 if it gives up."""
    if attempt + 1 >= spec.max_attempts or not client.retry_on >> trouble & 1:
        return -1
    return tokens if spec.quota == 0 else tokens - retry_cost(spec, client, trouble)


def retry_delay_ns(spec: ClientSpec, client: ClientState, attempt: int, trouble: int, jitter: int) -> int:
    """Return how long a client waits before it tries again."""
    delay_ns = backoff_ns(attempt, spec.base_ns if trouble == _THROTTLE else client.error_base_ns, spec.cap_ns)
    return jittered_ns(delay_ns, jitter) if spec.full_jitter else delay_ns


def retry_cost(spec: ClientSpec, client: ClientState, trouble: int) -> int:
    """Return the retry tokens that a retry takes."""
    if trouble == _THROTTLE:
        return spec.retry_cost
    return client.timeout_cost if trouble == _TIMEOUT else client.error_cost


def refund(spec: ClientSpec, client: ClientState, attempt: int, last: int) -> int:
    """Return the tokens that an answer gives back: what the last retry, after ``last``, took; 1 for a first attempt."""
    return retry_cost(spec, client, last) if attempt else 1


def refunded(tokens: int, refund: int, quota: int) -> int:
    """Return a process's tokens after a refund."""
    return min(quota, tokens + refund)
