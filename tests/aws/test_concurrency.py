"""Concurrency as AWS computes it: requests per second times duration (Little's law)."""

import pytest

from lambdasim.metrics.queueing import offered_load


@pytest.mark.parametrize(
    ("rate", "duration_s", "concurrency"),
    [
        (100, 1.0, 100),
        (100, 0.5, 50),
        (200, 0.25, 50),
        (5_000, 0.2, 1_000),
        (20_000, 0.05, 1_000),
        (30_000, 0.02, 600),
    ],
)
def test_concurrency_is_rate_times_duration(rate: int, duration_s: float, concurrency: int) -> None:
    """Developer Guide, lambda-concurrency, read 2026."""
    assert offered_load(rate, duration_s) == pytest.approx(concurrency, rel=1e-12)
