"""``check``: problems, the resolved model, the envelope, and how little it loads."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from lambdasim.cli import main
from lambdasim.cli.new import starter
from lambdasim.errors import InputError


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("shop.toml")
    path.write_text(starter("shop", "shop.toml"))
    return path


def test_it_shows_defaults_with_their_source_and_the_envelope(file: Path, capsys) -> None:
    assert main(["check", "shop.toml"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("shop.toml: valid\n")
    assert 'architecture = "x86_64"  # default, official: AWS' in out
    assert "offered load: 50/s x 116 ms = 5.82 erlangs" in out
    assert "throttled for want of concurrency: 0 %" in out
    assert "A month of such traffic costs about $" in out
    assert err == ""


def test_json_holds_the_same(file: Path, capsys) -> None:
    assert main(["check", "shop.toml", "--format", "json", "--set", "load.0.rate=100/s", "--seed", "3"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["resolved"]["simulation"]["seed"] == 3
    assert document["resolved"] == tomllib.loads(document["resolved_toml"])
    assert document["loads"][0]["peak_rate"] == 100
    assert document["monthly_usd"] > 0


def test_several_files_give_an_array(file: Path, capsys) -> None:
    assert main(["check", "shop.toml", "shop.toml", "--format", "json"]) == 0
    assert [document["name"] for document in json.loads(capsys.readouterr().out)] == ["shop", "shop"]


def test_the_problems_of_all_files_are_told_at_once(file: Path, capsys) -> None:
    Path("bad.toml").write_text(
        '[function.api]\nduration = "lognorml(p50=1ms)"\ntimeout = 30\ninit = "constant(1s)"\n[[load]]\ntarget = "b"\n'
    )
    assert main(["check", "shop.toml", "bad.toml", "missing.toml"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0].startswith("bad.toml:2: function.api.duration: unknown distribution 'lognorml'")
    assert lines[1].startswith("bad.toml:3: function.api.timeout: 30 needs a number and a unit")
    assert lines[-1].startswith("missing.toml: ")


def test_a_trace_is_read_from_end_to_end(file: Path, capsys) -> None:
    Path("trace.csv").write_text("time,count\n0,1\n60,many\n")
    function = '[function.api]\nduration = "constant(1s)"\ninit = "constant(1s)"\n'
    load = '[[load]]\ntarget = "api"\ntrace = { file = "trace.csv", format = "counts" }\n'
    Path("trace.toml").write_text(function + load)
    assert main(["check", "trace.toml"]) == 2
    assert "trace.csv:3: " in capsys.readouterr().err


def test_an_engine_that_cannot_be_used_is_told(file: Path, monkeypatch, capsys) -> None:
    def refuse(_engine: str) -> None:
        raise InputError.single("no such engine here", path="simulation.engine")

    monkeypatch.setattr("lambdasim.engine.choose", refuse)
    assert main(["check", "shop.toml"]) == 2
    assert capsys.readouterr().err == "simulation.engine: no such engine here\n"


@pytest.mark.parametrize(("command", "given", "place"), [
    ("check", ["topic.toml"], "topic.toml:2: "),
    ("run", ["topic.toml", "--out", "runs/topic"], "topic.toml:2: "),
    ("run", ["topic.toml", "--engine", "compiled", "--out", "runs/topic"], "topic.toml: "),
])  # fmt: skip
def test_what_the_compiled_engine_cannot_run_is_named(
    command: str, given: list[str], place: str, file: Path, capsys
) -> None:
    pytest.importorskip("numba")
    function = '[function.api]\nduration = "constant(1s)"\ninit = "constant(1s)"\n'
    source = '[source.clicks]\ntype = "kafka"\nfunction = "api"\n'
    load = '[[load]]\ntarget = "clicks"\nexecutor = "poisson"\nrate = "1/s"\nduration = "9s"\n'
    Path("topic.toml").write_text('[simulation]\nengine = "compiled"\nduration = "9s"\n' + function + source + load)
    assert main([command, *given]) == 2
    assert capsys.readouterr().err == (
        f"{place}simulation.engine: the compiled engine cannot run this: the topic 'clicks' is one of Kafka, which the "
        'SimPy engine alone simulates; take "auto" or "simpy"\n'
    )
    assert not Path("runs/topic").exists()


@pytest.mark.parametrize("arguments", [["--help"], ["check", "shop.toml"], ["run", "--help"]])
def test_quick_commands_load_nothing_heavy(file: Path, environment, arguments: list[str]) -> None:
    heavy = "{'numpy', 'pandas', 'scipy', 'matplotlib', 'pyarrow', 'rich', 'simpy'}"
    script = (
        f"import sys; from lambdasim.cli import main; main({arguments}); sys.exit(bool({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
