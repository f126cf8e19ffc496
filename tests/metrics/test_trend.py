"""A plain word for a run, by tests over its periods; and what happened, read from rows by brute force."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

import lambdasim as ls
from lambdasim.metrics.happened import Happening, happened
from lambdasim.metrics.series import Series, SeriesTable
from lambdasim.metrics.trend import above, trend
from lambdasim.report.happened import sentence, state

SECOND = 10**9


def table(metric: str, statistic: str, values: list[float], owner: int = 0) -> SeriesTable:
    keys = owner * len(values) + np.arange(len(values))
    part = Series(metric, statistic, keys, np.array(values, float))
    return SeriesTable([part], ["api"], ["jobs"], len(values), SECOND)


@pytest.mark.parametrize("refused", range(1, 11))
def test_overloaded_is_what_is_refused_in_most_periods_by_the_sign_test(refused: int) -> None:
    series = table("Throttles", "Sum", [3.0] * refused + [0.0] * (10 - refused))
    found = trend(series, 10 * SECOND, {"api"}, 0.95)
    p = stats.binomtest(refused, 10, 0.5, alternative="greater").pvalue
    assert found.word == ("overloaded" if p <= 0.05 else "steady")
    if found.word == "overloaded":
        assert (found.of, found.p) == ("api", pytest.approx(p))


@pytest.mark.parametrize(
    ("metric", "how"), [("Refusals", "refuses"), ("4XXError", "refuses"), ("AsyncEventsDropped", "gives up")]
)
def test_who_refuses_or_gives_up_in_most_periods_is_overloaded_too(metric: str, how: str) -> None:
    found = trend(table(metric, "Sum", [3.0] * 10, owner=2), 10 * SECOND, set(), 0.95)
    assert (found.word, found.of, found.how) == ("overloaded", "jobs", how)


def test_what_fails_stands_beside_steady_and_what_is_left_out_is_counted() -> None:
    assert state({"word": "steady"}, "91 % of the invocations failed") == (
        "Steady: no backlog is shown to grow, nor are callers refused in most of the periods, "
        "but 91 % of the invocations failed."
    )
    events = [{"time": f"{i} s", "of": "api", "what": "failed"} for i in range(15)]
    told = sentence(events, "times to 1 s")
    assert told.count("failed") == 12
    assert told.endswith("; and 3 more until 14 s (times to 1 s).")
    assert sentence([], "") == ""


def test_throttles_that_nobody_waits_for_are_no_overload() -> None:
    assert trend(table("Throttles", "Sum", [3.0] * 10), 10 * SECOND, set(), 0.95).word == "steady"


@pytest.mark.parametrize("slope", [-2.0, 0.0, 0.5, 4.0])
def test_falling_behind_is_what_grows_by_the_t_test(slope: float) -> None:
    noise = np.random.default_rng(1).normal(0, 3, 20)
    values = 100 + slope * np.arange(20) + noise
    found = trend(table("EventsWaiting", "Average", values.tolist(), owner=2), 20 * SECOND, set(), 0.95)
    p = stats.ttest_1samp(np.diff(values), 0, alternative="greater").pvalue
    assert found.word == ("falling behind" if p <= 0.05 else "steady")
    if found.word == "falling behind":
        assert (found.of, found.p) == ("jobs", pytest.approx(p))


def test_what_a_stable_queue_does_is_rarely_taken_for_growth() -> None:
    """Its steps take each other back, so the test errs less often than its level of 5 %: 13 of 200 at most (0.9 %)."""
    rng = np.random.default_rng(2)
    runs = [rng.exponential(10, 30).tolist() for _ in range(200)]
    words = [trend(table("EventsWaiting", "Average", run, owner=2), 30 * SECOND, set(), 0.95).word for run in runs]
    assert words.count("falling behind") <= 2


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 6, 19, 58, 59, 1439])
def test_students_tail_is_scipys(degrees: int) -> None:
    for t in (0.01, 0.5, 1.0, 2.0, 5.0, 30.0):
        assert above(t, degrees) == pytest.approx(stats.t.sf(t, degrees), rel=1e-6, abs=1e-14)


def test_a_short_run_says_nothing() -> None:
    found = trend(table("Throttles", "Sum", [3.0] * 4), 4 * SECOND, {"api"}, 0.95)
    assert found.to_json() == {"word": None, "of": None, "how": None, "test": None, "p": None}


FUNCTION = {"duration": "exponential(mean=500ms)", "init": "constant(300ms)", "reserved_concurrency": 5}
LOAD = {"target": "api", "executor": "poisson", "rate": "20/s", "duration": "60s"}


def run(target: str = "api", simulation: dict[str, Any] | None = None, **changes: Any) -> ls.Result:
    sources = {} if target == "api" else {target: {"type": "sqs", "function": "api", "batch_size": 1}}
    return ls.Experiment(
        functions={"api": FUNCTION}, sources=sources, loads=[LOAD | {"target": target} | changes],
        simulation=simulation or {}, output={"period": "5s", "requests": "all"},
    ).run(engine="simpy")  # fmt: skip


def test_what_happened_is_what_the_rows_say() -> None:
    result = run()
    rows = result.requests
    assert rows is not None
    throttled = rows[rows["status"] == "throttled"]
    events = {one.kind: one for one in happened(result._series[0]) if one.of == "api"}
    period = throttled["arrival_ns"] // (5 * SECOND) * 5
    for reason, own in throttled.groupby("reason", observed=True):
        assert events[str(reason)] == Happening(float(period[own.index].min()), "api", str(reason), len(own))
    assert events["last throttle"].time_s == period.max()
    assert events["last throttle"].value == len(throttled)
    assert result.summary["state"]["word"] == "overloaded"
    told = result.summary["happened"]
    assert [one["time_s"] for one in told] == sorted(one["time_s"] for one in told)
    assert "Overloaded: api is throttled in most of the periods" in str(result)


def test_a_queue_that_is_too_slow_falls_behind_and_drains_later() -> None:
    result = run("jobs", rate="40/s")
    assert result.summary["state"]["word"] == "falling behind"
    assert result.summary["state"]["of"] == "jobs"
    kinds = [one["what"] for one in result.summary["happened"] if one["of"] == "jobs"]
    assert kinds[-1] == "nothing waited any more"
    assert kinds[0].startswith("most waited, ")
    cut = run("jobs", rate="40/s", simulation={"duration": "60s"})
    assert [one["what"].partition(",")[0] for one in cut.summary["happened"] if one["of"] == "jobs"] == ["most waited"]


def test_times_are_the_clocks_where_there_is_one() -> None:
    exp = ls.Experiment(functions={"api": FUNCTION}, loads=[LOAD], simulation={"start": "2026-11-27T08:59:30Z"})
    times = [one["time"] for one in exp.with_({"output.period": "30s"}).run(engine="simpy").summary["happened"]]
    assert times[0] == "08:59:30"
    assert "09:00" in times


def test_no_requests_are_not_steady() -> None:
    assert trend(table("Throttles", "Sum", [0.0] * 10), 10 * SECOND, {"api"}, 0.95).word is None
