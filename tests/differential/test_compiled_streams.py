"""Streams and FIFO queues: the compiled engine writes the records of the SimPy engine, whatever the chunks.

With them are standard queues, asynchronous events and direct requests of the same functions.
"""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from mixed_cases import mixed_cases
from oracle_cases import SourceCase, told_by_engine, told_by_oracle
from oracle_plans import FAMILIES, examples
from queue_cases import QueueCase, fifo_specs, queue_cases, records, stream_specs

from lambdasim.engine.compiled.engine import CompiledEngine
from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.model.batches import BrokerSpec
from lambdasim.model.events import Fate

pytest.importorskip("numba")

MANY = settings(deadline=None, suppress_health_check=list(HealthCheck))
CASES = {"streams": queue_cases(stream_specs), "fifo": queue_cases(fifo_specs)}


@pytest.mark.parametrize("family", CASES)
def test_as_the_simpy_engine(family: str) -> None:
    @given(CASES[family])
    @settings(MANY, max_examples=examples(150))
    def compare(case: QueueCase) -> None:
        assert records(CompiledEngine, case) == records(ReferenceEngine, case)

    compare()


@pytest.mark.parametrize("family", CASES)
def test_as_the_oracle(family: str) -> None:
    @given(FAMILIES[family])
    @settings(MANY, max_examples=examples(75))
    def compare(case: SourceCase) -> None:
        [source] = case.spec.sources
        assume(not isinstance(source, BrokerSpec) and getattr(source, "pollers", None) is None)
        engine, oracle = told_by_engine(case, CompiledEngine), told_by_oracle(case)
        for table, rows in oracle.items():
            assert engine[table] == rows

    compare()


@given(mixed_cases(with_streams=True))
@settings(MANY, max_examples=examples(100))
def test_beside_gateways_and_virtual_users(case: SourceCase) -> None:
    assert told_by_engine(case, CompiledEngine) == told_by_engine(case)


@pytest.mark.parametrize("family", CASES)
def test_chunk_borders_change_nothing(family: str) -> None:
    @given(CASES[family])
    @settings(MANY, max_examples=examples(50))
    def compare(case: QueueCase) -> None:
        arrivals_ns = sorted({row["arrival_ns"] for row in case.case.rows})
        cuts = [at for arrival in arrivals_ns for at in (arrival, arrival + 1)]
        everywhere = replace(case, case=replace(case.case, cuts_ns=cuts))
        whole = replace(case, case=replace(case.case, cuts_ns=[]))
        assert records(CompiledEngine, everywhere) == records(CompiledEngine, whole)

    compare()


@pytest.mark.parametrize("family", CASES)
def test_every_event_has_one_fate(family: str) -> None:
    @given(CASES[family])
    @settings(MANY, max_examples=examples(50))
    def check(case: QueueCase) -> None:
        fates: dict[tuple[int, int], int] = {}
        for source, event, *_, fate, _, _, _ in records(CompiledEngine, case)[2]:
            fates[source, event] = fates.get((source, event), 0) + (fate != Fate.STAYS)
        assert set(fates.values()) <= {1}

    check()
