"""The program of the loop for plain plans, and what it takes for granted."""

import json
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from both_engines import differences
from by_hand import plan_of
from crowds import Crowd, crowd
from hypothesis import given, settings
from opinion import JITTER_KEYS
from strategies import Case, cases

import lambdasim as ls
from lambdasim import simulate
from lambdasim.engine.compiled import native
from lambdasim.engine.compiled.engine import CompiledEngine
from lambdasim.engine.compiled.plain import is_plain
from lambdasim.engine.compiled.state import ENVIRONMENTS
from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.machine_code import native as at_hand
from lambdasim.machine_code.program import PLAIN_LOOP
from lambdasim.model.control import Change, Control
from lambdasim.model.events import NEVER_NS, Reuse
from lambdasim.model.losses import Loss
from lambdasim.model.spec import AccountSpec, ClientSpec, DownstreamSpec, FunctionSpec, UseSpec
from lambdasim.plan import COLD_COLUMNS, PlanChunk
from lambdasim.workload.cold_starts import ColdRows

pytest.importorskip("numba")

S = 1_000_000_000


def plain(case):
    """Return the same without what makes it anything but plain."""
    functions = tuple(
        f._replace(reserved=None, version_of=-1, reuse=Reuse.MOST_RECENT, ahead_q24=0) for f in case.spec.functions
    )
    clients = tuple(replace(client, quota=0) for client in case.spec.clients)
    spec = replace(case.spec, functions=functions, clients=clients, whole_seconds=False, losses=())
    return replace(case, spec=spec, control=())


class Undrawn:
    """What cold starts need of a chunk, nonsense until it is drawn."""

    is_drawn = False

    def __init__(self, chunk: PlanChunk) -> None:
        self.drawn = {name: getattr(chunk, name) for name in COLD_COLUMNS}
        self.columns = {name: np.full(len(chunk), -S) for name in COLD_COLUMNS}

    def draw(self, begin: int, end: int) -> None:
        for name, column in self.columns.items():
            assert (column[begin:end] == -S).all()
            column[begin:end] = self.drawn[name][begin:end]

    def tell(self, times: int) -> None:
        assert times >= 0


def undrawn(chunk: PlanChunk) -> PlanChunk:
    cold = Undrawn(chunk)
    return replace(chunk, cold=cold, **cold.columns)


def rows(engine, case: Case | Crowd, looked_at=lambda engine: None, made=lambda chunk: chunk):
    """Return all rows that an engine writes of chunks ``made`` of the case's, sorted; look at it after each chunk."""
    chunks = []
    for chunk in case.chunks():
        chunks.append(engine.advance(made(chunk)))
        looked_at(engine)
    chunks.append(engine.finish(case.ends_ns))
    looked_at(engine)
    tables = [[getattr(chunk, name).rows for chunk in chunks] for name in ("invocations", "environments", "samples")]
    return *(sorted(np.concatenate(table).tolist()) for table in tables), engine.ended_ns


def made(engine_class, case: Case | Crowd):
    return engine_class(plan_of(case.spec, JITTER_KEYS[: case.loads], control=case.control, horizon_ns=case.horizon_ns))


def check(case: Case | Crowd) -> None:
    engine, any_loop = made(CompiledEngine, case), made(CompiledEngine, case)
    assert engine._run is native.plain_loop_alone()
    any_loop.change([])
    assert any_loop._run is not engine._run
    expected = rows(made(ReferenceEngine, case), case)
    assert rows(engine, case, facts_hold) == rows(any_loop, case) == expected
    some_drawn, all_drawn = made(CompiledEngine, case), made(CompiledEngine, case)
    all_drawn.change([])
    with patch("lambdasim.engine.compiled.engine.COLD_ROWS", 3):
        assert rows(some_drawn, case, made=undrawn) == rows(all_drawn, case, made=undrawn) == expected


def facts_hold(engine: CompiledEngine) -> None:
    used = engine._state.rooms["used"][ENVIRONMENTS]
    assert is_plain(engine._state._replace(environments=engine._state.environments[:used]))
    assert engine._state.control["at_ns"].tolist() == [NEVER_NS]
    assert not engine._state.loop["timer_heap"].any()
    assert not engine._state.loop["is_over"].any()


@given(cases())
@settings(max_examples=150, deadline=None)
def test_plain_plans_have_the_same_rows(case: Case) -> None:
    check(plain(case))


