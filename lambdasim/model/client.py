"""The caller of a synchronous request: whether and when it tries again.

A function error of a direct call arrives as HTTP 200 with a FunctionError, which SDKs do not retry (botocore 1.44,
read 2026-11); through a gateway it is a server error like any other.
"""

from lambdasim.model import rules
from lambdasim.model.events import Trouble
from lambdasim.model.law import ClientLaw


class ClientState:
    """The client processes of one load, each with its retry quota."""

    __slots__ = ("_law", "_tokens", "has_quota", "is_default", "retries", "timeout_ns")

    def __init__(self, law: ClientLaw) -> None:
        self._law = law
        self._tokens = [law.quota] * law.processes
        self.retries = law.max_attempts > 1
        self.has_quota = law.quota > 0
        self.timeout_ns = law.timeout_ns
        self.is_default = law.is_default

    def retry_delay_ns(
        self, sequence: int, attempt: int, jitter: int, trouble: Trouble = Trouble.THROTTLE
    ) -> int | None:
        """Return how long to wait before the next attempt, or None to give up.

        ``sequence`` is the request's place in its load, ``attempt`` counts from 0 and ``jitter`` is uniform on
        0 .. 2**24 - 1.
        """
        law = self._law
        if attempt + 1 >= law.max_attempts or trouble not in law.retry_on:
            return None
        if law.quota:
            process, cost = sequence % law.processes, law.cost(trouble)
            if self._tokens[process] < cost:
                return None
            self._tokens[process] -= cost
        base_ns = law.base_ns if trouble == Trouble.THROTTLE or law.error_base_ns is None else law.error_base_ns
        delay_ns = rules.backoff_ns(attempt, base_ns, law.cap_ns)
        return rules.jittered_ns(delay_ns, jitter) if law.full_jitter else delay_ns

    def answered(self, sequence: int, attempt: int, last: Trouble = Trouble.THROTTLE) -> None:
        """Note an answer that was no trouble: it refunds the last retry's cost, or one token after a first try.

        ``last`` is what that retry followed.
        """
        law = self._law
        process = sequence % law.processes
        refund = law.cost(last) if attempt else 1
        self._tokens[process] = min(law.quota, self._tokens[process] + refund)
