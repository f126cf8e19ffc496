"""Nothing on a figure is cut off, and nothing that stands around the axes overlaps anything else."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from matplotlib.backends.backend_svg import RendererSVG

from lambdasim.report.figures import FIGURES
from lambdasim.report.figures.canvas import LOWEST
from lambdasim.report.figures.layout import EDGE

S = 10**9
SLO = [{"path": "api.latency", "expression": "p99 < 800ms", "observed": 650.4, "success": True}]
STAGES = [(0, 900 * S, "ramp"), (900 * S, 3600 * S, "hold"), (0, 3600 * S, "other")]
CROWD = [(i * 300 * S, (i + 8) * 300 * S, f"load {i}") for i in range(9)]
LONG = "long-" + "abcdefghij" * 9


@pytest.mark.parametrize(
    "run",
    [
        {"names": ["api"], "slo": SLO, "stages": STAGES},
        {"start": datetime(2026, 11, 27, 23, 30, tzinfo=UTC), "warmup_ns": 60 * S, "stages": STAGES},
        {"names": [LONG, "_b"], "reserved": {LONG: 50}, "provisioned": {"_b": 300}},
        {"names": [f"f{i:03d}" for i in range(40)], "limit": 20_000},
    ],
    ids=["one", "clock", "long names", "many"],
)
@pytest.mark.parametrize("name", FIGURES)
def test_parts_of_a_figure_stand_on_it_and_side_by_side(make_result, run, name):
    chart = FIGURES[name].draw(make_result(**run))
    if not chart.axes:
        return
    chart.get_layout_engine().execute(chart)
    width, height = chart.get_size_inches() * 72
    renderer = RendererSVG(width, height, StringIO(), image_dpi=72)
    boxes = [ax.get_tightbbox(renderer, for_layout_only=True) for ax in chart.axes if ax.axison]
    boxes += [part.get_window_extent(renderer) for part in (*chart.texts[:1], *chart.legends)]
    for box in boxes:
        assert box.x0 >= -0.5
        assert box.y0 >= -0.5
        assert box.x1 <= width - EDGE / 2
        assert box.y1 <= height + 0.5
    for i, box in enumerate(boxes):
        for other in boxes[:i]:
            across = min(box.x1, other.x1) - max(box.x0, other.x0)
            along = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert min(across, along) <= 0.5
    assert all(ax.get_position().height * height > 20 for ax in chart.axes)


@pytest.mark.parametrize("name", ["throttles", "cost", "cold_starts", "latency"])
def test_a_full_strip_and_a_long_legend_leave_axes_their_height(make_result, name):
    names = [f"{i}-{LONG}" for i in range(14)]
    chart = FIGURES[name].draw(make_result(names=names, stages=CROWD))
    chart.get_layout_engine().execute(chart)
    width, height = chart.get_size_inches() * 72
    renderer = RendererSVG(width, height, StringIO(), image_dpi=72)
    for ax in chart.axes:
        high = ax.get_position().height * height
        assert high >= LOWEST - 0.5
        assert ax.yaxis.label.get_window_extent(renderer).height <= high + 0.5
