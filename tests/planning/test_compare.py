"""Comparisons: pairs of the same random numbers, what changed, and one sentence about it."""

import json
import math
from statistics import fmean

import pytest
from support import experiment

import lambdasim as ls
from lambdasim.errors import InputError
from lambdasim.metrics.inference.intervals import mean_interval
from lambdasim.planning.compare import Comparison
from lambdasim.report.difference import Difference


def base(**tables: object) -> ls.Experiment:
    return experiment(
        {"duration": "exponential(mean=100ms)", "init": "constant(300ms)", "memory": "512 MB"},
        {"executor": "poisson", "rate": "40/s", "duration": "20s"},
        simulation={"replications": 6, "seed": 3},
        output={"period": "10s"},
        billing={"repeats": "1/min"},
        **tables,
    )


@pytest.fixture(scope="module")
def before() -> ls.Result:
    return base().run()


@pytest.fixture(scope="module")
def comparison(before: ls.Result) -> Comparison:
    after = base().with_({"function.f.duration": "exponential(mean=70ms)", "function.f.reserved_concurrency": 5})
    return ls.compare(before, after.run())


def p99s(result: ls.Result) -> list[float]:
    return [one["functions"]["f"]["latency"]["p99"] for one in result.replications]


def test_a_difference_is_the_mean_over_pairs_with_students_interval(comparison: Comparison) -> None:
    was, now = p99s(comparison.before), p99s(comparison.after)
    frame = comparison.differences
    row = frame[(frame["scope"] == "function") & (frame["metric"] == "latency.p99")].iloc[0]
    exact = mean_interval([n - w for n, w in zip(now, was, strict=True)], 0.95)
    assert row["difference"] == pytest.approx(fmean(now) - fmean(was))
    assert (row["low"], row["high"]) == pytest.approx((exact.low, exact.high))
    assert (row["before"], row["after"]) == pytest.approx((fmean(was), fmean(now)))


def test_every_number_of_the_summary_is_compared(comparison: Comparison) -> None:
    frame = comparison.differences
    assert set(frame["scope"]) == {"account", "function", "source"}
    known = set(frame[frame["scope"] == "function"]["metric"])
    assert {
        "requests",
        "latency.p99.9",
        "throttles_by_reason.ReservedFunctionConcurrentInvocationLimitExceeded",
    } <= known
    assert {"cost.total", "cost.monthly", "environments.created", "provisioned.utilization_max"} <= known
    assert frame.loc[frame["metric"] == "requests", "difference"].eq(0).all(), "the same arrivals"


def test_pairs_make_intervals_narrower_than_two_separate_runs_would(before: ls.Result) -> None:
    faster = ls.compare(before, base().with_({"function.f.duration": "exponential(mean=70ms)"}).run())
    was, now = p99s(faster.before), p99s(faster.after)
    paired = next(d for d in faster.every if d.key == ("function", "f", "latency.p99"))
    separate = math.hypot(mean_interval(was, 0.95).half_width, mean_interval(now, 0.95).half_width)
    assert (paired.high - paired.low) / 2 < 0.8 * separate


def test_what_changed_in_the_files_is_told_by_path(comparison: Comparison) -> None:
    assert [(c.path, c.before, c.after) for c in comparison.changes] == [
        ("function.f.duration", "exponential(mean=100ms)", "exponential(mean=70ms)"),
        ("function.f.reserved_concurrency", None, 5),
    ]


def test_the_verdict_holds_the_greatest_difference_and_the_cost(comparison: Comparison) -> None:
    rate = next(d for d in comparison.every if d.key == ("function", "f", "throttle_rate"))
    assert rate.is_certain
    assert comparison.verdict.startswith(f"throttle rate of f rises by {100 * rate.difference:.3g} points")
    assert "95 % CI" in comparison.verdict
    assert "a month's cost falls by $" in comparison.verdict


def test_an_objective_that_turns_is_told(before: ls.Result) -> None:
    slo = {"f.latency": ["p50 < 60ms"]}
    slow, fast = base(slo=slo), base(slo=slo).with_({"function.f.duration": "exponential(mean=50ms)"})
    verdict = ls.compare(slow.run(), fast.run()).verdict
    assert verdict.startswith("p50 of f falls by ")
    assert verdict.endswith("f.latency p50 < 60 ms is met now.")
    assert ls.compare(fast.run(), slow.run()).verdict.endswith("f.latency p50 < 60 ms is no longer met.")


def test_what_is_the_same_is_said_to_be(before: ls.Result) -> None:
    assert ls.compare(before, base().run()).verdict.startswith("Nothing differs")
    dearer = ls.compare(before, base().with_({"function.f.memory": "1024 MB"}).run())
    assert dearer.verdict.startswith("A month's cost rises by $")
    assert dearer.verdict.endswith("stay the same.")


def test_chance_is_not_called_a_difference(before: ls.Result) -> None:
    after = base().with_({"function.f.idle_timeout": "constant(2s)"}).run()
    comparison = ls.compare(before, after)
    p50 = next(d for d in comparison.every if d.key == ("function", "f", "latency.p50"))
    assert p50.is_certain == (p50.low > 0 or p50.high < 0)
    headline = max(comparison.headlines, key=lambda d: d.weight)
    assert comparison.verdict.startswith("No difference to be sure of") == (
        not any(d.is_certain for d in comparison.headlines)
    ), headline


