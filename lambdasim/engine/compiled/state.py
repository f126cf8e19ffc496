"""The state of a simulation as a few arrays of records: what the objects of ``model`` hold in their slots.

Data only; numpy only. Arrays of what grows (environments, waiting retries, output rows) are replaced by larger ones
between two calls of the loop, never within one.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.engine.compiled.queues import MESSAGE, RECEIPT, SAMPLE, TIMER, initial_queues
from lambdasim.engine.compiled.structs import Records, aligned, integers, record_of, records_of
from lambdasim.model.account import AccountState
from lambdasim.model.asynchronous import AsynchronousLaw, AsynchronousSource, calls_of
from lambdasim.model.bucket import Bucket
from lambdasim.model.client import ClientState
from lambdasim.model.control import Change, Control
from lambdasim.model.environment import Environment
from lambdasim.model.events import NEVER_NS, request_key
from lambdasim.model.function import FunctionState, SharedState, function_states
from lambdasim.model.law import NO_RETRY, AccountLaw, ClientLaw, FunctionLaw, ScalingLaw
from lambdasim.model.pool import Pool
from lambdasim.model.request_rate import RequestRate
from lambdasim.plan import PLAN_COLUMNS, Plan, Series
from lambdasim.records import DELIVERY_COLUMNS, ENVIRONMENT_COLUMNS, INVOCATION_COLUMNS, SourceMetric

LOOP: Final = np.dtype(
    integers(
        "horizon_ns",
        "now_ns",  # time of the last event but expiries
        "row",  # the chunk's next row
        "change",  # the next row of `control`
        "completions", "expiries", "retries", "firsts",  # sizes of the heaps
        "free_environment", "free_waiting",  # first of the chain of slots that were left, -1 for none
        "new_environment", "new_waiting",  # first of the slots never used
        "invocations", "ended", "deliveries",  # rows written
        "last_ns",  # when the last event is given up
        # of queues
        "moments",  # size of their heap
        "free_timer", "free_message", "free_receipt", "new_timer", "new_message", "new_receipt",
        "messages", "receipts",  # slots that are used
        "visible",  # messages that are visible in some queue
        "samples",  # rows written
        "most_timers", "most_messages",  # what one event of the loop may need
        "is_over", "closed",  # whether the end has come, and how many queues have counted all
        "lacking",  # the queue that has no drawn rows any more
    )
)  # fmt: skip
"""Where the loop stands. One record."""

ACCOUNT: Final = record_of(AccountState)
"""One record."""

FUNCTION: Final = record_of(
    SharedState,
    FunctionState,
    FunctionLaw,
    own=(
        "bucket",  # index into `buckets`
        "first",  # index of the function's first version, which holds what all versions share
    ),
    as_type={"reuse": np.int32, "surplus_differs": np.int32},
    # what every invocation touches is one cache line
    first=(
        "timeout_ns", "reserved", "concurrency", "provisioned_concurrency", "allocated", "bucket", "first", "reuse",
        "surplus_differs",
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
    ),
)
"""A function's are at twice its index: on-demand, then provisioned."""

RATE: Final = record_of(RequestRate)
"""The account's, then each function's for reserved and provisioned concurrency."""

BUCKET: Final = record_of(Bucket, ScalingLaw)

CLIENT: Final = record_of(
    ClientLaw,
    ClientState,
    own=("tokens",),  # index of its first process into `tokens`
    as_type={"jitter_key": np.uint64},
)
"""By load."""

ENVIRONMENT: Final = record_of(
    Environment,
    own=(
        "surplus_idle_timeout_ns",
        "refund_to", "refund", "refund_limit",  # of a batch: the poller, the status and nothing
    ),
    as_type={
        "pool": np.int32,
        "left": np.int32,  # the older neighbour among the idle, or the left child; the next free slot
        "right": np.int32,  # the newer neighbour, or the right child
        "needs_init": np.int16,
        "refunds": np.int16,  # OF_CLIENT when its answer refunds a retry quota, OF_BATCH when a poller waits for it
    },
    # what every invocation touches is one cache line
    first=(
        "number", "ends_ns", "expires_ns", "queued_ns", "idle_timeout_ns", "invocations",
        "pool", "left", "right", "needs_init", "refunds",
    ),
    without=("provisioned",),  # which its pool says
)  # fmt: skip
"""An environment, with what its present invocation leaves to do at its end. The ``number`` of a slot that was left is
-1."""

