"""The SimPy engine and the brute-force oracle write identical records."""

from dataclasses import replace

from by_hand import plan_of
from hypothesis import given, settings
from opinion import JITTER_KEYS, opinion
from strategies import Case, cases

from lambdasim.engine.reference.engine import ReferenceEngine


def engine_rows(case: Case):
    keys = JITTER_KEYS[: case.loads]
    engine = ReferenceEngine(plan_of(case.spec, keys, control=case.control, horizon_ns=case.horizon_ns))
    tables = [engine.advance(chunk) for chunk in case.chunks()]
    tables.append(engine.finish(case.ends_ns))
    invocations = [[int(value) for value in r] for t in tables for r in t.invocations.rows]
    environments = [[int(value) for value in r] for t in tables for r in t.environments.rows]
    samples = [[int(value) for value in r] for t in tables for r in t.samples.rows]
    return sorted(invocations), sorted(environments), sorted(samples)


@given(cases())
@settings(max_examples=200, deadline=None)
def test_identical_records(case: Case) -> None:
    ours, theirs = engine_rows(case), opinion(case)
    assert ours[0] == theirs[0]
    assert ours[1] == theirs[1]
    assert ours[2] == theirs[2]


@given(cases())
@settings(max_examples=75, deadline=None)
def test_chunk_borders_change_nothing(case: Case) -> None:
    whole = replace(case, cuts_ns=[])
    assert engine_rows(case) == engine_rows(whole)
