"""Billed durations that AWS documents, and real REPORT lines that show them; all in ms as printed in the logs."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from lambdasim.model import rules

billed_ms: Callable[[int, int, int], int] = rules.billed_ms  # for whole numbers, which the rule's own text leaves open

BLOG = "AWS Compute Blog on the billing of the init phase, 2025"
REPORT = "REPORT lines in public repositories, 2025-2026"


def ns(milliseconds: str) -> int:
    return int(Decimal(milliseconds) * 1_000_000)


@pytest.mark.parametrize(
    ("duration", "init", "since_2025_08", "source"),
    [
        ("250.06", "100.77", 351, BLOG),
        ("2.03", "87.78", 90, REPORT),
        ("2.12", "112.29", 115, REPORT),
        ("8959.28", "1202.75", 10_163, REPORT),
        ("344356.22", "399.33", 344_756, REPORT),
        ("600000.00", "476.75", 600_477, REPORT + " (timeout)"),
        ("900000.00", "502.37", 900_503, REPORT + " (timeout)"),
        ("3000.00", "402.04", 3_403, REPORT + " (timeout)"),
    ],
)
def test_init_is_billed_since_2025_08(duration: str, init: str, since_2025_08: int, source: str) -> None:
    assert billed_ms(ns(duration), ns(init), 1, 1) == since_2025_08, source


@pytest.mark.parametrize(
    ("duration", "init", "legacy", "source"),
    [
        ("250.06", "100.77", 251, BLOG),
        ("2.03", "87.78", 3, REPORT),
        ("2.12", "112.29", 3, REPORT),
        ("3000.00", "402.04", 3_000, REPORT + " (timeout)"),
        ("376256.59", "551.73", 376_257, "REPORT line of 2025-07-29 in a public repository"),
    ],
)
def test_init_of_zip_packages_was_free_before(duration: str, init: str, legacy: int, source: str) -> None:
    assert billed_ms(ns(duration), ns(init), 0, 1) == legacy, source


@pytest.mark.parametrize(
    ("duration", "before_2020_12"), [("250.06", 300), ("100.00", 100), ("100.01", 200), ("1875.04", 1_900)]
)
def test_hundreds_of_milliseconds_were_billed_before_2020_12(duration: str, before_2020_12: int) -> None:
    """AWS's price page until 2020-11; the last row is a REPORT line of June 2020 (pacslab, exp00)."""
    assert billed_ms(ns(duration), ns("100.77"), 0, 100) == before_2020_12


@pytest.mark.parametrize(
    ("duration", "billed_restore", "billed"),
    [
        ("306.34", 303, 610),
        ("2338.66", 182, 2_521),
        ("127.10", 26, 154),
        ("159.87", 118, 278),
        ("147.156", 53, 201),
    ],
)
def test_snapstart_adds_a_billed_restore_of_whole_ms(duration: str, billed_restore: int, billed: int) -> None:
    """REPORT lines in public repositories, 2023-2026; the rule is that of DG:snapstart-monitoring, read 2026."""
    assert billed_ms(ns(duration), billed_restore * 1_000_000, 1, 1) == billed
