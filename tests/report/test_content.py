"""Rows that reports share: intervals, reasons of throttles with their remedies, and alternatives that were tried."""

import pytest

import lambdasim as ls
from lambdasim.report import alternatives as tried
from lambdasim.report import content
from lambdasim.report.text import summary_markdown

FUNCTION = {"duration": "exponential(mean=300ms)", "init": "constant(300ms)"}


@pytest.fixture(scope="module")
def result() -> ls.Result:
    functions = {
        "a": FUNCTION | {"reserved_concurrency": 2},
        "b": FUNCTION | {"reserved_concurrency": 1},
        "c": FUNCTION,
    }
    loads = [{"target": name, "executor": "poisson", "rate": "9/s", "duration": "30s"} for name in functions]
    return ls.Experiment(functions=functions, loads=loads, simulation={"replications": 3}).run(engine="simpy")


def test_every_reason_of_a_throttled_function_has_a_row_with_its_remedy(result: ls.Result) -> None:
    rows = content.reasons(result.summary, result.config)
    known = {
        (name, reason)
        for name, of in result.summary["functions"].items()
        for reason, count in of["throttles_by_reason"].items()
        if count["mean"]
    }
    assert {row[:2] for row in rows} == known
    assert {row[0] for row in rows} == {"a", "b"}
    assert all("raise it" in row[2] for row in rows)
    assert content.reasons(result.summary, result.config, most=1)[0][0] == "b"  # throttled most


def test_intervals_are_those_of_the_summary(result: ls.Result) -> None:
    rows = {row[0]: row for row in content.intervals(result.summary)}
    low, high = result.summary["functions"]["a"]["throttle_rate"]["ci"]
    mean = result.summary["functions"]["a"]["throttle_rate"]["mean"]
    expected = tuple(f"{100 * value:.3g} %" for value in (mean, low, high))
    assert rows["a: throttle rate"][1:4] == expected
    assert "How sure:\n" in str(result)
    assert f"({expected[1]} to {expected[2]})" in str(result)
    assert f"| a: throttle rate | {' | '.join(expected)} |" in summary_markdown(result)
    one = result.only(result.seeds[:1])
    assert content.intervals(one.summary) == []
    assert "How sure:" not in str(one)


def test_alternatives_are_told_with_their_effects_and_costs() -> None:
    slo = {"path": "a.latency", "success": True, "told": ["900 ms", "400 ms"]}
    worse = {"path": "a.throttles.rate", "difference": 0.03}
    one = {
        "set": {"function.a.memory": "1024 MB"},
        "slo": [slo],
        "worse": [worse],
        "success": True,
        "cost_monthly": -3.0,
    }
    two = one | {
        "set": {"function.a.snapstart": False, "function.a.provisioned": {"concurrency": 2}},
        "slo": [],
        "worse": [],
        "cost_monthly": {"mean": 2.0, "ci": [1.0, 3.0]},
    }
    three = one | {"slo": [slo | {"success": None}], "worse": [], "cost_monthly": {"mean": 2.0, "ci": [-1.0, 5.0]}}
    summary = {"what_to_change": [one, two, three], "cost": {"currency": "USD"}, "success": True}
    assert tried.rows(summary) == [
        (
            "function.a.memory = 1024 MB",
            "a.latency from 900 ms to 400 ms (met); a.throttles.rate rises by 3 points",
            "$3.00 less a month",
        ),
        (
            "function.a.snapstart = false, function.a.provisioned = concurrency 2",
            "no objective to judge it by",
            "$2.00 ($1.00 to $3.00) more a month",
        ),
        (
            "function.a.memory = 1024 MB",
            "a.latency from 900 ms to 400 ms (undecided)",
            "$2.00 (may be chance) more a month",
        ),
    ]
    assert tried.sentences(summary) == []
    dear = summary | {"what_to_change": [one | {"success": False}]}
    cheaper, alone = tried.sentences(dear)
    assert cheaper == "Nothing cheaper that was tried meets every objective."
    assert "of one pair of runs, without an interval" in alone
    assert tried.sentences(dear | {"success": False}) == [alone]
    open_ = dear | {"what_to_change": [one | {"success": None}]}
    assert tried.sentences(open_)[0] == "Nothing cheaper that was tried is shown to meet every objective."
