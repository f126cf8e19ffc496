"""The report on a comparison, from a made-up comparison.json."""

import json

import pytest

from lambdasim.config.load import config_from_dict
from lambdasim.config.resolved import resolved_toml
from lambdasim.errors import InputError
from lambdasim.report.comparison_document import (
    ComparisonFiles,
    comparison_document,
    comparison_figures,
    save_comparison,
)
from lambdasim.report.html import page
from lambdasim.report.saved_run import rebuilt_page

NASTY = "<script>alert(1)</script> & 'x'"
MINUS = "\N{MINUS SIGN}"
MANIFEST = {"lambdasim": "0.1.0", "python": "3.11", "quotas_read": "2026-11-23", "reproduce": "x", "complete": True}


def side(name, observed):
    slo = [
        {"path": "api.latency", "expression": "p99 < 800ms", "observed": observed, "success": observed < 800},
        {"path": "api.cost", "expression": "mean < 2 USD", "observed": 1.5, "success": True},
    ]
    return {"name": name, "verdict": f"{name} is done.", "success": observed < 800, "slo": slo}


def difference(metric, before, after, ci, scope="function", name="api"):
    gap = None if before is None or after is None else after - before
    return {
        "scope": scope, "name": name, "metric": metric, "before": before, "after": after, "difference": gap, "ci": ci
    }  # fmt: skip


@pytest.fixture
def files():
    comparison = {
        "verdict": f"p99 of {NASTY} falls by 160 ms.",
        "seed": 7,
        "replications": 10,
        "confidence": 0.95,
        "before": side("old", 810.25),
        "after": side(NASTY, 650.5),
        "changes": [
            {"path": "function.api.memory", "before": "1024 MB", "after": NASTY},
            {"path": "function.api.provisioned.concurrency", "before": None, "after": 40},
        ],
        "differences": [
            difference("latency.p99", 810.25, 650.5, [-180.0, -140.0]),
            difference("throttle_rate", 0.0, 0.004, [0.003, 0.005]),
            difference("cold_start_rate", 0.0, 0.0, [0.0, 0.0]),
            difference("gb_seconds", 1.0, 2.0, [0.9, 1.1]),
            difference("latency.p50", 80.0, 81.0, None),
            difference("latency.p99", None, 500.0, None, name="other"),
            difference("cost.monthly", 1000.0, 1250.0, [240.0, 260.0], "account", "account"),
        ],
    }
    loaded = config_from_dict(
        {
            "function": {"api": {"duration": "constant(80ms)", "init": "constant(300ms)"}},
            "load": [{"target": "api", "executor": "constant-arrival-rate", "rate": "1/s", "duration": "1min"}],
        }
    )
    return ComparisonFiles(comparison, MANIFEST, resolved_toml(loaded.config), "us-east-1")


def test_a_comparison_becomes_a_page_of_its_numbers(files, parse):
    read = parse(page(comparison_document(files, comparison_figures(files))))
    assert read.wrong == []
    assert "script" not in {tag for tag, _ in read.tags}
    assert f"p99 of {NASTY} falls by 160 ms." in read.texts
    assert {"function.api.memory", "1024 MB", NASTY, "not set", "40"} <= set(read.texts)
    assert {f"{MINUS}160 ms", f"{MINUS}180 ms to {MINUS}140 ms", "+0.4 points", "+$250.00"} <= set(read.texts)
    assert read.texts.count("✗ missed") == 1
    assert read.texts.count("✓ met") == 3
    values = [float(a["value"]) for a in read.all("data")]
    assert values[:4] == [810.25, 650.5, 1.5, 1.5]
    assert {-159.75, 0.004, 250.0} <= set(values)
    assert "api.gb_seconds" not in read.texts
    assert "api.cold_start_rate" not in read.texts  # there were none, before or after
    assert "10 pairs of replications" in read.text
    assert "lambdasim compare before/resolved.toml after/resolved.toml --seed 7 --replications 10" in read.texts


def test_the_bill_of_the_only_function_is_told_once(files):
    bill = [difference("cost.monthly", 1000.0, 1250.0, [240.0, 260.0])]
    files.comparison["differences"] = [
        one for one in files.comparison["differences"] if one["name"] in ("api", "account")
    ] + bill
    assert ">account.cost.monthly<" in comparison_figures(files)["forest"]
    assert ">api.cost.monthly<" not in comparison_figures(files)["forest"]
    bill[0] |= {"before": 900.0, "difference": 350.0}  # a source has the rest
    assert ">api.cost.monthly<" in comparison_figures(files)["forest"]


def test_what_was_measured_in_one_only_has_no_difference(files, parse):
    read = parse(page(comparison_document(files, {})))
    at = read.texts.index("other.latency.p99")
    assert [text for text in read.texts[at + 1 : at + 8] if text.strip()][:3] == ["-", "500 ms", "-"]


def test_a_comparison_without_changes_or_objectives_says_so(files, parse):
    files.comparison["changes"] = []
    files.comparison["before"]["slo"] = files.comparison["after"]["slo"] = []
    files.comparison["differences"] = []
    files.comparison["replications"] = 1
    assert comparison_figures(files) == {}
    read = parse(page(comparison_document(files, {})))
    assert read.wrong == []
    assert "Nothing is configured differently." in read.texts
    assert "Objectives" not in read.texts
    assert "One pair of replications" in read.text


def test_the_folder_of_a_comparison_gives_the_same_page_again(files, tmp_path):
    (tmp_path / "after").mkdir()
    (tmp_path / "after/resolved.toml").write_text(files.resolved)
    (tmp_path / "comparison.json").write_text(json.dumps(files.comparison))
    (tmp_path / "manifest.json").write_text(json.dumps(files.manifest))
    save_comparison(files, tmp_path, figures=True)
    assert rebuilt_page(tmp_path) == (tmp_path / "report.html").read_text(encoding="utf-8")
    assert (tmp_path / "figures/forest.svg").is_file()
    (tmp_path / "after/resolved.toml").unlink()
    (tmp_path / "comparison.json").write_text("{}")
    with pytest.raises(InputError) as error:
        rebuilt_page(tmp_path)
    assert [problem.file for problem in error.value.problems] == [
        str(tmp_path / "comparison.json"),
        str(tmp_path / "after/resolved.toml"),
    ]
