"""What becomes of a batch when its invocation ends, and when it is tried again."""

import pytest

from lambdasim.model.batches import BatchSpec, Ended
from lambdasim.model.events import NEVER_NS
from lambdasim.model.streams import StreamSpec

S = 10**9


@pytest.mark.parametrize(
    ("spec", "size", "failures", "succeeded", "reported", "ended"),
    [
        ({}, 5, 0, True, None, Ended(5, ())),
        ({}, 5, 7, False, None, Ended(0, (5,), 8)),
        ({"max_retries": 0}, 5, 0, False, None, Ended(0, (), 1)),
        ({"max_retries": 2}, 5, 1, False, None, Ended(0, (5,), 2)),
        ({"max_retries": 2}, 5, 2, False, None, Ended(0, (), 3)),
        ({"bisects": True, "max_retries": 0}, 5, 0, False, None, Ended(0, (2, 3), 0)),
        ({"bisects": True, "max_retries": 0}, 1, 0, False, None, Ended(0, (), 1)),
        ({"bisects": True, "max_retries": 1}, 1, 0, False, None, Ended(0, (1,), 1)),
        ({"reports": True, "max_retries": 3}, 5, 3, True, 2, Ended(2, (3,), 1)),
        ({"reports": True, "max_retries": 0}, 5, 0, True, 2, Ended(2, (), 1)),
        ({"reports": True, "max_retries": 3}, 5, 1, True, 0, Ended(0, (5,), 2)),
        ({"reports": True, "bisects": True, "max_retries": 0}, 5, 0, True, 4, Ended(4, (1,), 0)),
        ({"reports": True, "bisects": True, "max_retries": 0}, 5, 0, True, 0, Ended(0, (2, 3), 0)),
        ({"reports": True, "bisects": True, "max_retries": 0}, 1, 0, True, 0, Ended(0, (), 1)),
        ({"reports": True}, 5, 0, False, None, Ended(0, (5,), 1)),
    ],
)
def test_what_becomes_of_a_batch(spec, size, failures, succeeded, reported, ended) -> None:
    found = BatchSpec(**spec).ended(size, failures, succeeded, reported)
    assert found == ended
    assert found.processed + sum(found.parts) in (size, found.processed)


def test_waits() -> None:
    spec = BatchSpec()
    assert [spec.delay_ns(n, False, 0) for n in (1, 2, 3, 4, 12, 99)] == [
        0,
        S // 10,
        S // 5,
        2 * S // 5,
        60 * S,
        60 * S,
    ]
    assert [spec.delay_ns(n, True, 0) for n in (1, 2, 11, 99)] == [S // 10, S // 5, 60 * S, 60 * S]
    jittered = BatchSpec(full_jitter=True)
    assert jittered.delay_ns(3, False, 0) == 0
    assert jittered.delay_ns(3, False, 1 << 23) == S // 10


def test_expiry() -> None:
    spec = BatchSpec(max_age_ns=60 * S, retention_ns=3_600 * S)
    records = [(n, n * S, 0) for n in range(5)]
    assert [spec.expired(records, now * S) for now in (0, 59, 60, 62, 64, 99)] == [0, 0, 1, 3, 5, 5]
    assert spec.expired([], 99 * S) == 0
    assert BatchSpec().expired(records, NEVER_NS - 1) == 0


def test_the_mapping_resumes_at_the_end_of_a_pause() -> None:
    spec = BatchSpec(pauses=((5, 9), (20, 30)))
    assert [spec.resumes_ns(now) for now in (4, 5, 8, 9, 25, 30)] == [4, 9, 9, 9, 30, 30]


def test_polls_fall_on_the_phase_of_a_shard() -> None:
    spec = StreamSpec("s", 0, poll_ns=10)
    assert [spec.seen_ns(sent, 3) for sent in (0, 3, 4, 13, 14)] == [3, 3, 13, 13, 23]
    assert [spec.read_until_ns(now, 3) for now in (3, 12, 13, 14)] == [3, 3, 13, 13]
    assert [spec.read_again_ns(50, polled, 53) for polled in (0, 49)] == [50, 50]
    assert StreamSpec("s", 0, poll_ns=10, least_poll_ns=2).read_again_ns(50, 49, 53) == 51
    assert StreamSpec("s", 0, push_ns=7).seen_ns(4, 3) == 11


def test_batching_windows_follow_one_another() -> None:
    spec = StreamSpec("s", 0, BatchSpec(window_ns=10))
    assert [spec.due_ns(100, seen, seen) for seen in (100, 101, 110, 111, 120, 121)] == [110, 110, 110, 120, 120, 130]
    tumbling = StreamSpec("s", 0, BatchSpec(window_ns=10), tumbling_ns=25)
    assert [tumbling.due_ns(100, seen, seen) for seen in (118, 121)] == [120, 125]


def test_lanes_of_hashes_and_keys() -> None:
    spec = StreamSpec("s", 0, shards=3, lanes=2, keys_q24=(1 << 22, 1 << 23, 1 << 24))
    assert [spec.lane(-(-n * (1 << 24) // 6)) for n in range(6)] == [0, 1, 2, 3, 4, 5]
    assert spec.lane((1 << 24) - 1) == 5
    assert [spec.key(u) for u in (0, (1 << 22) - 1, 1 << 22, 1 << 23, (1 << 24) - 1)] == [0, 0, 1, 2, 2]
