"""The report on a search, from a made-up summary and points."""

import json

import pandas as pd
import pytest

from lambdasim.config.load import config_from_dict
from lambdasim.config.resolved import resolved_toml
from lambdasim.errors import InputError
from lambdasim.report.document import Mark, Table
from lambdasim.report.html import page
from lambdasim.report.saved_run import rebuilt_page
from lambdasim.report.search_document import save_search, search_document
from lambdasim.report.search_figures import search_figures
from lambdasim.report.search_files import SearchFiles, kind_of, shortest, values_in_words

NASTY = "<script>alert(1)</script> & 'x'"
EXPERIMENT = {
    "name": NASTY,
    "question": NASTY,
    "function": {"api": {"duration": "constant(80ms)", "init": "constant(300ms)"}},
    "load": [{"target": "api", "executor": "constant-arrival-rate", "rate": "1/s", "duration": "1min"}],
    "slo": {"api.latency": ["p99 < 800ms"], "account.cost.monthly": ["mean < 900 USD"]},
}
OVER = ["function.api.reserved_concurrency", "function.api.memory"]
SUMMARIES = {
    "sweep": {"over": OVER, "best": {"point": 2}},
    "capacity": {
        "over": OVER[0],
        "curve": "api.latency.p99",
        "knee": {"value": 20, "metric": "api.latency.p99", "observed": 700.0, "method": "chord"},
        "notes": ["The back of the envelope says <b>."],
    },
    "optimize": {
        "over": OVER,
        "best": {"point": 2},
        "latency": "api.latency.p99",
        "cost": "account.cost.monthly",
        "minimize": "account.cost.monthly",
        "strategy": "cost",
    },
    "sensitivity": {"metric": "api.latency.p99", "base": {"mean": 700.0, "ci": [690, 710]}, "assumptions": 2},
}


def points(command):
    p99 = [900.0, 700.0, 500.0, 805.0]
    table = {"point": range(4)}
    if command == "sensitivity":
        table |= {
            "assumption": ["idle", "idle", "refill", NASTY],
            "value": ["5min", "45min", "step", "x"],
            "base": ["6min", "6min", "continuous", "y"],
            "metric": p99,
            "difference": [v - 700 for v in p99],
            "difference.lo": [v - 710 for v in p99],
            "difference.hi": [v - 690 for v in p99],
        }
    else:
        table |= {OVER[0]: [10, 20, 30, 40], OVER[1]: ["512 MB", "512 MB", "1 GB", "1 GB"], "value": [10.0, 20, 30, 40]}
    table |= {
        "verdict": ["fails", "passes", "passes", "undecided"],
        "api.latency.p99": p99,
        "api.latency.p99.lo": [v - 10 for v in p99],
        "api.latency.p99.hi": [v + 10 for v in p99],
        "account.cost.monthly": [500.0, 600.0, 550.0, 700.0],
        "account.cost.monthly.lo": [500.0] * 4,
        "account.cost.monthly.hi": [800.0] * 4,
        "api.latency p99 < 800ms": ["fails", "passes", "passes", "undecided"],
        "account.cost.monthly mean < 900 USD": ["passes"] * 4,
    }
    return pd.DataFrame(table)


@pytest.fixture(params=list(SUMMARIES))
def command(request):
    return request.param


@pytest.fixture
def files_of():
    def made(command, **changes):
        loaded = config_from_dict(EXPERIMENT)
        summary = {
            "name": NASTY,
            "question": NASTY,
            "command": command,
            "verdict": f"Of 4, {NASTY} is best.",
            "success": True,
            "engine": {"used": "simpy", "reason": "small"},
            "seed": 7,
            "replications": 10,
            "confidence": 0.95,
            "simulations": 40,
            "wall_s": 3.2,
            "slo": [
                {"path": "api.latency", "expression": "p99 < 800ms"},
                {"path": "account.cost.monthly", "expression": "mean < 900 USD"},
            ],
            **SUMMARIES[command],
        }
        manifest = {
            "lambdasim": "0.1.0",
            "command": command,
            "complete": True,
            "python": "3.11",
            "quotas_read": "2026-11-23",
            "reproduce": f"lambdasim {command} resolved.toml --seed 7",
        }
        points_csv = changes.pop("points", points(command))
        return SearchFiles(
            summary | changes, loaded.config, manifest, resolved_toml(loaded.config), loaded.to_toml(), points_csv
        )

    return made


def test_a_search_becomes_a_page_of_its_numbers(files_of, command, parse):
    files = files_of(command)
    figures = {name: chart.svg() for name, chart in search_figures(files).items()}
    read = parse(page(search_document(files, figures)))
    assert read.wrong == []
    assert "script" not in {tag for tag, _ in read.tags}
    assert f"Of 4, {NASTY} is best." in read.texts
    assert len(read.all("figure")) == len(figures) == {"sweep": 3, "optimize": 2}.get(command, 1)
    assert {"api.latency", "p99 < 800ms", "2", "1"} <= set(read.texts)
    assert f"lambdasim {command} resolved.toml --seed 7" in read.texts
    values = {float(a["value"]) for a in read.all("data")}
    wanted = "difference" if command == "sensitivity" else "api.latency.p99"
    assert set(files.points[wanted]) <= values
    assert "10 replications a point at most" in read.text


