"""The SimPy engine and the brute-force oracle write identical records."""

from dataclasses import asdict, replace

import oracle
from by_hand import plan_of
from hypothesis import given, settings
from strategies import Case, cases

from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.model.rules import jitter24
from lambdasim.records import ENVIRONMENT_COLUMNS, INVOCATION_COLUMNS

JITTER_KEYS = (11, 0xDEADBEEFCAFE)


def engine_rows(case: Case):
    engine = ReferenceEngine(plan_of(case.law, jitter_keys=JITTER_KEYS[: case.loads], horizon_ns=case.horizon_ns))
    tables = [engine.advance(chunk) for chunk in case.chunks()]
    tables.append(engine.finish(case.ends_ns))
    invocations = [tuple(map(int, r)) for t in tables for r in t.invocations.rows]
    environments = [tuple(map(int, r)) for t in tables for r in t.environments.rows]
    return sorted(invocations), sorted(environments)


def oracle_rows(case: Case):
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
        sorted(tuple(int(r[c]) for c in INVOCATION_COLUMNS) for r in invocations),
        sorted(tuple(int(r[c]) for c in ENVIRONMENT_COLUMNS) for r in environments),
    )


@given(cases())
@settings(max_examples=400, deadline=None)
def test_identical_records(case: Case) -> None:
    ours, theirs = engine_rows(case), oracle_rows(case)
    assert ours[0] == theirs[0]
    assert ours[1] == theirs[1]


@given(cases())
@settings(max_examples=150, deadline=None)
def test_chunk_borders_change_nothing(case: Case) -> None:
    whole = replace(case, cuts_ns=[])
    assert engine_rows(case) == engine_rows(whole)
