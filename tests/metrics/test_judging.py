"""Verdicts on objectives: right about clear cases, undecided about the others, and rarely wrong."""

import math
from typing import Any

import numpy as np
import pytest

from lambdasim.config.slo import SloExpression, find_metric
from lambdasim.metrics.judging import judge, overall, worst


def latency(values: list[float | None]) -> list[dict[str, Any]]:
    return [{"functions": {"f": {"latency": {"p99": value}}}} for value in values]


def throttled(counts: list[int], requests: int) -> list[dict[str, Any]]:
    return [
        {"functions": {"f": {"throttle_rate": n / requests, "throttles": n, "invocations": requests - n}}}
        for n in counts
    ]


def slo(path: str, text: str) -> dict[str, tuple[SloExpression, ...]]:
    return {path: (SloExpression.parse(text, find_metric(path, ("f",), ())),)}


P99 = slo("f.latency", "p99 < 100ms")
RATE = slo("f.throttles", "rate < 1%")


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([50.0, 51, 52], "passes"),
        ([150.0, 151, 152], "fails"),
        ([90.0, 99, 104], "undecided"),
        ([99.0], "passes"),
        ([100.0], "fails"),
        ([None, None], "fails"),
    ],
)
def test_verdicts(values: list[float | None], verdict: str) -> None:
    (one,) = judge(P99, latency(values), 0.95)
    assert one.verdict == verdict


def test_the_interval_is_students() -> None:
    (one,) = judge(P99, latency([90.0, 92, 94]), 0.95)
    assert one.observed is not None
    half = 4.302652729749464 * 2 / math.sqrt(3)  # t of 2 degrees of freedom at 0.975
    assert (one.observed.low, one.observed.high) == pytest.approx((92 - half, 92 + half))
    assert one.miss == pytest.approx(-0.08)


def test_the_bound_of_a_verdict_is_one_sided() -> None:
    """92 + 2.92 x 1.155 = 95.4 at 95 % (t of 2 degrees of freedom), though the interval of two sides ends at 97."""
    values = latency([90.0, 92, 94])
    assert judge(slo("f.latency", "p99 < 95.5ms"), values, 0.95)[0].verdict == "passes"
    assert judge(slo("f.latency", "p99 < 95.3ms"), values, 0.95)[0].verdict == "undecided"
    assert judge(slo("f.latency", "p99 > 88.5ms"), values, 0.95)[0].verdict == "passes"


def test_no_throttle_among_few_requests_proves_little() -> None:
    assert judge(RATE, throttled([0, 0, 0], 20), 0.95)[0].verdict == "undecided"
    assert judge(RATE, throttled([0, 0, 0], 2000), 0.95)[0].verdict == "passes"


def test_one_objective_decides_for_the_point() -> None:
    measured = [a | {"functions": {"f": a["functions"]["f"] | b["functions"]["f"]}} for a, b in zip(
        latency([50.0, 51, 52]), throttled([900, 910, 905], 2000), strict=True)]  # fmt: skip
    judged = judge(P99 | RATE, measured, 0.95)
    assert [one.verdict for one in judged] == ["passes", "fails"]
    assert overall(judged) == "fails"
    assert worst(judged) is judged[1]
    assert judged[1].miss == pytest.approx(44.25)


def test_an_init_that_never_came_meets_its_objective() -> None:
    measured = [{"functions": {"f": {"init_duration": {"p99": None}}}}] * 3
    assert overall(judge(slo("f.init_duration", "p99 < 1s"), measured, 0.95)) == "passes"


@pytest.mark.parametrize("operator", ["<", ">"])
def test_more_looks_do_not_wear_the_confidence_down(operator: str) -> None:
    """A point exactly at the limit is passed at some look with at most the chance of error, 5 %: Student, Bonferroni.

    2,000 experiments; a share of 5 % is then known to 0.49 % (one standard error), and four are allowed.
    """
    objectives = slo("f.latency", f"p99 {operator} 100ms")
    draws = np.random.default_rng(5).normal(100, 10, (2000, 12))
    looks = (3, 6, 12)

    def passed(row: np.ndarray) -> bool:
        for count in looks:
            verdict = judge(objectives, latency(row[:count].tolist()), 0.95, len(looks))[0].verdict
            if verdict != "undecided":
                return verdict == "passes"
        return False

    wrong = sum(passed(row) for row in draws) / len(draws)
    assert wrong <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / len(draws))
    assert wrong >= 0.01  # and the bound is not empty
