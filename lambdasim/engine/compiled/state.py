"""The state of a simulation as a few arrays of records: what the objects of ``model`` hold in their slots.

Data only; numpy only. Arrays of what grows (environments, waiting retries, output rows) are replaced by larger ones
between two calls of the loop, never within one.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.engine.compiled.calls import CALL, GATEWAY, LIMIT, initial_gateways
from lambdasim.engine.compiled.chains import AWAITED_END, FOLLOWER, LINK, LINK_ROW, initial_chains, sent_at_once
from lambdasim.engine.compiled.crowds import AHEAD, CROWD, SENDS, USER, beginnings, initial_crowds
from lambdasim.engine.compiled.queues import (
    DRAWN,
    DRAWN_AT_ONCE,
    GROUP,
    MESSAGE,
    POLLER,
    QUEUE,
    RECEIPT,
    SAMPLE,
    initial_queues,
)
from lambdasim.engine.compiled.shards import LANE, PAUSE, RECORD, SHARD, STREAM, initial_streams
from lambdasim.engine.compiled.structs import Records, aligned, declared, integers, of, record_of, records_of
from lambdasim.model.account import AccountState
from lambdasim.model.asynchronous import AsynchronousSource, AsynchronousSpec, calls_of
from lambdasim.model.bucket import Bucket
from lambdasim.model.client import ClientState
from lambdasim.model.control import Change
from lambdasim.model.environment import Environment
from lambdasim.model.events import NEVER_NS, RANK_SHIFT, EventRank, Expiry, request_key
from lambdasim.model.function import FunctionState, SharedState, function_states
from lambdasim.model.gateway import GatewaySource
from lambdasim.model.links import Trigger
from lambdasim.model.pool import Pool
from lambdasim.model.request_rate import RequestRate
from lambdasim.model.spec import NO_RETRY, AccountSpec, ClientSpec, FunctionSpec, ScalingSpec
from lambdasim.model.sqs import SqsSpec
from lambdasim.model.sqs_fifo import FifoSpec
from lambdasim.model.streams import StreamSpec
from lambdasim.plan import PLAN_COLUMNS, Plan, Series
from lambdasim.records import DELIVERY_COLUMNS, ENVIRONMENT_COLUMNS, INVOCATION_COLUMNS, SourceMetric

LOOP: Final = np.dtype(
    integers(
        "horizon_ns",
        "now_ns",  # time of the last event but expiries
        "row",  # the chunk's next row
        "change",  # the next row of `control`
        "completions", "retries", "timer_heap",  # sizes of the heaps
        # how long a day of the calendar is (2^day_shift ns), the place of the last one, how many ends are on its lists,
        # and whose comes before them, and when
        "day_shift", "last_day", "entered", "first", "first_ns",
        "events",  # how many there is room for
        "last_ns",  # when the last event is given up
        "is_over", "closed",  # whether the end has come, and how many queues have counted all
        "undrawn",  # the source, behind all the crowd, behind those the link, that lacks drawn rows, -1 for none
    )
)  # fmt: skip
"""Where the loop stands. One record."""

(
    INVOCATIONS, ENDED, EXPIRIES, ENVIRONMENTS, WAITING, DELIVERIES, MESSAGES, RECEIPTS, TIMERS, SAMPLES,
    HELD, CALLS, RECORDS, GROUPS, AWAITED,
) = range(15)  # fmt: skip
"""What there is room for in arrays that grow."""

ENOUGH, UNDRAWN = -1, -2
"""What the loop may lack besides: nothing, as it did all it was asked to do, and rows that are to be drawn."""

LEAST: Final = 16
"""Room for fewer events is called too little, so that it is seldom looked at."""

ROOM: Final = np.dtype(
    integers(
        "capacity",
        "used",  # rows written, slots that were ever used, or the size of a heap
        "free",  # first of the chain of slots that were left, -1 for none
        "owed",  # rows that may have to be written at any time
        "most",  # of what one event may need, 0 where none ever needs any
        "first",  # how large it is when it is first needed
    )
)
"""Room in arrays that grow, by what it is for. Nothing is written to them without it: see :mod:`capacity`."""

ACCOUNT: Final = record_of(AccountState)
"""One record."""

FUNCTION: Final = record_of(
    SharedState,
    FunctionState,
    FunctionSpec,
    own=(
        "bucket",  # index into `buckets`
        "first",  # index of the function's first version, which holds what all versions share
    ),
    as_type={"reuse": np.int32, "expiry": np.int32, "fault_key": np.uint64},
    # what every invocation touches is one cache line
    first=(
        "timeout_ns", "reserved", "concurrency", "provisioned_concurrency", "allocated", "bucket", "first", "reuse",
        "expiry",
    ),
    without=("index", "version_of", "waits", "per_record_ns"),
    lines=True,
)  # fmt: skip
"""A version of a function."""

POOL: Final = record_of(
    Pool,
    own=(
        "first",  # slot of the oldest idle one, or of the root of their tree; -1 for none
        "last",  # slot of the newest idle one, where they stand in that order
        "queued_ns",  # earliest entry of its clock among the expiries, -1 for none
        "leaving",  # how many are still to end now that its clock strikes
    ),
)
"""A function's are at twice its index: on-demand, then provisioned."""

