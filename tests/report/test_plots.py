import re
import sys
from datetime import UTC, datetime
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from lambdasim.report.figures import FIGURES, canvas, time_axis
from lambdasim.report.figures.cost import SOURCES, breakdown
from lambdasim.report.plots import Plots, drawn
from lambdasim.report.series import Series

NASTY = ["$a$_x <b> & _y", "_hidden", "long-" + "abcdefghij" * 9, "\U0001f600 東京", "\x00\x1b"]
SLO = [{"path": "api.latency", "expression": "p99 < 800ms", "observed": 650.4, "success": True}]
S = 10**9
STAGES = [(0, 900 * S, "ramp"), (900 * S, 3600 * S, "hold"), (0, 3600 * S, "other"), (5 * S, 6 * S, "blip")]


def texts(svg):
    return [e.text for e in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


@pytest.fixture(
    params=[
        {"names": ["api"], "throttled": False, "slo": SLO, "stages": STAGES},
        {"slo": SLO, "stages": STAGES, "warmup_ns": 60 * S, "start": datetime(2026, 11, 27, 23, 30, tzinfo=UTC)},
        {"names": NASTY, "reserved": {NASTY[2]: 50}, "provisioned": {NASTY[0]: 300}},
        {"names": [f"f{i:03d}" for i in range(40)], "limit": 20_000},
        {"names": ["api"], "periods": 1, "period_s": 1.0},
        {"names": ["api"], "periods": 20_000},
    ],
    ids=["one", "clock", "nasty", "many", "short", "long"],
)
def result(request, make_result):
    return make_result(**request.param)


def test_every_figure_is_a_small_document_with_data_beside_it(result, tmp_path):
    drawn(result, tmp_path / "figures")
    paths = list((tmp_path / "figures").iterdir())
    assert {p.name for p in paths} == {f"{name}.{kind}" for name in FIGURES for kind in ("svg", "csv")}
    for path in paths:
        if path.suffix == ".svg":
            svg = path.read_text(encoding="utf-8")
            assert len(svg) < 300_000
            assert texts(svg)
            assert "<dc:date>" not in svg
            assert "fill: #ffffff" in svg
        else:
            assert pd.read_csv(path).columns[0] in ("time", "row", "function")


def test_the_same_result_gives_the_same_bytes(make_result):
    first, second = (Plots(make_result(["api"])) for _ in range(2))
    for name in FIGURES:
        assert getattr(first, name)().svg() == getattr(second, name)().svg()


def test_a_callers_settings_change_nothing(make_result):
    expected = Plots(make_result()).concurrency().svg()
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "path"}):
        assert Plots(make_result()).concurrency().svg() == expected


def test_pyplot_is_never_used(make_result):
    Plots(make_result()).latency().svg()
    assert "matplotlib.pyplot" not in sys.modules


def test_names_are_shown_as_they_are(make_result):
    shown = texts(Plots(make_result(NASTY)).concurrency().svg())
    assert {"$a$_x <b> & _y", "_hidden", "\U0001f600 東京", "\ufffd\ufffd"} <= set(shown)


def test_an_empty_run_says_so_in_words(make_result):
    plots = Plots(make_result(idle=True))
    assert {name: texts(getattr(plots, name)().svg()) for name in FIGURES} == {
        "concurrency": ["No concurrency was used of the account's 1,000."],
        "latency": ["No request ran, so there is no latency to show."],
        "latency_ccdf": ["There is no distribution of latencies to show: no request ran, or none was kept."],
        "throttles": ["No request was throttled."],
        "cold_starts": ["No request ran, so there was no cold start."],
        "environments": ["No execution environment was created."],
        "held": ["No execution environment was created, so no memory was held."],
        "cost": ["The run cost nothing."],
    }


@pytest.mark.parametrize(
    ("figure", "finding"),
    [
        ("concurrency", "Concurrency peaked at 892 of 1,000, with 1,042 claimed"),
        ("latency", "api was slowest: p50 82.1 ms, p99 650 ms"),
        ("latency_ccdf", "Half of the requests of api that met a cold start waited over 673 ms, of the others 78.9 ms"),
        ("throttles", "5.62 % of 5,906,839 requests of api were throttled, most by ConcurrentInvocationLimitExceeded"),
        ("cold_starts", "1,193 of 5,575,120 invocations of api were cold starts (0.0214 %); the others had 1,169"),
        ("environments", "1,193 environments of api were created; of those there, 31 % stood idle"),
        ("held", "Environments of api were idle for 446,012 GB-seconds and busy for 947,775"),
        ("cost", "1 h cost $10.05, 80 % of it for duration; repeated every 1 h, $7,339 a month"),
    ],
)
def test_titles_state_the_finding(make_result, figure, finding):
    result = make_result(reserved={"checkout": 300}, provisioned={"api": 50})
    svg = getattr(Plots(result), figure)().svg()
    assert finding in " ".join(texts(svg))


