"""The state of a simulation as a few arrays of records: what the objects of ``model`` hold in their slots.

Data only; numpy only. Arrays of what grows (environments, waiting retries, output rows) are replaced by larger ones
between two calls of the loop, never within one.
"""

from functools import partial
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.engine.compiled.aliases import ALIAS, LEAD, LED, ROUTED
from lambdasim.engine.compiled.calls import CALL, GATEWAY, LIMIT
from lambdasim.engine.compiled.chains import AWAITED_END, FOLLOWER, LINK, LINK_ROW
from lambdasim.engine.compiled.crowds import AHEAD, CROWD, USER
from lambdasim.engine.compiled.holds import CALLED, CALLED_ROW, CALLEE, DOWNSTREAM, HOLD, USE, WINDOW
from lambdasim.engine.compiled.queues import DRAWN, GROUP, MESSAGE, POLLER, QUEUE, RECEIPT, SAMPLE
from lambdasim.engine.compiled.shards import LANE, PAUSE, RECORD, SHARD, STREAM
from lambdasim.engine.compiled.structs import Records, aligned, integers, of, record_of
from lambdasim.model.account import AccountState
from lambdasim.model.asynchronous import AsynchronousSource, AsynchronousSpec
from lambdasim.model.bucket import Bucket
from lambdasim.model.client import ClientState
from lambdasim.model.environment import Environment
from lambdasim.model.events import NEVER_NS
from lambdasim.model.function import FunctionState, SharedState
from lambdasim.model.losses import Loss
from lambdasim.model.pool import Pool
from lambdasim.model.request_rate import RequestRate
from lambdasim.model.spec import ClientSpec, FunctionSpec, ScalingSpec
from lambdasim.plan import PLAN_COLUMNS
from lambdasim.records import DELIVERY_COLUMNS, ENVIRONMENT_COLUMNS, INVOCATION_COLUMNS

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
        "quiet_ns",  # before then nothing happens but arrivals and ends
        "last_ns",  # when the last event is given up
        # whether the end has come, how many queues have counted all, and how many held executions have been told of it
        "is_over", "closed", "closed_held",
        # the source, behind all the crowd, behind those the link, then the call, that lacks drawn rows, -1 for none
        "undrawn",
        # the row of the chunk before which what a cold start needs is drawn, and the slot of a request that waits
        # without it, -1 for none
        "drawn", "kept",
    )
)  # fmt: skip
"""Where the loop stands. One record."""

(
    INVOCATIONS, ENDED, EXPIRIES, ENVIRONMENTS, WAITING, DELIVERIES, MESSAGES, RECEIPTS, TIMERS, SAMPLES,
    HELD, CALLS, RECORDS, GROUPS, AWAITED, MADE,
) = range(16)  # fmt: skip
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

ACCOUNT: Final = record_of(AccountState, as_type={"service_key": np.uint64})
"""One record."""

FUNCTION: Final = record_of(
    SharedState,
    FunctionState,
    FunctionSpec,
    own=(
        "bucket",  # index into `buckets`
        "first",  # index of the function's first version, which holds what all versions share
        "sibling",  # index of the next version of the function, after the last one that of the first
        "first_use", "uses", "first_call", "calls",  # its parts of `uses` and of `call_numbers`
    ),
    as_type={
        "reuse": np.int32, "expiry": np.int16, "has_blocking_calls": np.int16, "fault_key": np.uint64,
        "ahead_key": np.uint64, **dict.fromkeys(("first_use", "uses", "first_call", "calls"), np.int32),
    },
    # what every invocation touches is one cache line
    first=(
        "timeout_ns", "concurrency", "bucket", "first", "ramp_second_ns", "ramp_admitted", "ramp_level", "reuse",
        "expiry", "has_blocking_calls", "reserved", "provisioned_concurrency", "allocated", "fault_q24", "ahead_q24",
        "sibling", "ramp_credit", "ramp_refilled_ns",
    ),
    without=("index", "version_of", "waits"),
    lines=True,
)  # fmt: skip
"""A version of a function."""

POOL: Final = record_of(
    Pool,
    own=(
        "first",  # slot of the oldest idle one, or of the root of their tree; -1 for none
        "last",  # slot of the newest idle one, where they stand in that order
        "queued_ns",  # earliest entry of its clock among the expiries, -1 for none
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
        "connected",  # a bit for each downstream that it is connected to
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
    lines=True,
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
        *ROUTED,
        *LED,
        "first_outlet",
        "outlets",  # its part of `outlets`
    ),
    as_type=dict.fromkeys(("version_key", "backoff_key", "outcome_key", "duplicate_key", "destination_key"), np.uint64),
)
"""A source, with what its function says of asynchronous invocation, its calls and its keys."""

MOMENT: Final = np.dtype(integers("at_ns", "subject"))
"""An entry of a heap: the subject is an environment's ``number << SLOT_BITS | slot``, ``CLOCK`` and a pool, or a slot
of `waiting`."""

CLOCK: Final = np.int64(1 << 62)  # which holds its sum with an int32
"""Added to the number of a pool as a subject among the expiries: after all environments."""

(
    NOBODY, OF_CLIENT, OF_EVENT, OF_QUEUE, OF_POLLER, OF_CALL, OF_USER, OF_LANE, OF_FIFO, OF_LINK, OF_END,
    OF_HANDLER, OF_CALLED,
) = range(13)  # fmt: skip
"""Kinds of actors: who arms timers, takes in requests, or is told of the end of an invocation; an actor is a number.
An event is its slot in `waiting`, a client its place in `tokens`, a call its slot in `calls`, an end its slot in
`awaited`, a handler its slot in `held`, a call of one its slot in `called`; see :mod:`families`."""

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


OUTLET: Final = np.dtype(integers("from_ns", "destinations"))
"""How many destinations take events that are not processed, from a time on, where that changes. When an attempt ends is
known as it begins, so where its event goes then has to be known too."""

LOSS: Final = record_of(Loss, as_type={"key": np.uint64})

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
    losses: Records = of(LOSS)
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
    aliases: Records = of(ALIAS)
    weights: NDArray[np.int64] = of(INTEGER)
    targets: NDArray[np.int64] = of(INTEGER)
    leads: Records = of(LEAD)
    outlets: Records = of(OUTLET)
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
    hash_of_key: NDArray[np.int64] = of(INTEGER)
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
    downstreams: Records = of(DOWNSTREAM)
    windows: Records = of(WINDOW)
    uses: Records = of(USE)
    call_numbers: NDArray[np.int64] = of(INTEGER)
    callees: Records = of(CALLEE)
    called_rows: Records = of(CALLED_ROW)
    called: Records = of(CALLED, MADE)
    held: Records = of(HOLD, HELD)
    held_rows: Records = of(INVOCATION, HELD)
    invocations: Records = of(INVOCATION, INVOCATIONS)
    ended: Records = of(LIFE, ENDED)
    deliveries: Records = of(DELIVERY, DELIVERIES)
    samples: Records = of(SAMPLE, SAMPLES)


COLUMNS: Final = (*PLAN_COLUMNS, "source", "delay_ns")
"""Arrays of the requests of a chunk. The last two are empty when all of them go straight to their functions."""
