"""Mappings that lead to another function at a time: what ends where it began, and what is handed over anew."""

from collections.abc import Sequence

import pytest
from by_hand import MS, Event, Hand, Log, function, simulate

from lambdasim.model.aliases import Lead
from lambdasim.model.asynchronous import AsynchronousSource, AsynchronousSpec
from lambdasim.model.batches import BatchSpec, BrokerSpec
from lambdasim.model.control import Change, Control
from lambdasim.model.events import Status
from lambdasim.model.links import LinkSpec, Trigger
from lambdasim.model.spec import AccountSpec, FunctionSpec, SourceSpec
from lambdasim.model.sqs import SqsSpec
from lambdasim.model.sqs_fifo import FifoSpec
from lambdasim.model.streams import StreamSpec

ERROR, CRASH = Status.ERROR, Status.CRASH
BATCHES = BatchSpec(size=1, backoff_base_ns=100 * MS, backoff_cap_ns=100 * MS)
STREAM = StreamSpec("s", 0, BATCHES)
QUEUE = SqsSpec("s", 0, batch_size=1, visibility_ns=1_000 * MS, backoff_jitter=False, backoff_base_ns=100 * MS)
OLD, NEW, THIRD = 0, 1, 2


def moved(
    source: SourceSpec, *events: Event, at: Sequence[int], to: Sequence[int] = (NEW, THIRD), failing: bool = False,
    old: FunctionSpec | None = None, horizon: int | None = None,
) -> Log:  # fmt: skip
    """Run events of a source whose mapping leads elsewhere at times, in ms; a batch takes 10 ms there, 100 ms at the
    old function, which always crashes if it is ``failing``."""
    functions = (old or function("old", crashes_q24=(1 << 24) * failing), function("new"), function("third"))
    leads = [Lead(ms * MS, place, -1, place) for ms, place in zip((0, *at), (OLD, *to), strict=False)]
    hand = Hand(1, [10], [CRASH if failing else Status.SUCCESS], leads=tuple(leads), slower=1)
    rows = [Change(lead.from_ns, Control.MAPPING_FUNCTION, 0, number) for number, lead in enumerate(leads) if number]
    account = AccountSpec(10, functions, sources=(source,))
    return simulate(account, events, drawn=[hand], control=rows, horizon=horizon)


def told(log: Log) -> list[tuple[int | float | str, ...]]:
    """Return each attempt: sequence, attempt, function, arrival and end in ms, whether it is the request's last."""
    rows = sorted(log.invocations, key=lambda row: (row["arrival_ns"], row["request"], row["attempt"]))
    return [
        (number, attempt, row["function"], at, end, final)
        for (_, number, attempt, at, end, _, final), row in zip(log.runs(), rows, strict=True)
    ]


@pytest.mark.parametrize("source", [STREAM, QUEUE, FifoSpec(QUEUE), BrokerSpec("s", 0, 5, BATCHES)])
def test_what_runs_ends_where_it_began(source: SourceSpec) -> None:
    """One runs from 0 to 10 ms; the next comes at the instant of the change, which counts for it."""
    log = moved(source, Event(0), Event(5), Event(20), at=[5, 20])
    assert [(at, end, f) for _, _, f, at, end, _ in told(log)][::2] == [(0, 10, OLD), (20, 30, THIRD)]
    [second] = [row for row in told(log) if row[0] == 1]
    assert second[2] == NEW


def test_a_batch_that_fails_goes_to_the_new_function_as_another_request() -> None:
    """It is tried at 0, at once again at 10 ms, after 100 ms at 120 ms, and would be again at 230 ms."""
    log = moved(STREAM, Event(0), at=[150], failing=True, horizon=300)
    assert told(log)[:4] == [
        (0, 0, OLD, 0, 10, 0), (0, 1, OLD, 10, 20, 0), (0, 2, OLD, 120, 130, 1), (1, 0, NEW, 230, 240, 0),
    ]  # fmt: skip
    assert [row[1] for row in log.story()][:4] == [0, 1, 2, 3], "its records count on"


