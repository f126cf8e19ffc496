"""A bill spread over periods sums to the bill, whatever its lines are."""

import numpy as np
import pytest

from lambdasim.cost import Month, PriceBook, bill
from lambdasim.cost.over_time import cost_over_time
from lambdasim.usage import FunctionUsage, PeriodUse

BOOK = PriceBook.load("us-east-1")


def use(item: str, owner: list[int], period: list[int], amount: list[float]) -> PeriodUse:
    return PeriodUse(item, np.array(owner), np.array(period), np.array(amount))


def test_tiers_the_free_tier_and_minimum_charges_are_spread_in_proportion_to_use() -> None:
    usages = [
        FunctionUsage("a", memory_mb=1_024, billed_ms=16_000_000_000_000, extras={"snapstart-cache-ms": 1}),
        FunctionUsage("b", memory_mb=1_024, requests=2_000_000),
    ]
    made = bill(usages, BOOK, free_tier=True, month=Month(None))
    assert len(made.lines) > 6  # three tiers and a free part of the duration, a minimum of three hours, requests
    uses = [
        use("duration", [0, 0], [0, 2], [4e12, 12e12]),
        use("requests", [1], [3], [2e6]),
        use("log-bytes", [], [], []),
    ]
    owner, period, usd = cost_over_time(made, BOOK, ["a", "b"], uses)
    by_key = dict(zip(zip(owner.tolist(), period.tolist(), strict=True), usd.tolist(), strict=True))
    amounts = {line.item: float(line.usd) for line in made.lines}
    duration = sum(amount for item, amount in amounts.items() if item.startswith("duration"))
    assert by_key == {
        (0, 0): pytest.approx(0.25 * duration + amounts["snapstart-cache"]),  # of no period: in the first one
        (0, 2): pytest.approx(0.75 * duration),
        (1, 3): pytest.approx(amounts["requests"]),
    }
    assert sum(by_key.values()) == pytest.approx(float(made.total))


def test_a_bill_of_nothing_has_no_rows() -> None:
    made = bill([], BOOK, free_tier=False, month=Month(None))
    assert [len(column) for column in cost_over_time(made, BOOK, ["a"], [])] == [0, 0, 0]
