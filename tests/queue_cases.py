"""Cases of queues, beside events and direct requests, on coarse grids; and a crowd of messages."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from by_hand import Hand, columns, plan_of
from hypothesis import strategies as st
from small import only_small
from strategies import Case, cases

from lambdasim.model.aliases import Lead
from lambdasim.model.asynchronous import AsynchronousSource, AsynchronousSpec
from lambdasim.model.batches import BatchSpec, Pause
from lambdasim.model.control import OF_BATCHES, Change, Control, in_order
from lambdasim.model.events import NEVER_NS, Status
from lambdasim.model.polling import PollingSpec
from lambdasim.model.spec import AccountSpec, FunctionSpec, ScalingSpec
from lambdasim.model.sqs import SqsSpec
from lambdasim.model.sqs_fifo import FifoSpec
from lambdasim.model.streams import StreamSpec
from lambdasim.plan import PLAN_COLUMNS, Plan, PlanChunk

JITTER_KEYS = (11, 0xDEADBEEFCAFEF00D, 3, 4, 5, 6, 7)
KEYS = {
    "async-backoff": 7,
    "async-outcome": 0xFEEDFACECAFEBEEF,
    "async-duplicate": 9,
    "async-destination": 13,
    "sqs-backoff": 5,
    "sqs-duplicate": 0xABADCAFE12345678,
    "sqs-poison": 77,
    "sqs-record": 99,
    "sqs-group": 0xFACADE0987654321,
    "partition-key": 0x0123456789ABCDEF,
    "partition-hash": 31,
    "poll-phase": 0xCAFED00D12345678,
    "poison": 17,
    "record-errors": 23,
    "batch-backoff": 0xF00DFACE00000001,
    "batch-outcome": 41,
}
S = 1_000_000_000
OF_TIMES = (Control.BATCHING_WINDOW, Control.VISIBILITY, Control.TUMBLING_WINDOW, Control.RECORD_AGE)
HALF = 1 << 23
TABLES = ("invocations", "environments", "deliveries", "samples")


@dataclass(frozen=True)
class QueueCase:
    """A case of which some rows go to sources; ``hands`` make the sources' own requests."""

    case: Case
    source: tuple[int, ...]
    delay_ns: tuple[int, ...]
    hands: tuple[Hand, ...]

    def chunks(self) -> Iterator[PlanChunk]:
        """Yield the plan, cut where the case is."""
        ordered = sorted(self.case.rows, key=lambda r: (r["arrival_ns"], r["request"]))
        function = np.array([s.function for s in self.case.spec.sources])
        begin = 0
        for until in [*sorted(set(self.case.cuts_ns)), NEVER_NS]:
            places = [i for i, r in enumerate(ordered) if begin <= r["arrival_ns"] < until]
            plan = {c: np.array([ordered[i][c] for i in places], dtype=np.int64) for c in PLAN_COLUMNS}
            for name, values in (("source", self.source), ("delay_ns", self.delay_ns)):
                plan[name] = np.array([values[i % len(values)] for i in places], dtype=np.int64)
            sent = plan["source"] >= 0
            plan["function"][sent] = function[plan["source"][sent]]
            yield PlanChunk(until_ns=until, **plan)
            begin = until

    def plan(self) -> Plan:
        """Return what an engine needs beside the chunks."""
        spec = self.case.spec
        return plan_of(
            spec,
            JITTER_KEYS[: self.case.loads + len(spec.sources)],
            self.hands,
            control=self.case.control,
            horizon_ns=self.case.horizon_ns,
        )


def records(engine_class: Any, case: QueueCase) -> tuple[Any, ...]:
    """Return all rows that an engine writes, sorted, and the end of the simulation."""
    engine = engine_class(case.plan())
    chunks = [engine.advance(chunk) for chunk in case.chunks()]
    chunks.append(engine.finish(case.case.ends_ns))
    rows = [sorted(row for chunk in chunks for row in getattr(chunk, table).rows.tolist()) for table in TABLES]
    return *rows, engine.ended_ns


def plan(
    source: Any,
    *times: int,
    takes: int = 1,
    per_record_ns: int = 0,
    lanes_s: tuple[tuple[int, int], ...] = (),
    enabled_s: tuple[tuple[int, int], ...] = (),
    ends_s: int = 0,
    **keys: int,
) -> QueueCase:
    """Return a plan of events of one source at these times, in s, as its batches' durations are.

    ``lanes_s`` has other parallelization factors with their times, ``enabled_s`` whether the mapping is from then on,
    and with ``ends_s`` it is cut off then.
    """
    function = FunctionSpec("f", timeout_ns=60 * S, per_record_ns=per_record_ns)
    rows = [
        {"load": 0, "sequence": n, "request": n, "arrival_ns": at * S, "function": 0, **columns(0)}
        for n, at in enumerate(times)
    ]
    control = [Change(at * S, Control.PARALLELIZATION, 0, lanes) for at, lanes in lanes_s]
    control += [Change(at * S, Control.MAPPING_ENABLED, 0, is_enabled) for at, is_enabled in enabled_s]
    horizon_ns = ends_s * S if ends_s else NEVER_NS
    case = Case(AccountSpec(5, (function,), sources=(source,)), rows, in_order(control), 1, horizon_ns, [], 30 * S)
    return QueueCase(case, (0,), (0,), (Hand(1, takes=[1_000 * takes], keys=KEYS | keys),))


