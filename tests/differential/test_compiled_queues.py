"""SQS standard queues: the compiled engine writes the records of the SimPy engine, whatever the chunks.

With them are asynchronous events and direct requests of the same functions, so that all ranks meet at one instant.
"""

from dataclasses import replace

import pytest
from by_hand import Hand, plan_of
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_cases import Draws, SourceCase, numbered, told_by_engine
from oracle_plans import S
from oracles.world import Request
from queue_cases import QueueCase, crowd_of_messages, queue_cases, records

from lambdasim.engine.compiled import supports
from lambdasim.engine.compiled.engine import CompiledEngine
from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.model.batches import BrokerSpec
from lambdasim.model.events import NEVER_NS, Fate
from lambdasim.model.pollers import PollerSpec
from lambdasim.model.polling import PollingSpec
from lambdasim.model.spec import AccountSpec, FunctionSpec
from lambdasim.model.sqs import SqsSpec
from lambdasim.model.streams import StreamSpec

pytest.importorskip("numba")


@given(queue_cases())
@settings(max_examples=200, deadline=None)
def test_as_the_simpy_engine(case: QueueCase) -> None:
    assert records(CompiledEngine, case) == records(ReferenceEngine, case)


@pytest.mark.parametrize("key", range(3))
def test_messages_that_come_back_into_their_own_batch_fail_together(key: int) -> None:
    """Two pollers gather for 3 s and take turns, so that each has every other delivery of a message."""
    queue = SqsSpec("q", 0, window_ns=3 * S, visibility_ns=S, partial=True, polling=PollingSpec(initial=2, maximum=2),
                    record_errors_q24=1 << 23, retention_ns=90 * S)  # fmt: skip
    message = Request(0, 0, 0, 0, 0, NEVER_NS, 0, 0, 0)
    case = SourceCase(
        AccountSpec(9, (FunctionSpec("f", timeout_ns=9 * S),), sources=(queue,)),
        numbered([(0, message), (0, message)]),
        (Draws(1, takes=(S,), keys={"sqs-record": key}),),
        jitter_keys=(0, 0),
        horizon_ns=60 * S,
    )
    assert told_by_engine(case, CompiledEngine) == told_by_engine(case)


@given(queue_cases())
@settings(max_examples=50, deadline=None)
def test_chunk_borders_change_nothing(case: QueueCase) -> None:
    arrivals_ns = sorted({row["arrival_ns"] for row in case.case.rows})
    cuts = [at for arrival in arrivals_ns for at in (arrival, arrival + 1)]
    everywhere = replace(case, case=replace(case.case, cuts_ns=cuts))
    whole = replace(case, case=replace(case.case, cuts_ns=[]))
    assert records(CompiledEngine, everywhere) == records(CompiledEngine, whole)


@given(queue_cases())
@settings(max_examples=50, deadline=None)
def test_every_message_has_one_fate(case: QueueCase) -> None:
    fates: dict[tuple[int, int], int] = {}
    for source, event, *_, fate, _, _, _ in records(CompiledEngine, case)[2]:
        fates[source, event] = fates.get((source, event), 0) + (fate != Fate.STAYS)
    assert set(fates.values()) <= {1}


@pytest.mark.parametrize("seed", range(6))
def test_every_array_grows(seed: int) -> None:
    case = crowd_of_messages(seed)
    engine = CompiledEngine(case.plan())
    state = engine._state
    assert all(len(array) == 0 for array in (state.messages, state.receipts, state.timers))
    compiled, expected = records(CompiledEngine, case), records(ReferenceEngine, case)
    assert compiled == expected
    assert len(compiled[2]) > 10_000
    assert len(compiled[0]) > 1_024


def test_batches_beyond_those_drawn_ahead() -> None:
    case = crowd_of_messages(1, batch_size=1)
    compiled = records(CompiledEngine, case)
    assert compiled == records(ReferenceEngine, case)
    requests = {row[0] for row in compiled[0]}
    assert max(request & (1 << 44) - 1 for request in requests) > 2_048


def test_what_is_refused_says_why() -> None:
    functions = (FunctionSpec("f", timeout_ns=1),)
    queue = SqsSpec("jobs", 0)
    assert supports(plan_of(AccountSpec(1, functions, sources=(queue,))))[0]
    assert supports(plan_of(AccountSpec(1, functions, sources=(BrokerSpec("jobs", 0, 1),)))) == (
        False,
        "the source 'jobs' is of Amazon MQ, which the SimPy engine alone simulates",
    )
    topic = StreamSpec("topic", 0, pollers=PollerSpec())
    assert supports(plan_of(AccountSpec(1, functions, sources=(topic,)))) == (
        False,
        "the topic 'topic' is one of Kafka, which the SimPy engine alone simulates",
    )
    slow = (functions[0]._replace(per_record_ns=NEVER_NS // 30),)
    assert supports(plan_of(AccountSpec(1, slow, sources=(queue,)))) == (
        False,
        "the source 'jobs' has times beyond 36 years",
    )


@given(st.integers(0, 5), st.integers(1, 4))
def test_a_block_is_its_rows(number: int, size: int) -> None:
    hand = Hand(1, takes=range(1, 40), outcomes=[0, 1, 0])
    block = hand.block(number, size)
    for place in range(size):
        row = hand.row(number * size + place)
        assert {name: column[place] for name, column in block.items()} == {name: row[name] for name in block}