RATE: Final = record_of(RequestRate)
"""The account's, then each function's for reserved and provisioned concurrency."""

BUCKET: Final = record_of(Bucket, ScalingSpec)

CLIENT: Final = record_of(
    ClientSpec,
    ClientState,
    own=(
        "tokens",  # index of its first process into `tokens`
        "crowd",  # of virtual users, -1 for none
    ),
    as_type={"jitter_key": np.uint64},
)
"""By load."""

ENVIRONMENT: Final = record_of(
    Environment,
    own=(
        "surplus_idle_timeout_ns",
        "actor", "answer",  # whom it tells, and what: of a client, its retry quota and by how much that is refilled
        "refund_limit",
    ),
    as_type={
        "pool": np.int32,
        "left": np.int32,  # the older neighbour among the idle, or the left child; the next free slot
        "right": np.int32,  # the newer neighbour, or the right child
        "needs_init": np.int16,
        "tells": np.int16,  # the kind of actor that is told of its end
    },
    # what every invocation touches is one cache line
    first=(
        "number", "ends_ns", "expires_ns", "queued_ns", "idle_timeout_ns", "invocations",
        "pool", "left", "right", "needs_init", "tells",
    ),
    without=("provisioned",),  # which its pool says
)  # fmt: skip
"""An environment, with what its present invocation leaves to do at its end. The ``number`` of a slot that was left is
-1."""

WAITING_ROW: Final = np.dtype(
    integers(*PLAN_COLUMNS, "source", "delay_ns", "chain_depth", "attempt", "next", "sent_ns", "failures")
)
"""A throttled request, or an event, before its next attempt, ``attempt``: its row of the plan. Only events have the
last two."""

SOURCE: Final = record_of(
    AsynchronousSpec,
    AsynchronousSource,
    RequestRate,
    own=(
        "kind",  # of actor
        "first_key",  # of the first request it makes by itself
        "made",  # how many those are
        "first_drawn",  # of its part of `drawn`
        "block",  # which rows are in it
    ),
    as_type=dict.fromkeys(("backoff_key", "outcome_key", "duplicate_key", "destination_key"), np.uint64),
)
"""A source, with what its function says of asynchronous invocation, its calls and its keys."""

MOMENT: Final = np.dtype(integers("at_ns", "subject"))
"""An entry of a heap: the subject is an environment's ``number << SLOT_BITS | slot``, ``CLOCK`` and a pool, or a slot
of `waiting`."""

CLOCK: Final = np.int64(1 << 62)  # which holds its sum with an int32
"""Added to the number of a pool as a subject among the expiries: after all environments."""

