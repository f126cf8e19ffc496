"""The caller of a synchronous request: whether and when it tries again.

A function error of a direct call arrives as HTTP 200 with a FunctionError, which SDKs do not retry (botocore 1.44,
read 2026-11); through a gateway it is a server error like any other.
"""

from dataclasses import dataclass

from lambdasim.model.events import Trouble
from lambdasim.model.law import ClientLaw
from lambdasim.model.rules import backoff_ns, jittered_ns

_THROTTLE, _TIMEOUT = int(Trouble.THROTTLE), int(Trouble.TIMEOUT)


@dataclass(slots=True, eq=False, init=False)
class ClientState:
    """The client processes of one load, each with its retry quota; what its law leaves open is filled in."""

    retry_on: int
    """A bit for each ``Trouble``."""
    error_base_ns: int
    error_cost: int
    timeout_cost: int
    law: ClientLaw
    tokens: list[int]
    """Left to each process."""

    def __init__(self, law: ClientLaw) -> None:
        self.law = law
        self.retry_on = sum(1 << trouble for trouble in law.retry_on)
        self.error_base_ns = law.base_ns if law.error_base_ns is None else law.error_base_ns
        self.error_cost = law.retry_cost if law.error_cost is None else law.error_cost
        self.timeout_cost = law.retry_cost if law.timeout_cost is None else law.timeout_cost
        self.tokens = [law.quota] * law.processes

    def retry_delay_ns(self, sequence: int, attempt: int, jitter: int, trouble: int = _THROTTLE) -> int | None:
        """Return how long to wait before the next attempt, or None to give up.

        ``sequence`` is the request's place in its load, ``attempt`` counts from 0 and ``jitter`` is uniform on
        0 .. 2**24 - 1.
        """
        process = sequence % self.law.processes
        left = left_by_retry(self.law, self, self.tokens[process], attempt, trouble)
        if left < 0:
            return None
        self.tokens[process] = left
        return retry_delay_ns(self.law, self, attempt, trouble, jitter)

    def answered(self, sequence: int, attempt: int, last: int = _THROTTLE) -> None:
        """Note an answer that was no trouble; ``last`` is what the last retry followed."""
        process = sequence % self.law.processes
        self.tokens[process] = refunded(self.tokens[process], refund(self.law, self, attempt, last), self.law.quota)


def left_by_retry(law: ClientLaw, client: ClientState, tokens: int, attempt: int, trouble: int) -> int:
    """Return how many of a process's retry tokens a retry after ``trouble`` leaves; fewer than 0 if it gives up."""
    if attempt + 1 >= law.max_attempts or not client.retry_on >> trouble & 1:
        return -1
    return tokens if law.quota == 0 else tokens - retry_cost(law, client, trouble)


def retry_delay_ns(law: ClientLaw, client: ClientState, attempt: int, trouble: int, jitter: int) -> int:
    """Return how long a client waits before it tries again."""
    delay_ns = backoff_ns(attempt, law.base_ns if trouble == _THROTTLE else client.error_base_ns, law.cap_ns)
    return jittered_ns(delay_ns, jitter) if law.full_jitter else delay_ns


def retry_cost(law: ClientLaw, client: ClientState, trouble: int) -> int:
    """Return the retry tokens that a retry takes."""
    if trouble == _THROTTLE:
        return law.retry_cost
    return client.timeout_cost if trouble == _TIMEOUT else client.error_cost


def refund(law: ClientLaw, client: ClientState, attempt: int, last: int) -> int:
    """Return the tokens that an answer gives back: what the last retry, after ``last``, took; 1 for a first attempt."""
    return retry_cost(law, client, last) if attempt else 1


def refunded(tokens: int, refund: int, quota: int) -> int:
    """Return a process's tokens after a refund."""
    return min(quota, tokens + refund)
