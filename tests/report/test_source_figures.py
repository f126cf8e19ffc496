"""Figures of event sources, drawn from a time series whose ``function`` is a source's name."""

from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from lambdasim.report.figures import FIGURES, METRICS, SOURCE_FIGURES, figures_of
from lambdasim.report.plots import Plots, drawn

PERIODS = 60
WAVE = np.maximum(0.0, np.sin(np.arange(PERIODS) / 18))
NASTY = "<script>$a$ & _b"
AGE_SLO = [{"path": "jobs.age", "expression": "max < 10min", "observed": 666e3, "success": False}]


def texts(chart):
    return [e.text for e in ElementTree.fromstring(chart.svg()).iter("{http://www.w3.org/2000/svg}text")]


def test_nobody_waits_for_what_a_queue_hands_over(make_result):
    result = make_result(["api"])
    assert any(text.startswith("Half of the callers waited") for text in texts(Plots(result).latency()))
    result.config.event_sources = {"jobs": SimpleNamespace(function="api:live")}
    assert any(text.startswith("Half of the requests took") for text in texts(Plots(result).latency()))


def queue(name, size=40_000.0):
    return [
        (name, "ApproximateNumberOfMessagesVisible", "Maximum", size * WAVE),
        (name, "ApproximateNumberOfMessagesVisible", "Average", size * WAVE * 0.9),
        (name, "ApproximateNumberOfMessagesNotVisible", "Maximum", np.full(PERIODS, 500.0)),
        (name, "ApproximateAgeOfOldestMessage", "Maximum", 660 * WAVE),
    ]


def stream(name):
    return [
        (name, "IteratorAge", "Maximum", 30_000 * WAVE),
        (name, "IteratorAge", "Average", 12_000 * WAVE),
    ]


def answers(name, server=0.0):
    return [
        (name, "Count", "Sum", np.full(PERIODS, 1000.0)),
        (name, "4xx", "Sum", np.full(PERIODS, 50.0)),
        (name, "5xx", "Sum", np.full(PERIODS, server)),
    ]


@pytest.fixture
def with_series(make_result):
    def made(*series, band=False, **how):
        result = make_result(["api", "worker"], **how)
        times = np.arange(PERIODS) * 60.0
        frames = [
            pd.DataFrame({"time": times, "function": f, "metric": m, "statistic": s, "value": values})
            for f, m, s, values in series
        ]
        words = dict.fromkeys(("function", "metric", "statistic"), str)
        result.timeseries = pd.concat([result.timeseries.astype(words), *frames], ignore_index=True)
        if band:
            result.summary["replications"] = 5
            value = result.timeseries["value"]
            result.bands = result.timeseries.drop(columns="value").assign(mean=value, low=value * 0.9, high=value * 1.5)
        result.summary["sources"] = {f: {} for f, *_ in series}
        return result

    return made


def test_a_figure_is_drawn_when_its_series_is_there_and_not_else(with_series, tmp_path):
    assert set(figures_of(with_series())) == set(FIGURES)
    assert set(figures_of(with_series(*queue("jobs")))) == {*FIGURES, "queues"}
    assert set(figures_of(with_series(*stream("clicks"), *answers("http")))) == {*FIGURES, "iterator_age", "answers"}
    assert set(METRICS) == set(SOURCE_FIGURES)
    drawn(with_series(*queue("jobs")), tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"queues.svg", "queues.csv"} <= names
    assert "answers.svg" not in names


@pytest.mark.parametrize("name", ["jobs", NASTY])
def test_a_queue_tells_its_backlog_and_age(with_series, name):
    result = with_series(*queue(name), slo=[{**AGE_SLO[0], "path": f"{name}.age"}])
    shown = texts(Plots(result).queues())
    assert "The backlog peaked at 39,995 messages, the oldest 11 min old" in shown
    assert {name, "waiting", "in flight", "SLO max < 10 min", "10 min"} <= set(shown)
    data = SOURCE_FIGURES["queues"].data(result)
    assert data[f"{name} waiting"].tolist() == (40_000 * WAVE).tolist()
    assert data[f"{name} oldest (s)"].tolist() == (660 * WAVE).tolist()


def test_of_several_queues_the_longest_is_named(with_series):
    chart = Plots(with_series(*queue("small", 10.0), *queue("large"))).queues()
    assert "The backlog of large peaked at 39,995 messages, the oldest 11 min old" in texts(chart)


