"""Figures of searches: each takes a plain table, says what it found, and draws with lines and shapes alone."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from lambdasim.report.figures import (
    canvas,
    capacity,
    forest,
    frontier,
    neighbours,
    power_tuning,
    scatter,
    sweep,
    tornado,
)
from lambdasim.report.figures.measure import Measure
from lambdasim.report.inline_svg import inline

P99 = Measure("checkout.latency.p99", "time")
COST = Measure("cost of a month", "money")
LOAD = Measure("load scale")
NASTY = "<script>$a$ & _b"
MINUS = "\N{MINUS SIGN}"
PLUS_MINUS = "\N{PLUS-MINUS SIGN}"


def texts(chart):
    svg = chart.svg()
    assert "<image" not in svg
    assert len(svg) < 300_000
    return [e.text for e in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def title(chart):
    svg = chart.svg()
    assert len(svg) < 300_000
    return inline(svg, "f").title


def curve(passing, undecided=(), failing=()):
    rows = [
        (x, verdict) for verdict, xs in (("passes", passing), ("undecided", undecided), ("fails", failing)) for x in xs
    ]
    table = pd.DataFrame(rows, columns=["x", "verdict"])
    return table.assign(mean=300.0 + 10 * table["x"], lo=290.0 + 10 * table["x"], hi=310.0 + 10 * table["x"])


@pytest.mark.parametrize(
    ("points", "finding"),
    [
        (curve([1, 20, 39], [40], [50]), "Every SLO is met up to load scale 39; 40 is undecided, 50 fails"),
        (curve([1, 39], [], [40, 80]), "Every SLO is met up to load scale 39; 40 fails"),
        (
            curve([500, 900], [300, 400], [100, 200]),
            "Every SLO is met from load scale 500 on; 2 between are undecided, 200 fails",
        ),
        (curve([1, 2]), "Every SLO is met wherever it was tried, up to load scale 2"),
        (curve([], [], [1, 2]), "An SLO is missed wherever it was tried, from load scale 1 to 2"),
        (curve([1], [5, 6]), "Every SLO is met at load scale 1; 2 of 3 points are undecided"),
        (curve([], [5], [1, 2]), "An SLO is missed from load scale 1 to 2; 1 of 3 points is undecided"),
        (curve([], [5]), "No point of 1 is decided"),
        (curve([]), "No point has a value of checkout.latency.p99."),
    ],
)
def test_the_capacity_says_where_the_verdict_turns(points, finding):
    assert title(capacity.figure(points, x=LOAD, y=P99)) == finding


def test_the_capacity_shows_limit_and_knee_and_refused_points_have_no_place():
    points = pd.concat([curve([1, 39], [], [40]), pd.DataFrame({"x": [99], "verdict": ["refused"]})])
    shown = texts(capacity.figure(points, x=LOAD, y=P99, limit=800.0, limit_label="SLO p99 < 800 ms", knee=37.5))
    assert {"SLO p99 < 800 ms", "knee at 37.5", "meets every SLO", "misses an SLO", "load scale"} <= set(shown)
    assert "not judged" not in shown


def test_a_rate_far_above_its_limit_leaves_the_limit_to_be_seen():
    points = curve([1, 2], [], [3]).assign(mean=[0.0, 0.0009, 0.4], lo=0.0, hi=0.4)
    shown = texts(capacity.figure(points, x=LOAD, y=Measure("throttles", "rate"), limit=0.001))
    assert {"0 %", "0.1 %", "1 %", "10 %"} <= set(shown)


@pytest.mark.parametrize("seed", range(5))
def test_the_frontier_holds_what_no_other_beats_in_both(seed):
    rng = np.random.default_rng(seed)
    x, y, among = rng.integers(0, 9, 30).astype(float), rng.integers(0, 9, 30).astype(float), rng.random(30) < 0.7
    edge = frontier._frontier(x, y, among)
    beaten = [
        any(among[j] and x[j] <= x[i] and y[j] <= y[i] and (x[j] < x[i] or y[j] < y[i]) for j in range(30))
        for i in range(30)
    ]
    assert {(x[i], y[i]) for i in edge} == {(x[i], y[i]) for i in range(30) if among[i] and not beaten[i]}


def test_the_frontier_names_the_chosen_and_says_when_none_passes():
    table = pd.DataFrame(
        {"x": [100.0, 200.0, 300.0], "y": [900.0, 500.0, 400.0], "verdict": ["fails", "passes", "passes"]}
    ).assign(label=["a", NASTY, "c"], chosen=[False, True, False])
    chart = frontier.figure(table, x=COST, y=P99, limit=800.0)
    assert title(chart) == f"{NASTY}: cost of a month $200.00, checkout.latency.p99 500 ms"
    assert {f"chosen: {NASTY}", "c", "SLO 800 ms"} <= set(texts(chart))
    assert "a" not in texts(chart)  # it is cheapest, and fails
    nothing = table.assign(verdict="fails", chosen=False)
    assert title(frontier.figure(nothing, x=COST, y=P99)) == "None of 3 candidates meets every SLO"
    assert title(frontier.figure(table[["x", "y"]], x=COST, y=P99)).startswith("3 of 3 candidates are on the frontier")


@pytest.mark.parametrize("limit", range(300, 900, 25))
def test_no_label_of_the_frontier_is_struck_through_by_the_objective(limit):
    table = pd.DataFrame({"x": [100.0, 200.0, 300.0], "y": [900.0, 500.0, 400.0]})
    table = table.assign(label=["one", "chosen", "two"], chosen=[False, True, False])
    chart = frontier.figure(table, x=COST, y=P99, limit=float(limit))
    chart.get_layout_engine().execute(chart)
    (ax,) = chart.axes
    line = ax.transData.transform((0.0, limit))[1]
    named = [text for text in ax.texts if not text.get_text().startswith("SLO")]
    assert len(named) == 3
    for text in named:
        box = text.get_window_extent()
        assert not box.y0 <= line <= box.y1


def tuned(values):
    """Points of a memory size and another key: latency by that key's value, at 256 and 512 MB."""
    rows = [(size, key, ms) for key, of in values.items() for size, ms in zip(("256 MB", "512 MB"), of, strict=True)]
    table = pd.DataFrame(rows, columns=["function.api.memory", "source.jobs.batch_size", P99.label])
    return table.assign(chosen=[False] * (len(table) - 1) + [True])


