"""Callers who try again: how often, after what, and how long they wait first."""

from typing import Any

from oracles.agenda import NEVER, bits24, doubled, part

THROTTLE, SERVER_ERROR, LATE = 0, 1, 2


class Clients:
    """The callers of all loads, each with its processes."""

    def __init__(self, laws: Any, jitter_keys: Any) -> None:
        self.laws, self.keys = laws, jitter_keys
        self.tokens: dict[tuple[int, int], int] = {}

    def law(self, load: int) -> Any:
        """Return how a load tries again; None if it does not."""
        return self.laws[load] if load < len(self.laws) else None

    def patience(self, load: int) -> int:
        """Return how long a load waits for an answer."""
        law = self.law(load)
        return NEVER if law is None else law.timeout_ns

    def cost(self, law: Any, trouble: int) -> int:
        """Return the tokens of a retry."""
        if trouble == SERVER_ERROR and law.error_cost is not None:
            return int(law.error_cost)
        if trouble == LATE and law.timeout_cost is not None:
            return int(law.timeout_cost)
        return int(law.retry_cost)

    def retry(self, load: int, request: Any, attempt: int, trouble: int) -> int | None:
        """Return the wait before attempt ``attempt + 1`` of a request, by the ways of a load; None to give up."""
        law = self.law(load)
        if law is None or attempt + 1 >= law.max_attempts or trouble not in law.retry_on:
            return None
        if law.quota:
            process = load, request.number % law.processes
            left = self.tokens.setdefault(process, law.quota) - self.cost(law, trouble)
            if left < 0:
                return None
            self.tokens[process] = left
        base = law.base_ns
        if trouble != THROTTLE and law.error_base_ns is not None:
            base = law.error_base_ns
        delay = doubled(attempt, base, law.cap_ns)
        u24 = bits24(self.keys[request.load], request.number * 128 + attempt)
        return part(delay, u24) if law.full_jitter else delay

    def refund(self, load: int, request: Any, attempt: int, last: int) -> None:
        """Give tokens back for an answer that was no trouble; ``last`` is what its last retry followed."""
        law = self.law(load)
        if law is not None and law.quota:
            process = load, request.number % law.processes
            back = self.cost(law, last) if attempt else 1
            self.tokens[process] = min(law.quota, self.tokens.get(process, law.quota) + back)