def test_what_is_left_at_the_end_is_told(with_series):
    left = [("q", "ApproximateNumberOfMessagesVisible", "Maximum", np.arange(PERIODS) * 1.0)]
    result = with_series(*left)
    for waiting in (42, {"mean": 42.0, "ci": [40.0, 44.0]}):
        result.summary["sources"]["q"]["waiting"] = waiting
        assert any(text.endswith("; 42 were left at the end") for text in texts(Plots(result).queues()))
    result.summary["sources"]["q"]["waiting"] = 0
    assert not any("at the end" in text for text in texts(Plots(result).queues())), "the last period's highest is gone"


def test_a_stream_tells_how_far_it_fell_behind(with_series):
    result = with_series(*stream("clicks"))
    shown = texts(Plots(result).iterator_age())
    assert "The iterator age reached 30 s" in shown
    assert {"most in a period", "mean", "10 s", "0 s"} <= set(shown)
    two = texts(Plots(with_series(*stream("clicks"), *stream("other"))).iterator_age())
    assert "clicks fell furthest behind: its iterator age reached 30 s" in two


def test_answers_tell_the_share_of_failures(with_series):
    result = with_series(*answers("http", server=100.0))
    shown = texts(Plots(result).answers())
    assert "Of 60,000 answers, 10 % were 5xx and 5 % were 4xx" in shown
    data = SOURCE_FIGURES["answers"].data(result)
    assert data.frame().sum().to_dict() == {"http 2xx": 51_000.0, "http 4xx": 3_000.0, "http 5xx": 6_000.0}
    two = texts(Plots(with_series(*answers("good"), *answers("bad", server=500.0))).answers())
    assert "Of 60,000 answers of bad, 50 % were 5xx and 5 % were 4xx" in two


@pytest.mark.parametrize(
    ("every", "client", "server"),
    [
        ("Count", "4xx", "5xx"),
        ("Count", "4XXError", "5XXError"),
        ("RequestCount", "HTTPCode_ELB_4XX_Count", "HTTPCode_ELB_5XX_Count"),
        ("UrlRequestCount", "Url4xxCount", "Url5xxCount"),
    ],
)
def test_each_kind_of_source_has_its_own_names_for_them(with_series, every, client, server):
    ones = np.ones(PERIODS)
    result = with_series(
        ("http", every, "Sum", 10 * ones), ("http", client, "Sum", ones), ("http", server, "Sum", 2 * ones)
    )
    assert set(figures_of(result)) == {*FIGURES, "answers"}
    sums = SOURCE_FIGURES["answers"].data(result).frame().sum().to_dict()
    assert sums == {"http 2xx": 420.0, "http 4xx": 60.0, "http 5xx": 120.0}


def test_all_successes_are_said_so(with_series):
    assert "All 60,000 answers were successes" in texts(
        Plots(with_series(("http", "Count", "Sum", np.full(PERIODS, 1000.0)))).answers()
    )


def test_without_sources_each_says_so(with_series):
    plots = Plots(with_series())
    assert texts(plots.queues()) == ["The run has no queue."]
    assert texts(plots.iterator_age()) == ["The run has no stream."]
    assert texts(plots.answers()) == ["No caller was answered with a status code."]


def test_intervals_over_replications_are_bands_that_fit_into_the_axes(with_series):
    result = with_series(*queue("jobs"), *stream("clicks"), band=True)
    for name in ("queues", "iterator_age", "concurrency", "latency"):
        chart = getattr(Plots(result), name)()
        bands = [band for ax in chart.axes for band in ax.collections]
        assert bands
        assert "95 % interval of the mean" in texts(chart)
        for ax in chart.axes if name != "concurrency" else ():
            reach = max((path.vertices[:, 1].max() for b in ax.collections for path in b.get_paths()), default=0)
            assert reach <= ax.get_ylim()[1] * 1.001


def test_without_intervals_there_is_no_band(with_series):
    result = with_series(*queue("jobs"))
    for name in ("queues", "concurrency", "latency"):
        chart = getattr(Plots(result), name)()
        assert not [band for ax in chart.axes for band in ax.collections]
        assert "95 % interval of the mean" not in texts(chart)


def test_a_band_of_many_periods_stays_small(make_result):
    result = make_result(["api"], periods=20_000)
    result.summary["replications"] = 2
    value = result.timeseries["value"]
    result.bands = result.timeseries.drop(columns="value").assign(mean=value, low=value, high=value + 1)
    assert len(Plots(result).latency().svg()) < 400_000
