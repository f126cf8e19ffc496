"""Token buckets: the concurrency scaling rate, and rates of gateways and downstreams."""

from dataclasses import dataclass

from lambdasim.model.rules import bucket_refilled


@dataclass(slots=True, eq=False, init=False)
class Bucket:
    """A token bucket, now. It starts full."""

    credit: int
    """A token is as much of it as there are ns in the period of the bucket's rate."""
    refilled_ns: int

    def __init__(self, capacity: int, per_ns: int) -> None:
        self.credit = capacity * per_ns
        self.refilled_ns = 0


def taken(bucket: Bucket, now: int, tokens: int, capacity: int, amount: int, per_ns: int) -> bool:
    """Use so many tokens of a bucket with ``amount`` more every ``per_ns``, if there are so many; say which."""
    bucket.credit = bucket_refilled(bucket.credit, now - bucket.refilled_ns, capacity, amount, per_ns)
    bucket.refilled_ns = now
    if bucket.credit < tokens * per_ns:
        return False
    bucket.credit -= tokens * per_ns
    return True
