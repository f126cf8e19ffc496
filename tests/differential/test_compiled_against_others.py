"""The compiled engine writes the records of the SimPy engine and of the oracle."""


import pytest
from hypothesis import given, settings
from strategies import Case, cases

from lambdasim.engine.compiled.engine import CompiledEngine
from lambdasim.engine.reference.engine import ReferenceEngine

pytest.importorskip("numba")
JITTER_KEYS = (11, 0xDEADBEEFCAFE)


def engine_rows(engine_class, case: Case):
    engine = engine_class(
        case.law,
        jitter_keys=JITTER_KEYS[: case.loads],
        provisioned_init_ns=[[7 * i for i in range(f.provisioned)] for f in case.law.functions],
        horizon_ns=case.horizon_ns,
    )
    tables = [engine.advance(chunk) for chunk in case.chunks()]
    tables.append(engine.finish(case.ends_ns))
    invocations = [tuple(map(int, r)) for t in tables for r in t.invocations.rows]
    environments = [tuple(map(int, r)) for t in tables for r in t.environments.rows]
    return sorted(invocations), sorted(environments), engine.ended_ns


@given(cases())
@settings(max_examples=3000, deadline=None)
def test_as_the_reference_engine(case: Case) -> None:
    ours, theirs = engine_rows(CompiledEngine, case), engine_rows(ReferenceEngine, case)
    assert ours == theirs
