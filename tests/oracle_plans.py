"""Hypothesis plans for the oracles of event sources. All times are multiples of one tick, so that most coincide."""

import os
from dataclasses import replace
from functools import cache, lru_cache
from random import Random
from typing import Any

from hypothesis import strategies as st
from oracle_cases import Crowd, Draws, SourceCase, numbered
from oracles.agenda import bits24
from oracles.world import Request
from small import only_small

from lambdasim.model.aliases import Lead
from lambdasim.model.asynchronous import AsynchronousSource, AsynchronousSpec
from lambdasim.model.batches import BatchSpec, BrokerSpec, Pause
from lambdasim.model.calls import CallSpec
from lambdasim.model.control import Change, Control, in_order
from lambdasim.model.downstream import DownstreamSpec, Slowdown, UseSpec
from lambdasim.model.events import NEVER_NS, RetryCause
from lambdasim.model.gateway import ANSWERS, Answers, GatewayKind, GatewaySource, RateSpec
from lambdasim.model.links import After, LinkSpec, Trigger
from lambdasim.model.maps import MapSource
from lambdasim.model.pollers import PollerSpec
from lambdasim.model.spec import (
    LEGACY_CLIENT,
    NO_CLIENT,
    NO_RETRY,
    STANDARD_2020_CLIENT,
    STANDARD_CLIENT,
    AccountSpec,
    ClientSpec,
    FunctionSpec,
)
from lambdasim.model.sqs import SqsSpec
from lambdasim.model.sqs_fifo import FifoSpec
from lambdasim.model.streams import StreamSpec

