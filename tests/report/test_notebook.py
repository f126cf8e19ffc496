import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np

from lambdasim.report.notebook import notebook_html

NAMES = ["<script>alert(1)</script>", 'a"b&c', "x" * 500, "\x00null"]


def test_the_fragment_is_well_formed_and_escapes_names(make_result):
    slo = [{"path": f"{NAMES[0]}.latency", "expression": "p99 < 1s", "observed": 650.4, "success": False}]
    result = make_result(NAMES, slo=slo, question="<b>why</b>")
    page = notebook_html(result)
    ElementTree.fromstring(page)
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page
    assert page.count("<svg") == 3
    assert "650 ms" in page


def test_it_stays_small_with_many_functions_long_runs_and_long_names(make_result):
    names = [f"{i:04d}" + "<" * 300 for i in range(60)]
    slo = [{"path": f"{n}.latency", "expression": "p99 < 1s", "observed": 1.0, "success": True} for n in names]
    page = notebook_html(make_result(names, periods=500, slo=slo, question="?" * 10_000))
    assert len(page.encode()) < 50_000
    assert "and 50 more functions" in page


def test_sparklines_span_the_run_and_have_gaps_where_nothing_was_measured(make_result):
    result = make_result(["api"], throttled=False)
    frame = result.timeseries
    gone = (frame["metric"] == "Latency") & frame["time"].between(600, 1200)
    result.timeseries = frame[~gone]
    concurrency, p99, throttles = re.findall(r'<path d="([^"]*)"', notebook_html(result))
    assert (concurrency.count("M"), p99.count("M"), throttles.count("M")) == (1, 2, 1)
    x = np.array(re.findall(r"[ML]([\d.]+) ", concurrency), float)
    assert (x[0], x[-1]) == (1.0, 219.0)


def test_an_empty_run_has_a_view(make_result):
    assert "Nothing" not in notebook_html(make_result(idle=True))


def test_nothing_of_it_loads_matplotlib():
    code = "import sys, lambdasim.report.notebook, lambdasim.report.plots; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_run_with_figures_loads_no_pandas(tmp_path):
    code = (
        "import sys, lambdasim as ls\n"
        "function = dict.fromkeys(('duration', 'init'), 'constant(10ms)')\n"
        "load = {'target': 'f', 'executor': 'poisson', 'rate': '1/s', 'duration': '3s'}\n"
        "trace = {'name': 'seen', 'target': 'f', 'trace': {'file': sys.argv[2], 'format': 'counts'}}\n"
        "ls.Experiment(functions={'f': function}, loads=[load, trace]).run(engine='simpy').save(sys.argv[1])\n"
        "assert 'matplotlib' in sys.modules and not {'pandas', 'scipy'} & set(sys.modules)"
    )
    (tmp_path / "seen.csv").write_text("time,count\n0,2\n1,3\n")
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "run"), str(tmp_path / "seen.csv")], check=True)
    assert (tmp_path / "run" / "figures" / "latency.svg").is_file()
