"""A quota of requests per second.

AWS names the quota and not the way it is metered; here it is counted afresh in every whole second of the simulation.
"""

from dataclasses import dataclass

from lambdasim.model.rules import NS_PER_S, REQUESTS_PER_CONCURRENCY


@dataclass(slots=True, eq=False, init=False)
class RequestRate:
    """Requests admitted in the present second, against ten times a concurrency."""

    quota: int
    ends_ns: int
    """When the present second ends."""
    admitted: int

    def __init__(self, concurrency: int) -> None:
        self.ends_ns = self.admitted = 0
        follows(self, concurrency)


def follows(rate: RequestRate, concurrency: int) -> None:
    """Let the quota be that of a concurrency from now on; what the present second has admitted stays counted."""
    rate.quota = concurrency * REQUESTS_PER_CONCURRENCY


def allows(rate: RequestRate, now: int) -> bool:
    """Say whether one more request may pass in the second that holds ``now``; who lets it pass counts it."""
    if now >= rate.ends_ns:
        rate.ends_ns = (now // NS_PER_S + 1) * NS_PER_S
        rate.admitted = 0
    return rate.admitted < rate.quota