S = 1_000_000_000
ALL = 1 << 24
HALF, QUARTER, EIGHTH = ALL // 2, ALL // 4, ALL // 8
TICKS_NS = (1, S // 10, S)
KINDS = ("partition-key", "partition-hash", "poll-phase", "poison", "record-errors", "batch-backoff", "batch-outcome",
         "sqs-group", "sqs-poison", "sqs-record", "sqs-backoff", "gateway-outcome", "call-count", "link-count",
         "async-backoff", "async-outcome", "async-duplicate", "async-destination")  # fmt: skip


SEEDS = st.integers(0, 2**64 - 1)


def examples(number: int) -> int:
    """Return how many plans a test draws: so many, or as many times more as LAMBDASIM_EXAMPLES says."""
    return number * int(os.environ.get("LAMBDASIM_EXAMPLES", "1"))


@lru_cache(maxsize=None, typed=True)
def few(*values: Any) -> st.SearchStrategy[Any]:
    """Return one of a few values, of which those that come several times are the more frequent."""
    return st.sampled_from(values)


@st.composite
def draws(draw: st.DrawFn, load: int, tick: int, function: int = 0, source: int = -1, slow: int = 8) -> Draws:
    """Draw what a part of an account sends by itself."""
    seed = draw(SEEDS)
    random = Random(seed)

    def one_of(*values: Any) -> Any:
        return random.choice(values)

    return Draws(
        load,
        function,
        takes=tuple(random.randint(0, slow) * tick for _ in range(random.randint(1, 5))),
        outcomes=tuple(one_of(0, 0, 0, 0, 0, 0, 1, 2, 3) for _ in range(random.randint(1, 5))),
        inits=one_of((0,), (0,), (tick,), (0, 2 * tick)),
        idle=one_of(NEVER_NS, 4 * tick, 20 * tick),
        keys={kind: random.getrandbits(64) if random.random() < 0.8 else 0 for kind in KINDS},
        source=source,
    )


@st.composite
def functions(draw: st.DrawFn, tick: int, name: str = "f", **more: Any) -> FunctionSpec:
    """Draw a function."""
    return FunctionSpec(
        name,
        timeout_ns=draw(few(4, 9, 100, 100)) * tick,
        reserved=draw(few(None, None, None, None, None, None, 0, 1, 2)),
        errors_q24=draw(few(0, QUARTER)),
        crashes_q24=draw(few(0, QUARTER)),
        per_record_ns=draw(few(0, 0, tick)),
        **more,
    )


@st.composite
def events(draw: st.DrawFn, tick: int, targets: tuple[tuple[int, int], ...], most: int = 30, loads: int = 1) -> Any:
    """Draw what arrives: each at one of the targets, which are pairs of a source (or -1) and a function.

    The number of events is Hypothesis's, so that it shrinks; the rest is drawn of a seed, which is much quicker.
    """
    random = Random(draw(SEEDS))
    span, late, fine = random.choice((0, 6, 30)), random.random() < 0.3, random.random() < 0.3
    found = []
    for _ in range(draw(st.integers(0, most))):
        source, function = random.choice(targets)
        request = Request(
            load=random.randrange(loads),
            number=0,
            function=function,
            takes=random.randint(0, 6) * tick,
            init=random.choice((0, 0, tick)),
            idle=random.choice((NEVER_NS, 3 * tick)),
            outcome=0 if fine else random.choice((0, 0, 0, 1, 2, 3)),
            source=source,
            delay=random.choice((0, tick)) if late else 0,
        )
        found.append((random.randint(0, span) * tick, request))
    return numbered(found)


@cache
def ends(tick: int) -> st.SearchStrategy[dict[str, Any]]:
    """Return where a run may be cut, and where its plan is."""
    return st.fixed_dictionaries(
        {
            "horizon_ns": few(NEVER_NS, NEVER_NS, NEVER_NS, 9 * tick, 25 * tick),
            "cuts_ns": few((), (), (tick, 7 * tick)),
        }
    )


def jitter_keys(seed: int, loads: int) -> tuple[int, ...]:
    """Return the key of each load's jitter."""
    random = Random(seed)
    return tuple(random.getrandbits(64) for _ in range(loads))


def limits() -> st.SearchStrategy[int]:
    """Return concurrencies of accounts, few of which are enough."""
    return few(1, 2, 3, 50, 50, 50)


def exact_shares(case: SourceCase, kind: str, index: int) -> SourceCase:
    """Return a case whose share of errors, or crashes, ends just where one of its draws falls."""
    u24 = bits24(case.draws[0].key(kind), index)
    specs = tuple(
        spec._replace(errors_q24=u24, crashes_q24=0)
        if index % 2
        else spec._replace(errors_q24=0, crashes_q24=ALL - u24)
        for spec in case.spec.functions
    )
    return replace(case, spec=replace(case.spec, functions=specs))


# streams and brokers


@st.composite
def batch_specs(draw: st.DrawFn, tick: int) -> BatchSpec:
    """Draw how batches are gathered and retried."""
    begin = draw(st.integers(0, 6)) * tick
    return BatchSpec(
        size=draw(few(1, 2, 3, 4, 10)),
        window_ns=draw(few(0, 0, tick, 3 * tick, 10 * tick)),
        max_retries=draw(few(-1, -1, 0, 1, 2)),
        max_age_ns=draw(few(NEVER_NS, NEVER_NS, NEVER_NS, 5 * tick, 12 * tick)),
        retention_ns=draw(few(6 * tick, 12 * tick, 40 * tick, 50 * tick, 60 * tick)),
        bisects=draw(st.booleans()),
        reports=draw(st.booleans()),
        has_destination=draw(st.booleans()),
        backoff_base_ns=draw(few(1, 2)) * tick,
        backoff_cap_ns=draw(few(2, 5)) * tick,
        full_jitter=draw(st.booleans()),
        poison_q24=draw(few(0, 0, 0, EIGHTH)),
        record_errors_q24=draw(few(0, 0, EIGHTH, QUARTER)),
        pauses=draw(
            few((), (), (), (), (Pause(begin, begin + 4 * tick),), (Pause(0, tick), Pause(5 * tick, 20 * tick)))
        ),
    )


@st.composite
def streams(draw: st.DrawFn, tick: int, name: str = "stream") -> StreamSpec:
    """Draw a stream of Kinesis, DynamoDB or Kafka."""
    batches = draw(batch_specs(tick))
    is_kafka = draw(few(False, False, True))
    poll = 0 if is_kafka else draw(few(0, 4, 4, 10)) * tick
    pollers = None
    if is_kafka and draw(st.booleans()):
        pollers = PollerSpec(
            initial=draw(few(1, 2)),
            minimum=draw(few(1, 2)),
            maximum=draw(few(2, 4)),
            invokes=draw(few(1, 2)),
            batch=batches.size,
            delay_ns=draw(few(60, 120)) * S,
        )
    payload = draw(few(1, 3))
    return StreamSpec(
        name,
        0,
        batches,
        shards=draw(few(1, 1, 1, 2, 3)),
        lanes=1 if is_kafka else draw(few(1, 1, 1, 2, 3)),
        keys_q24=draw(few((), (), (HALF, ALL), (QUARTER, HALF), (QUARTER, HALF, ALL))),
        poll_ns=poll,
        least_poll_ns=draw(few(0, 1, 2, 3)) * tick if poll else 0,
        push_ns=draw(few(0, 0, 1)) * tick,
        tumbling_ns=draw(few(0, 0, 3, 8)) * tick,
        payload=payload,
        write_records=draw(few(0, 0, 0, 0, 3, 5)),
        write_bytes=draw(few(0, 4, 6, 100)),
        read_bytes=draw(few(0, 0, max(1, payload * S // tick), max(1, payload * S // (2 * tick)))),
        has_iterator_age=not is_kafka,
        pollers=pollers,
    )


@st.composite
def switched(draw: st.DrawFn, case: SourceCase, tick: int, *kinds: tuple[Control, int, int]) -> SourceCase:
    """Draw when rows of the control table, of kinds with a subject and the most of values, change something."""
    rows = []
    for at in draw(st.lists(st.integers(0, 30), max_size=3, unique=True)):
        kind, subject, most = draw(st.sampled_from(kinds))
        rows.append(Change(at * tick, kind, subject, draw(st.integers(0, most))))
    return replace(case, control=in_order((*case.control, *rows)))


@st.composite
def mapping_changes(draw: st.DrawFn, case: SourceCase, tick: int, *others: tuple[Control, int, int]) -> SourceCase:
    """Draw when the mapping of the first source of a case leads to the other one of two functions, and when other rows
    of the control table, few of ``others`` with a subject and the most of values, change something."""
    times = sorted(draw(st.lists(st.integers(0, 30), max_size=3, unique=True)))
    leads = tuple(Lead(at * tick, number % 2, -1, number % 2) for number, at in enumerate((0, *times)))
    rows = [Change(lead.from_ns, Control.MAPPING_FUNCTION, 0, number) for number, lead in enumerate(leads) if number]
    if times:
        case = replace(case, draws=(replace(case.draws[0], leads=leads), *case.draws[1:]))
    return draw(switched(replace(case, control=in_order((*case.control, *rows))), tick, *others))


@only_small
@st.composite
def stream_cases(draw: st.DrawFn) -> SourceCase:
    """Draw a stream or broker, its functions, and requests that go to the first one directly."""
    tick = draw(st.sampled_from(TICKS_NS))
    spec: Any = draw(streams(tick))
    if draw(few(False, False, False, True)):
        spec = BrokerSpec("broker", 0, draw(st.integers(1, 3)), spec.batches, draw(st.booleans()))
    both = (draw(functions(tick)), draw(functions(tick, "g")))
    case = SourceCase(
        AccountSpec(draw(limits()), both, sources=(spec,), whole_seconds=draw(st.booleans())),
        draw(events(tick, ((0, 0), (0, 0), (0, 0), (0, 0), (-1, 0)), most=50)),
        (draw(draws(1, tick)),),
        jitter_keys=(0, 0),
        **draw(ends(tick)),
    )
    if isinstance(spec, StreamSpec) and spec.pollers is None and draw(st.booleans()):
        times = draw(st.lists(st.integers(0, 30), min_size=1, max_size=4, unique=True))
        factors = [Change(at * tick, Control.PARALLELIZATION, 0, draw(few(1, 2, 3, 10))) for at in sorted(times)]
        case = replace(case, control=tuple(factors))
    case = draw(mapping_changes(case, tick, (Control.DESTINATION, 0, 1)))
    tries = draw(few(0, 0, 2, 3))
    return exact_shares(case, "batch-outcome", 2**44 * 128 + tries) if tries else case


@only_small
@st.composite
def kafka_cases(draw: st.DrawFn) -> SourceCase:
    """Draw a topic whose consumers lag behind for minutes."""
    size = draw(few(1, 2, 3))
    pollers = PollerSpec(
        initial=draw(few(1, 2)),
        minimum=draw(few(1, 2)),
        maximum=draw(few(2, 3, 8)),
        invokes=draw(few(1, 2)),
        batch=size,
        delay_ns=draw(few(60, 120)) * S,
    )
    spec = StreamSpec("topic", 0, BatchSpec(size=size, max_retries=draw(few(0, 2, -1)), retention_ns=3_600 * S),
                    shards=draw(st.integers(2, 6)), pollers=pollers, has_iterator_age=False)  # fmt: skip
    random = Random(draw(SEEDS))
    takes = tuple(random.choice((1, 10, 30, 60, 61)) * S for _ in range(random.randint(1, 5)))
    times = [random.choice((0, 0, 10, 59, 60, 61, 120, 200, 300, 900, 901)) for _ in range(draw(st.integers(1, 40)))]
    request = Request(0, 0, 0, 0, 0, NEVER_NS, 0, 0, 0)
    return SourceCase(
        AccountSpec(draw(few(1, 2, 50)), (FunctionSpec("f", timeout_ns=900 * S),), sources=(spec,)),
        numbered([(at * S, request) for at in times]),
        (replace(draw(draws(1, S)), takes=takes),),
        jitter_keys=(0, 0),
        horizon_ns=draw(few(NEVER_NS, 400 * S)),
    )


# FIFO queues


@st.composite
def fifo_specs(draw: st.DrawFn, tick: int, name: str = "fifo") -> FifoSpec:
    """Draw a FIFO queue."""
    groups, bounds = draw(
        few((0, ()), (1, ()), (2, ()), (3, ()), (3, (QUARTER, HALF, ALL)), (3, (QUARTER, HALF, HALF + QUARTER)))
    )
    queue = SqsSpec(
        name,
        0,
        batch_size=draw(few(1, 2, 3, 10, 25)),
        visibility_ns=draw(few(1, 3, 8)) * tick,
        max_receives=draw(few(0, 1, 2)),
        partial=draw(st.booleans()),
        retention_ns=draw(few(6, 20, 40)) * tick,
        delay_ns=draw(few(0, 0, 2)) * tick,
        receive_ns=draw(few(0, 0, 1)) * tick,
        backoff_base_ns=draw(few(*{1: (0, 1, 2)}.get(tick, (1, tick)))),
        backoff_cap_ns=draw(few(1, 3)) * tick,
        backoff_jitter=draw(st.booleans()),
        throttle_tries=draw(few(0, 0, 1, 2)),
        poison_q24=draw(few(0, 0, EIGHTH)),
        record_errors_q24=draw(few(0, 0, QUARTER)),
        payload=draw(few(0, 1, 10_000, 3 << 20, 7 << 20)),
    )
    maximum, look_ahead = draw(few(1, 2, 7, 100)), draw(few(1, 2, 5, 120_000, 120_000))
    return FifoSpec(queue, groups, bounds, maximum=maximum, look_ahead=look_ahead)


@only_small
@st.composite
def fifo_cases(draw: st.DrawFn) -> SourceCase:
    """Draw a FIFO queue, its function, and direct requests to that."""
    tick = draw(st.sampled_from(TICKS_NS))
    spec = draw(fifo_specs(tick))
    both = (draw(functions(tick)), draw(functions(tick, "g")))
    case = SourceCase(
        AccountSpec(draw(limits()), both, sources=(spec,), whole_seconds=draw(st.booleans())),
        draw(events(tick, ((0, 0), (0, 0), (0, 0), (-1, 0)), most=40)),
        (draw(draws(1, tick)),),
        jitter_keys=(0, 0),
        **draw(ends(tick)),
    )
    return draw(mapping_changes(case, tick, (Control.MAX_RECEIVES, 0, 2)))


# gateways


@st.composite
def clients(draw: st.DrawFn, tick: int) -> ClientSpec:
    """Draw how callers try again."""
    if draw(few(False, False, True)):
        return draw(few(NO_RETRY, NO_CLIENT, LEGACY_CLIENT, STANDARD_CLIENT, STANDARD_2020_CLIENT))
    return ClientSpec(
        max_attempts=draw(st.integers(1, 4)),
        base_ns=draw(st.integers(0, 2)) * tick,
        cap_ns=draw(few(1, 3, 100)) * tick,
        full_jitter=draw(st.booleans()),
        quota=draw(few(0, 0, 1, 4, 7)),
        retry_cost=draw(few(1, 2)),
        processes=draw(few(1, 2)),
        timeout_ns=draw(few(NEVER_NS, NEVER_NS, 2 * tick, 4 * tick)),
        retry_on=draw(
            few(
                tuple(RetryCause),
                tuple(RetryCause),
                (RetryCause.THROTTLE,),
                (RetryCause.TIMEOUT, RetryCause.SERVER_ERROR),
            )
        ),
        error_base_ns=draw(few(None, 0, 3 * tick)),
        error_cost=draw(few(None, 3)),
        timeout_cost=draw(few(None, 0, 4)),
        is_default=draw(few(False, False, True)),
    )


@st.composite
def gateways(draw: st.DrawFn, tick: int, name: str = "gateway") -> GatewaySource:
    """Draw a gateway."""
    kind = draw(st.sampled_from(GatewayKind))
    rate = st.builds(RateSpec, st.integers(1, 2), few(tick, 3 * tick), st.integers(1, 3))
    return GatewaySource(
        name,
        0,
        kind,
        draw(few(ANSWERS[kind], ANSWERS[kind], Answers(429, 499, 0), Answers(404, 500, 429))),
        timeout_ns=draw(few(NEVER_NS, 2 * tick, 3 * tick)),
        read_timeout_ns=draw(few(NEVER_NS, NEVER_NS, 3 * tick)),
        stage=draw(st.none() | rate),
    )


@only_small
@st.composite
def gateway_cases(draw: st.DrawFn) -> SourceCase:
    """Draw up to three gateways with the clients of two loads, and direct requests."""
    tick = draw(st.sampled_from(TICKS_NS))
    count = draw(st.integers(1, 3))
    rate = draw(few(RateSpec(1_000, tick, 1_000), RateSpec(1, tick, 2), RateSpec(2, 3 * tick, 3)))
    specs = tuple(draw(gateways(tick, f"g{i}")) for i in range(count))
    case = SourceCase(
        AccountSpec(
            draw(limits()),
            (draw(functions(tick)),),
            clients=tuple(draw(clients(tick)) for _ in range(2 + count)),
            sources=specs,
            api_gateway=rate,
            whole_seconds=draw(st.booleans()),
        ),
        draw(events(tick, tuple((source, 0) for source in (*range(count), *range(count), -1)), loads=2)),
        tuple(draw(draws(2 + i, tick)) for i in range(count)),
        jitter_keys=jitter_keys(draw(SEEDS), 2 + count),
        **draw(ends(tick)),
    )
    attempt = draw(few(0, 0, 1, 2))
    return exact_shares(case, "gateway-outcome", attempt) if attempt else case


# virtual users


@only_small
@st.composite
def user_cases(draw: st.DrawFn) -> SourceCase:
    """Draw virtual users of a function, of gateways and of events, beside requests that arrive by themselves."""
    tick = draw(few(S // 1_000, S // 1_000, S))
    sources = tuple(
        draw(
            few(True, True, False).flatmap(
                lambda waits: gateways(tick, "s") if waits else st.just(AsynchronousSource("s", 0))
            )
        )
        for _ in range(draw(st.integers(0, 2)))
    )
    crowds = []
    for load in range(1, 1 + draw(st.integers(1, 2))):
        source = draw(st.integers(-1, len(sources) - 1))
        own = draw(draws(load, tick, source=source))
        begin = draw(st.integers(0, 3)) * tick
        crowds.append(
            Crowd(
                replace(own, delays=draw(few((0,), (0,), (0, tick, 3 * tick)))),
                vus=draw(st.integers(0, 3)),
                start_ns=begin,
                stop_ns=begin + draw(st.integers(0, 20)) * tick,
                thinks=tuple(n * tick for n in draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))),
            )
        )
    first = 1 + len(crowds)
    return SourceCase(
        AccountSpec(
            draw(limits()),
            (draw(functions(tick, asynchronous=draw(asynchronous_specs(tick)))),),
            clients=tuple(draw(clients(tick)) for _ in range(first + len(sources))),
            sources=sources,
            whole_seconds=draw(st.booleans()),
        ),
        draw(events(tick, tuple((source, 0) for source in range(-1, len(sources))), most=12)),
        tuple(draw(draws(first + i, tick)) for i in range(len(sources))),
        crowds=tuple(crowds),
        jitter_keys=jitter_keys(draw(SEEDS), first + len(sources)),
        **draw(ends(tick)),
    )


# calls, downstreams


@st.composite
def downstreams(draw: st.DrawFn, tick: int, name: str) -> DownstreamSpec:
    """Draw a downstream."""
    begin = draw(st.integers(0, 4)) * tick
    slow = (Slowdown(begin, begin + 3 * tick, 2_000), Slowdown(begin + tick, begin + 9 * tick, 1_500))
    return DownstreamSpec(
        name,
        connections=draw(few(0, 1, 2)),
        calls=draw(few(0, 0, 1, 2)),
        per_ns=draw(few(1, 3)) * tick,
        burst=draw(few(1, 2, 3)),
        fail_ns=draw(few(0, 1, 5)) * tick,
        slowdowns=draw(few((), slow[:1], slow)),
    )


@st.composite
def databases(draw: st.DrawFn, tick: int, name: str) -> DownstreamSpec:
    """Draw a downstream in which handlers may have to wait for others."""
    spec = draw(downstreams(tick, name))
    if draw(st.booleans()):
        return spec
    connections = draw(few(1, 1, 2, 3))
    return replace(
        spec,
        connections=connections,
        calls=0,
        connect_per_ns=draw(few(0, 0, 1, 3)) * tick,
        contention_permille=draw(few(0, 0, 500, 2_000)),
        has_pool=draw(few(True, True, False)),
        pool_connections=draw(few(0, 0, 1)),
        pool_share_ppm=1_000_000,
        borrow_ns=draw(few(0, 1, 3, 20)) * tick,
        pinned_q24=draw(few(0, 0, HALF, ALL)),
        pin_key=draw(SEEDS),
    )


@st.composite
def handlers(
    draw: st.DrawFn, specs: tuple[FunctionSpec, ...], tick: int, first_load: int
) -> tuple[tuple[FunctionSpec, ...], tuple[DownstreamSpec, ...], tuple[Draws, ...]]:
    """Draw what functions use, and which of those behind them they call; return them with the downstreams and the
    requests of the calls, whose loads come one after the other."""
    below = tuple(draw(databases(tick, f"d{i}")) for i in range(draw(st.integers(1, 2))))
    called: list[Draws] = []
    found = []
    for i, spec in enumerate(specs):
        calls = []
        for _ in range(draw(few(0, 1, 1, 2)) if i < len(specs) - 1 else 0):
            callee = draw(st.integers(i + 1, len(specs) - 1))
            calls.append(CallSpec(len(called), draw(few(0, 1, 2)), draw(few(0, HALF)), draw(st.booleans())))
            called.append(draw(draws(first_load + len(called), tick, callee, slow=4)))
        uses = tuple(
            UseSpec(index, draw(few(1, 2)), draw(few(0, 500, 1_000)), draw(st.booleans()) and not own.has_pool)
            for index, own in enumerate(below)
            if draw(st.booleans())
        )
        found.append(spec._replace(uses=uses, calls=tuple(calls)))
    return tuple(found), below, tuple(called)


@only_small
@st.composite
def handler_cases(draw: st.DrawFn) -> SourceCase:
    """Draw functions that call each other, each the next ones only, and use downstreams."""
    tick = draw(st.sampled_from(TICKS_NS))
    count = draw(st.integers(2, 3))
    bare = tuple(draw(functions(tick, f"f{i}")) for i in range(count))
    specs, below, called = draw(handlers(bare, tick, 1))
    loads = 1 + len(called)
    return SourceCase(
        AccountSpec(
            draw(few(1, 3, 50)),
            specs,
            clients=tuple(draw(clients(tick)) for _ in range(loads)),
            downstreams=below,
            whole_seconds=draw(st.booleans()),
        ),
        draw(events(tick, tuple((-1, i) for i in (0, 0, *range(count))))),
        called=called,
        jitter_keys=jitter_keys(draw(SEEDS), loads),
        **draw(ends(tick)),
    )


# asynchronous events


@st.composite
def asynchronous_specs(draw: st.DrawFn, tick: int) -> AsynchronousSpec:
    """Draw how a function is invoked asynchronously."""
    return AsynchronousSpec(
        max_retries=draw(st.integers(0, 2)),
        max_age_ns=draw(few(5 * tick, 61 * S, 180 * S, 300 * S)),
        dequeue_ns=draw(few(0, tick)),
        backoff_base_ns=tick,
        backoff_cap_ns=draw(few(8, 50, 300)) * tick,
        destinations=draw(st.integers(0, 2)),
        delivery_failures_q24=draw(few(0, QUARTER)),
        duplicates_q24=draw(few(0, 0, QUARTER)),
    )


@st.composite
def asynchronous_cases(draw: st.DrawFn) -> SourceCase:
    """Draw a source of asynchronous events, and a link that carries on those that are given up."""
    tick = draw(few(S // 10, S, 60 * S))
    spec = draw(asynchronous_specs(tick))
    trigger = draw(few(Trigger.ASYNC_FAILURE, Trigger.ASYNC_SUCCESS))
    sources = (AsynchronousSource("a", 0), AsynchronousSource("b", 1))
    case = SourceCase(
        AccountSpec(
            draw(limits()),
            tuple(draw(functions(tick, name, asynchronous=spec)) for name in "fg"),
            sources=sources,
            links=(LinkSpec(3, trigger, (draw(st.integers(0, 1)),), loops=True, longest_loop=3),),
        ),
        draw(events(tick, ((0, 0), (0, 0), (1, 1), (-1, 0)))),
        (draw(draws(1, tick)), draw(draws(2, tick, 1))),
        followers=(draw(draws(3, tick, 1, 1)),),
        jitter_keys=(0, 0, 0, 0),
        **draw(ends(tick)),
    )
    others = [(Control.EVENT_DESTINATIONS, source, 2) for source in (0, 1)]
    case = draw(switched(case, tick, (Control.LINK_ENABLED, 0, 1), *others))
    attempt = draw(few(0, 0, 1, 2))
    return exact_shares(case, "async-outcome", attempt) if attempt else case


# links, with all other families


@only_small
@st.composite
def link_cases(draw: st.DrawFn) -> SourceCase:
    """Draw sources of all families, and what follows from their ends and their dead letters, loops included."""
    tick = draw(few(S // 10, S))
    asynchronous = draw(asynchronous_specs(tick))
    specs = (draw(functions(tick, asynchronous=asynchronous)), draw(functions(tick, "g", asynchronous=asynchronous)))
    families = (
        st.builds(AsynchronousSource, st.just("s"), st.integers(0, 1)),
        st.builds(MapSource, st.just("s"), st.integers(0, 1), items=st.integers(1, 4), concurrency=st.integers(1, 3),
                  tolerated=st.integers(0, 1)),
        streams(tick, "s"),
        fifo_specs(tick, "s"),
        gateways(tick, "s"),
    )  # fmt: skip
    count = draw(st.integers(1, 3))
    sources = tuple(draw(st.sampled_from(families).flatmap(lambda family: family)) for _ in range(count))
    to = [source.function for source in sources]
    links, followers = [], []
    for i in range(draw(st.integers(1, 3))):
        trigger = draw(few(*Trigger, Trigger.DEAD_LETTER, Trigger.ASYNC_FAILURE))
        subjects: Any = draw(few((0,), (1,), (0, 1)))
        if trigger in (Trigger.SOURCE, Trigger.DEAD_LETTER):
            subjects = draw(few(*[(index,) for index in range(count)]))
        load = 1 + count + i
        source = draw(st.integers(-1, count - 1))
        loops = draw(few(True, True, False))
        links.append(
            LinkSpec(
                load,
                trigger,
                subjects,
                after=draw(few(After.ANY, After.SUCCESS, After.FAILURE)),
                base_count=draw(few(0, 1)),
                extra_probability_q24=draw(few(0, HALF)),
                loops=True,
                longest_loop=draw(st.integers(1, 3)) if loops else 3,
                most_hops=draw(few(1, 2, NEVER_NS, NEVER_NS)),
            )
        )
        followers.append(
            draw(draws(load, tick, to[source] if source >= 0 else draw(st.integers(0, 1)), source, slow=3))
        )
    loads = 1 + count + len(links)
    case = SourceCase(
        AccountSpec(draw(limits()), specs, clients=tuple(draw(clients(tick)) for _ in range(loads)), sources=sources,
                   links=tuple(links)),
        draw(events(tick, ((-1, 0), *((i, to[i]) for i in range(count))), most=12)),
        tuple(draw(draws(1 + i, tick, to[i], i)) for i in range(count)),
        followers=tuple(followers),
        jitter_keys=jitter_keys(draw(SEEDS), loads),
        **draw(ends(tick)),
    )  # fmt: skip
    rows = [
        Change(at * tick, Control.LINK_ENABLED, draw(st.integers(0, len(links) - 1)), draw(st.integers(0, 1)))
        for at in draw(st.lists(st.integers(0, 20), max_size=3, unique=True))
    ]
    return replace(case, control=in_order(rows))


FAMILIES = {
    "streams": stream_cases(),
    "kafka": kafka_cases(),
    "fifo": fifo_cases(),
    "gateways": gateway_cases(),
    "users": user_cases(),
    "handlers": handler_cases(),
    "asynchronous": asynchronous_cases(),
    "links": link_cases(),
}
