"""Queues in random small configurations on coarse grids of time, where nearly everything happens at once.

Whatever happens, every message is accounted for once, deliveries follow each other, each request ends once, FIFO groups
keep their order, and the borders of chunks mean nothing.
"""

from collections import defaultdict
from itertools import pairwise

from by_hand import MS, Event, Hand, Log, function, simulate
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdasim.model.events import Fate
from lambdasim.model.polling import PollingSpec
from lambdasim.model.spec import AccountSpec
from lambdasim.model.sqs import SqsSpec
from lambdasim.model.sqs_fifo import FifoSpec

KEYS = {"sqs-group": 12_345, "sqs-poison": 77, "sqs-record": 99, "sqs-backoff": 5, "sqs-duplicate": 6}
QUARTER = 1 << 22

common = {
    "batch_size": st.sampled_from([1, 3, 10]),
    "visibility_ns": st.sampled_from([1_000 * MS, 30_000 * MS]),
    "max_receives": st.sampled_from([0, 1, 3]),
    "partial": st.booleans(),
    "retention_ns": st.sampled_from([60_000 * MS, 200_000 * MS]),
    "delay_ns": st.sampled_from([0, 1_000 * MS]),
    "receive_ns": st.sampled_from([0, 10 * MS, 1_000 * MS]),
    "poison_q24": st.sampled_from([0, QUARTER]),
    "record_errors_q24": st.sampled_from([0, QUARTER]),
}
pollings = st.sampled_from(
    [
        (PollingSpec(every_ns=200 * MS), 0),
        (PollingSpec(initial=2, maximum=4, floor=2), 0),
        (PollingSpec(amount=60, every_ns=60_000 * MS), 0),
        (PollingSpec(initial=20, maximum=40, amount=10, unit=10, floor=20, every_ns=600 * MS), 10),
    ]
)


@st.composite
def standard_specs(draw: st.DrawFn) -> SqsSpec:
    polling, per_poller = draw(pollings)
    own = {
        "window_ns": st.sampled_from([0, 1_000 * MS, 50_000 * MS]),
        "duplicates_q24": st.sampled_from([0, 2 * QUARTER]),
    }
    values = draw(st.fixed_dictionaries(common | own))
    return SqsSpec("jobs", 0, polling=polling, per_poller=per_poller, **values)


fifo_specs = st.builds(
    FifoSpec,
    st.fixed_dictionaries(common).map(lambda values: SqsSpec("jobs", 0, **values)),
    groups=st.sampled_from([0, 1, 3, 10]),
    maximum=st.sampled_from([2, 1_250]),
)


@st.composite
def cases(draw: st.DrawFn, specs: st.SearchStrategy) -> tuple:
    times = draw(st.lists(st.sampled_from([0, 1_000, 2_000, 5_000, 30_000, 31_000, 90_000]), min_size=1, max_size=30))
    takes = draw(st.lists(st.sampled_from([0, 10, 1_000, 20_000, 40_000]), min_size=1, max_size=12))
    outcomes = [*draw(st.lists(st.sampled_from([0, 0, 0, 1, 2]), max_size=12)), 0]
    limit = draw(st.sampled_from([1, 2, 1_000]))
    horizon = draw(st.sampled_from([None, None, 100_000]))
    return draw(specs), [Event(at) for at in sorted(times)], takes, outcomes, limit, horizon


def ran(case: tuple, chunk: int = 1_000) -> Log:
    spec, events, takes, outcomes, limit, horizon = case
    account = AccountSpec(concurrency=limit, functions=(function(per_record_ns=5 * MS),), sources=(spec,))
    hand = Hand(1, takes=takes, outcomes=outcomes, keys=KEYS)
    return simulate(account, events, drawn=[hand], horizon=horizon, chunk=chunk)


def check(log: Log, events: int) -> None:
    """Check every message and every request."""
    by_event: dict[int, list[dict[str, int]]] = defaultdict(list)
    for row in log.deliveries:
        by_event[row["event"]].append(row)
    assert set(range(events)) <= set(by_event)
    for rows in by_event.values():
        rows.sort(key=lambda row: row["attempt"])
        assert [row["attempt"] for row in rows] == list(range(len(rows)))
        assert [row["fate"] != Fate.STAYS for row in rows] == [False] * (len(rows) - 1) + [True]
        earlier = 0
        for row in rows:
            times = [row["sent_ns"], row["available_ns"], row["delivered_ns"], row["ended_ns"]]
            known = [time for time in times if time != -1]
            assert known == sorted(known)
            assert row["available_ns"] >= earlier
            earlier = row["ended_ns"]
    finals: dict[int, int] = defaultdict(int)
    for row in log.invocations:
        finals[row["request"]] += row["final"]
    assert set(finals.values()) <= {1}


@settings(max_examples=120, deadline=None)
@given(cases(standard_specs()))
def test_standard_queues(case: tuple) -> None:
    log = ran(case)
    check(log, len(case[1]))
    polling = case[0].polling
    levels = [row for row in log.samples if row["metric"] == 0]
    assert all(row["time_ns"] <= next_["time_ns"] for row, next_ in pairwise(levels))
    running = [(row["arrival_ns"], row["end_ns"]) for row in log.invocations if row["end_ns"] >= 0]
    assert all(sum(a <= at < b for a, b in running) <= polling.maximum for at, _ in running)
    again = ran(case, chunk=1)
    assert (log.deliveries, log.invocations, log.samples) == (again.deliveries, again.invocations, again.samples)


@settings(max_examples=120, deadline=None)
@given(cases(fifo_specs))
def test_fifo_queues(case: tuple) -> None:
    log = ran(case)
    check(log, len(case[1]))
    again = ran(case, chunk=1)
    assert (log.deliveries, log.invocations, log.samples) == (again.deliveries, again.invocations, again.samples)
    if not case[0].groups:
        return
    by_group: dict[int, list[dict[str, int]]] = defaultdict(list)
    for row in log.deliveries:
        if row["delivered_ns"] >= 0:
            by_group[row["partition"]].append(row)
    for rows in by_group.values():
        spans: dict[int, list[int]] = {}
        for row in rows:
            ended_ns = row["ended_ns"] if row["ended_ns"] >= 0 else 1 << 62
            span = spans.setdefault(row["batch"], [row["delivered_ns"], ended_ns])
            span[1] = max(span[1], ended_ns)
        ordered = sorted(spans.values())
        assert all(one[1] <= two[0] for one, two in pairwise(ordered))
        in_order = sorted(rows, key=lambda row: (row["delivered_ns"], row["event"]))
        first = [row["event"] for row in in_order if not row["attempt"]]
        assert first == sorted(first)
