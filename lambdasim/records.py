"""Records: the only thing an engine produces. Names, meanings and units of their columns; data only.

Statistics are derived from records later, by ``metrics``, which never looks at an engine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]

INVOCATION_COLUMNS: Final = (
    "request",  # request_key(load, sequence)
    "attempt",  # 0 for the first, then one more for each of the client's retries
    "function",  # index into the account's functions
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
    "provisioned_concurrency",  # the part of it on provisioned concurrency
    "unreserved_concurrency",  # of the account: on-demand executions of functions without reserved concurrency
    "account_concurrency",  # of the account: all executions
    "claimed_concurrency",  # unreserved + all reserved + provisioned of functions without reserved
    "environments",  # of the function, idle or not, provisioned or not
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


class Table:
    """Rows of ``int64`` under named columns; ``table["end_ns"]`` is a column, as a view."""

    __slots__ = ("columns", "rows")

    def __init__(self, columns: Sequence[str], rows: Int64) -> None:
        self.columns = tuple(columns)
        self.rows = rows

    def __getitem__(self, column: str) -> Int64:
        return self.rows[:, self.columns.index(column)]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True, eq=False)
class RecordChunk:
    """What became known during one advance of an engine.

    ``invocations`` has a row for each attempt, written when it is throttled or ends (so in order of that time);
    ``environments`` a row for each environment, written when it is destroyed or the simulation ends.
    """

    invocations: Table
    environments: Table


class EndReason:
    """Why an environment ended (values of ``end_reason``)."""

    ALIVE: Final = 0
    IDLE: Final = 1
    LIFETIME: Final = 2
