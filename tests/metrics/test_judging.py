"""Verdicts on objectives: right about clear cases, undecided about the others, and rarely wrong."""

import math
from typing import Any

import numpy as np
import pytest

from lambdasim.config.slo import SloExpression, find_metric
from lambdasim.metrics.inference.rates import rate_ceiling
from lambdasim.metrics.judging import judge, overall, success_of, worst
from lambdasim.report import content
from lambdasim.report.words import milliseconds, percent


def latency(values: list[float | None]) -> list[dict[str, Any]]:
    return [{"functions": {"f": {"latency": {"p99": value}}}} for value in values]


def throttled(counts: list[int], requests: int) -> list[dict[str, Any]]:
    return [
        {
            "functions": {
                "f": {
                    "requests": requests,
                    "throttle_rate": n / requests if requests else 0.0,
                    "throttles": n,
                    "invocations": requests - n,
                }
            }
        }
        for n in counts
    ]


def longest(values: list[float]) -> list[dict[str, Any]]:
    return [{"functions": {"f": {"latency": {"max": value}}}} for value in values]


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
        ([None, None], "undecided"),
        ([99.0, None], "undecided"),
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


@pytest.mark.parametrize(
    ("runs", "requests", "verdict", "lacks"),
    [
        (3, 20, "undecided", "about 300 requests in 29 runs without one would show it"),
        (3, 2000, "undecided", "29 runs without one would show it"),
        (28, 2000, "undecided", "29 runs without one would show it"),
        (29, 10, "undecided", "about 300 requests without one would show it"),
        (29, 11, "passes", ""),
    ],
)
def test_no_event_is_bounded_twice(runs: int, requests: int, verdict: str, lacks: str) -> None:
    """By the requests of all runs, 1 - 0.05^(1/n) of n, and by the runs, of which nine in ten are to keep it."""
    (one,) = judge(RATE, throttled([0] * runs, requests), 0.95)
    assert (one.verdict, one.lacks) == (verdict, lacks)
    assert one.leans
    assert one.unseen is not None
    assert (one.unseen.runs, one.unseen.requests) == (runs, runs * requests)
    assert one.unseen.rate == pytest.approx(1 - 0.05 ** (1 / (runs * requests)))
    assert one.unseen.share == pytest.approx(1 - 0.05 ** (1 / runs))


def test_no_requests_decide_nothing() -> None:
    for objectives in (RATE, P99, slo("f.throttles", "count == 0"), slo("f.init_duration", "p99 < 1s")):
        for runs in (1, 30):
            (one,) = judge(objectives, throttled([0] * runs, 0), 0.95)
            assert (one.verdict, one.to_dict()["success"]) == ("undecided", None)


def test_requests_of_which_none_ran_have_no_latency_and_miss() -> None:
    measured = throttled([50] * 3, 50)
    for one in measured:
        one["functions"]["f"]["latency"] = {"p99": None}
    assert judge(P99, measured, 0.95)[0].verdict == "fails"


def test_events_in_few_runs_take_runs_that_keep_the_objective() -> None:
    """The bound of the rate passes one burst in 40 runs; that nine of ten keep it takes 46 of which one does not."""
    burst = [0] * 39 + [400]
    (one,) = judge(RATE, throttled(burst, 2000), 0.95)
    assert rate_ceiling(burst, [2000] * 40, 0.95) == pytest.approx(0.005 * math.exp(1.6849), rel=1e-4)
    assert judge(slo("f.throttles", "rate < 3%"), throttled(burst, 2000), 0.95)[0].verdict == "undecided"
    assert one.verdict == "undecided"
    assert judge(slo("f.throttles", "rate < 3%"), throttled([0] * 6 + burst, 2000), 0.95)[0].verdict == "passes"
    small = [0] * 39 + [15]
    assert judge(RATE, throttled(small, 2000), 0.95)[0].verdict == "passes", "no run had 1 %"


@pytest.mark.parametrize(
    ("over", "runs", "text", "verdict"),
    [
        (0, 28, "max < 8s", "undecided"),
        (0, 29, "max < 8s", "passes"),
        (1, 45, "max < 8s", "undecided"),
        (1, 46, "max < 8s", "passes"),
        (11, 30, "max < 8s", "fails"),
        (3, 30, "max < 8s", "undecided"),
        (0, 298, "P(max < 8s) >= 99%", "undecided"),
        (0, 299, "P(max < 8s) >= 99%", "passes"),
        (0, 5, "P(max < 8s) >= 50%", "passes"),
        (0, 1, "max < 8s", "passes"),
        (1, 1, "max < 8s", "fails"),
    ],
)
def test_a_maximum_is_judged_by_the_runs_that_keep_it(over: int, runs: int, text: str, verdict: str) -> None:
    values = [7000.0] * (runs - over) + [9000.0] * over
    (one,) = judge(slo("f.latency", text), longest(values), 0.95)
    assert one.verdict == verdict
    if runs > 1:
        assert one.kept is not None
        assert (one.kept.count, one.kept.runs) == (runs - over, runs)
        assert one.number == (9000.0 if over else 7000.0)