@pytest.mark.parametrize("seed", range(4))
def test_plain_crowds_have_the_same_rows(seed: int) -> None:
    check(plain(crowd(seed)))


def test_a_plan_that_changes_after_all_goes_on_in_the_loop_for_all() -> None:
    case = plain(crowd(1))
    change = Change(case.ends_ns // 2, Control.RESERVED_CONCURRENCY, 0, 1)

    def half(engine):
        written = [engine.advance(chunk) for chunk in case.chunks() if chunk.until_ns <= change.at_ns]
        engine.change([change])
        written += [engine.advance(chunk) for chunk in case.chunks() if chunk.until_ns > change.at_ns]
        written.append(engine.finish(case.ends_ns))
        return sorted(row for chunk in written for row in chunk.invocations.rows.tolist())

    assert (
        half(made(CompiledEngine, case))
        == half(made(ReferenceEngine, case))
        != rows(made(CompiledEngine, case), case)[0]
    )


def test_the_loop_for_plain_plans_calls_no_other_program() -> None:
    native.plain_loop_alone()
    _, elsewhere = json.loads(at_hand._code(PLAIN_LOOP).partition(b"\n")[0])
    assert elsewhere == []


ONE = AccountSpec(9, (FunctionSpec("f", timeout_ns=S),))


def function(**settings) -> AccountSpec:
    return replace(ONE, functions=(ONE.functions[0]._replace(**settings),))


@pytest.mark.parametrize(
    ("spec", "control"),
    [
        (function(reserved=5), ()),
        (function(reserved=0), ()),
        (function(reuse=Reuse.RANDOM), ()),
        (function(ahead_q24=1), ()),
        (replace(ONE, functions=(*ONE.functions, FunctionSpec("f", timeout_ns=S, version_of=0))), ()),
        (replace(ONE, clients=(ClientSpec(2, S, S, full_jitter=False, quota=5),)), ()),
        (replace(ONE, whole_seconds=True), ()),
        (replace(ONE, losses=(Loss(S, 1 << 24, 1),)), (Change(S, Control.ENVIRONMENTS_LOST, 0, 1 << 24),)),
        (ONE, (Change(S, Control.LAMBDA_ERRORS, 0, 1 << 24),)),
        (ONE, (Change(S, Control.ACCOUNT_CONCURRENCY, 0, 1),)),
        (replace(function(uses=(UseSpec(0),)), downstreams=(DownstreamSpec("d"),)), ()),
    ],
)  # fmt: skip
def test_what_is_not_plain(spec: AccountSpec, control) -> None:
    assert CompiledEngine(plan_of(ONE))._run is native.plain_loop_alone()
    assert CompiledEngine(plan_of(spec, control=control))._run is not native.plain_loop_alone()


def test_cold_starts_that_are_seldom_are_drawn_when_they_come() -> None:
    """Of functions with laws of their own, which crash, time out, are throttled and tried again."""
    function = {
        "duration": "lognormal(p50=80ms, p99=900ms)", "init": "lognormal(p50=450ms, p99=1.2s)", "timeout": "1s",
        "placement": "uniform(5ms, 50ms)", "idle_timeout": "uniform(2s, 60s)", "max_lifetime": "uniform(20s, 5min)",
        "crashes": 0.02,
    }  # fmt: skip
    other = function | {"init": "constant(70ms)", "max_lifetime": "none"}
    load = {"executor": "constant-arrival-rate", "rate": "60/s", "duration": "3min", "client": {"mode": "legacy"}}
    exp = ls.Experiment(
        functions={"f": function, "g": other},
        loads=[load | {"target": "f"}, load | {"target": "g", "rate": "20/s"}],
        account={"concurrency": 24},
    )
    drawn: list[tuple[int, int]] = []

    def draw(cold: ColdRows, begin: int, end: int) -> None:
        drawn.append((begin, end))
        ColdRows.original(cold, begin, end)

    with (
        patch.object(simulate, "CHUNK_ROWS", {"simpy": 500, "compiled": 500}),
        patch("lambdasim.workload.cold_starts.SELDOM", 1),
        patch("lambdasim.engine.compiled.engine.COLD_ROWS", 10),
        patch.object(ColdRows, "original", ColdRows.draw, create=True),
        patch.object(ColdRows, "draw", draw),
    ):
        assert differences(exp) == []
    assert 0 < sum(end - begin for begin, end in drawn) < 14_000  # of all requests
