"""AWS's numbers: each says where it was read, and the legacy burst is by Region."""

import pytest

from lambdasim.config import quotas


@pytest.mark.parametrize(
    ("region", "burst"),
    [
        ("us-west-2", 3000),
        ("us-east-1", 3000),
        ("eu-west-1", 3000),
        ("ap-northeast-1", 1000),
        ("eu-central-1", 1000),
        ("us-east-2", 1000),
        ("eu-west-3", 500),
    ],
)
def test_initial_burst(region: str, burst: int) -> None:
    """DG22:invocation-scaling, 2026-11-23."""
    assert quotas.initial_burst(region).value == burst


def test_every_quota_has_a_page_and_a_date() -> None:
    found = {name: value for name, value in vars(quotas).items() if isinstance(value, quotas.Quota)}
    assert len(found) >= 13
    assert {name for name, quota in found.items() if not quota.page or quota.date != "2026-11-23"} == set()
    assert found["MEMORY_MAX"].source == "AWS, DG:gettingstarted-limits, 2026-11-23"


def test_regions_of_the_burst_table_exist() -> None:
    assert set(quotas.BURST_BY_REGION) <= set(quotas.REGIONS)
