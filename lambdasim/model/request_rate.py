"""A quota of requests per second.

AWS names the quota and not the way it is metered; here it is counted afresh in every whole second of the simulation.
"""

from lambdasim.model.rules import NS_PER_S, REQUESTS_PER_CONCURRENCY


class RequestRate:
    """Requests admitted in the present second, against ten times a concurrency."""

    __slots__ = ("_admitted", "_ends_ns", "_quota")

    def __init__(self, concurrency: int) -> None:
        self._quota = concurrency * REQUESTS_PER_CONCURRENCY
        self._ends_ns = 0
        self._admitted = 0

    def allows(self, now: int) -> bool:
        """Say whether one more request may pass in the second that holds ``now``; counts nothing."""
        if now >= self._ends_ns:
            self._ends_ns = (now // NS_PER_S + 1) * NS_PER_S
            self._admitted = 0
        return self._admitted < self._quota

    def count(self) -> None:
        """Count a request that :meth:`allows` has just let pass."""
        self._admitted += 1