@pytest.mark.parametrize(("at", "first"), [(229, NEW), (230, NEW), (231, OLD)])
def test_a_change_at_the_instant_of_a_retry_counts_for_it(at: int, first: int) -> None:
    log = moved(STREAM, Event(0), at=[at], failing=True, horizon=245)
    assert told(log)[3][2:4] == (first, 230)


def test_a_batch_that_the_old_function_throttles_is_handed_over_anew() -> None:
    """Nothing is left for the old function; attempts at 0, 100 and 300 ms, and the next would be at 700 ms."""
    throttled = function("old", reserved=0)
    for source in (QUEUE, FifoSpec(QUEUE)):
        log = moved(source, Event(0), at=[400], old=throttled)
        assert told(log) == [
            (0, 0, OLD, 0, -1, 0), (0, 1, OLD, 100, -1, 0), (0, 2, OLD, 300, -1, 1), (1, 0, NEW, 700, 710, 1),
        ]  # fmt: skip


def test_each_receive_goes_by_the_count_of_its_time() -> None:
    """A message that fails is received each second; at 2.5 s it has been three times, and once more is too often."""
    rows = [Change(2_500 * MS, Control.MAX_RECEIVES, 0, 3)]
    spec = AccountSpec(10, (function(),), sources=(QUEUE,))
    log = simulate(spec, [Event(0)], drawn=[Hand(1, [10], [ERROR])], control=rows, horizon=10_000)
    assert [(row[2], row[5], row[6]) for row in log.story()] == [
        (0, "FAILED", "STAYS"), (1_000, "FAILED", "STAYS"), (2_000, "FAILED", "STAYS"), (3_000, "REFUSED", "EXHAUSTED"),
    ]  # fmt: skip


def test_what_is_given_up_goes_to_the_destination_of_that_time() -> None:
    """One batch a second is given up; the first link takes what is until 1.5 s, the second what is after it."""
    stream = StreamSpec("s", 0, BatchSpec(size=1, max_retries=0, has_destination=True))
    links = (LinkSpec(2, Trigger.DEAD_LETTER, (0,)), LinkSpec(3, Trigger.DEAD_LETTER, (0,), is_enabled=False))
    rows = [Change(1_500 * MS, Control.LINK_ENABLED, link, link) for link in (0, 1)]
    rows.append(Change(3_500 * MS, Control.DESTINATION, 0, 0))
    spec = AccountSpec(10, (function(), function("g")), sources=(stream,), links=links)
    followers = [(Hand(load, [7], function=1), -1) for load in (2, 3)]
    events = [Event(at) for at in range(0, 5_000, 1_000)]
    log = simulate(spec, events, drawn=[Hand(1, [10], [ERROR])], followers=followers, control=rows)
    assert [row[::3] for row in log.runs() if row[0] > 1] == [(2, 10, 1), (2, 1_010, 1), (3, 2_010, 1), (3, 3_010, 1)]
    assert [row["destination"] for row in sorted(log.deliveries, key=lambda row: row["event"])] == [1, 1, 1, 1, 0]


def test_an_event_goes_where_those_go_that_are_given_up_then() -> None:
    """Three fail at 10, 1,010 and 2,010 ms; a destination is named at the second instant, too late for its end."""
    old = function(asynchronous=AsynchronousSpec(max_retries=0))
    spec = AccountSpec(10, (old,), sources=(AsynchronousSource("s", 0),))
    rows = [Change(1_010 * MS, Control.EVENT_DESTINATIONS, 0, 1)]
    log = simulate(spec, [Event(at, outcome=ERROR) for at in (0, 1_000, 2_000)], control=rows)
    assert [row["destination"] for row in sorted(log.deliveries, key=lambda row: row["event"])] == [0, 0, 1]
