"""What README.md shows works: its snippets run, its commands exist, its files are there."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from logged_lines import line

import lambdasim as ls
from lambdasim.cli.app import main
from lambdasim.cli.exit_code import ExitCode

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    found = [text for kind, text in BLOCKS if kind == language]
    assert found, f"README.md has no {language} block"
    return found


def commands() -> list[list[str]]:
    """Return the arguments of every ``lambdasim …`` of the README's shell blocks and of its prose."""
    shown = [part for text in blocks("bash") for part in re.split(r"&&|\n", text)]
    shown += re.findall(r"`(lambdasim [^`]+)`", README)
    found = [re.search(r"\blambdasim ([a-z].*)", part) for part in shown]
    return [shlex.split(match[1]) for match in found if match]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a working folder in which the files that the README names exist, and go there."""
    (tmp_path / "experiments").symlink_to(ROOT / "experiments")
    (tmp_path / "my.toml").write_text(blocks("toml")[0], encoding="utf-8")
    lines = (line(i, i, 80.0 + i % 9, 400.0 if i == 0 else None, stream="a") for i in range(120))
    (tmp_path / "checkout-logs.csv").write_text("".join(lines), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_first_command_runs_the_quickstart_and_the_second_the_tests() -> None:
    first, second = blocks("bash")[:2]
    assert first.endswith("python -m lambdasim run experiments/quickstart.toml\n")
    assert second.endswith("pytest -q -n 2\n")
    assert first.count("\n") == second.count("\n") == 1


def test_the_first_command_ends_as_shown(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All but how long it takes."""
    assert main(["run", "experiments/quickstart.toml", "--engine", "simpy"]) == ExitCode.DONE
    both = (blocks("text")[0], capsys.readouterr().out)
    shown, told = (re.sub(r" in [\d.]+ s ", " in some s ", text) for text in both)
    assert told == shown


def test_the_minimal_experiment(workplace: Path) -> None:
    """A minute of its hour; the rate it names is the rate it gets."""
    exp = ls.load_experiment("my.toml").with_({"simulation.duration": "1min"})
    summary = exp.run().summary
    assert summary["functions"]["api"]["requests"] == pytest.approx(300 * 60, rel=0.05)
    assert (workplace / "my.toml").read_text(encoding="utf-8").splitlines()[0].endswith("?")


def test_the_commands(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each of them, as written; runs are cut to 5 s."""
    seen = set()
    for command in commands():
        if {"FILE", "RUN"} & set(command):
            continue  # a form, not a command
        if "--bench" in command:
            continue  # a minute; tests/cli/test_bench.py has it on small plans
        if command[0] == "new":
            (workplace / command[1]).unlink(missing_ok=True)
        cut = ["--set", "simulation.duration=5s"] if command[0] == "run" else []
        assert main(command + cut) in (ExitCode.DONE, ExitCode.SLO_MISSED), command
        seen.add(command[0])
    assert seen == {"run", "new", "check", "explain", "schema", "doctor", "calibrate", "validate"}
    assert json.loads((workplace / "runs" / "reserved" / "summary.json").read_text())["seed"] == 7
    assert "lambdasim" in capsys.readouterr().out


def test_the_python_snippet(workplace: Path) -> None:
    scope: dict[str, Any] = {}
    for snippet in blocks("python"):
        exec(snippet, scope)
    assert scope["res"].summary["functions"]["api"]["requests"] > 50_000
    assert scope["more"].config.account.concurrency == 2_000


def test_a_run_leaves_the_files_of_the_table(workplace: Path) -> None:
    exp = ls.load_experiment("my.toml").with_({"simulation.duration": "5s", "output.requests": "all"})
    exp.run().save("out")
    table = README[README.index("| file |") : README.index("The same file and seed")]
    rows = [row for row in table.splitlines() if row.startswith("| `")]
    names = {name for row in rows for name in re.findall(r"`([\w./*]+\.\w+)`", row.split("|")[1])}
    left = {path.relative_to("out").as_posix() for path in Path("out").rglob("*.*")}
    assert {name for name in names if "*" not in name} == {name for name in left if "/" not in name}
    assert "figures/*.svg" in names
    assert any(name.startswith("figures/") and name.endswith(".svg") for name in left)


def test_exit_codes() -> None:
    table = README[README.index("| exit code |") :].split("\n\n")[0]
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)] == sorted(ExitCode)


def test_the_files_it_points_to_exist() -> None:
    for name in re.findall(r"`([\w./-]+(?:\.md|\.ipynb|\.toml|/))`", README.split("## From Python")[1]):
        assert (ROOT / name).exists(), name
