"""Sharing is exact: parts sum to the whole, no part exceeds its quantity, and no order decides who is cheap."""

from hypothesis import given
from hypothesis import strategies as st

from lambdasim.cost.tiers import proportional_parts, tiered_parts

quantities = st.lists(st.integers(0, 10**18), max_size=8)


def test_parts_are_proportional() -> None:
    assert proportional_parts([100, 300], 40) == [10, 30]
    assert proportional_parts([1, 1, 1], 2) == [0, 1, 1]
    assert proportional_parts([0, 0], 0) == [0, 0]
    assert proportional_parts([], 0) == []


def test_each_tier_is_shared_before_the_next() -> None:
    assert tiered_parts([60, 20], [40, 60, None]) == [[30, 10], [15, 5], [15, 5]]
    assert tiered_parts([30, 0], [40, 60, None]) == [[30, 0], [0, 0], [0, 0]]


@given(quantities, st.integers(0, 10**19))
def test_parts_sum_to_the_amount(used: list[int], wanted: int) -> None:
    amount = min(wanted, sum(used))
    parts = proportional_parts(used, amount)
    assert sum(parts) == amount
    for part, quantity in zip(parts, used, strict=True):
        assert 0 <= part <= quantity
        assert abs(part * sum(used) - quantity * amount) <= sum(used)


@given(quantities, st.lists(st.integers(1, 10**18), max_size=3, unique=True))
def test_tiers_fill_from_the_bottom(used: list[int], limits: list[int]) -> None:
    limits = sorted(limits)
    tiers = tiered_parts(used, [*limits, None])
    assert [sum(parts) for parts in zip(*tiers, strict=True)] == used
    lower, left = 0, sum(used)
    for parts, limit in zip(tiers, limits, strict=False):
        assert sum(parts) == min(left, limit - lower)
        lower, left = limit, left - sum(parts)
    assert sum(tiers[-1]) == left
