"""Numba that is installed and cannot be loaded: nothing is said to be compiled, nor that it could be."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lambdasim
from lambdasim import engine
from lambdasim.machine_code import compiler, shipped

pytest.importorskip("numba")

PACKAGE = str(Path(lambdasim.__file__).parents[1])
BROKEN = {
    "for another numpy": ("numba/__init__.py", "raise ImportError('Numba needs NumPy 1.26 or less')"),
    "made for another numpy": ("numba/__init__.py", "raise RuntimeError('module compiled against another ABI')"),
    "without LLVM": ("llvmlite/__init__.py", "raise OSError('no libllvmlite.so')"),
}


@pytest.fixture(params=BROKEN)
def broken(request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Hide the compiler behind one that cannot be loaded, from processes; return what that says."""
    file, text = BROKEN[request.param]
    (tmp_path / "broken" / file).parent.mkdir(parents=True)
    (tmp_path / "broken" / file).write_text(text)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path / "broken"), PACKAGE)))
    monkeypatch.syspath_prepend(tmp_path / "broken")
    monkeypatch.setenv("LAMBDASIM_CACHE_DIR", str(tmp_path / "kept"))
    monkeypatch.chdir(tmp_path)
    Path("a.toml").write_text(EXPERIMENT)
    return text.split("'")[1]


EXPERIMENT = """
[function.f]
duration = "constant(10ms)"
init     = "constant(0s)"
[[load]]
target   = "f"
executor = "constant-vus"
vus      = 1
duration = "1s"
[sweep.over]
"function.f.memory" = ["512 MB", "1 GB"]
[slo]
"f.latency" = ["p50 < 1s"]
"""
LARGE = ["--set", "load.0.duration=40min"]  # of 10 ms each


def said(*arguments: str) -> tuple[int, str, str]:
    """Return how a process of the command line ends, and what it says."""
    command = [sys.executable, "-m", "lambdasim", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.skipif(shipped.loops() is not None, reason="nothing is compiled")
def test_only_what_works_is_said(broken: str) -> None:
    for command in ("run", "sweep"):
        code, _, words = said(command, "a.toml", "--no-figures", "--out", command, "--jobs", "1")
        assert (code, words) == (0, "")
    code, _, words = said("run", "a.toml", "--no-figures", "--out", "asked", "--engine", "compiled")
    assert (code, words.count("\n")) == (2, 1)
    assert f"the package numba cannot be loaded ({broken})" in words
    code, found, _ = said("doctor", "--format", "json")
    states = {one["name"]: one["state"] for one in json.loads(found)["findings"] if one["part"] == "engines"}
    assert (code, states) == (0, {"simpy": "ok", "compiled": "absent", "machine code": "absent"})


@pytest.mark.skipif(shipped.loops() is not None, reason="nothing is compiled")
def test_a_large_run_falls_back_with_one_line(broken: str) -> None:
    code, _, words = said("run", "a.toml", "--no-figures", "--out", "large", *LARGE)
    line = f"SimPy simulated this, as the package numba cannot be loaded ({broken}); install numba again\n"
    assert (code, words) == (0, line)


def test_whether_it_works_is_tried_once(broken: str, monkeypatch) -> None:
    tried = []
    run = compiler.subprocess.run
    monkeypatch.setattr(compiler.subprocess, "run", lambda *how, **named: tried.append(1) or run(*how, **named))
    assert [compiler.works(), compiler.works()] == [False, False]
    monkeypatch.undo()
    assert tried == [1]


def test_it_works_here(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("LAMBDASIM_CACHE_DIR", str(tmp_path))
    assert compiler.works()
    monkeypatch.setattr(compiler.subprocess, "run", lambda *_, **__: pytest.fail("it is tried again"))
    assert compiler.works()


def test_where_nothing_can_be_kept_or_started_it_is_no_error(monkeypatch, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LAMBDASIM_CACHE_DIR", str(tmp_path / "file"))
    assert compiler.works()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert not compiler.works()


@pytest.mark.parametrize(("works", "count"), [(True, 1), (False, 0)])
def test_a_hint_is_given_where_it_can_be_followed(works: bool, count: int, monkeypatch, caplog) -> None:
    monkeypatch.setattr(compiler, "works", lambda: works)
    engine.advise(engine.Choice("simpy", "small", engine.ADVICE))
    assert caplog.text == ""  # nobody listens
    caplog.set_level("INFO", "lambdasim")
    engine.advise(engine.Choice("simpy", "small", engine.ADVICE))
    engine.advise(engine.Choice("compiled", "asked for"))
    assert len(caplog.messages) == count
