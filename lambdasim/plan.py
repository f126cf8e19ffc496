"""The plan: everything that chance decides about each request, drawn before the run.

Data only. A workload yields :class:`PlanChunk` objects in time order and an engine consumes them; neither
knows the other.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]

CHUNK_ROWS: Final = 65_536
"""About how many requests a chunk holds: small enough for the cache, large enough to vectorise."""


@dataclass(frozen=True, slots=True, eq=False)
class PlanChunk:
    """Requests in order of ``(arrival_ns, request)``, one row each, all columns of equal length.

    Every column is ``int64``; times are nanoseconds from the start of the experiment. A column that is the same
    for all rows may be a broadcast view. The split of a plan into chunks carries no meaning.
    """

    until_ns: int
    """No later chunk holds an arrival before this time, and this one holds none at or after it."""
    request: Int64
    """``model.events.request_key(load, sequence)``."""
    arrival_ns: Int64
    function: Int64
    """Index into the account's functions."""
    duration_ns: Int64
    """What the handler takes in a warm environment, if nothing stops it (for out-of-memory: until it is killed)."""
    init_ns: Int64
    """Init Duration of the environment this request would create, and of a repeated init."""
    placement_ns: Int64
    """Time to place and download before an init, which no REPORT line shows."""
    outcome: Int64
    """``Status.SUCCESS``, ``ERROR``, ``CRASH`` or ``OUT_OF_MEMORY``: how the handler ends if the timeout does not."""
    idle_timeout_ns: Int64
    """How long the environment may stay idle after this invocation when it is the function's only one."""
    surplus_idle_timeout_ns: Int64
    """The same when the function has other environments."""
    lifetime_ns: Int64
    """How long the environment this request would create may live."""
    pick: Int64
    """0 .. 2**31 - 1: chooses among idle environments under random reuse."""
    source: Int64 | None = None
    """Index into the account's sources, -1 for a request that goes straight to its function; None when all do."""
    delay_ns: Int64 | None = None
    """Time from the arrival until the source has the event; None when it is 0 throughout."""

    def __len__(self) -> int:
        return len(self.arrival_ns)


class Request(NamedTuple):
    """One row of a plan; the fields are columns of :class:`PlanChunk`, and how the request came to be."""

    request: int
    arrival_ns: int
    function: int
    duration_ns: int
    init_ns: int
    placement_ns: int
    outcome: int
    idle_timeout_ns: int
    surplus_idle_timeout_ns: int
    lifetime_ns: int
    pick: int
    source: int = -1
    delay_ns: int = 0
    hop: int = 0
    """Invocations that led to this request, one after the other."""


PLAN_COLUMNS: Final = Request._fields[: Request._fields.index("source")]
"""What every request has; only events have the rest."""