NOBODY, OF_CLIENT, OF_EVENT, OF_QUEUE, OF_POLLER, OF_CALL, OF_USER, OF_LANE, OF_FIFO, OF_LINK, OF_END = range(11)
"""Kinds of actors: who arms timers, takes in requests, or is told of the end of an invocation; an actor is a number.
An event is its slot in `waiting`, a client its place in `tokens`, a call its slot in `calls`, an end its slot in
`awaited`; see :mod:`families`."""

TIMER: Final = np.dtype(
    integers(
        "request",  # its place among what happens at one instant, as of EventRank
        "kind", "actor", "stage",
        "next",
    )
)  # fmt: skip
"""What happens at a moment of `timer_heap`."""

CHANGE: Final = np.dtype(integers("at_ns", "kind", "subject", "value", "init"))
"""A row of the control table; ``init`` is the index of its first into `provisioned_init_ns`, and ``value`` what is left
to do of what is done one by one."""


INTEGER: Final = np.dtype(np.int64)
FIRST_OF_DAY: Final = np.dtype(np.int32)
"""The slot of an environment whose invocation ends on a day of the calendar, -1 for none; see :mod:`calendar`."""

MONTH_BITS: Final = 5
"""A month of the calendar has 2^MONTH_BITS days, and a year as many months; each has a bit for each."""

FEWEST_DAYS: Final = 1 << 12
MOST_DAYS: Final = 1 << 20
NO_CALENDAR: Final = 62
"""The shift of days so long that time has but one."""

INVOCATION: Final = np.dtype(integers(*INVOCATION_COLUMNS))
HOLD: Final = np.dtype(integers("environment", "next"))
"""An execution whose end nobody knows yet, with the slot of its environment, -1 when it has been decided."""

LIFE: Final = np.dtype(integers(*ENVIRONMENT_COLUMNS))
DELIVERY: Final = np.dtype(integers(*DELIVERY_COLUMNS))


HEAP_MARGIN: Final = 4
"""Entries behind the last one of a heap that always hold :data:`NEVER_NS`, so that nobody asks for its size."""


def heap(capacity: int) -> Records:
    """Return an empty heap, with the children of a node in one cache line."""
    entries = aligned(capacity + HEAP_MARGIN, MOMENT, first=1)
    entries[:] = NEVER_NS, 0
    return entries


class State(NamedTuple):
    """All arrays of a simulation. The default of each says what its records are, and with what it grows."""

    loop: Records = of(LOOP)
    rooms: Records = of(ROOM)
    account: Records = of(ACCOUNT)
    functions: Records = of(FUNCTION)
    pools: Records = of(POOL)
    rates: Records = of(RATE)
    buckets: Records = of(BUCKET)
    clients: Records = of(CLIENT)
    tokens: NDArray[np.int64] = of(INTEGER)
    control: Records = of(CHANGE)
    provisioned_init_ns: NDArray[np.int64] = of(INTEGER)
    environments: Records = of(ENVIRONMENT, ENVIRONMENTS, partial(aligned, record=ENVIRONMENT))
    completions: Records = of(MOMENT, ENVIRONMENTS, heap)
    days: NDArray[np.int32] = of(FIRST_OF_DAY)
    months: NDArray[np.int64] = of(INTEGER)
    years: NDArray[np.int64] = of(INTEGER)
    expiries: Records = of(MOMENT, EXPIRIES, heap)
    waiting: Records = of(WAITING_ROW, WAITING)
    retries: Records = of(MOMENT, WAITING, heap)
    sources: Records = of(SOURCE)
    queues: Records = of(QUEUE)
    number_of: NDArray[np.int64] = of(INTEGER)
    pollers: Records = of(POLLER)
    idle: Records = of(MOMENT)
    drawn: Records = of(DRAWN)
    messages: Records = of(MESSAGE, MESSAGES)
    receipts: Records = of(RECEIPT, RECEIPTS)
    groups: Records = of(GROUP, GROUPS)
    group_at: NDArray[np.int64] = of(INTEGER)
    group_bounds_q24: NDArray[np.int64] = of(INTEGER)
    streams: Records = of(STREAM)
    shards: Records = of(SHARD)
    lanes: Records = of(LANE)
    pauses: Records = of(PAUSE)
    bounds_q24: NDArray[np.int64] = of(INTEGER)
    lane_of_key: NDArray[np.int64] = of(INTEGER)
    records: Records = of(RECORD, RECORDS)
    gateways: Records = of(GATEWAY)
    limits: Records = of(LIMIT)
    calls: Records = of(CALL, CALLS)
    crowds: Records = of(CROWD)
    users: Records = of(USER)
    ahead: Records = of(AHEAD)
    links: Records = of(LINK)
    link_rows: Records = of(LINK_ROW)
    followers: Records = of(FOLLOWER)
    first_followers: NDArray[np.int64] = of(INTEGER)
    trigger_offsets: NDArray[np.int64] = of(INTEGER)
    awaited: Records = of(AWAITED_END, AWAITED)
    timers: Records = of(TIMER, TIMERS)
    timer_heap: Records = of(MOMENT, TIMERS, heap)
    held: Records = of(HOLD, HELD)
    held_rows: Records = of(INVOCATION, HELD)
    invocations: Records = of(INVOCATION, INVOCATIONS)
    ended: Records = of(LIFE, ENDED)
    deliveries: Records = of(DELIVERY, DELIVERIES)
    samples: Records = of(SAMPLE, SAMPLES)