def test_lines_over_memory_name_their_key():
    chart = power_tuning.figure(
        tuned({5: (600.0, 300.0), 20: (500.0, 250.0)}),
        memory="function.api.memory", others=["source.jobs.batch_size"], measures=[P99],
    )  # fmt: skip
    assert {"batch_size 5", "batch_size 20", "chosen"} <= set(texts(chart))
    assert title(chart) == "512 MB, batch_size 20, is chosen: 250 ms checkout.latency.p99"
    assert {container.lines[0].get_linestyle() for container in chart.axes[0].containers} == {"-"}


def test_of_lines_that_are_equal_each_is_seen():
    chart = power_tuning.figure(
        tuned({5: (600.0, 300.0), 20: (500.0, 250.0), 100: (500.0, 250.0), 1000: (500.0, 250.1)}),
        memory="function.api.memory", others=["source.jobs.batch_size"], measures=[P99],
    )  # fmt: skip
    lines = [container.lines[0] for container in chart.axes[0].containers]
    assert [line.get_linestyle() for line in lines] == ["-", "-", "--", "--"]
    sizes = [line.get_markersize() for line in lines]
    assert sizes[1] > sizes[2] > sizes[3]
    assert len({line._unscaled_dash_pattern for line in lines[1:]}) == 3


def test_counts_are_whole_numbers_from_0():
    none = pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 3], "c": [1, 2, 3], "mean": 0.0, "lo": 0.0, "hi": 0.0})
    shown = texts(sweep.figure(none, paths=["a", "b", "c"], y=Measure("jobs.dead_lettered.count", "count")))
    assert {"0", "1"} <= set(shown)
    assert not any(text.startswith(("-0", MINUS, "0.")) for text in shown)


