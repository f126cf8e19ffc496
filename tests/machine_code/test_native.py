"""Machine code: it is compiled once and kept whole or not at all, for the sources and nobody else's."""

import json
import logging
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from lambdasim.machine_code import beside, cache, native, reached, shipped
from lambdasim.machine_code.program import ALL, EVENT_LOOP, EVENTS, METRICS, QUEUES, WORKLOAD, Program

pytest.importorskip("numba")

import llvmlite.binding as llvm

from lambdasim.machine_code.objects import assembled, loaded, with_names

ASSEMBLY = """
define i64 @of_{factor}(ptr %arrays, i64 %number) {{
  %result = mul i64 %number, {factor}
  ret i64 %result
}}
"""
TWICE, THRICE = Program("twice", "2"), Program("thrice", "3")


def functions_of(program: Program) -> dict[str, tuple[str, str]]:
    return {program.kind: (ASSEMBLY.format(factor=program.entries), f"of_{program.entries}")}


@pytest.fixture
def compilations(monkeypatch, tmp_path) -> list[str]:
    """Replace compiler and cache directory; the list gets the kind of each program that is compiled."""
    done: list[str] = []

    def compiled(programs: Sequence[Program]) -> Iterator[tuple[Program, bytes]]:
        done.extend(program.kind for program in programs)
        made = {program: functions_of(program) for program in programs}
        yield from ((program, with_names(functions)) for program, functions in made.items())

    (tmp_path / "lambdasim").mkdir()
    (tmp_path / "lambdasim" / "source.py").write_text("1")
    monkeypatch.setattr(reached, "reached", lambda _: ["lambdasim/source.py"])
    monkeypatch.setattr(beside, "compiled", compiled)
    monkeypatch.setattr(cache, "PACKAGES", tmp_path)
    monkeypatch.setenv("LAMBDASIM_CACHE_DIR", str(tmp_path / "kept"))
    monkeypatch.setattr(shipped, "loops", lambda: None)
    return done


def forget() -> None:
    """Know nothing of earlier, as a new process does."""
    native._COMPILED.clear()
    native._LOADED.clear()
    native._FOUND.clear()


def results() -> list[int]:
    """Load the programs as a new process would, and run their loops."""
    forget()
    loops = native.load(TWICE, THRICE)
    return [loops[name]((np.zeros(3),), 21) for name in ("twice", "thrice")]


def test_a_program_is_compiled_once_and_then_kept(compilations) -> None:
    forget()
    assert not native.is_at_hand(TWICE)
    assert results() == results() == [42, 63]
    assert native.is_at_hand(TWICE)
    assert compilations == ["twice", "thrice"]


def test_what_runs_is_at_hand_without_a_look_at_files(compilations, monkeypatch, tmp_path) -> None:
    forget()
    native.load(TWICE)
    native._COMPILED.clear()
    monkeypatch.setattr(cache, "lists", lambda kind: pytest.fail("files were read"))
    assert native.is_at_hand(TWICE)


def test_an_edited_source_is_compiled_again(compilations, tmp_path) -> None:
    results()
    for text in ("2", "1", "2"):
        (tmp_path / "lambdasim" / "source.py").write_text(text)
        assert results() == [42, 63]
    assert len(compilations) == 4
    forget()
    (tmp_path / "lambdasim" / "source.py").unlink()
    assert not native.is_at_hand(TWICE)


def test_an_edit_that_reaches_further_is_compiled_again(compilations, monkeypatch, tmp_path) -> None:
    results()
    (tmp_path / "lambdasim" / "source.py").write_text("import further")
    (tmp_path / "lambdasim" / "further.py").write_text("1")
    monkeypatch.setattr(reached, "reached", lambda _: ["lambdasim/further.py", "lambdasim/source.py"])
    results()
    assert len(compilations) == 4
    forget()
    (tmp_path / "lambdasim" / "further.py").write_text("2")
    assert not native.is_at_hand(TWICE)
    (tmp_path / "lambdasim" / "source.py").write_text("1")
    assert native.is_at_hand(TWICE)


