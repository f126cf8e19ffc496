"""The compiled engine writes the records of the SimPy engine and of the oracle, whatever the chunks."""

from dataclasses import replace

import numpy as np
import pytest
from by_hand import plan_of
from crowds import beginnings, crowd, pauses, zones
from hypothesis import given, settings
from opinion import JITTER_KEYS, opinion
from strategies import Case, cases

from lambdasim.engine.compiled.engine import CompiledEngine
from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.model.events import Expiry
from lambdasim.model.spec import ScalingSpec

pytest.importorskip("numba")


def records(engine_class, case):
    """Return all rows that an engine writes, sorted, and the end of the simulation."""
    engine = engine_class(
        plan_of(
            case.spec,
            jitter_keys=JITTER_KEYS[: case.loads],
            control=case.control,
            horizon_ns=case.horizon_ns,
        )
    )
    chunks = [engine.advance(chunk) for chunk in case.chunks()]
    chunks.append(engine.finish(case.ends_ns))
    invocations = np.concatenate([chunk.invocations.rows for chunk in chunks])
    environments = np.concatenate([chunk.environments.rows for chunk in chunks])
    samples = np.concatenate([chunk.samples.rows for chunk in chunks])
    return *(sorted(rows.tolist()) for rows in (invocations, environments, samples)), engine.ended_ns


@given(cases())
@settings(max_examples=200, deadline=None)
def test_as_the_simpy_engine(case: Case) -> None:
    assert records(CompiledEngine, case) == records(ReferenceEngine, case)


@given(cases())
@settings(max_examples=100, deadline=None)
def test_as_the_oracle(case: Case) -> None:
    assert records(CompiledEngine, case)[:3] == opinion(case)


@given(cases())
@settings(max_examples=50, deadline=None)
def test_as_the_simpy_engine_where_a_surplus_is_nothing_special(case: Case) -> None:
    functions = tuple(f._replace(expiry=Expiry.ONE_TIMEOUT) for f in case.spec.functions)
    rows = [row | {"surplus_idle_timeout_ns": row["idle_timeout_ns"]} for row in case.rows]
    case = replace(case, spec=replace(case.spec, functions=functions), rows=rows)
    assert records(CompiledEngine, case) == records(ReferenceEngine, case)


@given(cases())
@settings(max_examples=75, deadline=None)
def test_chunk_borders_change_nothing(case: Case) -> None:
    arrivals_ns = sorted({row["arrival_ns"] for row in case.rows})
    everywhere = replace(case, cuts_ns=[at for arrival in arrivals_ns for at in (arrival, arrival + 1)])
    whole = replace(case, cuts_ns=[])
    assert records(CompiledEngine, everywhere) == records(CompiledEngine, whole)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("make", [beginnings, zones])
def test_every_way_to_start_and_to_be_lost(make, seed: int) -> None:
    case = make(seed)
    assert records(CompiledEngine, case) == records(ReferenceEngine, case)


@pytest.mark.parametrize("seed", range(12))
def test_crowds_as_the_simpy_engine(seed: int) -> None:
    case = crowd(seed)
    assert records(CompiledEngine, case) == records(ReferenceEngine, case)


@pytest.mark.parametrize("seed", range(8))
def test_clocks_of_whole_functions_as_the_simpy_engine(seed: int) -> None:
    case = pauses(seed)
    ours = records(CompiledEngine, case)
    assert ours == records(ReferenceEngine, case)


def test_a_surge_as_the_simpy_engine() -> None:
    case = crowd(100, rows=8_000, functions=4)
    functions = tuple(f._replace(reserved=None) for f in case.spec.functions)
    scaling = ScalingSpec(capacity=5_000, amount=5_000)
    spec = replace(case.spec, concurrency=6_000, functions=functions, scaling=scaling)
    case = replace(case, spec=spec, control=())
    ours = records(CompiledEngine, case)
    assert ours == records(ReferenceEngine, case)
    assert len(ours[1]) > 2_000
