"""The state of SQS queues as arrays of records: what the objects of ``engine/reference/sqs*.py`` hold. Data only.

Messages and receipts are slots in arrays that grow; pollers are as many as there may ever be.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.engine.compiled.structs import Records, integers, record_of, records_of
from lambdasim.model import rules
from lambdasim.model.control import Change, Control
from lambdasim.model.events import NEVER_NS
from lambdasim.model.polling import PollingSpec, PollingState
from lambdasim.model.spec import AccountSpec
from lambdasim.model.sqs import SqsSpec, batch_limit
from lambdasim.model.sqs_fifo import FifoSpec
from lambdasim.plan import PLAN_COLUMNS, Series
from lambdasim.records import SAMPLE_COLUMNS

DRAWN_COLUMNS: Final = PLAN_COLUMNS[PLAN_COLUMNS.index("duration_ns") :]

DRAWN_AT_ONCE: Final = 1_024
"""Requests of a source that are drawn ahead."""

QUEUE: Final = record_of(
    SqsSpec, PollingSpec, PollingState,
    own=(
        "source", "send_requests",
        "limit", "largest",  # of the messages of a batch: now, and as far as there is room for
        "owes",  # timers that one dead letter may need
        # its messages and receipts
        "first_visible", "last_visible", "visible",
        "deleted",  # of the visible ones
        "first_delayed", "last_delayed", "delayed",
        "first_receipt", "last_receipt", "receipts",  # those that will come back, in the order of it
        "come_back", "come_back_ns",  # the timer that looks at the first of them, or at one that was before
        # its pollers
        "first_poller", "pollers",
        "first_idle",  # of its part of `idle`
        "known",  # pollers that have ever been in service
        "idle", "coming", "is_resting",
        "open", "turns",  # batches in their windows that are not full, and how often one of them has received
        "growth", "review",  # timers, -1 for none
        # its API
        "minute_ns", "requests", "empty",
        # of a FIFO queue: messages that are seen and have not left, those behind, and groups that can be received from
        "is_fifo", "groups", "look_ahead", "seen", "unseen", "first_ready", "last_ready", "ready",
        "first_group",  # of its part of `group_at`
        "first_bound", "bounds",  # its part of `group_bounds_q24`
    ),
    as_type=dict.fromkeys(("duplicate_key", "backoff_key", "poison_key", "record_key", "group_key"), np.uint64),
)  # fmt: skip
"""A queue, its mapping and their specs."""

MESSAGE: Final = np.dtype(
    [
        *integers("event", "sent_ns", "available_ns"),
        ("attempt", np.int32),  # receives before
        ("next", np.int32),  # in its queue or receipt
        ("receipt", np.int32),
        ("again", np.int32),  # of one whose receipt expired: what may be received again in its place
        ("phase", np.int8),
        ("is_deleted", np.int8),
        ("is_returned", np.int8),  # visible again while a batch still has it
        ("is_failing", np.int8),  # the function cannot process it
        ("queue", np.int32),
        ("group", np.int32),  # of a FIFO queue
        ("chain_depth", np.int64),
    ]
)
"""A message since it could last be received."""

GROUP: Final = np.dtype(
    integers(
        "number", "size",  # all its messages, wherever they are
        "first", "last", "waiting",  # those that can be received once it is its turn
        "taken",  # messages that were received and neither deleted nor returned: they block the rest
        "stopped",  # the batch in which one of it failed, after which the others are left untouched
        "is_ready",  # whether it stands among the groups that can be received from
        "next",
    )
)  # fmt: skip
"""A message group of a FIFO queue, while it has messages."""

SIZES: Final = (Control.BATCH_SIZE,)
CONCURRENCIES: Final = (Control.MAXIMUM_CONCURRENCY, Control.MINIMUM_CONCURRENCY)
"""Rows of the control table that change what there has to be room for."""

FREE, DELAYED, VISIBLE, RECEIVED, EXPIRED = range(5)
"""Places of a message."""

RECEIPT: Final = np.dtype(
    integers(
        "key",  # its place among what happens at ``visible_ns``
        "delivered_ns", "visible_ns", "batch", "outcome", "has_ended", "has_expired",
        "is_held",  # whether a batch has it
        "first", "last", "messages",
        "next",  # of its batch
        "earlier", "later",  # in its queue
    )
)  # fmt: skip
"""Messages that were received at once."""

POLLER: Final = np.dtype(
    integers(
        "queue", "number", "stage", "attempt", "timer", "parked_ns", "ready_ns",
        "first", "last", "messages",  # its batch: receipts, and how many messages they hold
        "limit",  # most messages of the batch
        "turn",  # of a batch in its window: the lowest receives first
        "first_ns", "visible_ns",
        "request", "function", *DRAWN_COLUMNS,  # its row of the plan
        "chain_depth",  # the greatest of its messages
        "moves_ns",  # from when on its mapping leads elsewhere than its request goes
        "has_failing",  # whether its function cannot process one of its messages
    )
)  # fmt: skip
"""One that receives and processes one batch at a time. ``ready_ns`` counts for the first of a provisioned poller."""

IDLE, RECEIVES, GATHERS, PROCESSES, GIVES_UP = range(5)
"""Stages of a poller."""

COMES_BACK, IS_DELAYED, GROWS, IS_REVIEWED = range(1, 5)
GOES_ON, IS_TRIED = 1, 2
"""Stages of the timers of queues and of pollers."""

DRAWN: Final = np.dtype(integers(*DRAWN_COLUMNS))
SAMPLE: Final = np.dtype(integers(*SAMPLE_COLUMNS))


class Queues(NamedTuple):
    """The arrays of queues that do not grow."""

    queues: Records
    pollers: Records
    idle: Records
    group_at: NDArray[np.int64]
    """Of each group of a queue, by number: its slot in `groups`, -1 while it has no messages."""
    group_bounds_q24: NDArray[np.int64]


def initial_queues(
    spec: AccountSpec, made: Sequence[Series], heap_of: Any, margin: int, control: Sequence[Change] = ()
) -> Queues:
    """Return the queues of an account at time 0; ``control`` may let some process more at once later.

    ``made`` has the requests that each source makes by itself; ``heap_of`` makes a heap that has ``margin`` entries to
    spare.
    """
    found = [(index, own) for index, own in enumerate(spec.sources) if isinstance(own, SqsSpec | FifoSpec)]
    specs = [(index, own.queue if isinstance(own, FifoSpec) else own) for index, own in found]
    polling = [own.polling for _, own in specs]
    states = [PollingState.of(own) for own in polling]
    queues = records_of(QUEUE, [own for _, own in specs], polling, states)
    pollers = groups = 0
    bounds_q24: list[int] = []
    for number, (queue, (index, own), (_, whole)) in enumerate(zip(queues, specs, found, strict=True)):
        requests = made[index]
        for name in ("first_visible", "last_visible", "first_delayed", "last_delayed", "first_receipt",
                     "last_receipt", "come_back", "growth", "review"):  # fmt: skip
            queue[name] = -1
        queue["source"], queue["limit"], queue["send_requests"] = index, own.batch_limit, own.send_requests
        queue["known"] = queue["idle"] = own.polling.initial
        queue["is_resting"] = 1
        queue["largest"] = max(own.batch_limit, *[batch_limit(own, size) for size in later(control, index, SIZES)])
        queue["pollers"] = max(own.polling.initial, own.polling.maximum, *later(control, index, CONCURRENCIES))
        if isinstance(whole, FifoSpec):
            _becomes_fifo(queue, whole, requests.key("sqs-group"))
            queue["pollers"] = max(whole.maximum, *later(control, index, CONCURRENCIES))
            queue["first_group"], queue["first_bound"] = groups, len(bounds_q24)
            groups += whole.groups
            bounds_q24 += whole.bounds_q24
        queue["first_poller"], queue["first_idle"] = pollers, pollers + number * margin
        pollers += int(queue["pollers"])
        queue["duplicate_key"], queue["backoff_key"] = requests.key("sqs-duplicate"), requests.key("sqs-backoff")
        queue["poison_key"], queue["record_key"] = requests.key("sqs-poison"), requests.key("sqs-record")
    return Queues(
        queues, _pollers(queues, pollers), _idle(queues, pollers, heap_of, margin), np.full(groups, -1, np.int64),
        np.array(bounds_q24, np.int64),
    )  # fmt: skip


def later(control: Sequence[Change], source: int, kinds: Sequence[Control]) -> list[int]:
    """Return 0 and all values to which rows of the control table of some kinds set a source's mapping."""
    return [0, *(change.value for change in control if change.kind in kinds and change.subject == source)]


