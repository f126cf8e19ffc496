"""The concurrency scaling rate: how many on-demand environments may be added, and how soon more may."""

from lambdasim.model import rules
from lambdasim.model.law import ScalingLaw


class ScalingBucket:
    """A bucket of permissions to add one environment each. It starts full."""

    __slots__ = ("_credit", "_law", "_refilled_ns")

    def __init__(self, law: ScalingLaw) -> None:
        self._law = law
        self._credit = law.capacity * law.per_ns
        self._refilled_ns = 0

    def take(self, now: int) -> bool:
        """Use one permission if there is one."""
        law = self._law
        if law.continuous:
            elapsed_ns = now - self._refilled_ns
            if elapsed_ns:
                self._credit = rules.bucket_refilled(self._credit, elapsed_ns, law.capacity, law.amount, law.per_ns)
                self._refilled_ns = now
        else:
            ticks = (now - self._refilled_ns) // law.per_ns
            if ticks:
                self._credit = rules.bucket_stepped(self._credit, ticks, law.capacity, law.amount, law.per_ns)
                self._refilled_ns += ticks * law.per_ns
        if self._credit < law.per_ns:
            return False
        self._credit -= law.per_ns
        return True
