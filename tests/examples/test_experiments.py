"""The experiments of the checkout: each opens with its question, passes check, and says a number of its summary."""

import csv
import json
import math
import re
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest

import lambdasim as ls
from lambdasim.cli.app import main

ROOT = Path(__file__).parents[2]
EXPERIMENTS = sorted((ROOT / "experiments").rglob("*.toml"))
QUESTIONS = ROOT / "experiments" / "questions"
CUT = {
    "canary": "14min",
    "cron-herd": "35min",
    "flash-sale": "12s",
    "kinesis-catch-up": "150s",
    "lunch-autoscaled": "20min",
    "noisy-neighbour": "330s",
    "order-pipeline": "1min",
    "poison-record": "1min",
    "provisioned-spillover": "2min",
    "reserved-or-not": "3min",
    "s3-burst": "40s",
    "sqs-drain": "20s",
    "retry-storm": "150s",
    "trace-replay": "1min",
}
"""How much of the long ones is simulated here; the others run whole."""

files = pytest.mark.parametrize("file", EXPERIMENTS, ids=[file.stem for file in EXPERIMENTS])
runs = pytest.mark.parametrize(
    "file", [pytest.param(file, id=file.stem) for file in EXPERIMENTS if file.parent != QUESTIONS]
)
"""Those that ``run`` answers; the questions have commands of their own, which ``test_questions.py`` tries."""


def test_there_are_experiments() -> None:
    assert {file.stem for file in EXPERIMENTS} >= {"quickstart", *CUT}


@files
def test_it_opens_with_its_question(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# ")
    opening = text[: text.index("\n[")]
    question = ls.load_experiment(file).config.question
    assert question is not None
    assert question.endswith("?")
    assert question in opening


@files
def test_it_passes_check(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(file)]) == 0
    assert file.stem in capsys.readouterr().out


def candidates(summary: dict[str, Any], verdict: str) -> list[float]:
    """Return the numbers a verdict may be about: what its SLOs observed, and the rates of the functions it names."""
    numbers = [one["observed"] for one in summary["slo"]]
    for name, function in summary["functions"].items():
        if name in verdict:
            numbers += [function["throttle_rate"], function["throttled_requests"] / max(function["requests"], 1)]
            numbers += [function["latency"]["p99"] or 0.0]
    in_words = (1, 100, 1 / 1_000, 1 / 60_000)  # rates in percent, milliseconds also in seconds and minutes
    return [factor * number for number in numbers for factor in in_words]


@runs
def test_it_runs_and_its_verdict_holds_a_number_of_its_summary(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["run", str(file), "--out", str(tmp_path / "run"), "--format", "json"]
    if file.stem in CUT:
        command += ["--set", f"simulation.duration={CUT[file.stem]}"]
    code = main(command)
    output = capsys.readouterr().out
    assert output == (tmp_path / "run" / "summary.json").read_text(encoding="utf-8")
    summary = json.loads(output)
    assert code == (0 if summary["success"] else 99)
    assert summary["name"] == file.stem
    assert summary["verdict"] in (tmp_path / "run" / "summary.md").read_text(encoding="utf-8").replace("\\_", "_")
    said = float(re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?", summary["verdict"].replace("p99", ""))[0].replace(",", ""))
    assert any(math.isclose(said, number, rel_tol=5e-3) for number in candidates(summary, summary["verdict"]))


def test_the_traces_are_what_their_generator_makes(tmp_path: Path) -> None:
    """``python workloads/make.py`` reproduces every trace of the folder byte for byte."""
    shutil.copy(ROOT / "workloads" / "make.py", tmp_path)
    runpy.run_path(str(tmp_path / "make.py"), run_name="__main__")
    made = {file.name: file.read_bytes() for file in tmp_path.glob("*.csv")}
    committed = {file.name: file.read_bytes() for file in (ROOT / "workloads").glob("*.csv")}
    assert made == committed
    assert {"friday.csv", "clicks.csv"} <= set(made)


@pytest.mark.parametrize("name", ["friday.csv", "clicks.csv"])
def test_the_folder_says_what_each_trace_is(name: str) -> None:
    table = (ROOT / "workloads" / "README.md").read_text(encoding="utf-8")
    with (ROOT / "workloads" / name).open(newline="") as stream:
        kind = "counts" if "count" in next(csv.reader(stream)) else "events"
    assert f"| `{name}` | `{kind}` |" in table