OF_CLIENT, OF_BATCH = 1, 2

WAITING: Final = np.dtype(integers(*PLAN_COLUMNS, "attempt", "next", "source", "stage", "sent_ns", "failures"))
"""A throttled request, or an event, before its next attempt, ``attempt``: its row of the plan. Only events have the
last four; the stage of a request is 0. Of a batch ``failures`` is its poller."""

SOURCE: Final = record_of(
    AsynchronousLaw,
    AsynchronousSource,
    RequestRate,
    own=(
        "first_key",  # of the first request it makes by itself
        "made",  # how many those are
    ),
    as_type=dict.fromkeys(("backoff_key", "outcome_key", "duplicate_key", "destination_key"), np.uint64),
)
"""A source, with what its function says of asynchronous invocation, its calls and its keys."""

MOMENT: Final = np.dtype(integers("at_ns", "subject"))
"""An entry of a heap: the subject is an environment's ``number << SLOT_BITS | slot``, or a slot of `waiting`."""

CHANGE: Final = np.dtype(integers("at_ns", "kind", "subject", "value", "init"))
"""A row of the control table; ``init`` is the index of its first into `provisioned_init_ns`, and ``value`` what is left
to do of what is done one by one."""

INTEGER: Final = np.dtype(np.int64)
INVOCATION: Final = np.dtype(integers(*INVOCATION_COLUMNS))
LIFE: Final = np.dtype(integers(*ENVIRONMENT_COLUMNS))
DELIVERY: Final = np.dtype(integers(*DELIVERY_COLUMNS))


TAKEN: Final = (
    Control.ACCOUNT_CONCURRENCY, Control.RESERVED_CONCURRENCY, Control.PROVISIONED_DECREASED, Control.MAPPING_ENABLED,
    Control.PROVISIONED_REQUESTED, Control.PROVISIONED_READY,
)  # fmt: skip
"""Kinds of changes that happen here; of the others, as of mappings that are none of queues, nothing here takes note."""


class State(NamedTuple):
    """All arrays of a simulation."""

    loop: Records
    account: Records
    functions: Records
    pools: Records
    rates: Records
    buckets: Records
    clients: Records
    tokens: NDArray[np.int64]
    control: Records
    provisioned_init_ns: NDArray[np.int64]
    environments: Records
    completions: Records
    expiries: Records
    waiting: Records
    retries: Records
    firsts: Records
    sources: Records
    queues: Records
    queue_of: NDArray[np.int64]
    pollers: Records
    idle: Records
    drawn: Records
    messages: Records
    receipts: Records
    timers: Records
    moments: Records
    invocations: Records
    ended: Records
    deliveries: Records
    samples: Records


MORE_TIMERS: Final = 8
"""Timers that one event of the loop may arm besides one for each poller of a queue."""

HEAP_MARGIN: Final = 4
"""Entries behind the last one of a heap that always hold :data:`NEVER_NS`, so that nobody asks for its size."""


def heap(capacity: int) -> Records:
    """Return an empty heap, with the children of a node in one cache line."""
    entries = aligned(capacity + HEAP_MARGIN, MOMENT, first=1)
    entries[:] = NEVER_NS, 0
    return entries


