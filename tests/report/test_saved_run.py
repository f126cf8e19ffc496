import csv
import json
import re
import shutil
from io import StringIO

import pytest

from lambdasim.errors import InputError
from lambdasim.experiment import load_experiment
from lambdasim.report import cost_file
from lambdasim.report.saved_folder import SavedFolder
from lambdasim.report.saved_run import read_run, rebuilt_page

EXPERIMENT = """
question = "Is <b>this</b> & that 'shown'?"

[function.api]
memory   = "512 MB"
duration = "lognormal(p50=80ms, p99=600ms)"
init     = "constant(300ms)"

[[load]]
target   = "api"
executor = "constant-arrival-rate"
rate     = "20/s"
duration = "4min"

[slo]
"api.latency" = ["p99 < 10s"]
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The folder of a real run."""
    base = tmp_path_factory.mktemp("saved")
    (base / "small.toml").write_text(EXPERIMENT)
    load_experiment(base / "small.toml").run().save(base / "run")
    return base / "run"


@pytest.fixture
def folder(saved, tmp_path):
    """A copy of it, to be spoilt."""
    return shutil.copytree(saved, tmp_path / "run")


def test_a_run_leaves_the_page_that_its_files_make_again(saved):
    assert (saved / "report.html").read_text(encoding="utf-8") == rebuilt_page(saved)


def test_the_page_holds_what_the_run_came_to(saved, parse):
    summary = json.loads((saved / "summary.json").read_text())
    read = parse((saved / "report.html").read_text(encoding="utf-8"))
    assert read.wrong == []
    assert summary["verdict"] in read.texts
    assert summary["question"] in read.texts
    assert [float(a["value"]) for a in read.all("data")] == [summary["slo"][0]["observed"], summary["cost"]["total"]]
    assert f"{summary['functions']['api']['requests']:,}" in read.texts
    assert len(read.all("figure")) == 7  # nothing was throttled: that one is a sentence
    assert "uniform(22min, 26min)" in read.text
    assert "Values that AWS does not publish and others have measured, with the range they may have:" in read.texts
    idle = next(text for text in read.texts if text.startswith("era 2026: probes of single environments"))
    assert idle.endswith("; range: low constant(5min), high constant(45min), in steps half-life(380s)")


def test_figures_that_are_gone_are_drawn_again_from_the_time_series(folder, parse):
    before = read_run(SavedFolder(folder)).figures
    shutil.rmtree(folder / "figures")
    after = read_run(SavedFolder(folder)).figures
    assert before == after
    assert len(before) == 8
    (folder / "latencies.csv").unlink()  # as in folders of earlier versions
    assert "There is no distribution of latencies to show" in parse(rebuilt_page(folder)).text


def test_the_series_of_the_account_alone_draw_no_figures(folder):
    resolved = folder / "resolved.toml"
    resolved.write_text(resolved.read_text().replace('series = "all"', 'series = "account"'))
    assert len(read_run(SavedFolder(folder)).figures) == 8  # those that the run left
    shutil.rmtree(folder / "figures")
    assert read_run(SavedFolder(folder)).figures == {}


def test_without_figures_and_time_series_the_numbers_remain(folder, parse):
    shutil.rmtree(folder / "figures")
    (folder / "timeseries.csv").unlink()
    read = parse(rebuilt_page(folder))
    assert not read.all("figure")
    assert "✓ met" in read.texts


def spoil(name, text):
    return lambda folder: (folder / name).write_text(text)


def without(name, key):
    def change(folder):
        found = json.loads((folder / name).read_text())
        del found[key]
        (folder / name).write_text(json.dumps(found))

    return change


def instead(name, key, value):
    def change(folder):
        found = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({**found, key: value}))

    return change


