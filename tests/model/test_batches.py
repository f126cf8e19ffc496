"""What becomes of a batch when its invocation ends, when it is tried again, and when a shard is read."""

import pytest

from lambdasim.model import batches, pollers, streams
from lambdasim.model.batches import BatchSpec, Ended, Pause
from lambdasim.model.events import NEVER_NS, Status
from lambdasim.model.pollers import PollerSpec
from lambdasim.model.rules import share_of
from lambdasim.model.streams import ShardState, StreamSpec

S = 10**9
OK, FAILS = int(Status.SUCCESS), int(Status.ERROR)


@pytest.mark.parametrize(
    ("spec", "size", "failures", "status", "failing", "ended"),
    [
        ({}, 5, 0, OK, -1, Ended(5, 0, 0, 0)),
        ({}, 5, 7, FAILS, -1, Ended(0, 5, 0, 8)),
        ({"max_retries": 0}, 5, 0, FAILS, -1, Ended(0, 0, 0, 1)),
        ({"max_retries": 2}, 5, 1, FAILS, -1, Ended(0, 5, 0, 2)),
        ({"max_retries": 2}, 5, 2, FAILS, -1, Ended(0, 0, 0, 3)),
        ({"bisects": True, "max_retries": 0}, 5, 0, FAILS, -1, Ended(0, 2, 3, 0)),
        ({"bisects": True, "max_retries": 0}, 1, 0, FAILS, -1, Ended(0, 0, 0, 1)),
        ({"bisects": True, "max_retries": 1}, 1, 0, FAILS, -1, Ended(0, 1, 0, 1)),
        ({"reports": True, "max_retries": 3}, 5, 3, OK, 2, Ended(2, 3, 0, 1)),
        ({"reports": True, "max_retries": 0}, 5, 0, OK, 2, Ended(2, 0, 0, 1)),
        ({"reports": True, "max_retries": 3}, 5, 1, OK, 0, Ended(0, 5, 0, 2)),
        ({"reports": True, "bisects": True, "max_retries": 0}, 5, 0, OK, 4, Ended(4, 1, 0, 0)),
        ({"reports": True, "bisects": True, "max_retries": 0}, 5, 0, OK, 0, Ended(0, 2, 3, 0)),
        ({"reports": True, "bisects": True, "max_retries": 0}, 1, 0, OK, 0, Ended(0, 0, 0, 1)),
        ({"reports": True}, 5, 0, FAILS, 2, Ended(0, 5, 0, 1)),
    ],
)
def test_what_becomes_of_a_batch(spec, size, failures, status, failing, ended) -> None:
    found = batches.ended(BatchSpec(**spec), size, failures, status, failing)
    assert found == ended
    assert found.processed + found.first + found.second in (size, found.processed)


def test_records_behind_the_one_that_is_named_are_left_untouched() -> None:
    assert [batches.untouched_from(5, *attempt) for attempt in ((OK, 0), (OK, 4), (FAILS, 2))] == [1, 5, 5]


def test_waits() -> None:
    spec = BatchSpec()
    failed = [batches.delay_ns(spec, n, False, 0) for n in (1, 2, 3, 4, 12, 99)]
    assert failed == [0, S // 10, S // 5, 2 * S // 5, 60 * S, 60 * S]
    assert [batches.delay_ns(spec, n, True, 0) for n in (1, 2, 11, 99)] == [S // 10, S // 5, 60 * S, 60 * S]
    jittered = BatchSpec(full_jitter=True)
    assert batches.delay_ns(jittered, 3, False, 0) == 0
    assert batches.delay_ns(jittered, 3, False, 1 << 23) == S // 10


def test_expiry() -> None:
    spec = BatchSpec(max_age_ns=60 * S, retention_ns=3_600 * S)
    assert [batches.is_too_old(spec, 2 * S, now * S) for now in (0, 61, 62, 99)] == [False, False, True, True]
    assert not batches.is_too_old(BatchSpec(), 0, NEVER_NS - 1)


def test_the_mapping_resumes_at_the_end_of_a_pause() -> None:
    pauses = Pause(5, 9), Pause(20, 30)
    assert [batches.resumes_ns(pauses, now) for now in (4, 5, 8, 9, 25, 30)] == [4, 9, 9, 9, 30, 30]


def test_polls_fall_on_the_phase_of_a_shard() -> None:
    spec = StreamSpec("s", 0, poll_ns=10)
    shard = ShardState(spec, 0)
    shard.phase_ns = 3
    assert [streams.seen_ns(spec, sent, 3) for sent in (0, 3, 4, 13, 14)] == [3, 3, 13, 13, 23]
    assert [streams.read_until_ns(spec, shard, now) for now in (3, 12, 13, 14)] == [3, 3, 13, 13]
    assert [streams.read_ns(spec, shard, 50, 44, free_ns) for free_ns in (50, 43)] == [50, 53]
    assert streams.read_ns(spec, shard, 50, 43, 50) == -1
    shard.polled_ns = 49
    assert streams.read_ns(StreamSpec("s", 0, poll_ns=10, least_poll_ns=2), shard, 50, 50, 50) == 51
    assert streams.seen_ns(StreamSpec("s", 0, push_ns=7), 4, 3) == 11


def test_batching_windows_follow_one_another() -> None:
    window, spec = BatchSpec(window_ns=10), StreamSpec("s", 0)
    due = [streams.due_ns(spec, window, 100, seen, seen) for seen in (100, 101, 110, 111, 120, 121)]
    assert due == [110, 110, 110, 120, 120, 130]
    tumbling = StreamSpec("s", 0, tumbling_ns=25)
    assert [streams.due_ns(tumbling, window, 100, seen, seen) for seen in (118, 121)] == [120, 125]


def test_lanes_of_hashes_and_keys() -> None:
    spec = StreamSpec("s", 0, shards=3, lanes=2)
    shard, last = ShardState(spec, 0), (1 << 24) - 1
    hashes = [*(-(-n * (1 << 24) // 6) for n in range(6)), last]
    places = [(streams.shard_of(spec, u24), streams.lane_of(spec, shard, u24)) for u24 in hashes]
    assert places == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1), (2, 1)]
    shard.lanes = 10  # a hash stays in its shard
    assert [streams.lane_of(spec, shard, u24) for u24 in hashes] == [0, 5, 0, 5, 0, 5, 9]
    shares = (1 << 22, 1 << 23, 1 << 24)
    assert [share_of(shares, u) for u in (0, (1 << 22) - 1, 1 << 22, 1 << 23, (1 << 24) - 1)] == [0, 0, 1, 2, 2]
    assert share_of((1, 2), 5) == 1


def test_pollers_follow_the_lag() -> None:
    spec = PollerSpec(minimum=2, maximum=8, batch=10)
    wanted = [pollers.wanted(spec, 4, lag, 50, throttled) for lag, throttled in ((60, False), (45, False), (9, False))]
    assert wanted == [8, 4, 3]
    assert [pollers.within_bounds(spec, count) for count in (1, 2, 5, 8, 9)] == [2, 2, 5, 8, 8]
    assert pollers.wanted(spec, 4, 60, 50, True) == 2
    assert [pollers.rested(spec, 4, 59 * S, now * S) for now in (59, 60, 180, 999)] == [4, 3, 2, 2]
    assert [pollers.next_look_ns(now * S) for now in (0, 59, 60)] == [60 * S, 60 * S, 120 * S]