def test_the_miss_of_a_maximum_is_that_of_the_run_that_decides() -> None:
    """Of 30 runs 27 are to keep it: the 27th in order, so that a search knows how far it is from the limit."""
    (one,) = judge(slo("f.latency", "max < 8s"), longest([1000.0 * i for i in range(1, 31)]), 0.95)
    assert one.miss == pytest.approx((27 - 8) / 8)


def test_counts_are_of_every_run() -> None:
    lost = [{"functions": {"f": {"requests": 9, "errors": n}}} for n in [0] * 28 + [3]]
    (one,) = judge(slo("f.errors", "count == 0"), lost, 0.95)
    assert (one.verdict, one.number, one.miss) == ("undecided", 3, 0)


def test_one_objective_decides_for_the_point() -> None:
    measured = [a | {"functions": {"f": a["functions"]["f"] | b["functions"]["f"]}} for a, b in zip(
        latency([50.0, 51, 52]), throttled([900, 910, 905], 2000), strict=True)]  # fmt: skip
    judged = judge(P99 | RATE, measured, 0.95)
    assert [one.verdict for one in judged] == ["passes", "fails"]
    assert [one.to_dict()["verdict"] for one in judged] == ["met", "missed"]
    assert overall(judged) == "fails"
    assert success_of(judged) is False
    assert worst(judged) is judged[1]
    assert judged[1].miss == pytest.approx(44.25)


def test_an_init_that_never_came_meets_its_objective() -> None:
    measured = [{"functions": {"f": {"invocations": 9, "init_duration": {"p99": None}}}}] * 3
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
            verdict = judge(objectives, latency(row[:count].tolist()), 0.95, looks)[0].verdict
            if verdict != "undecided":
                return verdict == "passes"
        return False

    wrong = sum(passed(row) for row in draws) / len(draws)
    assert wrong <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / len(draws))
    assert wrong >= 0.01  # and the bound is not empty


def test_a_share_of_runs_spends_its_error_on_the_looks_that_can_show_it() -> None:
    """Of looks at 3 to 96 runs, 48 and 96 can show nine of ten: each at half the error, 36 clean runs or more."""
    looks = (3, 6, 12, 24, 48, 96)
    objectives = slo("f.latency", "max < 8s")
    verdicts = [judge(objectives, longest([1.0] * n), 0.95, looks)[0].verdict for n in looks]
    assert verdicts == ["undecided"] * 4 + ["passes"] * 2


def test_rare_bursts_are_rarely_passed() -> None:
    """A run is calm with 0.8 and else loses half of its requests: the true rate is 10 %, the limit 1 %.

    By the exact binomial distribution 29 calm runs in a row come once in 650; 600 experiments of 3 to 96 runs.
    """
    rng = np.random.default_rng(11)
    looks = (3, 6, 12, 24, 48, 96)
    wrong = 0
    for _ in range(600):
        bursts = np.where(rng.random(96) < 0.2, 500, 0)
        for count in looks:
            verdict = judge(RATE, throttled(bursts[:count].tolist(), 1000), 0.95, looks)[0].verdict
            if verdict != "undecided":
                wrong += verdict == "passes"
                break
    assert wrong <= 4


@pytest.mark.parametrize("text", ["p99 < 100ms", "p99 > 100ms"])
@pytest.mark.parametrize("mean", [80, 97, 100, 103, 120])
def test_the_bound_that_is_told_is_the_one_that_decides(text: str, mean: float) -> None:
    values: list[float | None] = [mean - 4, mean, mean + 4]
    (found,) = judge(slo("f.latency", text), latency(values), 0.95)
    assert found.bound is not None
    assert found.expression.holds(found.bound) == (found.verdict == "passes")
    above = text.startswith("p99 <") != (found.verdict == "fails")
    half = 2.919985580353725 * 4 / math.sqrt(3)  # t of 2 degrees of freedom at 0.95
    assert found.bound == pytest.approx(mean + half if above else mean - half)
    told = content.objectives({"slo": [found.to_dict()]})[0].observed
    assert told.endswith(f", {'at most' if above else 'at least'} {milliseconds(found.bound)}")


def test_where_runs_leave_a_rate_undecided_their_share_is_told() -> None:
    """No throttle in 10 runs of 10,000: the rate is below 1 % for certain, but one run in four might have some."""
    (found,) = judge(RATE, throttled([0] * 10, 10_000), 0.95)
    assert found.verdict == "undecided"
    assert found.bound is not None
    assert found.bound < 0.01
    assert found.may_miss == pytest.approx(1 - 0.05 ** (1 / 10))
    assert content.objectives({"slo": [found.to_dict()]})[0].observed == "0 %, missed by up to 25.9 % of runs"
    (enough,) = judge(RATE, throttled([0] * 29, 10_000), 0.95)
    assert (enough.verdict, enough.may_miss) == ("passes", None)
    assert content.objectives({"slo": [enough.to_dict()]})[0].observed.startswith("0 %, at most 0.00")


def test_the_share_of_runs_that_keep_a_maximum_is_told() -> None:
    (found,) = judge(slo("f.latency", "max < 100ms"), longest([50.0] * 29 + [200.0]), 0.95)
    assert content.objectives({"slo": [found.to_dict()]})[0].observed == (
        f"200 ms at worst, kept in 29 of 30 runs, at least {percent(found.bound)} of all"
    )
