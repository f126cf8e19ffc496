"""Kafka, event by event, beside the Developer Guide's page kafka-scaling-modes."""

from collections import defaultdict
from typing import Any

import pytest
from by_hand import MS, Event, Hand, Log, function, simulate

from lambdasim.model import rules
from lambdasim.model.batches import BatchSpec
from lambdasim.model.events import DeliveryOutcome, Fate, Status
from lambdasim.model.pollers import PollerSpec
from lambdasim.model.pollers import wanted as pollers_wanted
from lambdasim.model.spec import AccountSpec
from lambdasim.model.streams import StreamSpec
from lambdasim.records import SourceMetric

S, MIN = 1_000, 60_000
KEYS = {"partition-key": 1_000_003}


def run(
    partitions: int,
    events: list[Event],
    pollers: PollerSpec | None = None,
    *,
    batches: dict[str, Any] | None = None,
    takes: tuple[int, ...] = (10,),
    outcomes: tuple[int, ...] = (Status.SUCCESS,),
    keys: dict[str, int] = KEYS,
    limit: int = 1_000,
    payload: int = 1,
    read_bytes: int = 0,
    **more: Any,
) -> Log:
    spec = StreamSpec(
        "s",
        0,
        BatchSpec(**(batches or {"size": 10})),
        shards=partitions,
        has_iterator_age=False,
        pollers=pollers or PollerSpec(1, 1, partitions, 1, 10),
        payload=payload,
        read_bytes=read_bytes,
    )
    account = AccountSpec(concurrency=limit, functions=(function(),), sources=(spec,))
    return simulate(account, events, drawn=[Hand(1, takes, outcomes, keys=keys)], **more)


def level(log: Log, metric: int) -> list[tuple[float, int]]:
    """Return the samples of a metric: time in minutes, value."""
    return [(row["time_ns"] / MS / MIN, row["value"]) for row in log.samples if row["metric"] == metric]


def concurrency(log: Log, begin: float, end: float) -> int:
    """Return the highest concurrency between two times in minutes."""
    admitted = [
        row["function_concurrency"]
        for row in log.invocations
        if begin <= row["arrival_ns"] / MS / MIN < end and row["status"] != Status.THROTTLED
    ]
    return max(admitted, default=0)


def test_the_default_window_of_500_ms_begins_when_the_batch_before_is_completed() -> None:
    log = run(1, [Event(100), Event(450), Event(700)], batches={"size": 10, "window_ns": 500 * MS})
    assert [(row[3], row[4]) for row in log.runs()] == [(500, 510), (1_010, 1_020)]
    assert [row[3] for row in log.story()] == [500, 500, 1_010]


def test_one_poller_processes_its_partitions_one_batch_at_a_time() -> None:
    log = run(4, [Event(0) for _ in range(40)], takes=(100,))
    starts = sorted(row["arrival_ns"] / MS for row in log.invocations)
    assert starts == [100 * n for n in range(len(starts))]
    assert {row["partition"] for row in log.deliveries} == {0, 1, 2, 3}
    assert [row["fate"] for row in log.deliveries] == [Fate.DONE] * 40
    assert not [row for row in log.samples if row["metric"] == SourceMetric.ITERATOR_AGE]


def test_pollers_follow_the_offset_lag_each_minute_and_are_there_within_three() -> None:
    """20 records/s against 10 per poller and second: doubled at 1, there at 3 minutes; again until it is enough."""
    log = run(8, [Event(50 * i) for i in range(20 * 60 * 12)], takes=(1_000,), horizon=14 * MIN)
    pollers = level(log, SourceMetric.POLLERS)
    assert pollers[:3] == [(0, 1), (3, 2), (5, 4)]
    assert all(2 <= n <= 8 for _, n in pollers[1:])
    assert concurrency(log, 0, 3) == 1
    assert concurrency(log, 3, 5) == 2
    assert concurrency(log, 5, 7) == 4
    lag = dict(level(log, SourceMetric.OFFSET_LAG))
    assert lag[3] > lag[2] > lag[1] > 500
    assert lag[11] < lag[5]
    assert set(lag) >= set(map(float, range(1, 12)))


def test_there_are_never_more_pollers_than_partitions() -> None:
    log = run(3, [Event(20 * i) for i in range(50 * 60 * 9)], takes=(1_000,), horizon=10 * MIN)
    assert max(n for _, n in level(log, SourceMetric.POLLERS)) == 3
    assert concurrency(log, 0, 10) == 3