def _becomes_fifo(queue: Any, spec: FifoSpec, group_key: int) -> None:
    """Let a queue be a FIFO queue: without windows, as many pollers as there are groups, no more than its maximum."""
    queue["is_fifo"], queue["is_resting"], queue["window_ns"] = 1, 0, 0
    queue["groups"], queue["look_ahead"], queue["bounds"] = spec.groups, spec.look_ahead, len(spec.bounds_q24)
    queue["maximum"], queue["group_key"] = spec.maximum, group_key
    queue["known"] = queue["idle"] = min(rules.SQS_INITIAL, spec.maximum)


def _pollers(queues: Records, count: int) -> Records:
    pollers = np.zeros(count, POLLER)
    pollers["parked_ns"] = pollers["timer"] = pollers["first"] = pollers["last"] = -1
    for number, queue in enumerate(queues):
        own = pollers[queue["first_poller"] :][: queue["pollers"]]
        own["queue"], own["number"] = number, np.arange(len(own))
        own["parked_ns"][: queue["known"]] = 0
    return pollers


def _idle(queues: Records, pollers: int, heap_of: Any, margin: int) -> Records:
    """Return heaps of the numbers of idle pollers, one behind the other."""
    idle: Records = heap_of(pollers + len(queues) * margin)
    for queue in queues:
        idle["at_ns"][queue["first_idle"] :][: queue["idle"]] = np.arange(queue["idle"])
    assert (idle["at_ns"] <= NEVER_NS).all()
    return idle
