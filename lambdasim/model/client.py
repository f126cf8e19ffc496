"""The caller of a synchronous request: whether and when it tries again after a throttle.

Retries follow a throttle only. A function error arrives as HTTP 200 with a FunctionError, which SDKs do not retry
(botocore 1.44, read 2026-11).
"""

from lambdasim.model import rules
from lambdasim.model.law import ClientLaw


class ClientState:
    """The client processes of one load, each with its retry quota."""

    __slots__ = ("_law", "_tokens", "has_quota", "retries")

    def __init__(self, law: ClientLaw) -> None:
        self._law = law
        self._tokens = [law.quota] * law.processes
        self.retries = law.max_attempts > 1
        self.has_quota = law.quota > 0

    def retry_delay_ns(self, sequence: int, attempt: int, jitter: int) -> int | None:
        """Return how long to wait after a throttle, or None to give up.

        ``sequence`` is the request's place in its load, ``attempt`` counts from 0 and ``jitter`` is uniform on
        0 .. 2**24 - 1.
        """
        law = self._law
        if attempt + 1 >= law.max_attempts:
            return None
        if law.quota:
            process = sequence % law.processes
            if self._tokens[process] < law.retry_cost:
                return None
            self._tokens[process] -= law.retry_cost
        delay_ns = rules.backoff_ns(attempt, law.base_ns, law.cap_ns)
        return rules.jittered_ns(delay_ns, jitter) if law.full_jitter else delay_ns

    def answered(self, sequence: int, attempt: int) -> None:
        """Note an answer that was no throttle: it refunds the last retry's cost, or one token after a first try."""
        law = self._law
        process = sequence % law.processes
        refund = law.retry_cost if attempt else 1
        self._tokens[process] = min(law.quota, self._tokens[process] + refund)
