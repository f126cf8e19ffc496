"""Compiling in processes of its own: what it gives, and what happens when it fails."""

import runpy
import signal
import subprocess
import sys

import pytest

from lambdasim import waiting
from lambdasim.errors import Interrupted
from lambdasim.machine_code import beside, compiler
from lambdasim.machine_code.program import METRICS, WORKLOAD

pytest.importorskip("numba")

from lambdasim.machine_code.objects import loaded


def test_two_processes_compile_the_loops() -> None:
    codes = dict(beside.compiled([METRICS, WORKLOAD]))
    assert [*codes] == [WORKLOAD, METRICS]  # which takes longer
    assert [*loaded(codes.values())] == [*beside.entries(WORKLOAD)(), *beside.entries(METRICS)()]


@pytest.mark.parametrize("name", ["base64.py", "numba.py", "lambdasim/__init__.py"])
def test_files_of_users_beside_them_are_not_loaded(name: str, monkeypatch, tmp_path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("raise SystemExit('this is a file of the user')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAMBDASIM_CACHE_DIR", str(tmp_path / "kept"))
    monkeypatch.setattr(beside, "compiled_here", lambda _: pytest.fail("the process did not compile"))
    assert [*loaded(dict(beside.compiled([WORKLOAD])).values())] == [*beside.entries(WORKLOAD)()]
    assert compiler.works()


@pytest.mark.parametrize("interpreter", ["/bin/false", "/nowhere/python"])
def test_a_process_that_fails_costs_time_only(interpreter: str, monkeypatch) -> None:
    monkeypatch.setattr(sys, "executable", interpreter)
    monkeypatch.setattr(beside, "compiled_here", lambda program: program.kind.encode())
    assert dict(beside.compiled([METRICS, WORKLOAD])) == {METRICS: b"metrics", WORKLOAD: b"workload"}


@pytest.mark.parametrize("times", [2, 5], ids=["as soon as it is at work", "later"])
def test_who_is_asked_meanwhile_may_give_it_up(times: int, monkeypatch) -> None:
    started, left = [], [None] * times
    monkeypatch.setattr(subprocess, "Popen", lambda *how, really=subprocess.Popen, **named: (
        started.append(really(*how, **named)) or started[-1]
    ))  # fmt: skip

    def enough() -> None:
        left.pop()
        if not left:
            raise Interrupted("enough")

    kept = waiting.asked.set(enough)
    try:
        with pytest.raises(Interrupted, match="enough"):
            next(beside.compiled([METRICS, WORKLOAD]))
    finally:
        waiting.asked.reset(kept)
    assert [process.poll() for process in started] == [-signal.SIGKILL] * 2


def test_nothing_is_said_to_be_compiled_where_numba_cannot_be_loaded(monkeypatch, caplog, tmp_path) -> None:
    (tmp_path / "numba.py").write_text("raise OSError('no such library')")
    monkeypatch.syspath_prepend(tmp_path)
    caplog.set_level("INFO", "lambdasim")
    monkeypatch.setattr(compiler, "import_module", lambda _: runpy.run_path(str(tmp_path / "numba.py")))
    with pytest.raises(ImportError, match="no such library"):
        next(beside.compiled([METRICS, WORKLOAD]))
    assert caplog.text == ""


CODE = """
import hashlib, sys
from lambdasim.machine_code import beside, linking
from lambdasim.machine_code.program import WORKLOAD
if sys.argv[1] == "as it comes":
    linking._quicker = dict
linking.only_link()
print(hashlib.sha256(beside.compiled_here(WORKLOAD)).hexdigest())
"""


def test_a_quicker_numba_makes_the_same_code() -> None:
    ways = [[sys.executable, "-c", CODE, way] for way in ("as it comes", "quicker")]
    first, second = (subprocess.run(way, capture_output=True, text=True, check=True).stdout for way in ways)
    assert first == second != ""


def test_what_is_compiled_here_is_the_same() -> None:
    assert [*loaded([beside.compiled_here(METRICS)])] == [*beside.entries(METRICS)()]