@st.composite
def queue_specs(draw: st.DrawFn, name: str, function: int, tick: int) -> SqsSpec:
    """Draw a queue whose times are multiples of a tick, and often those of others."""
    initial = draw(st.integers(1, 3))
    unit = draw(st.sampled_from([1, 1, 1, 2]))
    polling = PollingSpec(
        initial=initial * unit,
        maximum=draw(st.sampled_from([initial, 4, 30])) * unit,
        amount=draw(st.sampled_from([1, 2])) * unit,
        unit=unit,
        every_ns=draw(st.sampled_from([tick, 3 * tick, 60 * S])),
        floor=draw(st.integers(1, 3)) * unit,
        decrease_ppm=draw(st.sampled_from([0, 27_000, 300_000, 900_000])),
    )
    return SqsSpec(
        name,
        function,
        batch_size=draw(st.sampled_from([1, 2, 3, 10])),
        window_ns=draw(st.sampled_from([0, 0, 0, tick, 3 * tick, 9 * tick])),
        shares_window=draw(st.booleans()),
        visibility_ns=draw(st.sampled_from([tick, 2 * tick, 5 * tick, 30 * S])),
        max_receives=draw(st.sampled_from([0, 1, 3])),
        partial=draw(st.booleans()),
        retention_ns=draw(st.sampled_from([7 * tick, 60 * tick])),
        delay_ns=draw(st.sampled_from([0, 0, 0, tick, 2 * tick])),
        receive_ns=draw(st.sampled_from([0, 0, tick])),
        polling=polling,
        per_poller=draw(st.sampled_from([0, unit])) if unit > 1 else 0,
        backoff_base_ns=draw(st.integers(1, 2)) * tick,
        backoff_cap_ns=draw(st.integers(1, 4)) * tick,
        backoff_jitter=draw(st.booleans()),
        throttle_tries=draw(st.sampled_from([0, 0, 1, 2])),
        duplicates_q24=draw(st.sampled_from([0, 0, HALF])),
        poison_q24=draw(st.sampled_from([0, HALF // 2])),
        record_errors_q24=draw(st.sampled_from([0, HALF // 2])),
        payload=draw(st.sampled_from([1_024, 100_000, 3 << 20])),
    )


@st.composite
def fifo_specs(draw: st.DrawFn, name: str, function: int, tick: int) -> FifoSpec:
    """Draw a FIFO queue with the same ticks."""
    groups = draw(st.sampled_from([0, 1, 2, 3, 5]))
    shares = tuple(2 * HALF * (n + 1) * (n + 2) // groups // (groups + 1) for n in range(groups))
    return FifoSpec(
        replace(draw(queue_specs(name, function, tick)), per_poller=0),
        groups=groups,
        bounds_q24=draw(st.sampled_from([(), shares])),
        maximum=draw(st.sampled_from([1, 2, 3, 7])),
        look_ahead=draw(st.sampled_from([1, 2, 3, 120_000])),
    )


def asynchronous(name: str, function: int, tick: int) -> st.SearchStrategy[AsynchronousSource]:
    """Return a source whose events invoke a function asynchronously."""
    return st.just(AsynchronousSource(name, function))


@st.composite
def stream_specs(draw: st.DrawFn, name: str, function: int, tick: int) -> StreamSpec:
    """Draw a stream of Kinesis or DynamoDB with the same ticks."""

    def times(*ticks: int) -> int:
        return draw(st.sampled_from(ticks)) * tick

    begin = times(0, 1, 3, 6)
    batches = BatchSpec(
        size=draw(st.sampled_from([1, 2, 3, 10])),
        window_ns=times(0, 0, 1, 3, 10),
        max_retries=draw(st.sampled_from([-1, -1, 0, 1, 2])),
        max_age_ns=draw(st.sampled_from([NEVER_NS, NEVER_NS, 5 * tick, 12 * tick])),
        retention_ns=times(6, 12, 40, 60),
        bisects=draw(st.booleans()),
        reports=draw(st.booleans()),
        has_destination=draw(st.booleans()),
        backoff_base_ns=times(1, 2),
        backoff_cap_ns=times(2, 5),
        full_jitter=draw(st.booleans()),
        poison_q24=draw(st.sampled_from([0, 0, HALF // 4])),
        record_errors_q24=draw(st.sampled_from([0, 0, HALF // 4, HALF // 2])),
        pauses=draw(
            st.sampled_from([(), (), (Pause(begin, begin + 4 * tick),), (Pause(0, tick), Pause(tick, 9 * tick))])
        ),
    )
    poll_ns, payload = times(0, 1, 4, 10), draw(st.sampled_from([1, 3]))
    return StreamSpec(
        name,
        function,
        batches,
        shards=draw(st.integers(1, 3)),
        lanes=draw(st.integers(1, 3)),
        keys_q24=draw(st.sampled_from([(), (), (HALF, 2 * HALF), (HALF // 2, HALF), (HALF // 2, HALF, 2 * HALF)])),
        poll_ns=poll_ns,
        least_poll_ns=times(0, 1, 2, 3) if poll_ns else 0,
        push_ns=times(0, 0, 1),
        tumbling_ns=times(0, 0, 3, 8),
        payload=payload,
        write_records=draw(st.sampled_from([0, 0, 0, 3, 5])),
        write_bytes=draw(st.sampled_from([0, 4, 6, 100])),
        read_bytes=draw(st.sampled_from([0, 0, max(1, payload * S // tick), max(1, payload * S // (2 * tick))])),
        has_iterator_age=draw(st.booleans()),
    )


@only_small
@st.composite
def queue_cases(draw: st.DrawFn, first: Any = queue_specs) -> QueueCase:
    """Draw a case with queues, or what else is ``first``, and others beside; times are seconds or tenths of them."""
    case = draw(cases(max_rows=40).filter(lambda case: case.ends_ns >= S))
    tick = case.ends_ns // 22
    events = AsynchronousSpec(
        max_retries=draw(st.integers(0, 2)), max_age_ns=61 * S, backoff_base_ns=tick, backoff_cap_ns=4 * tick
    )
    functions = tuple(
        f._replace(asynchronous=events, per_record_ns=draw(st.sampled_from([0, tick]))) for f in case.spec.functions
    )
    count = draw(st.integers(1, 3))
    if first is queue_specs:
        others = st.booleans().map(lambda is_queue: queue_specs if is_queue else asynchronous)
    else:
        others = st.sampled_from([first, queue_specs, fifo_specs, stream_specs, asynchronous])
    sources = tuple(
        draw((draw(others) if i else first)(f"s{i}", draw(st.integers(0, len(functions) - 1)), tick))
        for i in range(count)
    )
    short = st.lists(st.integers(0, 8), min_size=1, max_size=4)
    hands = tuple(
        Hand(
            case.loads + i,
            takes=[n * (tick // 1_000_000) for n in draw(short)],
            outcomes=draw(st.lists(st.sampled_from([0, 0, 0, Status.ERROR, Status.CRASH]), min_size=1, max_size=4)),
            function=sources[i].function,
            keys={k: v + i for k, v in KEYS.items()},
        )
        for i in range(count)
    )
    horizon_ns = case.horizon_ns if case.horizon_ns == NEVER_NS else case.horizon_ns * draw(st.sampled_from([1, 8]))
    switches = [
        Change(at * tick, Control.MAPPING_ENABLED, draw(st.integers(0, count - 1)), draw(st.integers(0, 1)))
        for at in draw(st.lists(st.integers(0, 30), max_size=4))
    ]
    switches += [_setting(draw, tick, count) for _ in range(draw(st.sampled_from([0, 0, 0, 1, 3, 5])))]
    hands = tuple(replace(hand, leads=draw(_leads(tick, len(functions), hand.function))) for hand in hands)
    switches += [
        Change(lead.from_ns, Control.MAPPING_FUNCTION, i, number)
        for i, hand in enumerate(hands)
        for number, lead in enumerate(hand.leads)
        if number and not isinstance(sources[i], AsynchronousSource)  # which has no mapping that could lead elsewhere
    ]
    spec = replace(case.spec, functions=functions, sources=sources)
    case = replace(case, spec=spec, control=in_order([*case.control, *switches]), horizon_ns=horizon_ns)
    return QueueCase(
        case,
        tuple(draw(st.lists(st.sampled_from([-1, 0, 0, 0, count - 1]), min_size=1, max_size=6))),
        tuple(n * tick for n in draw(st.lists(st.integers(0, 3), min_size=1, max_size=5))),
        hands,
    )


@st.composite
def _leads(draw: st.DrawFn, tick: int, functions: int, function: int) -> tuple[Lead, ...]:
    """Draw to which functions the mapping of a source leads over time, if not always to the same."""
    times = draw(st.lists(st.integers(0, 24), max_size=3, unique=True))
    if not times:
        return ()
    to = [function, *(draw(st.integers(0, functions - 1)) for _ in times)]
    first = {own: place for place, own in enumerate(dict.fromkeys(to))}
    return tuple(Lead(at * tick, own, -1, first[own]) for at, own in zip((0, *sorted(times)), to, strict=True))


def _setting(draw: st.DrawFn, tick: int, sources: int) -> Change:
    """Draw a row of the control table that changes a setting of a mapping, whatever its source has of it."""
    others = (Control.MAXIMUM_CONCURRENCY, Control.RECORD_ERRORS, Control.SOURCE_METERED, Control.SOURCE_METERED)
    kind = draw(st.sampled_from((*OF_BATCHES, *others, Control.PARALLELIZATION, Control.PARALLELIZATION)))
    if kind in OF_TIMES:
        value = draw(st.sampled_from([0, 1, 3, 9])) * tick
        value = max(value, tick) if kind in (Control.VISIBILITY, Control.RECORD_AGE) else value
    elif kind == Control.RECORD_ERRORS:
        value = draw(st.sampled_from([0, HALF // 4, HALF]))
    elif kind == Control.MAX_RECEIVES:
        value = draw(st.sampled_from([0, 1, 2]))
    elif kind == Control.RETRY_ATTEMPTS:
        value = draw(st.sampled_from([-1, 0, 1, 2]))
    elif kind in (Control.REPORTS, Control.BISECTS, Control.DESTINATION):
        value = draw(st.integers(0, 1))
    else:
        value = draw(st.sampled_from([1, 2, 3, 7, 12]))
    return Change(draw(st.integers(0, 30)) * tick, kind, draw(st.integers(0, sources - 1)), value)


def a_redrive_count_falls() -> QueueCase:
    """Return a case of a message that fails each time, and may be received once less often after its second receive."""
    queue = SqsSpec("q", 0, batch_size=1, visibility_ns=2 * S, max_receives=3)
    row = {"load": 0, "sequence": 0, "request": 0, "arrival_ns": 0, "function": 0, **columns(0)}
    control = (Change(3 * S, Control.MAX_RECEIVES, 0, 2),)
    spec = AccountSpec(5, (FunctionSpec("f", timeout_ns=60 * S),), sources=(queue,))
    hand = Hand(1, takes=[10], outcomes=[Status.ERROR], keys=KEYS)
    return QueueCase(Case(spec, [row], control, 1, NEVER_NS, [], 30 * S), (0,), (0,), (hand,))


def crowd_of_messages(seed: int, messages: int = 12_000, batch_size: int = 3) -> QueueCase:
    """Draw a plan of so many messages, of which a part fails, waits, is throttled or comes back."""
    rng = np.random.default_rng(seed)
    tick = 10_000_000

    def queue(index: int) -> SqsSpec:
        return SqsSpec(
            f"s{index}",
            index,
            batch_size=batch_size,
            window_ns=[0, 0, 3 * tick][rng.integers(3)],
            shares_window=bool(seed % 2),
            visibility_ns=int(rng.integers(20, 300)) * tick,
            max_receives=[0, 4][rng.integers(2)],
            partial=bool(rng.integers(2)),
            retention_ns=1_500 * tick,
            delay_ns=[0, 40 * tick][rng.integers(2)],
            polling=PollingSpec(initial=5, maximum=400, amount=60, every_ns=50 * tick),
            duplicates_q24=[0, HALF // 4][rng.integers(2)],
            poison_q24=HALF // 64,
            record_errors_q24=HALF // 16,
        )

    spec = AccountSpec(
        concurrency=120 + 40 * seed,
        functions=tuple(FunctionSpec(f"f{i}", timeout_ns=80 * tick, per_record_ns=tick // 10) for i in range(2)),
        scaling=ScalingSpec(capacity=100, amount=30, per_ns=100 * tick),
        sources=(queue(0), queue(1)),
    )
    arrival_ns = np.sort(rng.integers(0, 1_000, messages) ** 2 // 1_000) * tick
    rows = [
        {"load": 0, "sequence": i, "request": i, "arrival_ns": at, "function": 0, **columns(10)}
        for i, at in enumerate(arrival_ns.tolist())
    ]
    hands = tuple(
        Hand(1 + i, takes=[int(rng.integers(0, 100)) * 10 for _ in range(997)], outcomes=[0, 0, 0, 0, 1, 0],
             function=i, keys=KEYS)
        for i in range(2)
    )  # fmt: skip
    switches = (Change(n * 90 * tick, Control.MAPPING_ENABLED, n % 2, n // 2 % 2) for n in range(8))
    case = Case(
        spec,
        rows,
        in_order(switches),
        1,
        [NEVER_NS, 1_500 * tick][seed % 2],
        [100 * tick, 500 * tick],
        int(arrival_ns[-1]),
    )
    return QueueCase(case, (0, 0, 1), (0,), hands)
