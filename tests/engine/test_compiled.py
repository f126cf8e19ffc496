"""The compiled engine at its edges: what it refuses, what would leave 64 bits, what it keeps in memory and on disk."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lambdasim import code_cache
from lambdasim.engine.compiled import cache, native, supports
from lambdasim.engine.compiled.engine import CompiledEngine
from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.errors import InputError
from lambdasim.model.events import NEVER_NS
from lambdasim.model.law import AccountLaw, ClientLaw, FunctionLaw, ScalingLaw
from lambdasim.plan import PLAN_COLUMNS, PlanChunk

pytest.importorskip("numba")

MS = 1_000_000
S = 1_000_000_000
F = FunctionLaw("f", timeout_ns=3 * S)


def plan(arrivals_ns: list[int], until_ns: int = NEVER_NS, **columns: int | list[int]) -> PlanChunk:
    """Return a chunk of load 0 and function 0, of which all rows are alike but for their arrival."""
    rows = len(arrivals_ns)
    values = dict.fromkeys(PLAN_COLUMNS, 0) | {"lifetime_ns": NEVER_NS, "idle_timeout_ns": 300 * S} | columns
    values |= {"request": list(range(rows)), "arrival_ns": arrivals_ns}
    return PlanChunk(until_ns, **{k: np.broadcast_to(np.array(v, np.int64), rows) for k, v in values.items()})


def both(law: AccountLaw, *chunks: PlanChunk) -> list[list[int]]:
    """Return the invocations of both engines, which are the same."""
    answers = []
    for engine_class in (CompiledEngine, ReferenceEngine):
        engine = engine_class(law, jitter_keys=(2**64 - 1,))
        parts = [engine.advance(chunk) for chunk in chunks]
        parts.append(engine.finish(0))
        answers.append(sorted(row for part in parts for row in part.invocations.rows.tolist()))
    assert answers[0] == answers[1]
    return answers[0]


@pytest.mark.parametrize(
    ("law", "closed_loops", "reason"),
    [
        (AccountLaw(10, (F,)), ["users"], "virtual users wait for answers"),
        (AccountLaw(10, (F,), ScalingLaw(capacity=2**40, per_ns=2**22)), (), "the scaling rate"),
        (AccountLaw(2**24, (F,)), (), "concurrency"),
        (AccountLaw(10, (FunctionLaw("slow", timeout_ns=2**51),)), (), "'slow' has a timeout of 26 days"),
        (AccountLaw(10, (F,), clients=(ClientLaw(max_attempts=200),)), (), "128 attempts"),
        (AccountLaw(10, (F,), clients=(ClientLaw(base_ns=NEVER_NS),)), (), "146 years"),
    ],
)
def test_what_is_refused_and_why(law: AccountLaw, closed_loops: list[str], reason: str) -> None:
    supported, why = supports(law, closed_loops)
    assert not supported
    assert reason in why
    with pytest.raises(InputError, match="the compiled engine cannot run this"):
        CompiledEngine(law, closed_loops=closed_loops)


def test_all_else_is_supported() -> None:
    assert supports(AccountLaw(10, (F,))) == (True, "numba is installed and no request waits for an answer")


def test_without_numba(monkeypatch) -> None:
    monkeypatch.setattr("lambdasim.engine.compiled.find_spec", lambda name: None)
    assert supports(AccountLaw(10, (F,))) == (False, "the package numba is not installed")


def test_an_init_of_a_century_times_out() -> None:
    slow = FunctionLaw("f", timeout_ns=3 * S, suppressed_init_permille=1_999)
    (row,) = both(AccountLaw(10, (slow,)), plan([0], init_ns=NEVER_NS - 1, duration_ns=NEVER_NS - 1))
    assert row[13] == 3 * S


def test_a_backoff_of_a_century_is_jittered_exactly() -> None:
    client = ClientLaw(max_attempts=4, base_ns=2**58 + 12_345_678_901, cap_ns=NEVER_NS)
    rows = both(AccountLaw(1, (F,), clients=(client,)), plan([0, 0, 0], duration_ns=S))
    assert max(row[4] for row in rows) > 2**55


def test_a_retry_quota_is_never_more_than_full() -> None:
    client = ClientLaw(max_attempts=5, base_ns=MS, cap_ns=8 * MS, quota=3, retry_cost=2)
    arrivals = [i * 100 * MS for i in range(20)] + [2 * S] * 20
    rows = both(AccountLaw(1, (F,), clients=(client,)), plan(arrivals, duration_ns=50 * MS))
    assert sum(row[1] > 0 for row in rows) == 1  # 3 tokens pay for one retry, however many answers there were


def test_memory_does_not_grow_with_the_number_of_invocations() -> None:
    engine = CompiledEngine(AccountLaw(100, (F,)))
    sizes = set()
    for begin in range(0, 200 * S, 10 * S):
        arrivals = list(range(begin, begin + 10 * S, 5 * MS))
        engine.advance(plan(arrivals, begin + 10 * S, duration_ns=20 * MS, lifetime_ns=2 * S))
        sizes.add(sum(array.nbytes for array in engine._state))
    assert len(sizes) == 1


def test_a_chunk_that_ends_before_the_present_changes_nothing() -> None:
    rows = both(AccountLaw(1, (F,)), plan([], 0), plan([], 5 * S), plan([], 3 * S), plan([5 * S], duration_ns=MS))
    assert [row[14] for row in rows] == [5 * S + MS]


def test_a_look_at_it_loads_no_numba() -> None:
    code = "import lambdasim.engine.compiled, sys; print('numba' in sys.modules, 'numpy' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False", "False"]


ASSEMBLY = "define i64 @some_name(ptr %arrays, i64 %until) {\n  %twice = add i64 %until, %until\n  ret i64 %twice\n}\n"


@pytest.fixture
def compilations(monkeypatch, tmp_path) -> list[int]:
    """Replace compiler and cache directory; the list gets an entry for each compilation."""
    from lambdasim.engine.compiled import jit

    done: list[int] = []

    def compiled() -> tuple[str, str]:
        done.append(1)
        return ASSEMBLY, "some_name"

    monkeypatch.setattr(jit, "compiled", compiled)
    monkeypatch.setenv("LAMBDASIM_CACHE_DIR", str(tmp_path / "kept"))
    return done


def fresh_loop() -> native.Loop:
    """Return the loop as a new process would have it."""
    return native.event_loop.__wrapped__()


def test_the_loop_is_compiled_once_and_then_kept(compilations) -> None:
    assert not cache.holds_loop()
    first, second = fresh_loop(), fresh_loop()
    assert cache.holds_loop()
    assert (first.was_kept, second.was_kept, len(compilations)) == (False, True, 1)
    assert [loop.run((), 21, ()) for loop in (first, second)] == [42, 42]
    assert second.seconds < first.seconds + 1


def test_a_damaged_cache_is_replaced(compilations, tmp_path) -> None:
    fresh_loop()
    (file,) = (tmp_path / "kept").iterdir()
    file.write_bytes(file.read_bytes()[:-10])
    assert not fresh_loop().was_kept
    assert fresh_loop().was_kept


def test_a_cache_that_cannot_be_written_is_done_without(compilations, monkeypatch, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LAMBDASIM_CACHE_DIR", str(tmp_path / "file" / "kept"))
    with pytest.warns(RuntimeWarning, match="cannot be kept for the next time"):
        assert fresh_loop().run((), 21, ()) == 42


def test_a_full_disk_leaves_nothing_behind(compilations, monkeypatch, tmp_path) -> None:
    def full(source: str, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.os, "replace", full)
    with pytest.warns(RuntimeWarning, match="No space left"):
        assert fresh_loop().run((), 21, ()) == 42
    assert list((tmp_path / "kept").iterdir()) == []


def test_an_edited_source_has_another_name(monkeypatch, tmp_path) -> None:
    for source in Path(cache.__file__).parent.glob("*.py"):
        (tmp_path / source.name).write_bytes(source.read_bytes())
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "cache.py"))
    before = cache.name()
    assert before == cache.name()
    (tmp_path / "pool.py").write_text("# edited", encoding="utf-8")
    assert cache.name() != before


def test_an_edited_rule_has_another_name(monkeypatch, tmp_path) -> None:
    before = cache.name()
    (tmp_path / "rules.py").write_text("# edited", encoding="utf-8")
    monkeypatch.setattr(cache.rules, "__file__", str(tmp_path / "rules.py"))
    assert cache.name() != before


def test_the_user_chooses_the_directory(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("LAMBDASIM_CACHE_DIR", raising=False)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert code_cache.directory() == tmp_path / "user" / "lambdasim"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "numba"))
    assert code_cache.directory() == tmp_path / "numba"
    monkeypatch.setenv("LAMBDASIM_CACHE_DIR", str(tmp_path / "own"))
    assert code_cache.directory() == tmp_path / "own"