COLUMNS: Final = (*PLAN_COLUMNS, "source", "delay_ns")
"""Arrays of the requests of a chunk. The last two are empty when all of them go straight to their functions."""

FIRST: Final = 1_024
"""Room for so many in the beginning."""

SURGE: Final = 1 << 17
"""For so many environments at most there is room in the beginning; memory that is not touched costs nothing."""


def initial(plan: Plan) -> State:
    """Return the state at time 0, with no room for anything that grows."""
    spec, made = plan.account, plan.made_by("source")
    account = AccountState(spec)
    states = function_states(account, lambda *_: None)
    functions = _functions(spec, states)
    specs = (*spec.clients, *[NO_RETRY] * (len(plan.series) - len(spec.clients)))
    callers = [ClientState(own) for own in specs]
    clients = records_of(CLIENT, specs, callers)
    clients["tokens"] = np.cumsum(clients["processes"]) - clients["processes"]
    clients["jitter_key"] = [series.key("client-jitter") for series in plan.series]

    clients["crowd"] = -1
    for number, users in enumerate(plan.closed_loops):
        clients["crowd"][users.load] = number

    pools = aligned(2 * len(functions), POOL)
    pools[:] = 0
    pools["first"] = pools["last"] = pools["queued_ns"] = -1
    pools["strikes_ns"] = NEVER_NS
    buckets = [state.shared.bucket for state in states] if spec.scaling.per_function else [account.scaling_bucket()]
    rates = [account.rate]
    for own in states:
        rates += [own.shared.reserved_rate, own.provisioned_rate]
    loop = np.zeros(1, LOOP)
    loop["horizon_ns"] = plan.horizon_ns
    loop["undrawn"] = -1
    loop["day_shift"], loop["last_day"], loop["first_ns"] = NO_CALENDAR, -1, NEVER_NS
    queues = initial_queues(spec, made, heap, HEAP_MARGIN)
    queues.queues["owes"] = [
        sent_at_once(spec, Trigger.DEAD_LETTER, subject=source) for source in queues.queues["source"]
    ]
    streams = initial_streams(spec, made)
    samples = _first_samples(queues.queues)
    timers, timer_heap = _first_timers(plan)
    loop["timer_heap"] = len(timers)
    none = np.zeros(0, np.int64)
    control, provisioned_init_ns = with_changes(_no_change(), none, plan.control)
    return State(
        loop=loop,
        rooms=_rooms(spec, queues.queues, streams.streams, samples, timers),
        account=records_of(ACCOUNT, [account]),
        functions=functions,
        pools=pools,
        rates=records_of(RATE, rates),
        buckets=records_of(BUCKET, buckets, [spec.scaling] * len(buckets)),
        clients=clients,
        tokens=np.array([tokens for caller in callers for tokens in caller.tokens], np.int64),
        control=control,
        days=np.full(1, -1, FIRST_OF_DAY),
        months=none,
        years=none,
        provisioned_init_ns=provisioned_init_ns,
        sources=_sources(spec, made),
        number_of=_numbers(spec),
        drawn=np.zeros(sum(_draws(spec)) * DRAWN_AT_ONCE, DRAWN),
        **queues._asdict(),
        **streams._asdict(),
        **initial_gateways(spec, account, made)._asdict(),
        **initial_crowds(plan)._asdict(),
        **initial_chains(plan)._asdict(),
        **{name: own.made(0) for name, own in declared(State).items() if own.room >= 0}
        | {"samples": samples, "timers": timers, "timer_heap": timer_heap},
    )


