"""A quota of requests per second.

AWS names the quota and not the way it is metered: as a token bucket that holds one second's quota and refills steadily,
or, for those who choose so, afresh in every whole second of the simulation.
"""

from dataclasses import dataclass

from lambdasim.model.rules import NS_PER_S, REQUESTS_PER_CONCURRENCY


@dataclass(slots=True, eq=False, init=False)
class RequestRate:
    """Requests admitted lately, against ten times a concurrency."""

    quota: int
    whole_seconds: bool
    since_ns: int
    """When ``admitted`` began: with the present second or, of a bucket, when it was last asked."""
    admitted: int
    used: int
    """What was taken out of a bucket before and is not back yet, in billionths of a request."""

    def __init__(self, concurrency: int, whole_seconds: bool) -> None:
        self.whole_seconds = whole_seconds
        self.quota = self.since_ns = self.admitted = self.used = 0
        follows(self, concurrency, 0)


def follows(rate: RequestRate, concurrency: int, now: int) -> None:
    """Let the quota be that of a concurrency from now on; what was used stays used, of a bucket no more than it holds.

    A concurrency of -1, which is none, has no quota.
    """
    allows(rate, now)
    rate.quota = max(0, concurrency) * REQUESTS_PER_CONCURRENCY
    rate.used = min(rate.used, rate.quota * NS_PER_S)


def allows(rate: RequestRate, now: int) -> bool:
    """Say whether one more request may pass now; who lets it pass counts it in ``admitted``.

    A bucket that nobody has asked for a second is full again.
    """
    elapsed_ns = now - rate.since_ns
    if rate.whole_seconds:
        if elapsed_ns >= NS_PER_S:
            rate.since_ns = now - now % NS_PER_S
            rate.admitted = 0
        return rate.admitted < rate.quota
    used = rate.used + rate.admitted * NS_PER_S
    rate.used = max(0, used - elapsed_ns * rate.quota) if elapsed_ns < NS_PER_S else 0
    rate.admitted = 0
    rate.since_ns = now
    return rate.used + NS_PER_S <= rate.quota * NS_PER_S
