"""The commands sweep, capacity, optimize and sensitivity, on an experiment whose answers are known."""

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from lambdasim.cli import main
from lambdasim.cli.progress import point_numbers
from lambdasim.planning import points as planning
from lambdasim.planning.points import PointProgress

CLOCKWORK = """\
# Ten requests a second on the dot, each of 0.95 s: ten at once.
[function.f]
duration = "constant(950ms)"
init     = "constant(0s)"

[[load]]
target   = "f"
executor = "constant-arrival-rate"
process  = "deterministic"
rate     = "10/s"
duration = "20s"

[slo]
"f.throttles" = ["rate < 1%"]

[sweep.over]
"account.concurrency" = [9, 10, 11]

[optimize]
over = { "account.concurrency" = [1, 100] }
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("clock.toml").write_text(CLOCKWORK, encoding="utf-8")
    return "clock.toml"


def run(*arguments: str) -> int:
    return main([*arguments, "--jobs", "1"])


@pytest.mark.parametrize("command", ["sweep", "capacity", "optimize", "sensitivity"])
def test_a_search_has_processes_and_no_threads_and_says_so(command: str, capsys) -> None:
    assert main([command, "--help"]) == 0
    assert "processes of --jobs, of which each uses one thread." in capsys.readouterr().out
    assert main([command, "clock.toml", "--threads", "2"]) == 2
    assert f"--threads 2\nSee lambdasim {command} --help." in capsys.readouterr().err


def test_figures_can_be_left_to_the_command_report(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("sweep", file, "--no-figures", "--out", "out") == 0
    assert not Path("out/figures").exists()
    assert "<svg" not in Path("out/report.html").read_text(encoding="utf-8")
    assert main(["report", "out"]) == 0
    assert "<svg" in Path("out/report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("command", "verdict"),
    [
        (["sweep"], "2 of 3 points meet every SLO, and account.concurrency = 10 is the cheapest at $"),
        (
            ["capacity", "--over", "account.concurrency"],
            "account.concurrency = 10 is enough: the limit lies between 9 and 10; 10 is safe on its one run (all 48 ",
        ),
        (
            ["optimize"],
            "Of 100 candidates (10 tried), account.concurrency = 10 is the best that meets every SLO, safe on its one",
        ),
        (["sensitivity", "--replications", "2"], "None of 6 assumptions that AWS does not publish moves f.throttles"),
    ],
)
def test_every_command_opens_with_its_verdict_and_leaves_its_files(
    file: str, capsys: pytest.CaptureFixture[str], command: list[str], verdict: str
) -> None:
    assert run(*command, file, "--out", "here", "--format", "json") == 0
    out, err = capsys.readouterr()
    assert out == Path("here/summary.json").read_text(encoding="utf-8")
    assert json.loads(out)["verdict"].startswith(verdict)
    assert "results: here" in err
    for name in ("experiment.toml", "resolved.toml", "summary.md", "points.csv", "manifest.json"):
        assert Path("here", name).stat().st_size > 0
    assert run(*command, file, "--out", "here") == 0
    out = capsys.readouterr().out
    assert re.sub(r"\s+", " ", out).startswith(verdict)
    assert "all of it simulated before" in re.sub(r"\s+", " ", out)
    assert "Files: here" in out


def test_the_number_of_the_verdict_is_that_of_the_summary(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("optimize", file, "--format", "json") == 0
    summary = json.loads(capsys.readouterr().out)
    assert f"account.cost is ${summary['best']['objective']['mean']:.2f}" in summary["verdict"]
    assert run("capacity", file, "--format", "json", "--set", "account.concurrency=21") == 0
    summary = json.loads(capsys.readouterr().out)
    assert f"{summary['passes']:g} times is safe on its one run (all 48 seeds" in summary["verdict"]
    assert f"{100 * summary['limited_by']['observed']:.3g} %" in summary["verdict"]


def test_without_out_runs_get_fresh_folders_and_share_their_points(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("sweep", file) == 0
    assert run("sweep", file, "--format", "md") == 0
    assert sorted(os.listdir("runs")) == [".points", "clock-1", "clock-2"]
    first, second = (json.loads(Path(f"runs/clock-{n}/summary.json").read_text()) for n in (1, 2))
    assert (first["simulations"], second["simulations"]) == (3, 0)
    assert Path("runs/clock-1/points.csv").read_bytes() == Path("runs/clock-2/points.csv").read_bytes()
    assert "**2 of 3 points" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        ["sweep", "--set", "sweep.over.account.concurrency=[2, 3]"],
        ["capacity", "--set", "account.concurrency=5"],
        ["optimize", "--over", "account.concurrency=[1, 5]"],
    ],
)
def test_an_objective_that_cannot_be_met_is_exit_code_99(
    file: str, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert run(*command, file) == 99
    assert capsys.readouterr().out


def test_a_precision_that_is_not_reached_is_exit_code_3(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    rule = 'simulation.replications={min=2, max=3, until="f.concurrency.mean ±0.01%"}'
    code = run("sweep", file, "--set", rule, "--set", "load.0.process=poisson", "--set", "slo={}")
    assert code == 3
    assert "3 of 3 points are not known to f.concurrency.mean" in re.sub(r"\s+", " ", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sweep", "--set", "sweep.over.account.concurency=[1]"], "unknown key; did you mean 'concurrency'?"),
        (["sweep", "--set", "sweep.over.account.concurrency=[]"], "is an empty list"),
        (["optimize", "--minimize", "f.latenzy.p99"], "optimize.minimize: a function has no metric 'latenzy'"),
        (["optimize", "--strategy", "fast"], "invalid choice: 'fast'"),
        (["optimize", "--over", "account.concurrency"], "'account.concurrency' is not PATH=VALUE"),
        (["capacity", "--over", "account.x"], "account.x: unknown key"),
        (["capacity", "--from", "3", "--to", "2"], "load.scale: is an empty range: 3 to 2"),
        (["capacity", "--tolerance", "90%"], "--tolerance: 90% is outside 0.5% to 50%"),
        (["capacity", "--set", 'slo={}'], "slo: there is no objective, and capacity seeks what meets them"),
        (["sensitivity", "--metric", "f.latency.p98"], "has no statistic 'p98'"),
        (["sensitivity", "--sobol", "3"], "'3' is not a power of two"),
        (["sweep", "clock.toml"], "unrecognized arguments: clock.toml"),
        (["sweep", "--cluster", "tcp://127.0.0.1:1"], "--jobs is for this machine"),
    ],
)  # fmt: skip
def test_bad_input_is_exit_code_2_and_leaves_nothing(
    file: str, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert run(*arguments, file) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Traceback" not in err
    assert os.listdir(".") == ["clock.toml"] or os.listdir("runs") == []


def test_ctrl_c_keeps_the_points_that_are_done_and_the_same_command_goes_on(
    file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Any] = []

    def measure(task: Any) -> Any:
        done.append(task)
        if len(done) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return really(task)

    really = planning.measure
    monkeypatch.setattr("lambdasim.planning.executors.measure", measure)
    monkeypatch.setattr("lambdasim.planning.points.run_all", lambda tasks, executor, **how: _run_all(tasks, **how))

    def _run_all(tasks: Any, on_done: Any, on_wait: Any) -> None:
        for index, task in enumerate(tasks):
            on_done(index, measure(task))

    assert run("sweep", file, "--out", "here") == 130
    out, err = capsys.readouterr()
    assert "The sweep was interrupted." in re.sub(r"\s+", " ", out)
    assert "the points that were done are kept in here/points, and the same command goes on" in err
    assert json.loads(Path("here/summary.json").read_text())["incomplete"] is True
    assert len(Path("here/points.csv").read_text().splitlines()) == 3
    assert run("sweep", file, "--out", "here") == 0
    assert len(done) == 3
    assert json.loads(Path("here/summary.json").read_text())["points"] == 3


def test_a_folder_of_an_interrupted_search_is_ours(file: str) -> None:
    """What is killed before it could write anything but points can be gone on with."""
    assert run("sweep", file, "--out", "here", "--quiet") == 0
    for name in ("summary.json", "summary.md", "points.csv", "experiment.toml", "resolved.toml"):
        Path("here", name).unlink()
    Path("here/manifest.json").write_text(json.dumps({"lambdasim": "0.1.0", "complete": False}))
    assert run("sweep", file, "--out", "here", "--quiet") == 0
    assert json.loads(Path("here/summary.json").read_text())["simulations"] == 0


def test_progress_tells_points_time_left_and_the_best() -> None:
    assert point_numbers(PointProgress(3, 50, 75.0, "x = 1: $5 a month")) == (
        "3 of about 50 points  1:15 left  best: x = 1: $5 a month"
    )
    assert point_numbers(PointProgress(3, 50, None, "")) == "3 of about 50 points"
    assert len(point_numbers(PointProgress(3, 50, None, "x" * 200))) == 90
