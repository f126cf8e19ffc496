"""The scaling rate: how long a function takes to grow, and what refills when."""

import pytest

from lambdasim.model.bucket import Bucket
from lambdasim.model.function import may_scale
from lambdasim.model.spec import ScalingSpec

S = 1_000_000_000


class Permissions:
    """A bucket with its law."""

    def __init__(self, spec: ScalingSpec) -> None:
        self.spec, self.bucket = spec, Bucket(spec.capacity, spec.per_ns)


def taken(permissions: Permissions, now: int) -> int:
    count = 0
    while may_scale(permissions.spec, permissions.bucket, now):
        count += 1
    return count


@pytest.mark.parametrize(("target", "seconds"), [(1000, 0), (1001, 0.01), (3000, 20), (10_000, 90)])
def test_time_to_reach_a_concurrency(target: int, seconds: float) -> None:
    """From 0 to N takes max(0, (N - 1000) / 100) s under continuous refill (facts 2.2.5)."""
    bucket = Permissions(ScalingSpec())
    grown, now = taken(bucket, 0), 0
    while grown < target:
        now += S // 100
        grown += taken(bucket, now)
    assert (grown, now) == (target, round(seconds * S))


def test_continuous_refill_does_not_accrue_beyond_the_capacity() -> None:
    bucket = Permissions(ScalingSpec())
    assert taken(bucket, 0) == 1000
    assert taken(bucket, 10**18) == 1000


def test_continuous_refill_comes_one_by_one() -> None:
    bucket = Permissions(ScalingSpec())
    taken(bucket, 0)
    assert [taken(bucket, t) for t in (9_999_999, 10_000_000, 29_999_999, 30_000_000)] == [0, 1, 1, 1]


def test_step_refill_comes_at_ticks() -> None:
    bucket = Permissions(ScalingSpec(continuous=False))
    assert [taken(bucket, t * S) for t in (3, 9, 10, 19, 40)] == [1000, 0, 1000, 0, 1000]


def test_legacy_burst_grows_by_its_step() -> None:
    bucket = Permissions(ScalingSpec(capacity=3000, amount=500, per_ns=60 * S, continuous=False, per_function=False))
    assert [taken(bucket, t * S) for t in (0, 59, 60, 180, 6000)] == [3000, 0, 500, 1000, 3000]