@pytest.mark.parametrize(("top", "shown"), [(3.2, [0, 1, 2, 3]), (1.08, [0, 1]), (1080.0, [0, 250, 500, 750, 1000])])
def test_an_axis_of_counts_has_whole_numbers(top, shown):
    ax = Figure().subplots()
    canvas.count_axis(ax, "requests")
    ax.set_ylim(0, top)
    assert [tick for tick in ax.get_yticks() if tick <= top] == shown


def test_means_below_one_have_parts_of_one():
    ax = Figure().subplots()
    canvas.count_axis(ax, "requests")
    ax.set_ylim(0, 0.43)
    assert [tick for tick in ax.get_yticks() if 0 < tick <= 0.43]


@pytest.mark.parametrize("ends", [(15.0, 900.0), (150.0, 700.0), (610.0, 640.0), (2.0, 9.0), (1.0, 1e6)])
def test_a_logarithmic_axis_has_two_ticks_or_more(ends):
    ax = Figure().subplots()
    ax.set_xlim(*ends)
    canvas.duration_axis(ax, "latency", horizontal=True)
    assert 2 <= sum(ends[0] <= tick <= ends[1] for tick in ax.get_xticks()) <= 12


def test_measurements_that_differ_widely_have_two_ticks_too():
    panel = scatter.Panel("p99", [19.0, 600.0], [20.0, 610.0], [1.0, 1.0], [np.nan, np.nan])
    ax = scatter.figure([panel], other="another", finding="x").axes[0]
    low, high = ax.get_xlim()
    assert ax.get_xscale() == "log"
    assert 2 <= sum(low <= tick <= high for tick in ax.get_xticks()) <= 5


def grid(columns, rows, passes):
    table = pd.DataFrame([(c, r) for c in columns for r in rows], columns=["function.a.memory", "function.b.memory"])
    pairs = table.to_numpy().tolist()
    mean = np.array([100.0 * (1 + columns.index(c)) + rows.index(r) for c, r in pairs])
    return table.assign(mean=mean, lo=mean - 5, hi=mean + 5, verdict=[passes(c, r) for c, r in pairs])


def test_a_map_names_its_cells_and_borders_the_points_that_pass():
    table = grid([10, 20, 30], ["512 MB", "1 GB"], lambda c, r: "fails" if c == 10 else "passes")
    chart = sweep.figure(table, paths=["function.a.memory", "function.b.memory"], y=P99)
    shown = texts(chart)
    assert title(chart) == "4 of 6 points meet every SLO; checkout.latency.p99 from 100 ms to 301 ms"
    assert {
        "100 ms \N{MULTIPLICATION X}",
        "101 ms \N{MULTIPLICATION X}",
        "200 ms",
        "301 ms",
        "512 MB",
        "1 GB",
        "10",
        "30",
    } <= set(shown)
    borders = [line for line in chart.axes[0].lines if line.get_linewidth() == 2.4]
    assert sorted((list(line.get_xdata()), list(line.get_ydata())) for line in borders) == [
        ([1, 1], [0, 1]),
        ([1, 1], [1, 2]),
    ]


def test_numbers_are_in_order_of_size_and_words_as_they_come():
    assert sweep.ordered(pd.Series([100, 9, 20]))[0] == ["9", "20", "100"]
    assert sweep.ordered(pd.Series(["9", "100", "20.5"]))[0] == ["9", "20.5", "100"]
    names, places = sweep.ordered(pd.Series(["2 GB", "512 MB", "2 GB"]))
    assert names == ["2 GB", "512 MB"]
    assert places.tolist() == [0, 1, 0]


def test_one_path_is_a_curve_and_points_off_a_grid_are_scattered():
    table = grid([10, 20, 30], ["512 MB"], lambda c, r: "passes")
    assert {"10", "20", "30"} <= set(texts(sweep.figure(table, paths=["function.a.memory"], y=P99)))
    assert "512 MB" in texts(sweep.figure(table[:1], paths=["function.b.memory"], y=P99))
    rng = np.random.default_rng(0)
    sobol = pd.DataFrame({"a": rng.random(40), "b": rng.random(40), "mean": rng.random(40) * 100, "verdict": "passes"})
    chart = sweep.figure(sobol, paths=["a", "b"], y=P99)
    assert "meets every SLO" in texts(chart)
    assert len(chart.axes[0].collections[0].get_offsets()) == 40


