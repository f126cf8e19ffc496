"""A part of the benchmark of error rates: fewer seeds, judged by the exact binomial limits of as many.

The whole tables are those of ``tests/benchmarks/error_rates.py``, where each row's truth and estimand stand.
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from error_rates import Row, coverage, searches, table, verdicts


def judged(rows: list[Row]) -> None:
    assert all(row.holds for row in rows), table([row for row in rows if not row.holds])


def test_intervals_cover() -> None:
    judged(coverage(cheap=300, simulated=6))


def test_verdicts_err_as_rarely_as_they_say() -> None:
    judged(verdicts(cheap=100))


@pytest.mark.filterwarnings("ignore:simulation.warmup")
def test_searches_err_as_rarely_as_they_say() -> None:
    judged(searches(seeds=2))


def test_a_row_outside_its_limits_is_seen() -> None:
    assert not Row("x", "y", "z", 100, 80, 0.95, 85, 100).holds
    assert "**outside**" in table([Row("x", "y", "z", 100, 80, 0.95, 85, 100)])
