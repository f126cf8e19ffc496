"""What holds of the records of every stream and broker, whatever happens, on coarse grids of time."""

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

from by_hand import MS, Event, Hand, Log, function, simulate
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdasim.model.batches import BatchSpec, BrokerSpec, Pause
from lambdasim.model.events import NEVER_NS, DeliveryOutcome, Destination, Fate, Status
from lambdasim.model.pollers import PollerSpec
from lambdasim.model.spec import AccountSpec
from lambdasim.model.streams import StreamSpec

TICK = 100
KINDS = ("partition-key", "poll-phase", "partition-hash", "poison", "record-errors", "batch-backoff", "batch-outcome")


def times(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high).map(lambda n: n * TICK * MS)


BATCHES = st.builds(
    BatchSpec,
    size=st.integers(1, 5),
    window_ns=st.just(0) | times(1, 20),
    max_retries=st.integers(-1, 3),
    max_age_ns=st.just(NEVER_NS) | times(5, 60),
    retention_ns=times(10, 200),
    bisects=st.booleans(),
    reports=st.booleans(),
    has_destination=st.booleans(),
    backoff_base_ns=times(1, 3),
    backoff_cap_ns=times(3, 20),
    full_jitter=st.booleans(),
    poison_q24=st.sampled_from([0, 0, 1 << 21]),
    record_errors_q24=st.sampled_from([0, 0, 1 << 21]),
    pauses=st.just(()) | times(0, 40).map(lambda begin: (Pause(begin, begin + 7 * TICK * MS),)),
)
STREAMS = st.builds(
    StreamSpec,
    st.just("s"),
    st.just(0),
    BATCHES,
    shards=st.integers(1, 3),
    lanes=st.integers(1, 3),
    keys_q24=st.just(()) | st.just(((1 << 23), (1 << 23) + (1 << 22), 1 << 24)),
    poll_ns=st.just(0) | times(1, 10),
    least_poll_ns=st.just(0) | times(1, 2),
    push_ns=times(0, 2),
    tumbling_ns=st.just(0) | times(2, 30),
    payload=st.just(1000),
    write_records=st.sampled_from([0, 3]),
    write_bytes=st.just(1 << 20),
    read_bytes=st.sampled_from([0, 10_000]),
)
TOPICS = st.builds(
    lambda spec, initial, most, invokes: replace(
        spec, lanes=1, poll_ns=0, pollers=PollerSpec(min(initial, most), 1, most, invokes, 3, TICK * MS)
    ),
    STREAMS,
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(1, 3),
)
BROKERS = st.builds(BrokerSpec, st.just("s"), st.just(0), st.integers(1, 5), BATCHES)
EVENTS = st.lists(st.integers(0, 50).map(lambda n: n * TICK), max_size=60).map(sorted)
TAKES = st.lists(st.integers(0, 8).map(lambda n: n * TICK), min_size=1, max_size=6)
OUTCOMES = st.lists(
    st.sampled_from([Status.SUCCESS] * 3 + [Status.ERROR, Status.CRASH, Status.OUT_OF_MEMORY]), min_size=1, max_size=6
)


@settings(deadline=None, max_examples=150)
@given(
    spec=STREAMS | TOPICS | BROKERS,
    at=EVENTS,
    takes=TAKES,
    outcomes=OUTCOMES,
    limit=st.sampled_from([1, 2, 1_000]),
    horizon=st.none() | st.integers(1, 60).map(lambda n: n * TICK),
    seed=st.integers(0, 9),
)
def test_every_record_is_accounted_for_once(spec, at, takes, outcomes, limit, horizon, seed) -> None:
    f = function(errors_q24=1 << 22, per_record_ns=TICK * MS)
    account = AccountSpec(concurrency=limit, functions=(f,), sources=(spec,))
    keys = {kind: 1_000_003 * (seed + 100 * n) for n, kind in enumerate(KINDS)}
    at = [time for time in at if horizon is None or time < horizon]  # as a plan has them

    def run(chunk: int) -> Log:
        drawn = [Hand(1, takes, outcomes, keys=keys)]
        return simulate(account, [Event(time) for time in at], drawn=drawn, horizon=horizon, chunk=chunk)

    log = run(1_000_000)
    check_deliveries(log, len(at))
    check_invocations(log, horizon)
    check_batches(log, spec)
    if isinstance(spec, StreamSpec):
        check_order(log)
    parts = run(1)
    assert (parts.deliveries, parts.invocations, parts.samples) == (log.deliveries, log.invocations, log.samples)


def check_deliveries(log: Log, events: int) -> None:
    """Check that each record has one end, and that its deliveries follow one another."""
    by_event: dict[int, list[dict[str, int]]] = defaultdict(list)
    for row in log.deliveries:
        by_event[row["event"]].append(row)
        known = [row[n] for n in ("sent_ns", "available_ns", "delivered_ns", "ended_ns") if row[n] != -1]
        assert known == sorted(known)
        assert (row["ended_ns"] == -1) == (row["fate"] == Fate.REMAINS)
        assert (row["batch"] == -1) == (
            row["delivered_ns"] == -1 or row["outcome"] in (DeliveryOutcome.THROTTLED, DeliveryOutcome.WAITING)
        )
        if row["destination"] != Destination.NONE:
            assert row["fate"] in (Fate.EXHAUSTED, Fate.AGED_OUT)
    assert len(by_event) == events
    for rows in by_event.values():
        assert [row["attempt"] for row in rows] == list(range(len(rows)))
        assert [row["fate"] != Fate.STAYS for row in rows] == [False] * (len(rows) - 1) + [True]
        assert all(b["available_ns"] >= a["ended_ns"] for a, b in pairwise(rows))


def check_invocations(log: Log, horizon: int | None) -> None:
    """Check that each request has one final row, its last, and all rows the same first arrival."""
    by_request: dict[int, list[dict[str, int]]] = defaultdict(list)
    for row in log.invocations:
        by_request[row["request"]].append(row)
    for rows in by_request.values():
        assert [row["final"] for row in rows] == [0] * (len(rows) - 1) + [1]
        assert [row["attempt"] for row in rows] == list(range(len(rows)))
        assert len({row["first_arrival_ns"] for row in rows}) == 1
        assert all(horizon is None or row["end_ns"] < horizon * MS for row in rows)


def check_batches(log: Log, spec: StreamSpec | BrokerSpec) -> None:
    """Check that deliveries and invocations tell the same, and that no batch is too large or crosses a border."""
    ran = {(row["request"], row["arrival_ns"]) for row in log.invocations if row["status"] != Status.THROTTLED}
    held: dict[tuple[int, int], list[dict[str, int]]] = defaultdict(list)
    for row in log.deliveries:
        if row["batch"] != -1:
            held[row["batch"], row["delivered_ns"]].append(row)
    assert set(held) == ran
    oldest_ns = min(spec.batches.max_age_ns, spec.batches.retention_ns)
    for rows in held.values():
        assert len(rows) <= spec.batches.size
        if isinstance(spec, StreamSpec) and spec.tumbling_ns:
            assert len({row["sent_ns"] // spec.tumbling_ns for row in rows}) == 1
        assert all(row["delivered_ns"] - row["sent_ns"] < oldest_ns for row in rows)


def check_order(log: Log) -> None:
    """Check that the records of a batch, and of a lane, are delivered and leave in the order they came."""
    held: dict[int, list[int]] = defaultdict(list)
    for row in log.deliveries:
        if row["batch"] != -1 and row["attempt"] == 0:
            held[row["partition"], row["delivered_ns"], row["batch"]].append(row["event"])
    assert all(events == sorted(events) for events in held.values())
