"""Kinesis and DynamoDB Streams, event by event, beside the Developer Guide's page with-kinesis.

Records are called by their place in the load. Times are in whole ms; without keys of chance the first shard is polled
at whole seconds, and with one shard everything goes there.
"""

from collections import defaultdict
from itertools import pairwise
from typing import Any

import pytest
from by_hand import MS, Event, Hand, Log, function, simulate

from lambdasim.model import rules
from lambdasim.model.batches import BatchSpec, Pause
from lambdasim.model.events import LOAD_SHIFT, DeliveryOutcome, Destination, Fate, Status
from lambdasim.model.links import LinkSpec, Trigger
from lambdasim.model.spec import AccountSpec
from lambdasim.model.streams import StreamSpec
from lambdasim.records import SourceMetric

S, MIN = 1_000, 60_000
SEQUENCE = (1 << LOAD_SHIFT) - 1
KEYS = {name: 1_000_003 * n for n, name in enumerate(("partition-key", "poll-phase", "partition-hash"), 1)}


def stream(batches: dict[str, Any] | None = None, **more: Any) -> StreamSpec:
    """Return the law of a stream whose records are pushed at once, with nothing else than what is said."""
    return StreamSpec("s", 0, BatchSpec(**(batches or {})), **more)


def kinesis(batches: dict[str, Any] | None = None, **more: Any) -> StreamSpec:
    return stream(batches, poll_ns=S * MS, least_poll_ns=200 * MS, **more)


def run(
    spec: StreamSpec,
    *events: Event,
    limit: int = 1_000,
    takes: tuple[int, ...] = (10,),
    outcomes: tuple[int, ...] = (Status.SUCCESS,),
    keys: dict[str, int] | None = None,
    reserved: int | None = None,
    per_record: int = 0,
    **more: Any,
) -> Log:
    f = function(reserved=reserved, per_record_ns=per_record * MS, timeout=900_000)
    account = AccountSpec(concurrency=limit, functions=(f,), sources=(spec,))
    return simulate(account, events, drawn=[Hand(1, takes, outcomes, keys=keys or {})], **more)


def batches(log: Log) -> list[tuple[float, float, list[int], str]]:
    """Return each attempt at the function: (start, end, records, status), times in ms; -1 for one that did not run."""
    held: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in log.deliveries:
        if row["delivered_ns"] >= 0:
            held[row["delivered_ns"], row["partition"]].append(row["event"] & SEQUENCE)
    partition_of = {(row["delivered_ns"], row["batch"]): row["partition"] for row in log.deliveries}
    told = []
    for row in log.invocations:
        at = row["arrival_ns"]
        partition = partition_of.get((at, row["request"]), partition_of.get((at, -1), 0))
        end = -1 if row["end_ns"] < 0 else row["end_ns"] / MS
        told.append((at / MS, end, sorted(held[at, partition]), Status(row["status"]).name))
    return sorted(told)


def fates(log: Log) -> dict[int, str]:
    """Return what became of each record in the end; every one must have exactly one end."""
    ends: dict[int, str] = {}
    for row in log.deliveries:
        if row["fate"] != Fate.STAYS:
            assert row["event"] & SEQUENCE not in ends
            ends[row["event"] & SEQUENCE] = Fate(row["fate"]).name
    return ends


def check_rows(log: Log) -> None:
    """Check what every run must satisfy: the times of deliveries, and one final row for each request."""
    by_event: dict[int, list[dict[str, int]]] = defaultdict(list)
    for row in log.deliveries:
        by_event[row["event"]].append(row)
        times = [row[name] for name in ("sent_ns", "available_ns", "delivered_ns", "ended_ns")]
        known = [time for time in times if time != -1]
        assert known == sorted(known)
    for rows in by_event.values():
        assert [row["attempt"] for row in rows] == list(range(len(rows)))
        assert [row["fate"] != Fate.STAYS for row in rows] == [False] * (len(rows) - 1) + [True]
        assert all(b["available_ns"] >= a["ended_ns"] for a, b in pairwise(rows))
    finals: dict[int, int] = defaultdict(int)
    for row in log.invocations:
        finals[row["request"]] += row["final"]
    assert set(finals.values()) <= {1}


