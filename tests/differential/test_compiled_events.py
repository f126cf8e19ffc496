"""Asynchronous events: the compiled engine writes the records of the SimPy engine, whatever the chunks."""

from dataclasses import replace

import pytest
from event_cases import EventCase, event_cases, records
from hypothesis import given, settings

from lambdasim.engine.compiled.engine import CompiledEngine
from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.model.events import Fate

pytest.importorskip("numba")


@given(event_cases())
@settings(max_examples=200, deadline=None)
def test_as_the_simpy_engine(events: EventCase) -> None:
    assert records(CompiledEngine, events) == records(ReferenceEngine, events)


@given(event_cases())
@settings(max_examples=50, deadline=None)
def test_chunk_borders_change_nothing(events: EventCase) -> None:
    arrivals_ns = sorted({row["arrival_ns"] for row in events.case.rows})
    cuts = [at for arrival in arrivals_ns for at in (arrival, arrival + 1)]
    everywhere = replace(events, case=replace(events.case, cuts_ns=cuts))
    whole = replace(events, case=replace(events.case, cuts_ns=[]))
    assert records(CompiledEngine, everywhere) == records(CompiledEngine, whole)


@given(event_cases())
@settings(max_examples=50, deadline=None)
def test_every_event_has_one_fate(events: EventCase) -> None:
    rows = records(ReferenceEngine, events)[2]
    fates: dict[tuple[int, int], int] = {}
    for source, event, *_, fate, _, _, _ in rows:
        fates[source, event] = fates.get((source, event), 0) + (fate != Fate.STAYS)
    assert set(fates.values()) <= {1}