def test_pollers_become_fewer_when_the_function_throttles() -> None:
    log = run(8, [Event(20 * i) for i in range(50 * 60 * 5)], PollerSpec(8, 1, 8, 1, 10), takes=(1_000,), limit=2)
    pollers = level(log, SourceMetric.POLLERS)
    assert pollers[:3] == [(0, 8), (3, 4), (5, 2)]
    assert {row["outcome"] for row in log.deliveries} == {DeliveryOutcome.SUCCEEDED, DeliveryOutcome.THROTTLED}


def test_pollers_become_fewer_when_there_is_nothing_and_no_simulation_waits_for_it() -> None:
    log = run(8, [Event(1_000), Event(5 * MIN + 1_000), Event(30 * MIN)], PollerSpec(8, 1, 8, 1, 10))
    assert level(log, SourceMetric.POLLERS) == [(0, 8), (pytest.approx(5 + 1 / 60), 4), (30, 1)]
    assert log.ended < 32 * MIN * MS


def test_a_failing_batch_is_retried_whole_until_it_expires_and_blocks_its_partition_only() -> None:
    """Facts 4.6.3."""
    batches = {"size": 10, "retention_ns": 10 * MIN * MS}
    events = [Event(0)] * 40
    log = run(2, events, batches=batches, takes=(10,), outcomes=(Status.OUT_OF_MEMORY, Status.SUCCESS))
    first = [row for row in log.runs() if row[1] == 0]
    assert {row[5] for row in first} == {"OUT_OF_MEMORY"}
    assert len(first) > 15
    blocked = log.deliveries[0]["partition"]
    ends: dict[int, set[str]] = defaultdict(set)
    for row in log.deliveries:
        if row["fate"] != Fate.STAYS:
            ends[row["partition"]].add(Fate(row["fate"]).name)
    assert ends == {blocked: {"AGED_OUT"}, 1 - blocked: {"DONE"}}


def test_a_poller_of_provisioned_mode_has_five_invocations() -> None:
    """Facts 4.6.2: with one poller and ten partitions, five batches at a time; with two, ten."""
    events = [Event(0) for _ in range(400)]
    one = run(10, events, PollerSpec(1, 1, 1, rules.KAFKA_POLLER_INVOKES, 10), takes=(100,))
    two = run(10, events, PollerSpec(2, 2, 2, rules.KAFKA_POLLER_INVOKES, 10), takes=(100,))
    assert concurrency(one, 0, 1) == 5
    assert concurrency(two, 0, 1) == 10


def test_a_poller_of_provisioned_mode_reads_five_megabytes_a_second() -> None:
    """Batches of 10 x 256 KB are 2.5 MB: two of them each second, however short they are."""
    provisioned = PollerSpec(1, 1, 1, rules.KAFKA_POLLER_INVOKES, 10)
    log = run(1, [Event(0)] * 60, provisioned, payload=1 << 18, read_bytes=rules.KAFKA_POLLER_BYTES)
    assert [row[3] for row in log.runs()] == [0, 500, 1_000, 1_500, 2_000, 2_500]


def test_the_partitions_of_a_poller_share_its_five_megabytes() -> None:
    """20 MB, of which at most one batch of 2.5 MB for each partition is ahead of the 5 MB/s: the last after 3 s."""
    provisioned = PollerSpec(1, 1, 1, rules.KAFKA_POLLER_INVOKES, 10)
    log = run(2, [Event(0)] * 80, provisioned, payload=1 << 18, read_bytes=rules.KAFKA_POLLER_BYTES)
    assert len({row["partition"] for row in log.deliveries}) == 2
    assert 3_000 <= log.runs()[-1][3] <= 4_500


def test_chunks_change_nothing() -> None:
    events = [Event(7 * i) for i in range(600)]
    more: dict[str, Any] = {
        "batches": {"size": 4, "window_ns": 500 * MS, "record_errors_q24": 1 << 19},
        "takes": (90, 20),
    }
    whole, parts = run(5, events, **more), run(5, events, chunk=3, **more)
    assert whole.deliveries == parts.deliveries
    assert whole.invocations == parts.invocations
    assert whole.samples == parts.samples


@pytest.mark.parametrize(
    ("count", "lag", "before", "throttled", "wanted"),
    [
        (2, 21, 20, False, 4),
        (2, 21, 21, False, 4),
        (2, 21, 22, False, 2),  # it becomes less
        (2, 20, 0, False, 2),  # no more than a batch for each
        (8, 900, 0, False, 10),
        (8, 39, 90, False, 7),
        (2, 0, 0, False, 2),
        (8, 900, 0, True, 4),
        (3, 900, 0, True, 2),
    ],
)
def test_how_many_pollers_are_wanted(count: int, lag: int, before: int, throttled: bool, wanted: int) -> None:
    assert pollers_wanted(PollerSpec(2, 2, 10, 1, 10), count, lag, before, throttled) == wanted
