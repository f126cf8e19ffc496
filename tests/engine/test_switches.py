"""What the control table switches in sources and downstreams that the SimPy engine alone simulates, event by event."""

from dataclasses import replace
from typing import Any

import pytest
from by_hand import MS, Event, Hand, Log, function, plan_of, simulate

from lambdasim.engine.compiled import supports
from lambdasim.model.batches import BatchSpec, BrokerSpec, Pause
from lambdasim.model.control import Change, Control
from lambdasim.model.downstream import DownstreamSpec, Slowdown, UseSpec
from lambdasim.model.events import Status
from lambdasim.model.pollers import PollerSpec
from lambdasim.model.spec import AccountSpec
from lambdasim.model.sqs import SqsSpec
from lambdasim.model.sqs_fifo import FifoSpec
from lambdasim.model.streams import StreamSpec
from lambdasim.records import SourceMetric

S = 1_000
FIFO = FifoSpec(SqsSpec("jobs", 0, batch_size=1), groups=1)
SOURCES = {
    "kinesis": StreamSpec("s", 0, BatchSpec(5), poll_ns=S * MS, least_poll_ns=200 * MS),
    "windows": StreamSpec("s", 0, BatchSpec(5, 700 * MS), poll_ns=S * MS, least_poll_ns=200 * MS),
    "pushed": StreamSpec("s", 0, BatchSpec(5), push_ns=70 * MS),
    "kafka": StreamSpec("s", 0, BatchSpec(5), has_iterator_age=False, pollers=PollerSpec(batch=5)),
    "broker": BrokerSpec("s", 0, 2, BatchSpec(5, 300 * MS)),
}


def run(source: Any, *events: Event, switches: tuple[tuple[int, int], ...] = (), **more: Any) -> Log:
    """Run events of one source; ``switches`` are times in ms, and whether its mapping is enabled then."""
    account = AccountSpec(concurrency=100, functions=(function(),), sources=(source,))
    control = [Change(at * MS, Control.MAPPING_ENABLED, 0, enabled) for at, enabled in switches]
    hand = Hand(1, more.pop("takes", (10,)), more.pop("outcomes", (0,)))
    return simulate(account, events, drawn=[hand], control=control, **more)


def starts(log: Log) -> list[float]:
    return [row["delivered_ns"] // MS for row in sorted(log.deliveries, key=lambda row: row["event"])]


@pytest.mark.parametrize("name", SOURCES)
def test_a_mapping_that_is_switched_off_waits_as_one_that_is_paused(name: str) -> None:
    source, events = SOURCES[name], [Event(100 * i) for i in range(200)]
    paused = replace(source, batches=replace(source.batches, pauses=(Pause(3_050 * MS, 9_050 * MS),)))
    switched = run(source, *events, switches=((3_050, 0), (9_050, 1)), takes=(100,))
    assert switched == run(paused, *events, takes=(100,))
    assert not [at for at in starts(switched) if 3_050 <= at < 9_050]


@pytest.mark.parametrize("name", SOURCES)
def test_a_batch_that_has_begun_is_tried_again_while_its_mapping_is_off(name: str) -> None:
    source = SOURCES[name]
    log = run(source, Event(0), switches=((5 * S, 1), (0, 1), (1_005, 0)), outcomes=(Status.ERROR,), horizon=2_500)
    alone = run(source, Event(0), outcomes=(Status.ERROR,), horizon=2_500)
    assert log.runs() == alone.runs()


@pytest.mark.parametrize("name", SOURCES)
def test_off_and_on_at_one_instant_is_nothing(name: str) -> None:
    source, events = SOURCES[name], [Event(100 * i) for i in range(50)]
    switched = run(source, *events, switches=((2_000, 0), (2_000, 1)))
    assert switched == run(source, *events)
    blinking = run(source, *events, switches=((1_050, 0), (2_050, 1), (2_050, 0), (3_050, 1)))
    assert not [at for at in starts(blinking) if 1_050 <= at < 3_050]


def test_messages_of_a_fifo_queue_wait_while_its_mapping_is_off() -> None:
    log = run(FIFO, Event(0), Event(60), Event(600), switches=((50, 0), (500, 1)), takes=(100, 10))
    assert log.story() == [
        (0, 0, 0, 0, 100, "SUCCEEDED", "DONE"),
        (1, 0, 60, 500, 510, "SUCCEEDED", "DONE"),
        (2, 0, 600, 600, 610, "SUCCEEDED", "DONE"),
    ]


def test_a_fifo_queue_that_is_off_to_the_end_keeps_its_messages() -> None:
    log = run(FIFO, Event(0), Event(60), switches=((50, 0),), horizon=90 * S)
    assert log.story()[1] == (1, 0, 60, -1, -1, "WAITING", "REMAINS")


def test_a_receive_that_is_on_its_way_when_a_fifo_queue_is_switched_off_goes_on() -> None:
    slow = replace(FIFO, queue=replace(FIFO.queue, receive_ns=30 * MS))
    log = run(slow, Event(40), Event(71), switches=((50, 0), (500, 1)))
    assert [row[3] for row in log.story()] == [70, 530]


def test_a_fifo_queue_that_is_off_makes_no_receives_in_vain() -> None:
    """Five pollers in long polls of 20 s: three each in the first minute, and as many after they are back at 190 s."""
    log = run(FIFO, Event(250 * S), switches=((61 * S, 0), (190 * S, 1)))
    vain = {row["time_ns"] // MS: row["value"] for row in log.samples if row["metric"] == SourceMetric.EMPTY_RECEIVES}
    assert vain == {60 * S: 15, 240 * S: 15}


def test_a_downstream_that_becomes_slower_stretches_the_share_that_is_spent_there() -> None:
    user = function("user", uses=(UseSpec(0, permille=500),))
    events = [Event(at, takes=8, source=-1) for at in (0, 10, 19, 20, 30)]

    def simulated(downstream: DownstreamSpec, *control: Change) -> Log:
        account = AccountSpec(concurrency=9, functions=(user,), downstreams=(downstream,))
        return simulate(account, events, drawn=[], control=control)

    slower = [Change(10 * MS, Control.SLOWDOWN, 0, 5_000), Change(20 * MS, Control.SLOWDOWN, 0, 1_000)]
    log = simulated(DownstreamSpec("db"), *slower)
    assert [row[4] - row[3] for row in log.runs()] == [8, 24, 24, 8, 8]
    assert log == simulated(DownstreamSpec("db", slowdowns=(Slowdown(10 * MS, 20 * MS, 5_000),)))


@pytest.mark.parametrize(
    ("source", "what"),
    [
        (SOURCES["kafka"], "topic 's'"),
        (SOURCES["broker"], "broker 's'"),
    ],
)
def test_the_compiled_engine_says_what_it_does_not_take(source: Any, what: str) -> None:
    account = AccountSpec(1, (function(),), sources=(source,), downstreams=(DownstreamSpec("db"),))
    switch = Change(0, Control.MAPPING_ENABLED, 0, 0)
    reason = f"the mapping of the {what} is switched at a time, which the SimPy engine alone simulates"
    assert supports(plan_of(account, control=(switch,))) == (False, reason)
    plain = replace(account, sources=())
    assert supports(plan_of(plain))[0]
    assert supports(plan_of(plain, control=(Change(0, Control.SLOWDOWN, 0, 2_000),)))[0]
