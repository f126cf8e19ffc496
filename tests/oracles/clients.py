"""Callers who try again: how often, after what, and how long they wait first."""

from typing import Any

from oracles.agenda import NEVER, bits24, doubled, part

THROTTLE, SERVER_ERROR, LATE = 0, 1, 2


class Clients:
    """The callers of all loads, each with its processes."""

    def __init__(self, specs: Any, jitter_keys: Any) -> None:
        self.specs, self.keys = specs, jitter_keys
        self.tokens: dict[tuple[int, int], int] = {}

    def spec(self, load: int) -> Any:
        """Return how a load tries again; None if it does not."""
        return self.specs[load] if load < len(self.specs) else None

    def patience(self, load: int) -> int:
        """Return how long a load waits for an answer."""
        spec = self.spec(load)
        return NEVER if spec is None else spec.timeout_ns

    def cost(self, spec: Any, trouble: int) -> int:
        """Return the tokens of a retry."""
        if trouble == SERVER_ERROR and spec.error_cost is not None:
            return int(spec.error_cost)
        if trouble == LATE and spec.timeout_cost is not None:
            return int(spec.timeout_cost)
        return int(spec.retry_cost)

    def retry(self, load: int, request: Any, attempt: int, trouble: int) -> int | None:
        """Return the wait before attempt ``attempt + 1`` of a request, by the ways of a load; None to give up."""
        spec = self.spec(load)
        if spec is None or attempt + 1 >= spec.max_attempts or trouble not in spec.retry_on:
            return None
        if spec.quota:
            process = load, request.number % spec.processes
            left = self.tokens.setdefault(process, spec.quota) - self.cost(spec, trouble)
            if left < 0:
                return None
            self.tokens[process] = left
        base = spec.base_ns
        if trouble != THROTTLE and spec.error_base_ns is not None:
            base = spec.error_base_ns
        delay = doubled(attempt, base, spec.cap_ns)
        u24 = bits24(self.keys[request.load], request.number * 128 + attempt)
        return part(delay, u24) if spec.full_jitter else delay

    def refund(self, load: int, request: Any, attempt: int, last: int) -> None:
        """Give tokens back for an answer that was no trouble; ``last`` is what its last retry followed."""
        spec = self.spec(load)
        if spec is not None and spec.quota:
            process = load, request.number % spec.processes
            back = self.cost(spec, last) if attempt else 1
            self.tokens[process] = min(spec.quota, self.tokens.get(process, spec.quota) + back)
