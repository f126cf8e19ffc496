"""Records: the only thing an engine produces. Names, meanings and units of their columns; data only.

Statistics are derived from records later, by ``metrics``, which never looks at an engine.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]

INVOCATION_COLUMNS: Final = (
    "request",  # request_key(load, sequence)
    "attempt",  # 0 for the first, then one more for each retry; a gateway's client makes a new request each time
    "function",  # index into the account's functions, which are the versions of all
    "first_arrival_ns",  # when the caller first asked
    "arrival_ns",  # when this attempt arrived; a synchronous attempt is admitted or throttled then
    "status",  # model.events.Status
    "reason",  # model.events.ThrottleReason, 0 unless throttled
    "final",  # 1 when the caller does not try again after this attempt
    "environment",  # number of the execution environment, -1 when throttled
    "provisioned",  # 1 when it ran on provisioned concurrency
    "start",  # model.events.StartKind
    "placement_ns",  # before init; 0 unless cold
    "init_ns",  # Init Duration as a REPORT line shows it; 0 unless cold
    "duration_ns",  # CloudWatch's Duration: the handler and any repeated init, never more than the timeout
    "end_ns",  # arrival + placement + init + duration; -1 when throttled or in flight
    "function_concurrency",  # of the function, just after this attempt was admitted (or throttled)
    "version_concurrency",  # the part of it that is of the version
    "provisioned_concurrency",  # the part of that on provisioned concurrency
    "unreserved_concurrency",  # of the account: on-demand executions of functions without reserved concurrency
    "account_concurrency",  # of the account: all executions
    "claimed_concurrency",  # unreserved + all reserved + provisioned of functions without reserved
    "function_environments",  # of the function, idle or not, provisioned or not
    "environments",  # those of the version
    "allocated_concurrency",  # provisioned concurrency of the version that is ready
)

ENVIRONMENT_COLUMNS: Final = (
    "environment",
    "function",
    "provisioned",  # 1 for provisioned concurrency
    "created_ns",
    "initialised_ns",  # when its placement and init were over
    "destroyed_ns",  # -1 when it outlived the simulation
    "end_reason",  # EndReason
    "invocations",
    "init_ns",  # Init Duration, for provisioned environments too
)


DELIVERY_COLUMNS: Final = (
    "source",  # index into the account's sources
    "event",  # request_key of the load that sent it
    "attempt",  # deliveries of this event before this one; for a queue, receives before this one
    "partition",  # shard, message group or partition; -1 where there are none
    "sent_ns",  # when the source took the event in
    "available_ns",  # when it could be delivered this time
    "delivered_ns",  # when it was handed over: received by a poller, tried at the function; -1 when it never was
    "ended_ns",  # when this delivery ended, or the event left without one; -1 when the simulation ended before
    "outcome",  # model.events.Outcome
    "fate",  # model.events.Fate
    "destination",  # model.events.Destination
    "answer",  # HTTP status that the caller saw, 0 where nobody waits for one
    "batch",  # request_key of the invocation that had it, -1 when there was none
)

SAMPLE_COLUMNS: Final = (
    "source",  # index into the account's sources; -1 - index of a downstream; a function's index for a LevelMetric
    "metric",  # SourceMetric or LevelMetric
    "time_ns",
    "value",
)


class SourceMetric:
    """What a sample measures (values of ``metric``).

    Of a *level* each sample is the value from its time on; of a *change* it is what is added to it; of a *count* the
    samples of a period add up; of a *time* each sample is one measurement in ns.
    """

    POLLERS: Final = 0  # level: pollers, or concurrent invocations that a source may make
    ITERATOR_AGE: Final = 1  # time: CloudWatch's IteratorAge, one for each invocation
    OFFSET_LAG: Final = 2  # level: records that no poller has committed yet
    EMPTY_RECEIVES: Final = 3  # count: polls that found nothing
    REQUESTS: Final = 4  # count: billable requests to the source's own API (receives, deletes, sends)
    CONNECTIONS: Final = 5  # change: of the connections that environments hold to a downstream, in any order
    REFUSALS: Final = 6  # count: invocations that a downstream refused, and connections of inits
    BORROW_WAIT: Final = 17  # time: that a transaction waited for a connection of a pool, ended in vain or not
    EXECUTION_TIME: Final = 7  # time: of a whole execution of a map, a batch window or another span
    BACKLOG: Final = 18  # level at this time alone: messages of a queue that can be received; for alarms
    OLDEST_AGE: Final = 19  # the same: age in ns of its oldest message, delayed and received ones too, 0 without any


class LevelMetric:
    """What a sample measures (values of ``metric``) of a function just after a row of the control table changed it.

    Each is the level from its time on, but for two, which others than such rows change too; there is one of
    environments when provisioned concurrency becomes ready. The last three are of the time until then.
    """

    RESERVED: Final = 8  # reserved concurrency, -1 for none; of a function, whose first version it names
    CONFIGURED: Final = 9  # provisioned concurrency that was asked for and not given up, ready or not
    ALLOCATED: Final = 10  # provisioned concurrency that is ready
    ENVIRONMENTS: Final = 11  # idle or not, provisioned or not
    CLAIMED: Final = 12  # of the account: the column `claimed_concurrency` of invocations
    METERED: Final = 13  # invocations on provisioned concurrency since the function's last row PROVISIONED_METERED
    SUM_Q24: Final = 14  # of the utilization at each of them, which is rounded down to units of 2**-24
    MOST_Q24: Final = 15  # the highest of them
    FUNCTION_ENVIRONMENTS: Final = 16  # as ENVIRONMENTS, but of all versions of a function that has several


class RecordTable:
    """Rows of ``int64`` under named columns; ``table["end_ns"]`` is a column, as a view."""

    __slots__ = ("columns", "rows")

    def __init__(self, columns: Sequence[str], rows: Int64) -> None:
        self.columns = tuple(columns)
        self.rows = rows

    def __getitem__(self, column: str) -> Int64:
        return self.rows[:, self.columns.index(column)]

    def __len__(self) -> int:
        return len(self.rows)


def _nothing(columns: Sequence[str]) -> RecordTable:
    return RecordTable(columns, np.empty((0, len(columns)), np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class RecordChunk:
    """What became known during one advance of an engine.

    ``invocations`` has a row for each attempt, written when it is throttled or ends (so in order of that time);
    ``environments`` a row for each environment, written when it is destroyed or the simulation ends; ``deliveries`` a
    row for each time an event was delivered, written when that ended, or when the event left its source without a
    delivery, or when the simulation ends; ``samples`` what sources measure of themselves.
    """

    invocations: RecordTable
    environments: RecordTable
    deliveries: RecordTable = field(default_factory=lambda: _nothing(DELIVERY_COLUMNS))
    samples: RecordTable = field(default_factory=lambda: _nothing(SAMPLE_COLUMNS))


class EndReason:
    """Why an environment ended (values of ``end_reason``)."""

    ALIVE: Final = 0
    IDLE: Final = 1
    LIFETIME: Final = 2  # or an update took its place
    GIVEN_UP: Final = 3  # its provisioned concurrency was decreased
    LOST: Final = 4  # as with its Availability Zone
