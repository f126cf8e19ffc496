"""Figures along time of a real run: quota steps, marks of changes, single environments, and what is read of them."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.patches import Rectangle

import lambdasim as ls
from lambdasim.report import style
from lambdasim.report.figures import FIGURES, figures_of, lanes
from lambdasim.report.figures.concurrency import levels
from lambdasim.report.plots import Plots, drawn
from lambdasim.report.readings import ROWS, readings
from lambdasim.report.saved_folder import SavedFolder
from lambdasim.report.saved_run import read_run
from lambdasim.report.series import Series

EXPERIMENT = """
[account]
concurrency = 200
[downstream.db]
type = "database"
max_connections = 2
[function.api]
duration = "constant(300ms)"
init = "constant(800ms)"
idle_timeout = "constant(6s)"
reserved_concurrency = 5
uses = [{ downstream = "db" }]
[function.worker]
duration = "constant(1s)"
init = "constant(500ms)"
provisioned = { concurrency = 2 }
[source.events]
type = "async-invoke"
function = "worker"
[[load]]
name = "day"
target = "api"
executor = "constant-arrival-rate"
rate = "4/s"
duration = "60s"
[[load]]
name = "blip"
target = "api"
executor = "spike"
rate = "1/s"
spike_rate = "30/s"
spike_at = "20s"
spike_duration = "300ms"
duration = "60s"
[[load]]
target = "events"
executor = "constant-arrival-rate"
rate = "3/s"
duration = "30s"
[[change]]
name = "more"
time = "40s"
set = { "account.concurrency" = 1000, "function.api.reserved_concurrency" = 8 }
[[change]]
name = "bad"
time = "25s"
until = "30s"
fault = { function = "api", errors = 0.5 }
[output]
requests = "all"
period = "2s"
[simulation]
duration = "60s"
engine = "simpy"
"""


@pytest.fixture(scope="module")
def result() -> ls.Result:
    import tomllib

    raw = tomllib.loads(EXPERIMENT)
    names = {"function": "functions", "source": "sources", "load": "loads"}
    return ls.Experiment(**{names.get(key, key): value for key, value in raw.items()}).run()


def test_every_quota_step_is_drawn(result: ls.Result) -> None:
    assert levels(result, lambda config: config.account.concurrency) == [(0.0, 200.0), (40.0, 1000.0)]
    reserved = levels(result, lambda config: config.function["api"].reserved_concurrency)
    assert reserved == [(0.0, 5.0), (40.0, 8.0)]
    drawing = result.plot.concurrency()
    assert {"account 200 to 1,000 ↑", "api: reserved 5 to 8"} <= {text.get_text() for text in drawing.axes[0].texts}
    lines = [line for line in drawing.axes[0].lines if line.get_color() == "#222222" and line.get_linestyle() == "--"]
    heights = np.concatenate([np.asarray(line.get_ydata(), float) for line in lines])
    assert not {200.0, 1000.0} & set(heights[np.isfinite(heights)])  # both are above the axis, and said to be
    assert "the quota was 200 to 1,000" in drawing.finding


def test_changes_faults_and_stages_are_marked_and_none_on_another(result: ls.Result) -> None:
    series = Series(result)
    marks = {mark.label: mark for mark in lanes.marks(series)}
    assert marks["more"][:2] == (40.0, 40.0)
    assert marks["fault: bad"][:2] == (25.0, 30.0)
    assert marks["blip: 30/s"][:2] == (20.0, 20.3)
    chart = result.plot.throttles()
    chart.svg()
    shown = [text for text in chart.axes[0].texts if (text.get_gid() or "").startswith("strip")]
    assert {"more", "fault: bad", "blip: 30/s", "day: 4/s", "events: 3/s"} <= {text.get_text() for text in shown}
    boxes = sorted(text.get_window_extent().bounds for text in shown)
    for (x, y, wide, _), (other_x, other_y, _, _) in pairwise(sorted(boxes, key=lambda box: (round(box[1]), box[0]))):
        assert round(y) != round(other_y) or x + wide <= other_x + 1


def test_what_the_strip_has_no_room_for_is_counted(result: ls.Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "MOST", 2)
    chart = result.plot.throttles()
    assert f"and {len(lanes.marks(Series(result))) - 2} more" in {text.get_text() for text in chart.axes[0].texts}


def shades(ax: Any) -> list[tuple[float, float, float]]:
    """The bands behind what an axes shows: from where to where, and how opaque."""
    bands = [patch for patch in ax.patches if isinstance(patch, Rectangle) and patch.get_zorder() < 1]
    return sorted((band.get_x(), band.get_x() + band.get_width(), band.get_alpha() or 0.0) for band in bands)


def test_the_stages_of_many_loads_are_no_darker_than_those_of_one(make_result: Any) -> None:
    loads = [[(0, 600), (600, 1200 + 30 * i), (1200 + 30 * i, 3000)] for i in range(40)]
    stages = [(a * 10**9, b * 10**9, f"load {i}: {a}") for i, load in enumerate(loads) for a, b in load]
    bands = shades(Plots(make_result(stages=stages)).concurrency().axes[0])
    assert all(end <= start + 1e-9 for (_, end, _), (start, _, _) in pairwise(bands))
    assert {alpha for _, _, alpha in bands} == set(style.BAND_ALPHA)
    assert all(one[2] != other[2] for one, other in pairwise(bands))  # so that one stage is told from the next
    assert [band[:2] for band in bands[:3]] == [(0.0, 10.0), (10.0, 20.0), (20.0, 20.5)]  # min
    assert bands[-1][1] == 50.0


def test_stages_too_many_to_be_told_apart_have_no_bands(make_result: Any) -> None:
    stages = [(i * 10**9, (i + 90) * 10**9, f"stage {i}") for i in range(0, 3000, 20)]
    assert not shades(Plots(make_result(stages=stages)).concurrency().axes[0])


def test_faults_at_the_same_time_are_no_darker_than_one(make_result: Any) -> None:
    result = make_result()
    times = [(600, 1200), (900, 1800), (2400, 3000)]
    result.summary["changes"] = [
        {"what": "fault", "name": f"{at}", "time_s": at, "until_s": until} for at, until in times
    ]
    bands = [band[:2] for band in shades(Plots(result).concurrency().axes[0])]
    assert bands == [(10.0, 15.0), (15.0, 20.0), (20.0, 30.0), (40.0, 50.0)]


def test_an_alarm_is_marked_with_what_it_is_and_touches_no_name(make_result: Any) -> None:
    result = make_result(stages=[(0, 3600 * 10**9, "60/s")])
    alarm = {"what": "alarm", "name": "failing"}
    result.summary["changes"] = [
        {"what": "deploy", "name": "release", "status": "rolled_back", "time_s": 600, "ended_s": 750},
        alarm | {"status": "alarm", "time_s": 750},
        alarm | {"status": "ok", "time_s": 1800},
    ]
    chart = Plots(result).concurrency()
    chart.get_layout_engine().execute(chart)
    ax = chart.axes[0]
    names = {text.get_text(): text for text in ax.texts if (text.get_gid() or "").startswith("strip")}
    assert {"release (rolled back)", "failing: alarm", "failing: OK"} <= set(names)
    diamonds = [line.get_window_extent() for line in ax.lines if line.get_marker() == "d"]
    assert len(diamonds) == 3
    middles = [((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2) for box in diamonds]
    assert not any(text.get_window_extent().contains(*middle) for text in names.values() for middle in middles)
    lanes_of = {name: text.get_gid() for name, text in names.items()}
    assert lanes_of["release (rolled back)"] == lanes_of["failing: OK"] == "strip_0"
    assert lanes_of["failing: alarm"] == "strip_2"  # lane 1 is right above the name of the release


def test_a_deployment_in_progress_is_marked_to_the_end() -> None:
    result = ls.Experiment(
        functions={"f": {"duration": "constant(1s)", "init": "constant(1s)", "version": {"1": {}, "2": {}},
                         "alias": {"live": {"weights": {"1": 1}}}}},
        loads=[{"target": "f:live", "executor": "constant-arrival-rate", "rate": "2/s", "duration": "30s"}],
        change=[{"name": "out", "time": "20s",
                 "deploy": {"alias": "f:live", "version": "2", "strategy": {"linear": 0.1, "every": "5s"}}}],
        simulation={"duration": "30s"},
    ).run()  # fmt: skip
    assert result.summary["changes"][0]["ended_s"] is None
    assert [mark[:2] for mark in lanes.marks(Series(result)) if mark.label == "out"] == [(20.0, 30.0)]
    assert "<svg" in result.plot.concurrency().svg()


def test_the_figures_that_a_run_has_are_those_of_what_it_emits(result: ls.Result) -> None:
    assert set(figures_of(result)) == {*FIGURES, "provisioned", "async_age", "connections", "timeline"}
    drawings = drawn(result)
    assert all(len(drawing.svg) < 300_000 for drawing in drawings.values())


def test_titles_hold_the_numbers_of_the_summary(result: ls.Result) -> None:
    functions = result.summary["functions"]
    spilled = functions["worker"]["provisioned"]["spillover"]
    assert spilled > 0
    assert result.plot.provisioned().finding.startswith(f"{spilled:,} of ")
    assert "events" in result.plot.async_age().finding.lower()
    refused = result.summary["downstreams"]["db"]["refusals"]
    assert (
        result.plot.connections().finding
        == f"db held 2 of 2 connections at most; {refused} invocations were refused one"
    )
    created = sum(of["environments"]["created"] for of in functions.values())
    ran = sum(of["invocations"] for of in functions.values())
    assert f"{created} environments served {ran} invocations" in result.plot.timeline().finding


def test_memory_held_is_that_of_the_environments(result: ls.Result) -> None:
    held = FIGURES["held"].data(result).frame()
    lives = result.environments
    end_ns = result.summary["simulated_s"] * 1e9
    spans = lives["ended_ns"].astype(float).fillna(end_ns) - lives["created_ns"]
    for name, own in spans.groupby(lives["function"].astype(str)):
        memory_gb = result.config.function[name].memory / 1024
        assert held.loc[name].sum() == pytest.approx(own.sum() / 1e9 * memory_gb, rel=0.02)


def test_what_is_read_of_a_figure_is_its_data(result: ls.Result) -> None:
    plots = figures_of(result)
    document = json.loads(readings(result, plots["throttles"]))
    assert document["edges"][0] == 0
    assert document["edges"][-1] == result.summary["simulated_s"]
    by_name = {one["name"]: one for one in document["columns"]}
    assert sum(by_name["api"]["values"]) == result.summary["functions"]["api"]["throttles"] > 0
    assert [25.0, 30.0, "fault: bad"] in document["marks"]
    assert readings(result, plots["held"]) == ""


def test_a_long_run_is_read_in_stretches(make_result: Any) -> None:
    result = make_result(["api"], periods=2_000, start=datetime(2026, 11, 27, 8, tzinfo=UTC))
    document = json.loads(readings(result, FIGURES["throttles"]))
    assert len(document["edges"]) <= ROWS + 1
    by_name = {one["name"]: one["values"] for one in document["columns"]}
    assert sum(by_name["api"]) == result.summary["functions"]["api"]["throttles"]
    assert document["clock"] == [1795766400.0, 0.0]


def test_a_report_made_again_has_the_same_figures(result: ls.Result, tmp_path: Path) -> None:
    result.save(tmp_path / "run")
    again = read_run(SavedFolder(tmp_path / "run")).figures
    assert {name: of.svg for name, of in again.items()} == {name: of.svg for name, of in drawn(result).items()}
    assert {name: of.readings for name, of in again.items()} == {n: of.readings for n, of in drawn(result).items()}