def test_an_idle_shard_is_polled_once_a_second() -> None:
    log = run(kinesis(), Event(1), Event(400), Event(1_700), Event(2_000))
    assert batches(log) == [
        (1_000, 1_010, [0, 1], "SUCCESS"),
        (2_000, 2_010, [2, 3], "SUCCESS"),
    ]
    assert [row["sent_ns"] // MS for row in log.deliveries] == [1, 400, 1_700, 2_000]
    check_rows(log)


def test_dynamodb_is_polled_four_times_a_second() -> None:
    spec = stream(poll_ns=rules.DYNAMODB_POLL_NS)
    assert [row[0] for row in batches(run(spec, Event(1), Event(261), Event(600)))] == [250, 500, 750]


def test_a_lane_that_catches_up_reads_on_at_once_but_five_times_a_second_at_most() -> None:
    """300 ms batches: what came meanwhile is read at their ends; 50 ms batches: 200 ms after the last read."""
    slow = run(kinesis(), Event(0), Event(100), Event(350), takes=(300,))
    assert [row[:3] for row in batches(slow)] == [(0, 300, [0]), (300, 600, [1]), (600, 900, [2])]
    fast = run(kinesis(), Event(0), Event(10), Event(210), Event(460), takes=(50,))
    assert [row[:3] for row in batches(fast)] == [(0, 50, [0]), (200, 250, [1]), (400, 450, [2]), (1_000, 1_050, [3])]


def test_what_has_been_read_is_processed_without_another_poll() -> None:
    log = run(kinesis({"size": 2}), *[Event(i) for i in range(1, 6)], takes=(30,))
    assert batches(log) == [
        (1_000, 1_030, [0, 1], "SUCCESS"),
        (1_030, 1_060, [2, 3], "SUCCESS"),
        (1_060, 1_090, [4], "SUCCESS"),
    ]


def test_enhanced_fan_out_pushes() -> None:
    log = run(stream(push_ns=70 * MS), Event(5), Event(6), Event(300))
    assert batches(log) == [
        (75, 85, [0], "SUCCESS"),
        (85, 95, [1], "SUCCESS"),
        (370, 380, [2], "SUCCESS"),
    ]


def test_per_record_lengthens_a_batch() -> None:
    log = run(kinesis(), *[Event(1)] * 7, per_record=3)
    assert [row[:2] for row in batches(log)] == [(1_000, 1_031)]


@pytest.mark.parametrize("shards", [3, 100])
def test_concurrency_is_shards_times_parallelization_factor(shards: int) -> None:
    """Facts GS-20 and 4.5.1: 100 shards x 2 = 200."""
    spec = stream({"size": 10}, shards=shards, lanes=2)
    log = run(spec, *[Event(i // 100) for i in range(shards * 200)], keys=KEYS, takes=(500,))
    assert max(row["function_concurrency"] for row in log.invocations) == 2 * shards
    assert {row["partition"] for row in log.deliveries} == set(range(shards))
    assert set(fates(log).values()) == {"DONE"}
    check_rows(log)


def test_records_of_a_partition_key_are_processed_in_order() -> None:
    keys_q24 = tuple((n + 1 << 24) // 20 for n in range(20))
    spec = kinesis({"size": 3, "record_errors_q24": 1 << 21}, shards=3, lanes=4, keys_q24=keys_q24)
    log = run(spec, *[Event(5 * i) for i in range(600)], keys=KEYS, takes=(90, 10, 200, 50))
    of_key: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for row in log.deliveries:
        key = rules.share_of(keys_q24, rules.jitter24(KEYS["partition-key"], row["event"]))
        of_key[key].append((row["event"], row["delivered_ns"], row["ended_ns"]))
    assert len(of_key) == 20
    assert any(row["outcome"] == DeliveryOutcome.FAILED for row in log.deliveries)
    for rows in of_key.values():
        last = {event: ended for event, _, ended in rows}  # rows are in order of time
        events = sorted(last)
        assert all(last[a] <= last[b] for a, b in pairwise(events))
        first = {event: delivered for event, delivered, _ in reversed(rows)}
        assert all(first[a] <= first[b] for a, b in pairwise(events))
    check_rows(log)


def test_a_batch_is_sent_when_full_or_when_its_window_ends() -> None:
    """Windows begin when the batch before is completed: at 0, at 5,010, at 7,010 ms."""
    spec = stream({"size": 3, "window_ns": 5 * S * MS})
    log = run(spec, Event(1_000), Event(6_000), Event(6_500), Event(7_000), Event(30_000))
    assert batches(log) == [
        (5_000, 5_010, [0], "SUCCESS"),
        (7_000, 7_010, [1, 2, 3], "SUCCESS"),
        (32_010, 32_020, [4], "SUCCESS"),  # the windows that end at 12,010 ... 27,010 are empty
    ]


def test_a_batch_that_becomes_full_is_sent_at_the_next_poll() -> None:
    spec = kinesis({"size": 2, "window_ns": 5 * S * MS})
    log = run(spec, Event(1_200), Event(2_300), Event(2_400), Event(4_999))
    assert batches(log) == [
        (3_000, 3_010, [0, 1], "SUCCESS"),
        (5_000, 5_010, [2, 3], "SUCCESS"),
    ]


def test_what_was_not_read_when_the_window_ends_is_in_the_next_batch() -> None:
    spec = kinesis({"window_ns": 2_500 * MS})
    log = run(spec, Event(1_200), Event(2_300))
    assert batches(log) == [(2_500, 2_510, [0], "SUCCESS"), (5_010, 5_020, [1], "SUCCESS")]


def test_a_batch_does_not_cross_the_border_of_a_tumbling_window() -> None:
    spec = stream({"size": 10, "window_ns": 4 * S * MS}, tumbling_ns=10 * S * MS)
    log = run(spec, Event(9_000), Event(9_500), Event(10_000), Event(10_001), Event(18_500), takes=(100,))
    assert batches(log) == [
        (10_000, 10_100, [0, 1], "SUCCESS"),  # closed by the border, 2 s before its batching window
        (14_100, 14_200, [2, 3], "SUCCESS"),
        (20_000, 20_100, [4], "SUCCESS"),
    ]
    held = stream({"size": 10}, tumbling_ns=10 * S * MS)
    log = run(held, Event(1), Event(9_000), Event(10_000), Event(19_999), Event(20_000), takes=(30_000,))
    assert [row[2] for row in batches(log)] == [[0], [1], [2, 3], [4]]


def test_bisect_finds_the_poison_record_and_uses_up_no_retry() -> None:
    """Facts 4.5.4: halves until the record is alone, which then has its two retries, at once and after 100 ms."""
    spec = stream({"bisects": True, "max_retries": 2, "has_destination": True, "poison_q24": 1 << 21})
    key = next(
        k for k in range(9_999) if [rules.jitter24(k, i) < 1 << 21 for i in range(8)] == [i == 5 for i in range(8)]
    )
    log = run(spec, *[Event(0)] * 8, keys={"poison": key})
    assert batches(log) == [
        (0, 10, [0, 1, 2, 3, 4, 5, 6, 7], "ERROR"),
        (10, 20, [0, 1, 2, 3], "SUCCESS"),
        (20, 30, [4, 5, 6, 7], "ERROR"),
        (30, 40, [4, 5], "ERROR"),
        (40, 50, [4], "SUCCESS"),
        (50, 60, [5], "ERROR"),
        (60, 70, [5], "ERROR"),
        (170, 180, [5], "ERROR"),
        (180, 190, [6, 7], "SUCCESS"),
    ]
    assert fates(log) == {i: "EXHAUSTED" if i == 5 else "DONE" for i in range(8)}
    [gone] = [row for row in log.deliveries if row["fate"] == Fate.EXHAUSTED]
    assert gone["destination"] == Destination.DELIVERED
    assert [row[1:3] + row[-1:] for row in log.runs() if row[1] == 5] == [(5, 0, 0), (5, 1, 0), (5, 2, 1)]
    check_rows(log)


def test_the_first_half_of_an_odd_batch_is_the_smaller() -> None:
    log = run(stream({"bisects": True}), *[Event(0)] * 5, outcomes=(Status.ERROR, Status.SUCCESS))
    assert [row[2] for row in batches(log)] == [[0, 1, 2, 3, 4], [0, 1], [2, 3, 4]]


def poisoned(at: int, of: int) -> dict[str, int]:
    """Return the key under which one of so many records is poison, at a share of 1/8."""
    wanted = [i == at for i in range(of)]
    return {"poison": next(k for k in range(99_999) if [rules.jitter24(k, i) < 1 << 21 for i in range(of)] == wanted)}


def test_a_partial_response_retries_from_the_lowest_failure() -> None:
    """Facts 4.5.4: the records before it are done; the invocation itself is a success."""
    spec = stream({"reports": True, "max_retries": 2, "has_destination": True, "poison_q24": 1 << 21})
    log = run(spec, *[Event(0)] * 5, Event(1), keys=poisoned(2, 6))
    assert batches(log) == [
        (0, 10, [0, 1, 2, 3, 4], "SUCCESS"),
        (10, 20, [2, 3, 4], "SUCCESS"),
        (20, 30, [2, 3, 4], "SUCCESS"),
        (30, 40, [5], "SUCCESS"),
    ]
    assert fates(log) == {0: "DONE", 1: "DONE", 2: "EXHAUSTED", 3: "EXHAUSTED", 4: "EXHAUSTED", 5: "DONE"}
    outcomes = [DeliveryOutcome(row["outcome"]).name for row in log.deliveries if row["delivered_ns"] == 0]
    assert outcomes == ["SUCCEEDED", "SUCCEEDED", "FAILED", "SKIPPED", "SKIPPED"]
    check_rows(log)


def test_a_partial_response_with_bisect_splits_at_the_failure_and_uses_up_no_retry() -> None:
    spec = stream({"reports": True, "bisects": True, "max_retries": 0, "has_destination": True, "poison_q24": 1 << 21})
    log = run(spec, *[Event(0)] * 6, keys=poisoned(2, 6))
    assert batches(log) == [
        (0, 10, [0, 1, 2, 3, 4, 5], "SUCCESS"),
        (10, 20, [2, 3, 4, 5], "SUCCESS"),  # its first record fails: halves
        (20, 30, [2, 3], "SUCCESS"),
        (30, 40, [2], "SUCCESS"),
        (40, 50, [3], "SUCCESS"),
        (50, 60, [4, 5], "SUCCESS"),
    ]
    assert fates(log) == {i: "EXHAUSTED" if i == 2 else "DONE" for i in range(6)}
    check_rows(log)


@pytest.mark.parametrize(("retries", "starts"), [(0, [0]), (1, [0, 10]), (3, [0, 10, 120, 330])])
def test_retries_are_exhausted_and_the_batch_goes_to_its_destination(retries: int, starts: list[int]) -> None:
    """The first retry is at once, then after 100 ms, 200 ms, ...: the whole batch is given up, the shard goes on."""
    spec = stream({"max_retries": retries, "has_destination": True})
    log = run(spec, Event(0), Event(0), Event(1), outcomes=(Status.OUT_OF_MEMORY, Status.SUCCESS))
    assert [row[0] for row in batches(log) if row[3] == "OUT_OF_MEMORY"] == starts
    assert fates(log) == {0: "EXHAUSTED", 1: "EXHAUSTED", 2: "DONE"}
    assert [row["destination"] for row in log.deliveries if row["fate"] == Fate.EXHAUSTED] == [
        Destination.DELIVERED
    ] * 2
    assert batches(log)[-1] == (starts[-1] + 10, starts[-1] + 20, [2], "SUCCESS")
    check_rows(log)


def test_without_a_destination_a_batch_is_lost() -> None:
    log = run(stream({"max_retries": 0}), Event(0), outcomes=(Status.ERROR,))
    assert [(row["fate"], row["destination"]) for row in log.deliveries] == [(Fate.EXHAUSTED, Destination.NONE)]


def test_one_message_goes_to_the_destination_for_a_batch() -> None:
    spec = AccountSpec(
        concurrency=10,
        functions=(function("f"), function("g")),
        sources=(stream({"max_retries": 0, "has_destination": True}),),
        links=(LinkSpec(2, Trigger.DEAD_LETTER, (0,)),),
    )
    drawn, followers = [Hand(1, outcomes=[Status.ERROR])], [(Hand(2, takes=[7], function=1), -1)]
    log = simulate(spec, [Event(0)] * 3, drawn=drawn, followers=followers)
    assert [row for row in log.runs() if row[0] == 2] == [(2, 0, 0, 10, 17, "SUCCESS", 1)]


def test_the_waits_between_retries_grow_to_a_minute() -> None:
    log = run(stream({"retention_ns": 10 * MIN * MS}), Event(0), takes=(0,), outcomes=(Status.OUT_OF_MEMORY,))
    starts = [row[0] for row in batches(log)]
    waits = [b - a for a, b in pairwise(starts)]
    assert waits == [0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200] + [60_000] * (len(waits) - 11)


def test_a_record_that_is_too_old_is_given_up() -> None:
    """MaximumRecordAgeInSeconds 60: at the first attempt at or after that age, for its old records only."""
    spec = stream({"max_age_ns": MIN * MS, "has_destination": True})
    log = run(spec, Event(0), Event(1), Event(50_000), outcomes=(Status.OUT_OF_MEMORY, Status.SUCCESS), takes=(10,))
    tried = [row for row in batches(log) if row[3] == "OUT_OF_MEMORY"]
    assert all(row[2] == [0] for row in tried)
    last = tried[-1][0]
    assert 0 < last < 60_000
    first, *others = [row for row in log.deliveries if row["fate"] == Fate.AGED_OUT]
    assert (first["event"] & SEQUENCE, first["attempt"], first["delivered_ns"]) == (0, len(tried), -1)
    assert first["ended_ns"] >= 60_000 * MS
    assert [row["event"] & SEQUENCE for row in others] == [1], "it became too old behind the first"
    assert {row["destination"] for row in (first, *others)} == {Destination.DELIVERED}
    assert fates(log)[2] == "DONE"
    check_rows(log)


def test_only_the_old_records_of_a_batch_are_given_up() -> None:
    spec = kinesis({"max_age_ns": MIN * MS, "has_destination": True, "window_ns": 40 * S * MS})
    log = run(spec, Event(0), Event(30_000), outcomes=(Status.OUT_OF_MEMORY, Status.SUCCESS))
    assert batches(log)[0] == (40_000, 40_010, [0, 1], "OUT_OF_MEMORY")
    assert batches(log)[-1][2:] == ([1], "SUCCESS")
    assert fates(log) == {0: "AGED_OUT", 1: "DONE"}
    final = [row for row in log.runs() if row[-1]]
    assert [(row[1], row[5]) for row in final] == [(0, "OUT_OF_MEMORY"), (1, "SUCCESS")]
    check_rows(log)


def test_retention_ends_what_is_unread_silently_and_what_was_tried_loudly() -> None:
    spec = stream({"size": 1, "retention_ns": MIN * MS, "has_destination": True})
    log = run(spec, Event(0), Event(1), outcomes=(Status.OUT_OF_MEMORY, Status.SUCCESS))
    aged = {row["event"] & SEQUENCE: row["destination"] for row in log.deliveries if row["fate"] == Fate.AGED_OUT}
    assert aged == {0: Destination.DELIVERED, 1: Destination.NONE}


def test_throttles_use_up_no_retry() -> None:
    """Facts 4.5.3: with no retry allowed, a batch that is throttled for 5 s is processed all the same."""
    spec = stream({"max_retries": 0}, shards=2)
    events = [Event(0), Event(0), Event(0)]
    log = run(spec, *events, limit=1, takes=(5_000, 10), keys={"partition-key": 3})
    throttled = [row for row in log.runs() if row[5] == "THROTTLED"]
    assert [row[3] for row in throttled] == [0, 100, 300, 700, 1_500, 3_100]
    assert fates(log) == {0: "DONE", 1: "DONE", 2: "DONE"}
    assert {row["outcome"] for row in log.deliveries if row["fate"] == Fate.STAYS} == {DeliveryOutcome.THROTTLED}
    check_rows(log)


def test_a_poison_record_blocks_its_shard_until_it_expires() -> None:
    """Facts 4.5.3: nothing behind it is processed; other shards are not concerned."""
    spec = stream({"size": 1, "poison_q24": 1 << 21, "retention_ns": 300 * S * MS}, shards=2)
    keys = KEYS | poisoned(1, 40)
    log = run(spec, *[Event(i) for i in range(40)], keys=keys)
    shard_of = {row["event"] & SEQUENCE: row["partition"] for row in log.deliveries}
    blocked = [i for i in range(2, 40) if shard_of[i] == shard_of[1]]
    free = [i for i in range(2, 40) if shard_of[i] != shard_of[1]]
    assert blocked
    assert free
    done = {row["event"] & SEQUENCE: row["ended_ns"] / MS for row in log.deliveries if row["fate"] == Fate.DONE}
    assert all(done[i] < 1_000 for i in free)
    assert fates(log)[1] == "AGED_OUT"
    assert all(fates(log)[i] == "AGED_OUT" for i in blocked), "they are as old"
    check_rows(log)


def test_a_disabled_mapping_catches_up_when_it_is_enabled() -> None:
    """Ten records a second for a minute, batches of 5 that take 100 ms: 50 a second once it is enabled at 40 s."""
    spec = kinesis({"size": 5, "pauses": (Pause(10 * S * MS, 40 * S * MS),)})
    log = run(spec, *[Event(100 * i) for i in range(600)], takes=(100,))
    starts = [row[0] for row in batches(log)]
    assert not [start for start in starts if 10_000 <= start < 40_000]
    after = [row for row in batches(log) if row[0] >= 40_000]
    assert [row[0] for row in after[:5]] == [40_000, 40_100, 40_200, 40_300, 40_400]
    assert after[0][2] == [100 - len(b) + i for b in [range(5)] for i in range(5)] or after[0][2][0] <= 100
    # 300 records wait; 10 come and 50 go each second, so that the last of the backlog goes 7.5 s later
    ages = {
        row["time_ns"] // MS: row["value"] / MS for row in log.samples if row["metric"] == SourceMetric.ITERATOR_AGE
    }
    assert ages[40_000] >= 29_000
    caught_up = min(time for time, age in ages.items() if time > 40_000 and age <= 1_000)
    assert 47_000 <= caught_up <= 48_000
    check_rows(log)


def test_a_shard_is_read_when_its_mapping_is_enabled() -> None:
    log = run(kinesis({"pauses": (Pause(0, 1_500 * MS),)}), Event(500), Event(1_200))
    assert [row[:3] for row in batches(log)] == [(1_500, 1_510, [0, 1])]


def test_a_retry_waits_until_the_mapping_is_enabled() -> None:
    spec = stream({"pauses": (Pause(5 * MS, 9_000 * MS),)})
    log = run(spec, Event(0), Event(1), outcomes=(Status.ERROR, Status.SUCCESS))
    assert batches(log)[:2] == [(0, 10, [0], "ERROR"), (9_000, 9_010, [0], "SUCCESS")]
    check_rows(log)


def test_iterator_age_is_that_of_the_last_record_of_a_batch() -> None:
    """Facts 4.5.8."""
    log = run(kinesis(), Event(1), Event(300), Event(900))
    assert log.samples == [{"source": 0, "metric": SourceMetric.ITERATOR_AGE, "time_ns": S * MS, "value": 100 * MS}]


def test_a_shard_takes_a_thousand_records_or_a_megabyte_a_second() -> None:
    """Facts 4.5.7: the producer is refused beyond that; the next second begins anew."""
    limits = {"write_records": rules.SHARD_WRITE_RECORDS, "write_bytes": rules.SHARD_WRITE_BYTES}
    log = run(kinesis({"size": 10_000}, **limits, payload=100), *[Event(500)] * 1_003, Event(1_000))
    refused = [row for row in log.deliveries if row["outcome"] == DeliveryOutcome.REFUSED]
    assert [row["event"] & SEQUENCE for row in refused] == [1_000, 1_001, 1_002]
    assert len(fates(log)) == 1_004
    log = run(kinesis({"size": 10_000}, **limits, payload=1 << 18), *[Event(500)] * 6)
    assert sum(row["outcome"] == DeliveryOutcome.REFUSED for row in log.deliveries) == 2


def test_a_shard_gives_two_megabytes_a_second() -> None:
    """40 records of 256 KB are 10 MB: batches of 24 (6 MB) and 16, the second when the first has been read, in 3 s."""
    log = run(kinesis({"size": 24}, payload=1 << 18, read_bytes=rules.SHARD_READ_BYTES), *[Event(0)] * 40)
    assert [row[0] for row in batches(log)] == [0, 3_000]


def test_an_error_of_the_handler_is_drawn_anew_for_each_attempt() -> None:
    f = function(errors_q24=1 << 23)
    spec = AccountSpec(concurrency=1_000, functions=(f,), sources=(stream({"size": 1}, shards=400),))
    log = simulate(
        spec, [Event(i) for i in range(800)], drawn=[Hand(1, (1,), (Status.ERROR,), keys={"batch-outcome": 5})]
    )
    second = [row for row in log.runs() if row[2] == 1]
    failed = sum(row[5] == "ERROR" for row in second)
    n = len(second)
    assert abs(failed - n / 2) < 4 * (n / 4) ** 0.5  # binomial with chance 1/2
    check_rows(log)


def test_what_remains_at_the_horizon() -> None:
    spec = stream({"size": 2})
    log = run(spec, *[Event(i) for i in range(5)], takes=(10, 500), horizon=400)
    assert [row[2:] for row in log.story() if row[-1] == "REMAINS"] == [
        (1, 10, -1, "IN_FLIGHT", "REMAINS"),
        (2, 10, -1, "IN_FLIGHT", "REMAINS"),
        (3, -1, -1, "WAITING", "REMAINS"),
        (4, -1, -1, "WAITING", "REMAINS"),
    ]
    check_rows(log)
    waits = run(spec, Event(0), outcomes=(Status.OUT_OF_MEMORY,), horizon=115)
    assert waits.story()[-1] == (0, 2, 20, -1, -1, "WAITING", "REMAINS")
    assert [row[-1] for row in waits.runs()] == [0, 1], "no attempt follows before the horizon"


def test_chunks_change_nothing() -> None:
    spec = kinesis({"size": 7, "bisects": True, "record_errors_q24": 1 << 20, "window_ns": S * MS}, shards=3, lanes=2)
    events = [Event(13 * i) for i in range(500)]
    whole = run(spec, *events, keys=KEYS, limit=3, takes=(40, 70))
    parts = run(spec, *events, keys=KEYS, limit=3, takes=(40, 70), chunk=3)
    assert whole.deliveries == parts.deliveries
    assert whole.invocations == parts.invocations
    assert whole.samples == parts.samples
    check_rows(whole)


def test_a_simulation_without_a_horizon_ends_with_its_last_record() -> None:
    assert run(kinesis({"window_ns": 5 * S * MS}), Event(100)).ended == 5_010 * MS