def _rooms(spec: AccountSpec, queues: Records, streams: Records, samples: Records, timers: Records) -> Records:
    """Return what there is room for, and how much one event may need."""
    rooms = np.zeros(max(own.room for own in declared(State).values()) + 1, ROOM)
    rooms["free"], rooms["first"] = -1, FIRST
    rooms["first"][[ENVIRONMENTS, EXPIRIES]] = max(min(spec.concurrency, SURGE), FIRST)
    for room, rows in ((SAMPLES, samples), (TIMERS, timers)):
        rooms["capacity"][room] = rooms["used"][room] = len(rows)
    rooms["most"][[INVOCATIONS, ENDED, EXPIRIES, ENVIRONMENTS, WAITING]] = 1
    if any(function.expiry >= Expiry.TOGETHER for function in spec.functions):
        rooms["most"][EXPIRIES] = 2  # an environment falls idle, and a clock starts
    rooms["most"][SAMPLES] = 5  # a row of the control table, if nothing else
    rooms["most"][TIMERS] = 1 if len(timers) else 0  # of a virtual user
    if spec.sources:  # an event and its duplicate, each refused and then given up; a call and what it leaves behind
        rooms["most"][[WAITING, TIMERS, DELIVERIES, CALLS]] = 2, 3, 4, 2
    if len(queues):
        messages, pollers = max(queues["limit"]), max(queues["pollers"])
        # a receipt's messages come back and are too old, or a batch ends; `owed` has those that can be received
        rooms["most"][[DELIVERIES, MESSAGES, GROUPS]] = 4 * messages + 4, messages + 2, 1
        # batches in their windows receive in turn; a poller has a timer, and so has what it receives
        rooms["most"][[RECEIPTS, TIMERS, SAMPLES]] = 2 * pollers + 8, 2 * pollers + 8, 32
    if len(streams):
        # a batch ends or is throttled; `owed` has a row of each record. A mapping is enabled for which all lanes wait
        most, lanes = rooms["most"], int(max(streams["shards"] * streams["lanes"]))
        most[RECORDS] = 1
        most[DELIVERIES] = max(int(most[DELIVERIES]), int(max(streams["size"])) + 4)
        most[TIMERS] = max(int(most[TIMERS]), lanes + 2)
        most[SAMPLES] = max(int(most[SAMPLES]), 6)
    if spec.links:  # an end leads on, or each message of a batch; AWS stops an event; `owed` has dead letters
        most, messages = rooms["most"], max(queues["limit"], default=0)
        most[[WAITING, DELIVERIES, AWAITED]] = np.maximum(most[[WAITING, DELIVERIES, AWAITED]], [1, 1, 2])
        most[TIMERS] += 2 + 2 * sent_at_once(spec) + messages * sent_at_once(spec, Trigger.LOAD)  # an event comes twice
    return rooms