def test_every_alternative_has_its_interval_and_the_chosen_stands_out(files_of):
    files = files_of("optimize")
    tables = [b for s in search_document(files, {}).sections for b in s.blocks if isinstance(b, Table)]
    (table,) = (table for table in tables if "verdict" in table.headings)
    assert table.headings == [
        "point",
        "reserved_concurrency",
        "memory",
        "verdict",
        "api.latency.p99",
        "account.cost.monthly",
    ]
    row = table.rows[2]
    assert [row[0], row[1], row[2], row[3].word] == ["2", "30", "1 GB", "passes"]
    assert (row[4].text, row[4].detail, row[4].value) == ("500 ms", "490 ms to 510 ms", 500.0)
    assert (row[5].text, row[5].detail) == ("$550.00", "$500.00 to $800.00")
    assert table.rows[3][3] == Mark(None)
    assert table.chosen == [2]


def test_of_many_alternatives_those_that_decide_are_listed(files_of):
    many = pd.concat([points("sweep")] * 100, ignore_index=True)
    many["point"] = range(400)
    document = search_document(files_of("sweep", points=many, best={"point": 398}), {})
    tables = [b for s in document.sections for b in s.blocks if isinstance(b, Table) and "verdict" in b.headings]
    assert [row[0] for row in tables[0].rows[:3]] == ["398", "1", "2"]
    assert len(tables[0].rows) == 100
    assert "300 more are in points.csv" in tables[0].note


def test_a_search_that_was_cut_or_is_undecided_says_so(files_of, parse):
    read = parse(page(search_document(files_of("sweep", incomplete=True, replications=1), {})))
    assert "The search was interrupted" in read.text
    assert "1 point is undecided; more replications would decide" in read.text
    assert "One replication a point" in read.text


def test_a_search_without_objectives_or_points_has_a_page_too(files_of, parse):
    files = files_of("sweep", slo=[], best=None, points=points("sweep")[:0])
    assert search_figures(files) == {}
    read = parse(page(search_document(files, {})))
    assert read.wrong == []
    assert "sets no objective" in read.text
    unjudged = files_of("sweep", slo=[])
    assert "not judged" not in search_figures(unjudged)["sweep_1"].svg()


def test_points_that_were_refused_have_no_numbers(files_of):
    table = points("capacity")
    table.loc[4] = {"point": 4, OVER[0]: 900, OVER[1]: "1 GB", "value": 900.0, "verdict": "refused"}
    files = files_of("capacity", points=table)
    assert "900" not in search_figures(files)["capacity"].svg()
    tables = [b for s in search_document(files, {}).sections for b in s.blocks if isinstance(b, Table)]
    row = next(table for table in tables if "verdict" in table.headings).rows[4]
    assert row == ["4", "900", "refused", "-", "-"]


def test_the_folder_of_a_search_gives_the_same_page_again(files_of, command, tmp_path):
    files = files_of(command)
    (tmp_path / "resolved.toml").write_text(files.resolved)
    (tmp_path / "experiment.toml").write_text(files.experiment)
    (tmp_path / "summary.json").write_text(json.dumps(files.summary))
    (tmp_path / "manifest.json").write_text(json.dumps(files.manifest))
    files.points.to_csv(tmp_path / "points.csv", index=False)
    save_search(files, tmp_path, figures=True)
    assert rebuilt_page(tmp_path) == (tmp_path / "report.html").read_text(encoding="utf-8")
    assert {path.stem for path in (tmp_path / "figures").iterdir()} == set(search_figures(files))
    (tmp_path / "points.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match=r"points\.csv: is not as lambdasim writes it: there is no column 'verdict'"):
        rebuilt_page(tmp_path)


@pytest.mark.parametrize(
    ("metric", "kind"),
    [
        ("api.latency.p99", "time"),
        ("api.latency.p99.9", "time"),
        ("api.init_duration.max", "time"),
        ("api.throttles.rate", "rate"),
        ("api.throttles.count", "count"),
        ("account.cost.monthly", "money"),
        ("account.cost", "money"),
        ("api.cost.total", "money"),
        ("api.concurrency.max", "count"),
        ("api.concurrency.mean", "number"),
        ("latency.requests.count", "count"),
    ],
)
def test_a_metrics_path_tells_what_it_counts(metric, kind):
    assert kind_of(metric) == kind


def test_values_are_told_by_the_shortest_ends_of_their_paths(files_of):
    assert shortest(["a.b.c", "a.d.c", "e"]) == ["b.c", "d.c", "e"]
    assert shortest(["x.memory"]) == ["memory"]
    assert shortest([]) == []
    row = points("sweep").to_dict("records")[0]
    assert values_in_words(files_of("sweep"), row) == "reserved_concurrency 10, memory 512 MB"
