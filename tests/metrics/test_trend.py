"""A plain word for a run, by tests over its periods; and what happened, read from rows by brute force."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

import lambdasim as ls
from lambdasim.config.load import config_from_dict
from lambdasim.metrics.happened import Happening, happened
from lambdasim.metrics.level import level_stretches
from lambdasim.metrics.series import Series, SeriesTable
from lambdasim.metrics.trend import Trend, above, of_runs, trend
from lambdasim.report.happened import sentence, state

SECOND = 10**9
LEVEL = [(0, 100 * SECOND)]


def table(metric: str, statistic: str, values: list[float], owner: int = 0) -> SeriesTable:
    keys = owner * len(values) + np.arange(len(values))
    part = Series(metric, statistic, keys, np.array(values, float))
    return SeriesTable([part], ["api"], ["jobs"], len(values), SECOND)


@pytest.mark.parametrize("refused", range(1, 11))
def test_overloaded_is_what_is_refused_in_most_periods_by_the_sign_test(refused: int) -> None:
    series = table("Throttles", "Sum", [3.0] * refused + [0.0] * (10 - refused))
    found = trend(series, 10 * SECOND, {"api"}, 0.95, [])
    p = stats.binomtest(refused, 10, 0.5, alternative="greater").pvalue
    assert found.word == ("overloaded" if p <= 0.05 else "steady")
    if found.word == "overloaded":
        assert (found.of, found.p) == ("api", pytest.approx(p))


@pytest.mark.parametrize(
    ("metric", "how"), [("Refusals", "refuses"), ("4XXError", "refuses"), ("AsyncEventsDropped", "gives up")]
)
def test_who_refuses_or_gives_up_in_most_periods_is_overloaded_too(metric: str, how: str) -> None:
    found = trend(table(metric, "Sum", [3.0] * 10, owner=2), 10 * SECOND, set(), 0.95, LEVEL)
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
    assert trend(table("Throttles", "Sum", [3.0] * 10), 10 * SECOND, set(), 0.95, LEVEL).word == "steady"


@pytest.mark.parametrize("slope", [-2.0, 0.0, 0.5, 4.0])
def test_falling_behind_is_what_grows_by_the_t_test(slope: float) -> None:
    noise = np.random.default_rng(1).normal(0, 3, 20)
    values = 100 + slope * np.arange(20) + noise
    found = trend(table("EventsWaiting", "Average", values.tolist(), owner=2), 20 * SECOND, set(), 0.95, LEVEL)
    p = stats.ttest_1samp(np.diff(values), 0, alternative="greater").pvalue
    assert found.word == ("falling behind" if p <= 0.05 else "steady")
    if found.word == "falling behind":
        assert (found.of, found.p) == ("jobs", pytest.approx(p))


def test_what_a_stable_queue_does_is_rarely_taken_for_growth() -> None:
    """Its steps take each other back, so the test errs less often than its level of 5 %: 13 of 200 at most (0.9 %)."""
    rng = np.random.default_rng(2)
    runs = [rng.exponential(10, 30).tolist() for _ in range(200)]
    words = [
        trend(table("EventsWaiting", "Average", run, owner=2), 30 * SECOND, set(), 0.95, LEVEL).word for run in runs
    ]
    assert words.count("falling behind") <= 2


GROWN = [0.0] * 10 + [float(10 * second) for second in range(10)]


@pytest.mark.parametrize(
    ("level", "word"),
    [
        ([(0, 20)], "falling behind"),
        ([(0, 10), (10, 20)], "falling behind"),
        ([(0, 10)], "steady"),  # it grows while the load does, and then no more
        ([(0, 10), (16, 20)], "steady"),  # too short to tell
        ([(16, 20)], None),
        ([], None),
    ],
)
def test_growth_is_judged_where_the_load_is_level(level: list[tuple[int, int]], word: str | None) -> None:
    series = table("EventsWaiting", "Average", GROWN, owner=2)
    found = trend(series, 20 * SECOND, set(), 0.95, [(begin * SECOND, end * SECOND) for begin, end in level])
    assert (found.word, found.of) == (word, "" if word == "steady" else "jobs")
    if word is None:
        assert state(found.to_json()).startswith("Growing: jobs waits more and more (t test of its growth, p = ")


def test_several_level_stretches_share_the_chance_of_error() -> None:
    values = (100 + 1.1 * np.arange(20) + np.random.default_rng(1).normal(0, 2, 20)).tolist()
    series = table("EventsWaiting", "Average", values, owner=2)
    halves = [(0, 10 * SECOND), (10 * SECOND, 20 * SECOND)]
    found = trend(series, 20 * SECOND, set(), 0.95, halves)
    p = min(stats.ttest_1samp(np.diff(own), 0, alternative="greater").pvalue for own in (values[:10], values[10:]))
    whole = stats.ttest_1samp(np.diff(values), 0, alternative="greater").pvalue
    assert whole < 0.05
    assert found.word == ("falling behind" if 2 * p <= 0.05 else "steady")
    assert found.p in (None, pytest.approx(max(2 * p, whole)))


def test_of_several_runs_the_word_is_that_of_most() -> None:
    behind = [Trend("falling behind", "jobs", "waits", "t test of its growth", p) for p in (0.01, 0.02, 0.04)]
    found = of_runs([*behind, Trend("steady")])
    assert (found.word, found.of, found.p, found.runs) == ("falling behind", "jobs", 0.02, 3)
    assert state(found.to_json()) == (
        "Falling behind: jobs waits more and more in 3 runs (t test of its growth, median p = 0.02)."
    )
    assert of_runs([*behind, *[Trend("steady")] * 3]) == Trend("steady")
    assert of_runs(behind[:1]) is behind[0]


def test_a_load_is_level_where_its_rate_stays() -> None:
    ramp = {
        "target": "api", "executor": "ramping-arrival-rate", "start_rate": "5/s",
        "stages": [{"duration": "10s", "target": "5/s"}, {"duration": "20s", "target": "9/s"},
                   {"duration": "0s", "target": "7/s"}, {"duration": "30s", "target": "7/s"}],
    }  # fmt: skip
    spike = LOAD | {"name": "s", "executor": "spike", "spike_rate": "9/s", "spike_at": "40s", "spike_duration": "10s"}
    daily = LOAD | {"name": "d", "executor": "diurnal", "peak": "30/s", "start_time": "55s"}

    def level(*loads: dict[str, Any]) -> list[tuple[int, int]]:
        config = config_from_dict({"function": {"api": FUNCTION}, "load": list(loads)}).config
        return [(begin // SECOND, end // SECOND) for begin, end in level_stretches(config, 60 * SECOND)]

    assert level(LOAD) == [(0, 60)]
    assert level(ramp) == [(0, 10), (30, 60)]
    assert level(ramp, spike) == [(0, 10), (30, 40), (40, 50), (50, 60)]
    assert level(ramp, spike, daily) == [(0, 10), (30, 40), (40, 50), (50, 55)]


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 6, 19, 58, 59, 1439])
def test_students_tail_is_scipys(degrees: int) -> None:
    for t in (0.01, 0.5, 1.0, 2.0, 5.0, 30.0):
        assert above(t, degrees) == pytest.approx(stats.t.sf(t, degrees), rel=1e-6, abs=1e-14)


def test_a_short_run_says_nothing() -> None:
    found = trend(table("Throttles", "Sum", [3.0] * 4), 4 * SECOND, {"api"}, 0.95, [])
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
    assert trend(table("Throttles", "Sum", [0.0] * 10), 10 * SECOND, {"api"}, 0.95, []).word is None