def initial(plan: Plan) -> State:
    """Return the state at time 0, with no room for anything that grows."""
    law, made = plan.account, plan.made_by("source")
    account = AccountState(law)
    states = function_states(account, lambda *_: None)
    functions = _functions(law, states)
    laws = (*law.clients, *[NO_RETRY] * (len(plan.series) - len(law.clients)))
    callers = [ClientState(own) for own in laws]
    clients = records_of(CLIENT, laws, callers)
    clients["tokens"] = np.cumsum(clients["processes"]) - clients["processes"]
    clients["jitter_key"] = [series.key("client-jitter") for series in plan.series]

    pools = aligned(2 * len(functions), POOL)
    pools[:] = 0
    pools["first"] = pools["last"] = -1
    buckets = [state.shared.bucket for state in states] if law.scaling.per_function else [account.scaling_bucket()]
    rates = [account.rate]
    for own in states:
        rates += [own.shared.reserved_rate, own.provisioned_rate]
    loop = np.zeros(1, LOOP)
    loop["horizon_ns"] = plan.horizon_ns
    loop["free_environment"] = loop["free_waiting"] = -1
    loop["free_timer"] = loop["free_message"] = loop["free_receipt"] = -1
    queues = initial_queues(law, made, heap, HEAP_MARGIN)
    none = np.zeros(0, np.int64)
    control, provisioned_init_ns = with_changes(_no_change(), none, queues.queue_of, plan.control)
    loop["most_timers"] = max(queues.queues["pollers"], default=0) + MORE_TIMERS
    loop["samples"] = len(queues.queues)
    loop["most_messages"] = max(queues.queues["limit"], default=0)
    return State(
        loop=loop,
        account=records_of(ACCOUNT, [account]),
        functions=functions,
        pools=pools,
        rates=records_of(RATE, rates),
        buckets=records_of(BUCKET, buckets, [law.scaling] * len(buckets)),
        clients=clients,
        tokens=np.array([tokens for caller in callers for tokens in caller.tokens], np.int64),
        control=control,
        provisioned_init_ns=provisioned_init_ns,
        environments=aligned(0, ENVIRONMENT),
        completions=heap(0),
        expiries=heap(0),
        waiting=np.zeros(0, WAITING),
        retries=heap(0),
        firsts=heap(0),
        sources=_sources(law, made),
        **queues._asdict(),
        messages=np.zeros(0, MESSAGE),
        receipts=np.zeros(0, RECEIPT),
        timers=np.zeros(0, TIMER),
        moments=heap(0),
        invocations=np.zeros(0, INVOCATION),
        ended=np.zeros(0, LIFE),
        deliveries=np.zeros(0, DELIVERY),
        samples=_first_samples(queues.queues),
    )


def _first_samples(queues: Records) -> Records:
    """Return the levels of pollers at time 0."""
    samples = np.zeros(len(queues), SAMPLE)
    samples["source"], samples["metric"] = queues["source"], SourceMetric.POLLERS
    samples["value"] = queues["target"] // np.maximum(queues["per_poller"], 1)
    return samples


def _sources(law: AccountLaw, made: Sequence[Series]) -> Records:
    functions = [law.functions[own.function].asynchronous for own in law.sources]
    callers = [
        own if isinstance(own, AsynchronousSource) else AsynchronousSource(own.name, own.function)
        for own in law.sources
    ]
    sources = records_of(SOURCE, functions, callers, [calls_of(own) for own in callers])
    for source, requests in zip(sources, made, strict=True):
        source["first_key"] = request_key(requests.load, 0)
        for kind in ("backoff", "outcome", "duplicate", "destination"):
            source[f"{kind}_key"] = requests.key(f"async-{kind}")
    return sources


def _functions(law: AccountLaw, states: Sequence[FunctionState]) -> Records:
    functions = aligned(len(states), FUNCTION)
    functions[:] = records_of(FUNCTION, [state.shared for state in states], states, law.functions)
    functions["first"] = [i if own.version_of < 0 else own.version_of for i, own in enumerate(law.functions)]
    functions["bucket"] = functions["first"] * law.scaling.per_function
    return functions


def _no_change() -> Records:
    """Return a control table with nothing but the row behind the last one, which never comes."""
    return np.array([(NEVER_NS, 0, 0, 0, 0)], CHANGE)


def with_changes(
    control: Records, init_ns: NDArray[np.int64], queue_of: NDArray[np.int64], changes: Iterable[Change]
) -> tuple[Records, NDArray[np.int64]]:
    """Return a control table with more rows, and the Init Durations of its provisioned concurrency with theirs."""
    rows, inits = [], init_ns.tolist()
    for change in changes:
        if change.kind in TAKEN and (change.kind != Control.MAPPING_ENABLED or queue_of[change.subject] >= 0):
            rows.append((change.at_ns, change.kind, change.subject, change.value, len(inits)))
            inits += change.init_ns
    table = np.concatenate((control[:-1], np.array(rows, CHANGE), control[-1:]))
    order = np.lexsort((table["subject"], table["kind"], table["at_ns"]))
    return table[order], np.array(inits, np.int64)