@pytest.mark.parametrize("edit", ["source.py", "further.py"])
def test_what_is_edited_while_it_is_compiled_is_not_kept(compilations, monkeypatch, tmp_path, edit) -> None:
    compiled = beside.compiled

    def slowly(programs: Sequence[Program]) -> list[tuple[Program, bytes]]:
        codes = [*compiled(programs)]
        (tmp_path / "lambdasim" / edit).write_text("2")
        return codes

    everything = (tmp_path / "lambdasim").glob
    monkeypatch.setattr(reached, "reached", lambda _: sorted(f"lambdasim/{file.name}" for file in everything("*.py")))
    monkeypatch.setattr(beside, "compiled", slowly)
    with pytest.warns(RuntimeWarning, match="sources were edited meanwhile"):
        assert results() == [42, 63]
    assert not (tmp_path / "kept").exists()
    monkeypatch.setattr(beside, "compiled", compiled)
    assert results() == results() == [42, 63]
    assert len(compilations) == 4


def test_a_damaged_file_is_replaced_and_that_is_said(compilations, tmp_path, caplog) -> None:
    results()
    file = next((tmp_path / "kept").glob("thrice-*[!s]"))
    file.write_bytes(file.read_bytes()[:-10])
    assert results() == [42, 63]
    assert ("lambdasim", logging.WARNING, f"{file} is damaged, and is made again") in caplog.record_tuples
    results()
    assert compilations == ["twice", "thrice", "thrice"]


def test_a_cache_that_cannot_be_written_is_done_without(compilations, monkeypatch, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LAMBDASIM_CACHE_DIR", str(tmp_path / "file" / "kept"))
    with pytest.warns(RuntimeWarning, match="cannot be kept for the next time: .*kept: Not a directory") as said:
        assert results() == [42, 63]
    assert len(said) == 1


def test_what_cannot_be_kept_beside_what_is_kept_is_compiled_again(compilations, monkeypatch) -> None:
    forget()
    native.load(TWICE)
    monkeypatch.setattr(cache, "write", lambda path, data: (_ for _ in ()).throw(OSError(30, "Read-only file system")))
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match="Read-only file system"):
            assert results() == [42, 63]
    assert compilations == ["twice", "thrice", "thrice"]


def test_a_full_disk_leaves_nothing_behind(compilations, monkeypatch, tmp_path) -> None:
    def full(source: str, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.os, "replace", full)
    with pytest.warns(RuntimeWarning, match="No space left"):
        assert results() == [42, 63]
    assert list((tmp_path / "kept").iterdir()) == []


CALLING = """
declare i64 @"of.others"(ptr, i64)
declare i32 @PyErr_Clear()
@PyExc_RuntimeError = external global i8
define linkonce_odr i64 @inner(i64 %number) {
  %plus = add i64 %number, 1
  ret i64 %plus
}
define i64 @caller(ptr %arrays, i64 %number) {
  %never = icmp eq i64 %number, 0
  br i1 %never, label %wrong, label %right
wrong:
  %raised = load i8, ptr @PyExc_RuntimeError
  %cleared = call i32 @PyErr_Clear()
  ret i64 0
right:
  %even = and i64 %number, 1
  %here = icmp eq i64 %even, 0
  br i1 %here, label %own, label %other
own:
  %result = call i64 @inner(i64 %number)
  ret i64 %result
other:
  %theirs = call i64 @"of.others"(ptr %arrays, i64 %number)
  ret i64 %theirs
}
"""


def test_programs_call_each_other_by_name() -> None:
    calling = {"run": (CALLING, "caller")}
    called = {"of.others": (ASSEMBLY.format(factor=5), "of_5")}
    code = with_names(calling)
    assert json.loads(code.partition(b"\n")[0]) == [["run"], ["of.others"]]
    assert loaded([code])["run"]([], 8) == 9  # nobody has what is not called
    both = loaded([code, with_names(called)])
    assert [both["run"]([], number) for number in (7, 8)] == [35, 9]