def test_more_paths_are_a_ranking_by_the_metric():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({f"function.{n}.memory": rng.integers(1, 9, 60) for n in "abc"})
    table = table.assign(mean=rng.permutation(60) * 1.0, lo=0.0, hi=60.0, verdict="undecided")
    chart = sweep.figure(table, paths=list(table.columns[:3]), y=P99)
    shown = texts(chart)
    first = table.loc[table["mean"].idxmin()]
    labels = [text for text in shown if text.startswith("a.memory")]
    assert len(labels) == 30
    assert "30 between" in shown
    assert ", ".join(f"{n}.memory {first[f'function.{n}.memory']:.0f}" for n in "abc") in labels
    assert title(chart).startswith("None of 60 points is shown to meet every SLO")


@pytest.mark.parametrize("paths", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_a_sweep_of_one_point_and_of_none(paths):
    one = pd.DataFrame({"a": [1], "b": ["x"], "c": [NASTY], "mean": [5.0], "lo": [np.nan], "hi": [np.nan]})
    assert title(sweep.figure(one, paths=paths, y=P99)) == "1 point: checkout.latency.p99 from 5 ms to 5 ms"
    nothing = one.assign(mean=np.nan)
    assert title(sweep.figure(nothing, paths=paths, y=P99)) == "No point has a value of checkout.latency.p99."


DIFFERENCES = pd.DataFrame(
    [
        ("checkout.latency.p99", "time", 800.0, -160.0, -180.0, -140.0),
        ("checkout.throttles.rate", "rate", 0.0, 0.004, 0.003, 0.005),
        ("account.cost.monthly", "money", 1000.0, 250.0, 240.0, 260.0),
        (NASTY, "count", 742.0, 12.0, -30.0, 55.0),
    ],
    columns=["metric", "kind", "before", "difference", "low", "high"],
)


def test_a_forest_shows_shares_and_amounts_and_counts_what_is_sure():
    chart = forest.figure(DIFFERENCES, base="old.toml", other="new.toml")
    assert (
        title(chart)
        == "With new.toml, of 4 metrics 1 surely lower and 2 surely higher, 1 not to be told apart from chance"
    )
    shown = set(texts(chart))
    assert f"{MINUS}160 ms [{MINUS}180 ms, {MINUS}140 ms]" in shown
    assert "+0.4 points [+0.3 points, +0.5 points], from 0" in shown
    assert "+$250.00 [+$240.00, +$260.00]" in shown
    assert NASTY in shown
    middles = [container.lines[0].get_xdata()[0] for container in chart.axes[0].containers]
    assert middles == pytest.approx([-0.2, 0.25, 12 / 742])


def test_a_forest_of_many_metrics_keeps_the_surest():
    many = pd.concat([DIFFERENCES.iloc[[3]]] * 40 + [DIFFERENCES.iloc[[0]]], ignore_index=True)
    shown = texts(forest.figure(many))
    assert "checkout.latency.p99" in shown
    assert "and 11 metrics that changed less surely" in shown
    assert title(forest.figure(DIFFERENCES[3:])).startswith("No metric of the second differs surely")
    assert title(forest.figure(DIFFERENCES[:0])) == "No metric was measured in both."


def test_what_is_the_same_in_every_run_is_unchanged_and_not_unsure():
    same = pd.DataFrame(
        [("api.concurrency.max", "count", 12.0, 0.0, 0.0, 0.0), ("api.latency.p50", "time", 80.0, 0.0, -2.0, 2.0)],
        columns=DIFFERENCES.columns,
    )
    chart = forest.figure(pd.concat([DIFFERENCES, same], ignore_index=True), other="new.toml")
    assert title(chart).endswith("2 surely higher, 1 unchanged, 2 not to be told apart from chance")
    shown = texts(chart)
    assert shown.count("unchanged") == 1
    assert f"{PLUS_MINUS}0 ms [{MINUS}2 ms, +2 ms]" in shown
    assert title(forest.figure(same[:1], other="new")) == "No metric of new is different from what it was"
    alone = same.assign(low=np.nan, high=np.nan)
    assert title(forest.figure(alone, other="new")) == "No metric of new is different from what it was"


EFFECTS = pd.DataFrame(
    [
        ("idle timeout", "constant(5min)", 690.0, 680.0, 700.0),
        ("idle timeout", "constant(45min)", 720.0, 710.0, 730.0),
        ("refill", "step", 910.0, 900.0, 920.0),
        (NASTY, "x", 700.0, 700.0, 700.0),
        ("idle timeout", "half-life(380s)", 705.0, 700.0, 710.0),
    ],
    columns=["assumption", "value", "mean", "lo", "hi"],
)


def test_a_tornado_has_what_matters_most_on_top():
    chart = tornado.figure(EFFECTS, y=P99, baseline=700.0, limit=800.0)
    assert title(chart) == "refill matters most: checkout.latency.p99 between 700 ms and 910 ms; the SLO hangs on it"
    assert [label.get_text() for label in chart.axes[0].get_yticklabels()] == ["refill", "idle timeout", NASTY]
    shown = texts(chart)
    assert {"constant(5min)", "constant(45min)", "step", "no change", "SLO 800 ms"} <= set(shown)
    assert "half-life(380s)" not in shown  # between the ends
    bars = sorted((bar.get_x(), bar.get_width()) for bar in chart.axes[0].patches)
    assert bars == [(700.0, -10.0), (700.0, 0.0), (700.0, 20.0), (700.0, 210.0)]


def test_a_tornado_in_which_nothing_moves_says_so():
    still = EFFECTS[3:4]
    assert (
        title(tornado.figure(still, y=P99, baseline=700.0))
        == "None of 1 assumptions moves checkout.latency.p99, 700 ms"
    )
    assert title(tornado.figure(still[:0], y=P99, baseline=700.0)) == "No assumption was varied."


def test_the_noisiest_neighbour_is_another_function():
    names = ["checkout", NASTY, "import"]
    matrix = pd.DataFrame([[0.1, 0.02, 0.88], [0.05, 0.05, 0.9], [0.0, 0.0, 1.0]], index=names, columns=names)
    chart = neighbours.figure(matrix, value=Measure("share of the throttles", "rate"))
    assert title(chart) == f"import is the noisiest neighbour: 90 % of {NASTY}'s throttles"
    assert {"88 %", "100 %", "who held the concurrency", "who was throttled"} <= set(texts(chart))
    alone = matrix.where(np.eye(3, dtype=bool), 0.0)
    assert title(neighbours.figure(alone, value=Measure("x"))).startswith("Each function is throttled by its own")
    assert title(neighbours.figure(matrix * 0, value=Measure("x"))) == "No function was throttled because of another."


def test_of_many_neighbours_the_largest_are_drawn():
    rng = np.random.default_rng(0)
    names = [f"function-{i:02d}" for i in range(60)]
    matrix = pd.DataFrame(rng.gamma(0.3, 1.0, (60, 60)), index=names, columns=names)
    matrix.loc["function-59", "function-58"] = 1000.0
    chart = neighbours.figure(matrix, value=Measure("throttles"))
    assert title(chart).startswith("function-58 is the noisiest neighbour: 1,000 of function-59")
    assert len(chart.axes[0].get_yticklabels()) == neighbours.MOST


@pytest.mark.parametrize(
    ("kind", "value", "words", "signed"),
    [
        ("time", -1500.0, "-1,500 ms", f"{MINUS}1,500 ms"),
        ("rate", 0.0123, "1.23 %", "+1.23 points"),
        ("money", 1234.5, "$1,234", "+$1,234"),
        ("count", 1234.0, "1,234", "+1,234"),
        ("number", 0.0, "0", "±0"),
    ],
)
def test_amounts_have_their_units(kind, value, words, signed):
    assert Measure("x", kind).words(value) == words
    assert Measure("x", kind).signed(value) == signed
