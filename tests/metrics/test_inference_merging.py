"""Summaries of several replications as one, and bands about their time series."""

import math

import numpy as np
import pytest

from lambdasim.metrics.inference.bands import bands
from lambdasim.metrics.inference.intervals import mean_interval
from lambdasim.metrics.inference.merging import merged, merged_lines
from lambdasim.metrics.series import Series, SeriesTable


def test_numbers_become_means_with_intervals_and_words_stay() -> None:
    found = merged([{"a": {"x": 1, "unit": "ms", "flag": True}}, {"a": {"x": 3, "unit": "ms", "flag": True}}], 0.9)
    assert found == {"a": {"x": mean_interval([1, 3], 0.9).to_json(), "unit": "ms", "flag": True}}


def test_what_some_lack_is_averaged_over_the_others() -> None:
    found = merged([{"a": {"p99": None}}, {"a": {"p99": 2.0}}, {"a": {"p99": 4.0}}], 0.95)
    assert found["a"]["p99"]["mean"] == 3.0
    assert found["a"]["p99"]["n"] == 2
    assert merged([{"a": {"p99": None}}, {"a": {"p99": 2.0}}], 0.95)["a"]["p99"] == 2.0


def test_a_function_that_one_replication_lacks_is_of_the_others() -> None:
    one = {"functions": {"f": {"x": 1.0}}}
    found = merged([one, {"functions": {}}, {"functions": {"f": {"x": 3.0}}}], 0.95)
    assert found["functions"]["f"]["x"]["mean"] == 2.0
    assert found["functions"]["f"]["x"]["n"] == 2


def test_rates_know_what_they_are_made_of() -> None:
    never = {"f": {"errors": 0, "invocations": 50, "error_rate": 0.0}}
    found = merged([never, never], 0.95)["f"]["error_rate"]
    assert found["ci"] == [0.0, pytest.approx(1 - 0.05 ** (1 / 100))]
    throttled = {"f": {"throttles": 50, "invocations": 50, "throttle_rate": 0.5}}
    assert merged([throttled, throttled], 0.95)["f"]["throttle_rate"] == {"mean": 0.5, "ci": [0.5, 0.5]}


def test_replications_without_requests_have_no_rate() -> None:
    none = {"f": {"throttles": 0, "invocations": 0, "throttle_rate": 0.0}}
    one = {"f": {"throttles": 1, "invocations": 0, "throttle_rate": 1.0}}
    found = merged([none, one, one, none, none], 0.95)["f"]["throttle_rate"]
    assert found == {"mean": 1.0, "ci": [pytest.approx(0.05**0.5), 1.0], "n": 2}
    assert merged([none, none], 0.95)["f"]["throttle_rate"] == 0.0


def test_rates_of_sources_are_made_of_their_counts() -> None:
    def answered(good: int, bad: int) -> dict[str, object]:
        answers = {"200": good, "502": bad} if bad else {"200": good}
        return {"web": {"answers": answers, "answers_5xx": bad, "answers_5xx_rate": bad / (good + bad)}}

    found = merged([answered(100, 0), answered(200, 100)], 0.95)["web"]
    assert found["answers_5xx_rate"]["mean"] == 0.25
    assert found["answers"]["502"]["mean"] == 50, "a status that one of them never answered counts 0 there"


def test_lines_of_a_mean_bill_sum_to_the_mean_total() -> None:
    line = {"function": "f", "item": "requests", "unit": "request", "unit_price": 2.0}
    bills = [[{**line, "quantity": 1, "usd": 2.0}], [{**line, "quantity": 3, "usd": 6.0}], []]
    assert merged_lines(bills) == [{**line, "quantity": pytest.approx(4 / 3), "usd": pytest.approx(8 / 3)}]


def test_a_band_is_the_interval_of_each_value() -> None:
    def series(*values: float) -> SeriesTable:
        keys = np.arange(len(values)) + len(values)  # of the second function; each replication ends when it ends
        return SeriesTable([Series("Duration", "p99", keys, np.array(values))], ["e", "f"], [], len(values), 60 * 10**9)

    found = bands([series(1.0, 5.0, -1.0), series(3.0, 5.0, 2.0), series(8.0)], 0.95).frame(spread=True)
    assert found["function"].tolist() == ["f"] * 3
    assert found["time"].tolist() == [0.0, 60.0, 120.0]
    exact = mean_interval([1.0, 3.0, 8.0], 0.95)
    assert found.loc[0, ["value", "low", "high", "n"]].tolist() == pytest.approx([4.0, exact.low, exact.high, 3])
    assert found.loc[1, ["value", "low", "high", "n"]].tolist() == [5.0, 5.0, 5.0, 2]
    assert found.loc[2, "low"] < 0
    alone = bands([series(1.0)], 0.95).frame(spread=True).loc[0]
    assert alone["value"] == 1.0
    assert math.isnan(alone["low"])
    assert math.isnan(alone["high"])


def test_a_sum_of_nothing_is_0_and_a_level_of_nothing_is_none() -> None:
    """Three replications, of which the second emitted nothing in the first period: sums are means over all three."""

    def table(statistic: str, periods: list[int], values: list[float]) -> SeriesTable:
        part = Series("Throttles", statistic, np.array(periods), np.array(values))
        return SeriesTable([part], ["f"], [], 2, 60 * 10**9)

    for statistic, first in (("Sum", [3.0, 0.0, 6.0]), ("Maximum", [3.0, 6.0])):
        tables = [
            table(statistic, [0, 1], [3.0, 1.0]),
            table(statistic, [1], [1.0]),
            table(statistic, [0, 1], [6.0, 1.0]),
        ]
        found = bands(tables, 0.95).frame(spread=True)
        exact = mean_interval(first, 0.95)
        expected = [exact.mean, max(exact.low, 0.0), exact.high, len(first)]
        assert found.loc[0, ["value", "low", "high", "n"]].tolist() == pytest.approx(expected)
        assert found.loc[1, ["value", "low", "high", "n"]].tolist() == [1.0, 1.0, 1.0, 3]
