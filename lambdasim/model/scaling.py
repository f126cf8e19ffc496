"""The concurrency scaling rate: how many on-demand environments may be added, and how soon more may."""

from dataclasses import dataclass

from lambdasim.model.law import ScalingLaw
from lambdasim.model.rules import bucket_refilled


@dataclass(slots=True, eq=False, init=False)
class ScalingBucket:
    """A bucket of permissions to add one environment each. It starts full."""

    credit: int
    """A permission costs ``per_ns`` of it."""
    refilled_ns: int

    def __init__(self, law: ScalingLaw) -> None:
        self.credit = law.capacity * law.per_ns
        self.refilled_ns = 0


def permits(law: ScalingLaw, bucket: ScalingBucket, now: int) -> bool:
    """Use one permission to add an environment if there is one."""
    elapsed_ns = now - bucket.refilled_ns
    if not law.continuous:
        elapsed_ns -= elapsed_ns % law.per_ns
    bucket.credit = bucket_refilled(bucket.credit, elapsed_ns, law.capacity, law.amount, law.per_ns)
    bucket.refilled_ns += elapsed_ns
    if bucket.credit < law.per_ns:
        return False
    bucket.credit -= law.per_ns
    return True