def no_figures(series):
    def change(folder):
        shutil.rmtree(folder / "figures")
        (folder / "timeseries.csv").write_text(series)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "not the folder of a run, for it has no manifest.json"),
        (lambda folder: (folder / "resolved.toml").unlink(), "resolved.toml: is missing"),
        (lambda folder: (folder / "summary.json").unlink(), "summary.json: is missing"),
        (spoil("summary.json", "{"), "summary.json:1: is no JSON"),
        (spoil("summary.json", "[" * 100_000), "summary.json: is no JSON"),
        (spoil("summary.json", "[]"), "summary.json: holds no object"),
        (spoil("summary.json", "{}"), "summary.json: has no 'name', 'question'"),
        (spoil("manifest.json", '{"lambdasim": "0.1.0", "complete": true}'), "manifest.json: has no 'python'"),
        (without("manifest.json", "inputs"), "manifest.json: has no 'inputs'"),
        (instead("summary.json", "functions", 5), "its files are not as lambdasim"),
        (instead("summary.json", "cost", {"total": None}), "its files are not as lambdasim"),
        (instead("manifest.json", "packages", []), "its files are not as lambdasim"),
        (spoil("resolved.toml", "x = ]"), "resolved.toml:1: is not valid TOML"),
        (spoil("latencies.csv", "a,b\n1,2\n"), "latencies.csv: is not as lambdasim writes it"),
        (no_figures("a,b\n1,2\n"), "timeseries.csv: is not as lambdasim writes it: there is no column"),
        (
            no_figures("time,function,metric,statistic,value\n0,,Invocations,Sum,many\n"),
            "timeseries.csv: is not as lambdasim",
        ),
        (lambda folder: (folder / "resolved.toml").write_bytes(b"\xff"), "resolved.toml: cannot be read"),
    ],
)
def test_what_is_wrong_with_a_folder_is_said(folder, change, message):
    change(folder)
    with pytest.raises(InputError, match=re.escape(message)) as error:
        rebuilt_page(folder)
    assert "\n" not in str(error.value)


def test_all_that_is_wrong_is_said_at_once(folder):
    (folder / "summary.json").write_text("{")
    (folder / "resolved.toml").unlink()
    with pytest.raises(InputError) as error:
        rebuilt_page(folder)
    assert len(error.value.problems) == 2


def test_a_run_that_was_interrupted_before_its_results_is_told_from_others(tmp_path):
    (tmp_path / "manifest.json").write_text('{"lambdasim": "0.1.0", "complete": false}')
    with pytest.raises(InputError, match="the run ended before its results were saved"):
        rebuilt_page(tmp_path)


def test_there_may_be_no_such_folder(tmp_path):
    with pytest.raises(InputError, match="there is no such folder"):
        rebuilt_page(tmp_path / "nowhere")


def test_a_script_in_a_figures_file_stays_out_of_the_page(folder, parse):
    svg = (folder / "figures/cost.svg").read_text()
    (folder / "figures/cost.svg").write_text(svg.replace("</svg>", "<script>alert(1)</script></svg>"))
    assert "alert" not in rebuilt_page(folder)


def test_cost_csv_is_what_the_csv_module_writes(tmp_path) -> None:
    lines = [
        (name, item, quantity, "GB-s", price, usd, 'AWS, "price list"', "2026-11-23", "official")
        for name in ("api", 'a "b", c', "d\ne", "\N{GREEK SMALL LETTER MU}", "0")
        for item, quantity, price, usd in (
            ("duration", 0.1 + 0.2, 0.1, 1e-9),
            ("free, tier", -3, 0.0, 12345678901234.5),
        )
    ]
    expected = StringIO()
    csv.writer(expected, lineterminator="\n").writerows(
        ["run", *(f"{one:.15g}" if isinstance(one, float) else one for one in line)]
        for line in (cost_file.COST_COLUMNS, *lines)
    )
    bill = [dict(zip(cost_file.COST_COLUMNS, line, strict=True)) for line in lines]
    cost_file.save_costs([("run", bill)], tmp_path / "cost.csv")
    assert (tmp_path / "cost.csv").read_bytes().decode() == expected.getvalue().replace("run", "of", 1)