TRAPPED = """
import os, sys
from lambdasim.machine_code.objects import loaded, with_names
functions = {"run": (sys.argv[1], "caller")}
loaded([with_names(functions)])["run"]([], int(sys.argv[2]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("number", [0, 7], ids=["what Numba calls after errors", "what nobody has"])
def test_what_must_not_be_called_traps(number: int) -> None:
    done = subprocess.run([sys.executable, "-c", TRAPPED, CALLING, str(number)], capture_output=True)
    assert done.returncode in (-signal.SIGILL, -signal.SIGTRAP)


def test_only_the_loops_can_be_seen_from_outside() -> None:
    names = [one.name for one in llvm.ObjectFileRef.from_data(assembled({"run": (CALLING, "caller")})).sections()]
    assert names  # it is an object file
    assert b"inner" not in assembled({"run": (CALLING, "caller")})


@pytest.mark.parametrize("program", ALL, ids=lambda program: program.kind)
def test_every_file_that_numba_compiles_is_reached(program: Program) -> None:
    sources = {cache.PACKAGES / source for source in reached.reached([program.entries])}
    todo = [*beside.entries(program)().values()]
    seen = set()
    while todo:
        function = todo.pop()
        function = getattr(function, "py_func", function)
        if function not in seen:
            seen.add(function)
            assert Path(function.__code__.co_filename) in sources
            named = [function.__globals__.get(name) for name in function.__code__.co_names]
            named += [cell.cell_contents for cell in function.__closure__ or ()]
            todo += [value for value in named if hasattr(value, "py_func")]
    assert len(seen) > 5


@pytest.mark.parametrize(
    ("program", "source"),
    [
        (EVENT_LOOP, "model/rules.py"), (EVENT_LOOP, "model/bucket.py"), (EVENT_LOOP, "model/events.py"),
        (QUEUES, "model/polling.py"), (EVENTS, "model/asynchronous.py"), (EVENT_LOOP, "records.py"),
        (METRICS, "model/rules.py"), (METRICS, "metrics/tally.py"), (WORKLOAD, "workload/normal.py"),
    ],
    ids=str,
)  # fmt: skip
def test_a_rule_is_reached(program: Program, source: str) -> None:
    assert f"lambdasim/{source}" in reached.reached([program.entries])


def test_a_loop_that_an_edited_file_no_longer_has_is_not_kept() -> None:
    with pytest.raises(LookupError, match=r"native\.py has no routines any more"):
        reached.reached(["lambdasim.engine.compiled.native:routines"])


def test_what_no_loop_names_is_not_reached() -> None:
    assert "lambdasim/model/maps.py" not in reached.reached([QUEUES.entries])


def test_the_user_chooses_the_directory(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("LAMBDASIM_CACHE_DIR", raising=False)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache.directory() == tmp_path / "user" / "lambdasim"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "numba"))
    assert cache.directory() == tmp_path / "numba"
    monkeypatch.setenv("LAMBDASIM_CACHE_DIR", str(tmp_path / "own"))
    assert cache.directory() == tmp_path / "own"


RUN = """
import sys
import lambdasim
load = {"target": "f", "executor": "constant-arrival-rate", "rate": "100/s", "duration": "10s"}
function = {"duration": "lognormal(p50=80ms, p99=600ms)", "init": "constant(1s)"}
result = lambdasim.Experiment(functions={"f": function}, loads=[load]).run(engine="compiled")
print(result.summary["account"]["requests"] > 0, "numba" in sys.modules)
"""


def test_a_run_with_all_loops_kept_loads_no_numba() -> None:
    command = [sys.executable, "-c", RUN]
    answers = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert answers[1].split() == ["True", "False"]
