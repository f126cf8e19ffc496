"""The SimPy engine and a brute-force oracle tell the same story of a standard queue, message for message."""

from dataclasses import replace

from by_hand import MS, Event, Hand, function, simulate
from hypothesis import example, given, settings
from hypothesis import strategies as st
from queue_oracle import QueueOracle

from lambdasim.model.law import AccountLaw
from lambdasim.model.polling import PollingLaw
from lambdasim.model.sqs import SqsLaw

KEYS = {"sqs-poison": 77, "sqs-record": 99, "sqs-backoff": 5, "sqs-duplicate": 123}
QUARTER = 1 << 22
S = 1_000 * MS

default = st.builds(
    SqsLaw,
    st.just("jobs"),
    st.just(0),
    batch_size=st.sampled_from([1, 3, 10, 25]),
    duplicates_24=st.sampled_from([0, 0, QUARTER]),
    payload=st.sampled_from([0, 1, 1_000, 70_000, 3 << 20, 7 << 20]),
    window_ns=st.sampled_from([0, S, 50 * S]),
    visibility_ns=st.sampled_from([2 * S, 30 * S]),
    max_receives=st.sampled_from([0, 1, 3]),
    partial=st.booleans(),
    retention_ns=st.sampled_from([60 * S, 200 * S]),
    delay_ns=st.sampled_from([0, S]),
    receive_ns=st.sampled_from([0, S]),
    poison_24=st.sampled_from([0, QUARTER]),
    record_errors_24=st.sampled_from([0, QUARTER]),
    polling=st.sampled_from(
        [
            PollingLaw(every_ns=S),
            PollingLaw(initial=1, maximum=1, floor=1),
            PollingLaw(initial=2, maximum=6, floor=2, every_ns=S),
            PollingLaw(initial=1, maximum=9, amount=4, every_ns=60 * S, floor=1),
        ]
    ),
)

provisioned = st.builds(
    replace,
    default,
    per_poller=st.just(2),
    polling=st.builds(
        PollingLaw,
        initial=st.sampled_from([2, 4]),
        maximum=st.sampled_from([4, 12]),
        amount=st.sampled_from([2, 4]),
        unit=st.just(2),
        every_ns=st.sampled_from([S, 20 * S]),
        floor=st.just(2),
        shrink_permille=st.sampled_from([500, 750]),
    ),
)
"""Pollers of two concurrent invocations each."""
laws = default | provisioned

SLOW = SqsLaw("jobs", 0, batch_size=3, window_ns=S, visibility_ns=2 * S, retention_ns=60 * S, receive_ns=S,
              polling=PollingLaw(initial=1, maximum=9, amount=4, every_ns=60 * S, floor=1))  # fmt: skip


@settings(max_examples=300, deadline=None)
@example(SLOW, [0, 60], 1, [2], [])  # deleted while visible again, which leaves nothing to grow for
@given(
    laws,
    st.lists(st.sampled_from([0, 1, 2, 5, 30, 31, 60, 61, 90, 300]), min_size=1, max_size=24),
    st.sampled_from([1, 2, 20]),
    st.lists(st.sampled_from([0, 1, 2, 20, 40]), min_size=1, max_size=12),
    st.lists(st.sampled_from([0, 0, 0, 1]), max_size=12),
)
def test_standard_queues(law: SqsLaw, times: list[int], limit: int, takes: list[int], outcomes: list[int]) -> None:
    outcomes = [*outcomes, 0]
    account = AccountLaw(concurrency=limit, functions=(function(),), sources=(law,))
    hand = Hand(1, takes=[1_000 * take for take in takes], outcomes=outcomes, keys=KEYS)
    log = simulate(account, [Event(1_000 * at) for at in sorted(times)], drawn=[hand])
    oracle = QueueOracle(law, limit, [take * S for take in takes], outcomes, KEYS | {"sqs-backoff": 5})
    oracle.run([at * S for at in sorted(times)])

    def number(batch: int) -> int:
        return batch if batch < 0 else batch & (1 << 44) - 1

    names = (
        "event",
        "attempt",
        "sent_ns",
        "available_ns",
        "delivered_ns",
        "ended_ns",
        "outcome",
        "fate",
        "destination",
    )
    told = [(*(row[name] for name in names), number(row["batch"])) for row in log.deliveries]
    assert sorted(told) == sorted(oracle.deliveries)
    names = ("attempt", "arrival_ns", "end_ns", "status", "final")
    asked = [(number(row["request"]), *(row[name] for name in names)) for row in log.invocations]
    assert sorted(asked) == sorted(oracle.invocations)
    levels = [(row["time_ns"], row["value"]) for row in log.samples if row["metric"] == 0]
    assert levels == oracle.levels
    for metric, counts in ((4, oracle.requests), (3, oracle.empty)):
        counted = {row["time_ns"]: row["value"] for row in log.samples if row["metric"] == metric}
        assert counted == {minute: count for minute, count in counts.items() if count}
