"""The real simulator behind the command line, on the experiment that ``new`` writes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from lambdasim.cli import main
from lambdasim.engine.compiled import is_installed

OURS = {"shop.toml", "lambdasim.schema.json", "manifest.json"}


@pytest.fixture
def starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "shop"]) == 0
    capsys.readouterr()
    return "shop.toml"


def _without_wall_time(text: str) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads(text)
    assert summary.pop("wall_s") > 0
    return summary


def test_the_starter_runs_and_the_same_seed_gives_the_same_bytes(starter: str, capsys) -> None:
    short = ["--set", "load.0.duration=30s", "--format", "json", "--quiet"]
    summaries = []
    for folder, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert main(["run", starter, "--out", folder, "--seed", seed, *short]) == 0
        assert capsys.readouterr().out == Path(folder, "summary.json").read_text(encoding="utf-8")
        summaries.append(Path(folder, "summary.json").read_text(encoding="utf-8").splitlines())
    a, b, c = summaries
    assert [line for line in a if '"wall_s"' not in line] == [line for line in b if '"wall_s"' not in line]
    assert _without_wall_time("\n".join(a)) != _without_wall_time("\n".join(c))
    assert Path("a/timeseries.csv").read_bytes() == Path("b/timeseries.csv").read_bytes()


def test_a_missed_slo_is_exit_code_99(starter: str, capsys) -> None:
    changes = ["--set", "load.0.duration=5s", "--set", 'slo."api.latency"=["p50 < 1ms"]']
    assert main(["run", starter, *changes]) == 99
    assert capsys.readouterr().out.startswith("Missed: ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_it_has(starter: str, environment, number: int) -> None:
    command = [sys.executable, "-m", "lambdasim", "run", starter, "--set", "load.0.duration=100d", "--out", "here"]
    command += ["--engine", "simpy"]  # which nobody has to wait for
    process = subprocess.Popen([*command, "--format", "json"], env=environment, stdout=-1, stderr=-1, text=True)
    deadline = time.monotonic() + 30
    while not Path("here").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(2)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, "marked incomplete" in err) == (130, True)
    assert json.loads(out)["incomplete"] is True
    assert json.loads(Path("here/manifest.json").read_text())["complete"] is False
    assert Path("here/timeseries.csv").exists()


@pytest.mark.parametrize(
    "command",
    [
        ["run"],
        ["run", "--replications", "9"],
        ["compare", "--set-b", "function.api.memory=2 GB"],
        ["sweep", "--set", 'sweep.over."function.api.memory"=["1 GB", "2 GB"]'],
    ],
    ids=" ".join,
)
def test_an_interrupted_compiler_ends_at_once_and_leaves_nothing(command, starter: str, environment, tmp_path) -> None:
    pytest.importorskip("numba")
    if is_installed():
        pytest.skip("nothing is compiled")
    own = [sys.executable, "-m", "lambdasim", command[0], starter, *command[1:], "--engine", "compiled"]
    kept = {"LAMBDASIM_CACHE_DIR": str(tmp_path / "kept"), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(own, env=environment | kept, stdout=-1, stderr=-1, text=True, start_new_session=True)
    assert process.stderr is not None
    assert process.stderr.readline().startswith("compiling")
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the compilers too
    began = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - began < 3  # compiling would take about eight seconds
    assert (process.returncode, out, "\ninterrupted" in err) == (130, "", True)
    assert not (tmp_path / "kept").exists()
    assert {file.name for file in tmp_path.rglob("*.*") if file.is_file()} <= OURS
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_without_figures_none_is_drawn_until_a_report_is_asked_for(starter) -> None:
    arguments = ["--out", "plain", "--quiet", "--no-figures", "--set", "output.parquet=true"]
    assert main(["run", str(starter), *arguments]) in (0, 99)
    assert not Path("plain/figures").exists()
    assert "<svg" not in Path("plain/report.html").read_text(encoding="utf-8")
    assert Path("plain/timeseries.parquet").exists()
    assert main(["report", "plain"]) == 0
    assert "<svg" in Path("plain/report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("series", "told"), [("none", 1), ("account", 0)])
def test_parquet_that_will_not_be_written_is_told_before_the_run(series: str, told: int, starter: str, capsys) -> None:
    output = ["--set", f"output.series={series}", "--set", "output.parquet=true"]
    short = ["--set", "load.0.duration=5s", "--no-figures"]
    line = 'output.parquet: has no effect with output.series = "none", but with "account" or "all"'
    main(["run", starter, "--out", "here", *short, *output])
    said = capsys.readouterr().err.splitlines()
    assert said.count(line) == told == 1 - Path("here/timeseries.parquet").exists()
    assert line not in said[1:]
    main(["compare", starter, "--set-b", "function.api.memory=2 GB", "--replications", "2", *short, *output])
    assert capsys.readouterr().err.splitlines().count(line) == told
    main(["check", starter, *output])
    assert (f"Note: {line}." in capsys.readouterr().out) == bool(told)
