"""Machine code: it is compiled once and kept whole or not at all, for the sources and nobody else's."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lambdasim.engine.compiled import native as of_engine
from lambdasim.machine_code import cache, native
from lambdasim.machine_code.reached import reached
from lambdasim.metrics.compiled import native as of_metrics
from lambdasim.workload.compiled import native as of_workload

pytest.importorskip("numba")

ASSEMBLY = """
define i64 @{name}(ptr %arrays, i64 %number) {{
  %result = mul i64 %number, {factor}
  ret i64 %result
}}
"""
PROGRAM = native.Program("program", lambda: {"twice": "2", "thrice": "3"})  # type: ignore[dict-item]
PROGRAMS = [of_engine.program(True), of_engine.program(False), of_metrics.program(), of_workload.program()]


@pytest.fixture
def compilations(monkeypatch, tmp_path) -> list[str]:
    """Replace compiler and cache directory; the list gets an entry for each loop that is compiled."""
    from lambdasim.machine_code import jit

    done: list[str] = []

    def assembly(factor: str) -> tuple[str, str]:
        done.append(factor)
        return ASSEMBLY.format(name=f"of_{factor}", factor=factor), f"of_{factor}"

    (tmp_path / "source.py").write_text("1")
    monkeypatch.setattr(native, "reached", lambda _: ["source.py"])
    monkeypatch.setattr(cache, "PACKAGES", tmp_path)
    monkeypatch.setattr(jit, "assembly", assembly)
    monkeypatch.setenv("LAMBDASIM_CACHE_DIR", str(tmp_path / "kept"))
    return done


def results() -> list[int]:
    """Load the program as a new process would, and run its loops."""
    loops = native.load(PROGRAM)
    return [loops[name]((np.zeros(3),), 21) for name in ("twice", "thrice")]


def test_a_program_is_compiled_once_and_then_kept(compilations) -> None:
    assert not native.is_kept(PROGRAM)
    assert results() == results() == [42, 63]
    assert native.is_kept(PROGRAM)
    assert compilations == ["2", "3"]


def test_an_edited_source_is_compiled_again(compilations, tmp_path) -> None:
    results()
    for text in ("2", "1", "2"):
        (tmp_path / "source.py").write_text(text)
        assert results() == [42, 63]
    assert len(compilations) == 4
    (tmp_path / "source.py").unlink()
    assert not native.is_kept(PROGRAM)


def test_an_edit_that_reaches_further_is_compiled_again(compilations, monkeypatch, tmp_path) -> None:
    results()
    (tmp_path / "source.py").write_text("import further")
    (tmp_path / "further.py").write_text("1")
    monkeypatch.setattr(native, "reached", lambda _: ["further.py", "source.py"])
    results()
    assert len(compilations) == 4
    (tmp_path / "further.py").write_text("2")
    assert not native.is_kept(PROGRAM)
    (tmp_path / "source.py").write_text("1")
    assert native.is_kept(PROGRAM)


def test_a_damaged_file_is_replaced(compilations, tmp_path) -> None:
    results()
    (file,) = (file for file in (tmp_path / "kept").iterdir() if file.suffix != ".sources")
    file.write_bytes(file.read_bytes()[:-10])
    assert results() == [42, 63]
    assert len(compilations) == 4
    results()
    assert len(compilations) == 4


def test_a_cache_that_cannot_be_written_is_done_without(compilations, monkeypatch, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LAMBDASIM_CACHE_DIR", str(tmp_path / "file" / "kept"))
    with pytest.warns(RuntimeWarning, match="cannot be kept for the next time"):
        assert results() == [42, 63]


def test_a_full_disk_leaves_nothing_behind(compilations, monkeypatch, tmp_path) -> None:
    def full(source: str, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.os, "replace", full)
    with pytest.warns(RuntimeWarning, match="No space left"):
        assert results() == [42, 63]
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_stub_stands_for_what_is_never_called(compilations, monkeypatch) -> None:
    from lambdasim.machine_code import jit

    calling = """
    declare i64 @absent(ptr, i64)
    define i64 @caller(ptr %arrays, i64 %number) {
      %result = call i64 @absent(ptr %arrays, i64 %number)
      %plus = add i64 %result, %number
      ret i64 %plus
    }
    """
    monkeypatch.setattr(jit, "assembly", lambda _: (calling, "caller"))
    program = native.Program("stubbed", lambda: {"run": "absent"}, stubs=lambda: ["absent"])  # type: ignore[dict-item]
    assert native.load(program)["run"]([], 7) == 7


def test_a_loop_without_queues_is_kept_apart() -> None:
    with_queues, without = PROGRAMS[:2]
    assert with_queues.kind != without.kind
    assert with_queues.others
    assert not without.others


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.kind)
def test_every_file_that_numba_compiles_is_reached(program: native.Program) -> None:
    sources = {cache.PACKAGES / source for source in reached(native._places(program))}
    todo = (
        [*program.entries().values(), *of_engine.routines().values()]
        if program.others
        else [*program.entries().values()]
    )
    seen = set()
    while todo:
        function = todo.pop()
        function = getattr(function, "py_func", function)
        if function not in seen:
            seen.add(function)
            assert Path(function.__code__.co_filename) in sources
            named = [function.__globals__.get(name) for name in function.__code__.co_names]
            todo += [value for value in named if hasattr(value, "py_func")]
    assert len(seen) > 5


@pytest.mark.parametrize(
    ("program", "source"),
    [
        (PROGRAMS[1], "model/rules.py"), (PROGRAMS[1], "model/bucket.py"), (PROGRAMS[1], "model/events.py"),
        (PROGRAMS[0], "model/polling.py"), (PROGRAMS[1], "records.py"), (PROGRAMS[2], "model/rules.py"),
        (PROGRAMS[2], "metrics/tally.py"), (PROGRAMS[3], "workload/normal.py"),
    ],
    ids=str,
)  # fmt: skip
def test_a_rule_is_reached(program: native.Program, source: str) -> None:
    assert f"lambdasim/{source}" in reached(native._places(program))


def test_what_no_loop_names_is_not_reached() -> None:
    assert "lambdasim/model/streams.py" not in reached(native._places(PROGRAMS[0]))


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