def test_limits_are_labelled_and_one_far_above_is_named_at_the_top(make_result):
    result = make_result(reserved={"checkout": 300}, provisioned={"api": 50}, limit=9000)
    shown = texts(Plots(result).concurrency().svg())
    assert {"account 9,000 ↑", "checkout: reserved 300", "api: provisioned 50"} <= set(shown)


def test_objectives_are_lines_on_the_latency(make_result):
    assert "SLO p99 < 800 ms" in texts(Plots(make_result(["api"], slo=SLO)).latency().svg())


def test_stages_and_warm_up_are_labelled(make_result):
    shown = texts(Plots(make_result(["api"], stages=STAGES, warmup_ns=600 * S)).environments().svg())
    assert {"ramp", "hold", "other", "warm-up"} <= set(shown)


def test_the_clock_of_the_experiment_is_shown_when_it_has_one(make_result):
    start = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)
    assert "27 Nov to 28 Nov 2026 (UTC)" in texts(Plots(make_result(["api"], start=start)).cold_starts().svg())


def test_the_items_of_the_bill_sum_to_the_total(result):
    table = breakdown(result)
    assert table.numbers().sum() == pytest.approx(result.summary["cost"]["total"], rel=1e-12)


def test_the_data_of_throttles_adds_up_by_reason_and_by_function(make_result):
    result = make_result([f"f{i}" for i in range(20)])
    data = FIGURES["throttles"][1](result).frame()
    total = result.summary["account"]["throttles"]
    by_reason = [name for name in data.columns if name.endswith("Exceeded")]
    assert data[by_reason].to_numpy().sum() == total
    assert data.drop(columns=by_reason).to_numpy().sum() == total


def test_the_ccdf_falls_from_one(make_result):
    data = FIGURES["latency_ccdf"][1](make_result()).frame()
    for _, line in data.groupby(["function", "start"]):
        share = line["share"].to_numpy()
        assert share[0] == 1
        assert (np.diff(share) <= 0).all()
        assert share[-1] > 0


def test_event_sources_have_a_column_of_their_own(make_result):
    result = make_result(["api"])
    result.summary["cost"]["lines"].append({**result.summary["cost"]["lines"][0], "function": "queue", "usd": 2.0})
    rows = result.timeseries[(result.timeseries["metric"] == "Cost") & (result.timeseries["function"] == "api")]
    result.timeseries = pd.concat([result.timeseries, rows.assign(function="queue", value=2.0 / len(rows))])
    assert breakdown(result)[SOURCES].sum() == 2.0
    assert FIGURES["cost"][1](result)[SOURCES][-1] == pytest.approx(2.0)
    assert SOURCES in texts(Plots(result).cost().svg())


def test_figures_show_themselves_in_a_notebook(make_result):
    formatters = pytest.importorskip("IPython.core.formatters")
    shown, _ = formatters.DisplayFormatter().format(Plots(make_result(["api"])).cost())
    assert re.match(r"<\?xml", shown["image/svg+xml"])


def test_a_raster_is_saved_too(make_result, tmp_path):
    Plots(make_result(["api"])).cost().savefig(tmp_path / "cost.png")
    assert (tmp_path / "cost.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("across", [1, 2])
@pytest.mark.parametrize("seconds", [20, 180, 3_600, 4_700, 10_800, 14_400, 86_400, 259_200])
def test_a_clock_has_a_few_ticks_for_every_span(seconds, across, make_result):
    """The locator warns, and warnings are errors, where no interval gives as many ticks as it was told."""
    start = datetime(2026, 11, 27, 8, 58, tzinfo=UTC)
    series = Series(make_result(["api"], start=start, periods=4, period_s=seconds / 4))
    chart = canvas.blank(2.0)
    axes = chart.subplots(1, across, squeeze=False)[0]
    time_axis.show(series, axes, across)
    chart.svg()
    first, last = axes[0].get_xlim()
    assert 2 <= sum(first <= tick <= last for tick in axes[0].get_xticks()) <= 10 // across + 1
