"""The compiled engine at its edges: what it refuses, what would leave 64 bits, what it keeps in memory."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from by_hand import plan_of

from lambdasim.engine.compiled import supports
from lambdasim.engine.compiled.engine import CompiledEngine
from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.errors import InputError
from lambdasim.model.asynchronous import AsynchronousSpec
from lambdasim.model.events import NEVER_NS
from lambdasim.model.gateway import ANSWERS, GatewayKind, GatewaySource, RateSpec
from lambdasim.model.spec import AccountSpec, ClientSpec, FunctionSpec, ScalingSpec
from lambdasim.plan import PLAN_COLUMNS, PlanChunk
from lambdasim.records import INVOCATION_COLUMNS

pytest.importorskip("numba")

MS = 1_000_000
S = 1_000_000_000
F = FunctionSpec("f", timeout_ns=3 * S)
WEB = GatewaySource("web", 0, GatewayKind.HTTP, ANSWERS[GatewayKind.HTTP])


def plan(arrivals_ns: list[int], until_ns: int = NEVER_NS, **columns: int | list[int]) -> PlanChunk:
    """Return a chunk of load 0 and function 0, of which all rows are alike but for their arrival."""
    rows = len(arrivals_ns)
    values = dict.fromkeys(PLAN_COLUMNS, 0) | {"lifetime_ns": NEVER_NS, "idle_timeout_ns": 300 * S} | columns
    values |= {"request": list(range(rows)), "arrival_ns": arrivals_ns}
    return PlanChunk(until_ns, **{k: np.broadcast_to(np.array(v, np.int64), rows) for k, v in values.items()})


def both(spec: AccountSpec, *chunks: PlanChunk) -> list[list[int]]:
    """Return the invocations of both engines, which are the same."""
    answers = []
    for engine_class in (CompiledEngine, ReferenceEngine):
        engine = engine_class(plan_of(spec, jitter_keys=(2**64 - 1,)))
        parts = [engine.advance(chunk) for chunk in chunks]
        parts.append(engine.finish(0))
        answers.append(sorted(row for part in parts for row in part.invocations.rows.tolist()))
    assert answers[0] == answers[1]
    return answers[0]


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (AccountSpec(10, (F,), ScalingSpec(capacity=2**40, per_ns=2**22)), "the scaling rate"),
        (AccountSpec(2**24, (F,)), "concurrency"),
        (AccountSpec(10, (FunctionSpec("slow", timeout_ns=2**51),)), "'slow' has a timeout of 26 days"),
        (AccountSpec(10, (F._replace(asynchronous=AsynchronousSpec(max_age_ns=2**61)),)), "events of an age"),
        (AccountSpec(10, (F,), clients=(ClientSpec(max_attempts=200),)), "128 attempts"),
        (AccountSpec(10, (F,), clients=(ClientSpec(base_ns=NEVER_NS),)), "146 years"),
        (AccountSpec(10, (F,), api_gateway=RateSpec(1, S, 2**33)), "the account's burst_limit of API Gateway"),
        (AccountSpec(10, (F,), sources=(replace(WEB, stage=RateSpec(1, S, 2**33)),)), "'web' has a burst_limit"),
    ],
)
def test_what_is_refused_and_why(spec: AccountSpec, reason: str) -> None:
    refused = plan_of(spec)
    supported, why = supports(refused)
    assert not supported
    assert reason in why
    with pytest.raises(InputError, match="the compiled engine cannot run this"):
        CompiledEngine(refused)


def test_all_else_is_supported() -> None:
    assert supports(plan_of(AccountSpec(10, (F,)))) == (True, "it has all that the plan has")


def test_without_numba(monkeypatch) -> None:
    monkeypatch.setattr("lambdasim.engine.compiled.find_spec", lambda name: None)
    assert supports(plan_of(AccountSpec(10, (F,)))) == (False, "the package numba is not installed")


def test_an_init_of_a_century_times_out() -> None:
    slow = FunctionSpec("f", timeout_ns=3 * S, suppressed_init_permille=1_999)
    (row,) = both(AccountSpec(10, (slow,)), plan([0], init_ns=NEVER_NS - 1, duration_ns=NEVER_NS - 1))
    assert row[13] == 3 * S


def test_a_backoff_of_a_century_is_jittered_exactly() -> None:
    client = ClientSpec(max_attempts=4, base_ns=2**58 + 12_345_678_901, cap_ns=NEVER_NS)
    rows = both(AccountSpec(1, (F,), clients=(client,)), plan([0, 0, 0], duration_ns=S))
    assert max(row[4] for row in rows) > 2**55


def test_a_retry_quota_is_never_more_than_full() -> None:
    client = ClientSpec(max_attempts=5, base_ns=MS, cap_ns=8 * MS, quota=3, retry_cost=2)
    arrivals = [i * 100 * MS for i in range(20)] + [2 * S] * 20
    rows = both(AccountSpec(1, (F,), clients=(client,)), plan(arrivals, duration_ns=50 * MS))
    assert sum(row[1] > 0 for row in rows) == 1  # 3 tokens pay for one retry, however many answers there were


def test_memory_does_not_grow_with_the_number_of_invocations() -> None:
    engine = CompiledEngine(plan_of(AccountSpec(100, (F,))))
    sizes = set()
    for begin in range(0, 200 * S, 10 * S):
        arrivals = list(range(begin, begin + 10 * S, 5 * MS))
        engine.advance(plan(arrivals, begin + 10 * S, duration_ns=20 * MS, lifetime_ns=2 * S))
        sizes.add(sum(array.nbytes for array in engine._state))
    assert len(sizes) == 1


def test_a_chunk_that_ends_before_the_present_changes_nothing() -> None:
    rows = both(AccountSpec(1, (F,)), plan([], 0), plan([], 5 * S), plan([], 3 * S), plan([5 * S], duration_ns=MS))
    assert [row[14] for row in rows] == [5 * S + MS]


def test_a_column_of_one_value_may_have_another_in_the_next_chunk() -> None:
    spec = AccountSpec(10, (F,))
    ten, more = [S + i * MS for i in range(10)], [2 * S + i * MS for i in range(20)]
    chunks = plan(ten, 2 * S, duration_ns=MS), plan([], 2 * S), plan(more, 3 * S, duration_ns=2 * MS), plan([4 * S])
    ends = [row[INVOCATION_COLUMNS.index("end_ns")] for row in both(spec, *chunks)]
    assert sorted(ends) == [at + MS for at in ten] + [at + 2 * MS for at in more] + [4 * S]


def test_a_look_at_it_loads_no_numba() -> None:
    code = "import lambdasim.engine.compiled, sys; print('numba' in sys.modules, 'numpy' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False", "False"]