def _draws(spec: AccountSpec) -> list[bool]:
    """Say which sources have rows of what they make by themselves."""
    return [isinstance(own, SqsSpec | FifoSpec | StreamSpec) for own in spec.sources]


def _numbers(spec: AccountSpec) -> NDArray[np.int64]:
    """Return the number of each source among those of its family."""
    found: dict[type, int] = {}
    numbers = []
    for source in spec.sources:
        family = SqsSpec if isinstance(source, FifoSpec) else type(source)
        numbers.append(found.setdefault(family, 0))
        found[family] += 1
    return np.array(numbers, np.int64)


def _first_samples(queues: Records) -> Records:
    """Return the levels of pollers at time 0."""
    queues = queues[queues["is_fifo"] == 0]
    samples = np.zeros(len(queues), SAMPLE)
    samples["source"], samples["metric"] = queues["source"], SourceMetric.POLLERS
    samples["value"] = queues["target"] // np.maximum(queues["per_poller"], 1)
    return samples


def _first_timers(plan: Plan) -> tuple[Records, Records]:
    """Return the timers of virtual users who are going to send their first requests, and their heap."""
    first = beginnings(plan.closed_loops)
    timers, entries = np.zeros(len(first), TIMER), heap(len(first))
    for slot, (at_ns, key, user) in enumerate(first):
        timers[slot] = int(EventRank.ARRIVAL) << RANK_SHIFT | key, OF_USER, user, SENDS, -1
        entries[slot] = at_ns, slot
    return timers, entries


def _sources(spec: AccountSpec, made: Sequence[Series]) -> Records:
    functions = [spec.functions[own.function].asynchronous for own in spec.sources]
    callers = [
        own if isinstance(own, AsynchronousSource) else AsynchronousSource(own.name, own.function)
        for own in spec.sources
    ]
    sources = records_of(SOURCE, functions, callers, [calls_of(own) for own in callers])
    kinds = {
        SqsSpec: OF_QUEUE, FifoSpec: OF_FIFO, StreamSpec: OF_LANE, AsynchronousSource: OF_EVENT, GatewaySource: OF_CALL,
    }  # fmt: skip
    sources["kind"] = [kinds[type(own)] for own in spec.sources]
    sources["first_drawn"], sources["block"] = np.cumsum(_draws(spec)) * DRAWN_AT_ONCE - DRAWN_AT_ONCE, -1
    for source, requests in zip(sources, made, strict=True):
        source["first_key"] = request_key(requests.load, 0)
        for kind in ("backoff", "outcome", "duplicate", "destination"):
            source[f"{kind}_key"] = requests.key(f"async-{kind}")
    return sources


def _functions(spec: AccountSpec, states: Sequence[FunctionState]) -> Records:
    functions = aligned(len(states), FUNCTION)
    functions[:] = records_of(FUNCTION, [state.shared for state in states], states, spec.functions)
    functions["first"] = [i if own.version_of < 0 else own.version_of for i, own in enumerate(spec.functions)]
    functions["bucket"] = functions["first"] * spec.scaling.per_function
    return functions


def _no_change() -> Records:
    """Return a control table with nothing but the row behind the last one, which never comes."""
    return np.array([(NEVER_NS, 0, 0, 0, 0)], CHANGE)


def with_changes(
    control: Records, init_ns: NDArray[np.int64], changes: Iterable[Change]
) -> tuple[Records, NDArray[np.int64]]:
    """Return a control table with more rows, and the Init Durations of its provisioned concurrency with theirs."""
    rows, inits = [], init_ns.tolist()
    for change in changes:
        rows.append((change.at_ns, change.kind, change.subject, change.value, len(inits)))
        inits += change.init_ns
    table = np.concatenate((control[:-1], np.array(rows, CHANGE), control[-1:]))
    order = np.lexsort((table["subject"], table["kind"], table["at_ns"]))
    return table[order], np.array(inits, np.int64)
