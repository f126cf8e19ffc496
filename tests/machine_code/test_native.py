"""Machine code: it is compiled once and kept whole or not at all, for the sources and nobody else's."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lambdasim.engine.compiled import native as of_engine
from lambdasim.machine_code import cache, native
from lambdasim.metrics.compiled import native as of_metrics
from lambdasim.workload.compiled import native as of_workload

pytest.importorskip("numba")

ASSEMBLY = """
define i64 @{name}(ptr %arrays, i64 %number) {{
  %result = mul i64 %number, {factor}
  ret i64 %result
}}
"""
PROGRAM = native.Program("program-0123", lambda: {"twice": "2", "thrice": "3"})  # type: ignore[dict-item]


@pytest.fixture
def compilations(monkeypatch, tmp_path) -> list[str]:
    """Replace compiler and cache directory; the list gets an entry for each loop that is compiled."""
    from lambdasim.machine_code import jit

    done: list[str] = []

    def assembly(factor: str) -> tuple[str, str]:
        done.append(factor)
        return ASSEMBLY.format(name=f"of_{factor}", factor=factor), f"of_{factor}"

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


def test_a_damaged_file_is_replaced(compilations, tmp_path) -> None:
    results()
    (file,) = (tmp_path / "kept").iterdir()
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


@pytest.mark.parametrize("queues", [False, True])
def test_a_loop_without_queues_is_kept_apart(queues: bool) -> None:
    program = of_engine.program(queues)
    assert (program.name != of_engine.program(not queues).name, program.others != "") == (True, queues)


@pytest.mark.parametrize("module", [of_engine, of_metrics, of_workload])
def test_an_edited_source_has_another_name(module, monkeypatch, tmp_path) -> None:
    arguments = (True,) if module is of_engine else ()
    before = module.program(*arguments).name
    for source in Path(module.__file__).parent.glob("*.py"):
        (tmp_path / source.name).write_bytes(source.read_bytes())
    monkeypatch.setattr(module, "__file__", str(tmp_path / "native.py"))
    assert module.program(*arguments).name == before
    (tmp_path / "entry.py").write_text("# edited", encoding="utf-8")
    assert module.program(*arguments).name != before


@pytest.mark.parametrize(
    ("module", "source"), [(of_engine, "rules"), (of_metrics, "rules"), (of_metrics, "tally"), (of_workload, "normal")]
)
def test_an_edited_rule_has_another_name(module, source: str, monkeypatch, tmp_path) -> None:
    arguments = (True,) if module is of_engine else ()
    before = module.program(*arguments).name
    (tmp_path / "edited.py").write_text("# edited", encoding="utf-8")
    monkeypatch.setattr(getattr(module, source), "__file__", str(tmp_path / "edited.py"))
    assert module.program(*arguments).name != before


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