def test_one_replication_has_a_difference_and_no_interval() -> None:
    one = base().with_({"simulation.replications": 1})
    comparison = ls.compare(one.run(), one.with_({"function.f.duration": "exponential(mean=70ms)"}).run())
    assert "One replication each has no interval" in comparison.verdict
    assert math.isnan(comparison.differences["low"].iloc[0])
    assert comparison.to_json()["differences"][0]["ci"] is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"simulation.seed": 4}, r"seeds 3 and 4 have no random numbers in common; .*--seed"),
        ({"simulation.replications": 2}, r"6 and 2 replications cannot be paired; .*--replications"),
    ],
)
def test_what_cannot_be_paired_is_refused(before: ls.Result, change: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ls.compare(before, base().with_(change).run())


def test_functions_that_only_one_has_are_told_without_a_difference(before: ls.Result) -> None:
    both = ls.Experiment(
        functions={
            "f": {"duration": "exponential(mean=100ms)", "init": "constant(300ms)", "memory": "512 MB"},
            "g": {"duration": "exponential(mean=100ms)", "init": "constant(300ms)", "memory": "512 MB"},
        },
        loads=[
            {"target": "f", "executor": "poisson", "rate": "40/s", "duration": "20s"},
            {"target": "g", "executor": "poisson", "rate": "40/s", "duration": "20s"},
        ],
        simulation={"replications": 6, "seed": 3},
        output={"period": "10s"},
    ).run()
    comparison = ls.compare(before, both)
    row = next(d for d in comparison.every if d.key == ("function", "g", "requests"))
    assert math.isnan(row.before)
    assert math.isnan(row.difference)
    assert row.to_json()["before"] is None
    assert "g.latency.p99" in comparison.to_text()
    assert ("load.g.rate", None, "40/s") in [(c.path, c.before, c.after) for c in comparison.changes]


def test_a_rate_of_nothing_is_not_compared() -> None:
    """A version that is deployed in one run alone has no cold starts in the other, but no rate of them either."""
    one = {"duration": "constant(20ms)", "init": "constant(80ms)"}
    released = ls.Experiment(
        functions={"f": one | {"version": {"1": {}, "2": {}}, "alias": {"live": {"weights": {"1": 1.0}}}}},
        loads=[{"target": "f:live", "executor": "poisson", "rate": "20/s", "duration": "20s"}],
        change=[{"name": "release", "time": "5s", "deploy": {"alias": "f:live", "version": "2"}}],
        simulation={"replications": 3},
        output={"period": "10s"},
    )
    at_once = released.with_({"change.release.time": "0s"})
    comparison = ls.compare(released.run(), at_once.run())
    assert [(c.path, c.before, c.after) for c in comparison.changes] == [("change.release.time", "5s", "0s")]
    rate, starts = (
        next(d for d in comparison.every if d.key == ("function", "f:1", metric))
        for metric in ("cold_start_rate", "cold_starts")
    )
    assert rate.before > 0
    assert math.isnan(rate.difference)
    assert starts.after == 0


def test_views(comparison: Comparison) -> None:
    text = comparison.to_text(60)
    assert max(map(len, text.splitlines())) <= 60
    assert "function.f.reserved_concurrency: not set -> 5" in text
    assert str(comparison) == comparison.to_text()
    comparison.to_text(80, "ascii").encode("ascii")
    markdown = comparison.to_markdown()
    assert "| metric | before | after | difference | 95 % CI |" in markdown
    document = json.loads(json.dumps(comparison.to_json(), allow_nan=False))
    assert document["verdict"] == comparison.verdict
    assert document["replications"] == 6


def test_a_comment_on_a_pull_request_has_at_most_30_lines() -> None:
    names = [f"f{n}" for n in range(30)]
    function = {"duration": "constant(50ms)", "init": "constant(1s)"}
    loads = [{"target": name, "executor": "poisson", "rate": "2/s", "duration": "5s"} for name in names]
    exp = ls.Experiment(functions=dict.fromkeys(names, function), loads=loads, simulation={"replications": 2})
    changed = exp.with_({f"function.{name}.duration": "constant(90ms)" for name in names})
    lines = ls.compare(exp.run(), changed.run()).to_markdown().splitlines()
    assert 20 < len(lines) <= 30
    assert "and 22 more changes" in lines


def test_names_of_users_are_escaped() -> None:
    named = base(name="<b>&|`x`").with_({"simulation.replications": 2})
    comparison = ls.compare(named.run(), named.with_({"question": "<script>"}).run())
    assert "<b>" not in comparison._repr_html_()
    assert "<b>" not in comparison.to_markdown()


@pytest.mark.parametrize(
    ("metric", "low", "difference", "high", "between", "interval"),
    [
        ("latency.p99", 100.0, 120.0, 140.0, "100 to 140 ms", "100 to 140"),
        ("latency.p99", 9_000.0, 11_000.0, 13_000.0, "9,000 ms to 13 s", "9,000 ms to 13 s"),
        ("throttle_rate", -0.01, 0.0, 0.01, "-1 to 1 points", "-1 to 1"),
        ("concurrency.max", -27.0, -14.7, -2.0, "-27 to -2", "-27 to -2"),
        ("cost.monthly", 1.5, 2.0, 2.5, "$1.50 to $2.50", "$1.50 to $2.50"),
        ("latency.p99", math.nan, 1.0, math.nan, "", ""),
    ],
)
def test_bounds_have_their_unit_once(
    metric: str, low: float, difference: float, high: float, between: str, interval: str
) -> None:
    found = Difference(("function", "f", metric), 1.0, 1.0 + difference, difference, low, high)
    assert found.interval() == interval
    if math.isfinite(low):
        assert found.between(low, high) == between
