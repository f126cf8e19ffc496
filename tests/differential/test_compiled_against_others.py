"""The compiled engine writes the records of the SimPy engine and of the oracle, whatever the chunks."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from strategies import Case, cases

from lambdasim.engine.compiled.engine import CompiledEngine
from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.model.events import NEVER_NS, Reuse, Status
from lambdasim.model.law import AccountLaw, ClientLaw, FunctionLaw, ScalingLaw
from lambdasim.model.rules import jitter24
from lambdasim.plan import PLAN_COLUMNS, PlanChunk
from lambdasim.records import ENVIRONMENT_COLUMNS, INVOCATION_COLUMNS

pytest.importorskip("numba")
JITTER_KEYS = (11, 0xDEADBEEFCAFEF00D)


def records(engine_class, case, init_ns: int = 7):
    """Return all rows that an engine writes, sorted, and the end of the simulation."""
    engine = engine_class(
        case.law,
        jitter_keys=JITTER_KEYS[: case.loads],
        provisioned_init_ns=[[init_ns * i for i in range(f.provisioned)] for f in case.law.functions],
        horizon_ns=case.horizon_ns,
    )
    chunks = [engine.advance(chunk) for chunk in case.chunks()]
    chunks.append(engine.finish(case.ends_ns))
    invocations = np.concatenate([chunk.invocations.rows for chunk in chunks])
    environments = np.concatenate([chunk.environments.rows for chunk in chunks])
    return sorted(invocations.tolist()), sorted(environments.tolist()), engine.ended_ns


def oracle_records(case: Case):
    invocations, environments = oracle.simulate(
        case.law.concurrency,
        [asdict(f) for f in case.law.functions],
        asdict(case.law.scaling),
        case.rows,
        [asdict(c) for c in case.law.clients],
        lambda load, index: jitter24(JITTER_KEYS[load], index),
        case.horizon_ns,
        case.ends_ns,
    )
    return (
        sorted([int(row[column]) for column in INVOCATION_COLUMNS] for row in invocations),
        sorted([int(row[column]) for column in ENVIRONMENT_COLUMNS] for row in environments),
    )


@given(cases())
@settings(max_examples=400, deadline=None)
def test_as_the_simpy_engine(case: Case) -> None:
    assert records(CompiledEngine, case) == records(ReferenceEngine, case)


@given(cases())
@settings(max_examples=200, deadline=None)
def test_as_the_oracle(case: Case) -> None:
    assert records(CompiledEngine, case, init_ns=0)[:2] == oracle_records(case)


@given(cases())
@settings(max_examples=100, deadline=None)
def test_as_the_simpy_engine_where_a_surplus_is_nothing_special(case: Case) -> None:
    functions = tuple(replace(f, surplus_differs=False) for f in case.law.functions)
    rows = [row | {"surplus_idle_timeout_ns": row["idle_timeout_ns"]} for row in case.rows]
    case = replace(case, law=replace(case.law, functions=functions), rows=rows)
    assert records(CompiledEngine, case) == records(ReferenceEngine, case)


@given(cases())
@settings(max_examples=150, deadline=None)
def test_chunk_borders_change_nothing(case: Case) -> None:
    arrivals_ns = sorted({row["arrival_ns"] for row in case.rows})
    everywhere = replace(case, cuts_ns=[at for arrival in arrivals_ns for at in (arrival, arrival + 1)])
    whole = replace(case, cuts_ns=[])
    assert records(CompiledEngine, everywhere) == records(CompiledEngine, whole)


@dataclass(frozen=True)
class Crowd:
    """A larger plan: enough functions, environments and retries that everything must grow."""

    law: AccountLaw
    columns: dict[str, np.ndarray]
    loads: int
    horizon_ns: int
    chunk_rows: int

    @property
    def ends_ns(self) -> int:
        return int(self.columns["arrival_ns"][-1])

    def chunks(self) -> Iterator[PlanChunk]:
        arrival_ns = self.columns["arrival_ns"]
        begin = 0
        while begin < len(arrival_ns):
            end = int(np.searchsorted(arrival_ns, arrival_ns[min(begin + self.chunk_rows, len(arrival_ns)) - 1], "right"))
            until_ns = int(arrival_ns[end]) if end < len(arrival_ns) else NEVER_NS
            yield PlanChunk(until_ns=until_ns, **{name: self.columns[name][begin:end] for name in PLAN_COLUMNS})
            begin = end


def crowd(seed: int, rows: int = 2_000, functions: int = 20) -> Crowd:
    """Draw a plan on a grid of 10 ms in which most rules are at work at once."""
    rng = np.random.default_rng(seed)
    tick = 10_000_000

    def ticks(low: int, high: int, size: int | None = None):
        return rng.integers(low, high, size) * tick

    def function(index: int) -> FunctionLaw:
        reserved = [None, None, None, 0, 5, 12][rng.integers(6)]
        provisioned = [0, 0, 3][rng.integers(3)] if reserved != 0 else 0
        requested_ns = int(ticks(0, 300))
        return FunctionLaw(
            name=f"f{index}",
            timeout_ns=int(ticks(100, 400)),
            reserved=reserved,
            provisioned=provisioned,
            provisioned_requested_ns=requested_ns,
            provisioned_ready_ns=requested_ns + int(ticks(0, 300)),
            reuse=Reuse(rng.integers(len(Reuse))),
            init_limit_ns=int(ticks(40, 200)),
            suppressed_init_permille=int(rng.integers(0, 2_000)),
            surplus_differs=True,
        )

    client = ClientLaw(max_attempts=6, base_ns=2 * tick, cap_ns=NEVER_NS, quota=40, retry_cost=5, processes=3)
    patient = ClientLaw(max_attempts=100, base_ns=tick, cap_ns=64 * tick, full_jitter=bool(seed % 2))
    law = AccountLaw(
        concurrency=150 + 50 * (seed % 3),
        functions=tuple(function(index) for index in range(functions)),
        scaling=ScalingLaw(10 * (seed % 4) + 5, 5, 50 * tick, continuous=seed % 3 > 0, per_function=seed % 4 > 0),
        clients=(client, patient),
    )
    load = np.sort(rng.integers(0, 2, rows))
    sequence = np.concatenate([np.arange(count) for count in np.bincount(load, minlength=2)])
    arrival_ns = ticks(0, 4 * int(np.sqrt(rows)), rows)
    order = np.lexsort((load << 44 | sequence, arrival_ns))
    columns = {
        "request": (load << 44 | sequence)[order],
        "arrival_ns": arrival_ns[order],
        "function": (rng.integers(0, functions, rows) * rng.random(rows)).astype(np.int64),
        "duration_ns": ticks(0, 150, rows),
        "init_ns": ticks(0, 100, rows),
        "placement_ns": np.broadcast_to(np.int64(tick), rows),
        "outcome": rng.choice([Status.SUCCESS, Status.ERROR, Status.CRASH, Status.OUT_OF_MEMORY], rows).astype(np.int64),
        "idle_timeout_ns": ticks(0, 60, rows),
        "surplus_idle_timeout_ns": ticks(0, 120, rows),
        "lifetime_ns": ticks(1, 600, rows),
        "pick": rng.integers(0, 2**31, rows),
    }
    horizon_ns = int(arrival_ns.max()) if seed % 5 == 0 else NEVER_NS
    return Crowd(law, columns, loads=2, horizon_ns=horizon_ns, chunk_rows=int(rng.integers(1, rows)))


@pytest.mark.parametrize("seed", range(12))
def test_crowds_as_the_simpy_engine(seed: int) -> None:
    case = crowd(seed)
    assert records(CompiledEngine, case) == records(ReferenceEngine, case)


def test_a_surge_as_the_simpy_engine() -> None:
    case = crowd(100, rows=8_000, functions=4)
    functions = tuple(replace(f, reserved=None, provisioned=0) for f in case.law.functions)
    scaling = ScalingLaw(capacity=5_000, amount=5_000)
    case = replace(case, law=replace(case.law, concurrency=6_000, functions=functions, scaling=scaling))
    ours = records(CompiledEngine, case)
    assert ours == records(ReferenceEngine, case)
    assert len(ours[1]) > 2_000
