"""What is in flight once the loads have ended can end bit by bit, and no record is another for it."""

import dataclasses

import numpy as np
import pytest
from queue_cases import TABLES, crowd_of_messages, records

from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.model.events import NEVER_NS


def drained(engine_class, case) -> tuple[tuple, int]:
    """Return what ``records`` does, drained before the end, and in how many bits."""
    engine = engine_class(case.plan())
    loads_end_ns = max(chunk.arrival_ns.max(initial=0) for chunk in case.chunks()) + 1
    whole = [dataclasses.replace(chunk, until_ns=min(chunk.until_ns, loads_end_ns)) for chunk in case.chunks()]
    chunks = [engine.advance(chunk) for chunk in whole]
    bits = 0
    while (chunk := engine.drain()) is not None:
        chunks.append(chunk)
        bits += 1
    chunks.append(engine.finish(case.case.ends_ns))
    rows = [sorted(row for chunk in chunks for row in getattr(chunk, table).rows.tolist()) for table in TABLES]
    return (*rows, engine.ended_ns), bits


@pytest.fixture(params=["simpy", "compiled"])
def engine_class(request, monkeypatch):
    monkeypatch.setattr("lambdasim.engine.reference.engine.DRAINED_EVENTS", 60)
    if request.param == "simpy":
        return ReferenceEngine
    pytest.importorskip("numba")
    from lambdasim.engine.compiled.engine import CompiledEngine

    monkeypatch.setattr("lambdasim.engine.compiled.engine.DRAINED_ROWS", 20)
    monkeypatch.setattr("lambdasim.engine.compiled.beginning.FIRST", 10)
    return CompiledEngine


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("horizon", ["none", "in the middle", "late"])
def test_bit_by_bit_is_the_same(engine_class, seed: int, horizon: str) -> None:
    case = crowd_of_messages(seed, messages=3_000)
    horizon_ns = {"none": NEVER_NS, "in the middle": 15 * 10**9, "late": 10**13}[horizon]
    case = dataclasses.replace(case, case=dataclasses.replace(case.case, horizon_ns=horizon_ns))
    found, bits = drained(engine_class, case)
    assert found == records(engine_class, case)
    assert bits > 1


def test_what_is_seen_meanwhile_is_what_is_handed_over_then(monkeypatch) -> None:
    monkeypatch.setattr("lambdasim.engine.reference.engine.SEEN_EVENTS", 10)
    case = crowd_of_messages(0, messages=3_000)
    engine, seen, handed = ReferenceEngine(case.plan()), [], []
    for chunk in case.chunks():
        engine.advance(dataclasses.replace(chunk, until_ns=min(chunk.until_ns, case.case.ends_ns)))
    while (records := engine.drain(lambda deliveries: seen.append(deliveries.rows))) is not None:
        handed.append(records.deliveries.rows)
    handed.append(engine.finish(case.case.ends_ns).deliveries.rows)
    assert len(seen) > 20
    rows = np.concatenate(seen)
    assert len(rows) > 1_000
    assert np.array_equal(rows, np.concatenate(handed)[: len(rows)])
