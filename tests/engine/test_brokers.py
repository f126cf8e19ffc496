"""Amazon MQ and DocumentDB, event by event, beside the Developer Guide's page with-mq."""

from typing import Any

import pytest
from by_hand import MS, Event, Hand, Log, function, simulate

from lambdasim.model import rules
from lambdasim.model.batches import BatchSpec, BrokerSpec, Pause
from lambdasim.model.events import Fate, Status
from lambdasim.model.spec import AccountSpec
from lambdasim.records import SourceMetric

MIN = 60_000


def run(
    concurrency: int,
    events: list[Event],
    *,
    takes: tuple[int, ...] = (10,),
    outcomes: tuple[int, ...] = (Status.SUCCESS,),
    limit: int = 1_000,
    has_iterator_age: bool = False,
    simulation: dict[str, Any] | None = None,
    **batches: Any,
) -> Log:
    spec = BrokerSpec("s", 0, concurrency, BatchSpec(**batches), has_iterator_age)
    account = AccountSpec(concurrency=limit, functions=(function(),), sources=(spec,))
    return simulate(account, events, drawn=[Hand(1, takes, outcomes)], **(simulation or {}))


@pytest.mark.parametrize("concurrency", [rules.ACTIVEMQ_CONCURRENCY, rules.RABBITMQ_CONCURRENCY])
def test_concurrency_is_five_for_activemq_and_one_for_rabbitmq(concurrency: int) -> None:
    """Facts 4.7."""
    log = run(concurrency, [Event(0)] * 1_000, takes=(100,), size=10)
    starts = [row[3] for row in log.runs()]
    assert starts == [100 * (n // concurrency) for n in range(100)]
    assert max(row["function_concurrency"] for row in log.invocations) == concurrency
    assert {5: 5, 1: 1}[concurrency] == concurrency


def test_the_window_begins_at_the_first_record() -> None:
    log = run(5, [Event(100), Event(599), Event(601), Event(5_000)], window_ns=500 * MS)
    assert [row[3:5] for row in log.runs()] == [(600, 610), (1_101, 1_111), (5_500, 5_510)]
    assert [row[3] for row in log.story()] == [600, 600, 1_101, 5_500]


def test_a_full_batch_does_not_wait_and_the_next_poller_gathers_on() -> None:
    log = run(2, [Event(0), Event(5), Event(6), Event(7), Event(8)], size=2, takes=(100,), window_ns=500 * MS)
    assert [(row[3], row[4]) for row in log.runs()] == [(5, 105), (7, 107), (605, 705)]


def test_what_is_there_at_once_fills_all_pollers_at_once() -> None:
    log = run(3, [Event(0)] * 6, size=2, takes=(100,), window_ns=500 * MS)
    assert [row[3] for row in log.runs()] == [0, 0, 0]


def test_a_failing_batch_is_retried_whole_until_it_expires_and_others_go_on() -> None:
    log = run(
        2,
        [Event(0)] * 2 + [Event(1)] * 6,
        size=2,
        outcomes=(Status.OUT_OF_MEMORY, Status.SUCCESS),
        retention_ns=5 * MIN * MS,
        has_destination=False,
    )
    first = [row for row in log.runs() if row[1] == 0]
    assert [row[3] for row in first][:4] == [0, 10, 120, 330]
    assert {row[5] for row in first} == {"OUT_OF_MEMORY"}
    ends = {row["event"]: (Fate(row["fate"]).name, row["ended_ns"]) for row in log.deliveries if row["fate"]}
    assert [ends[event][0] for event in range(8)] == ["AGED_OUT"] * 2 + ["DONE"] * 6
    assert max(ends[event][1] for event in range(2, 8)) < 100 * MS


def test_throttles_are_tried_again_with_growing_waits() -> None:
    log = run(2, [Event(0)] * 2, size=1, takes=(1_000,), limit=1)
    assert [row[3] for row in log.runs() if row[5] == "THROTTLED"] == [0, 100, 300, 700]
    assert [row[3:6] for row in log.runs() if row[5] == "SUCCESS"] == [(0, 1_000, "SUCCESS"), (1_500, 2_500, "SUCCESS")]


def test_only_documentdb_has_an_iterator_age() -> None:
    assert run(1, [Event(3)], window_ns=500 * MS).samples == []
    [sample] = run(1, [Event(3)], window_ns=500 * MS, has_iterator_age=True).samples
    assert (sample["metric"], sample["time_ns"], sample["value"]) == (SourceMetric.ITERATOR_AGE, 503 * MS, 500 * MS)


def test_a_disabled_mapping_and_what_remains() -> None:
    events = [Event(100), Event(200), Event(9_000)]
    log = run(1, events, pauses=(Pause(50 * MS, 400 * MS),), takes=(100,), simulation={"horizon": 9_050})
    assert [row[3:5] for row in log.runs()] == [(400, 500), (9_000, -1)]
    assert log.story()[-1] == (2, 0, 9_000, 9_000, -1, "IN_FLIGHT", "REMAINS")
    waiting = run(1, events, window_ns=500 * MS, simulation={"horizon": 9_050})
    assert waiting.story()[-1] == (2, 0, 9_000, -1, -1, "WAITING", "REMAINS")


def test_chunks_change_nothing() -> None:
    events = [Event(3 * i) for i in range(500)]
    more: dict[str, Any] = {
        "size": 7,
        "window_ns": 40 * MS,
        "takes": (90, 20),
        "record_errors_q24": 1 << 19,
        "limit": 4,
    }
    whole, parts = run(5, events, **more), run(5, events, simulation={"chunk": 3}, **more)
    assert whole.deliveries == parts.deliveries
    assert whole.invocations == parts.invocations
    assert [row["fate"] for row in whole.deliveries].count(Fate.DONE) == 500
