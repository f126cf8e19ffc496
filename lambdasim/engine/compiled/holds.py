"""The state of handlers that wait for others as arrays of records: executions whose end nobody knows, the downstreams
that they use and the calls that they make. Data only.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.engine.compiled.aliases import ROUTED, route
from lambdasim.engine.compiled.queues import DRAWN_COLUMNS
from lambdasim.engine.compiled.structs import Records, integers, record_of, records_of
from lambdasim.model.bucket import Bucket
from lambdasim.model.calls import CallSpec
from lambdasim.model.database import DatabaseState
from lambdasim.model.downstream import DownstreamSpec, DownstreamState, Slowdown, UseSpec
from lambdasim.model.spec import AccountSpec, FunctionSpec
from lambdasim.plan import PLAN_COLUMNS, Plan, Series

HOLD: Final = np.dtype(
    integers(
        "environment",  # its slot, -1 once the end is known
        "kind", "actor",  # who is told as soon as it is, if that is not the environment's to tell
        "source", "chain_depth",  # of its request
        "began_ns",  # when its handler began
        "stops_ns", "stopped",  # when it is stopped, and how it ends then
        "use", "own_ns",  # the place of the downstream it is at in `uses`, and what it takes by itself
        "since_ns", "before", "after",  # since when it waits for a connection, and its neighbours among those who do
        "is_cut",  # whether it is stopped before its transaction ends
        "call", "left",  # the place of the call it makes in `call_numbers`, and how many more times
        "called", "answer",  # the slot of the one that it waits for, -1 for none, and how the last one ended
        "timer",  # until when it waits for that, -1 for none
        "end_ns", "status",  # once they are known
        "next",
    )
)  # fmt: skip
"""An execution whose end nobody knows yet."""

BEGINS, HAS_WORKED, IS_ANSWERED, IS_LATE, GIVES_UP, BORROWS, ENTERS, LEAVES = range(1, 9)
"""Stages of the timers of one: its handler begins; what that does by itself is done; a call has ended; it is stopped.
In a database: it waits no longer; it is given a connection; that is open; its transaction ends."""

DOWNSTREAM: Final = record_of(
    DownstreamSpec, Bucket, DatabaseState,
    own=(
        "permille", "is_down", "held",  # see `DownstreamState`
        "takes_turns",
        "first_waiting", "last_waiting",  # slots in `held` of who waits for a connection
        "bit",  # of the connection to it among those of an environment, -1 if that keeps none
        "first_window", "windows",  # its part of `windows`
    ),
    as_type={"pin_key": np.uint64},
)  # fmt: skip

WINDOW: Final = record_of(Slowdown)

USE: Final = record_of(UseSpec)

CALLEE: Final = record_of(
    CallSpec,
    own=(
        "load", "function",  # of its requests
        "made", "arrived",  # how many
        "block",  # which rows are drawn
        "first_drawn",  # of its part of `called_rows`
        *ROUTED,
    ),
    as_type=dict.fromkeys(("count_key", "version_key"), np.uint64),
)  # fmt: skip
"""A call that handlers make, by its number."""

CALLED_ROW: Final = np.dtype(integers(*DRAWN_COLUMNS))
CALLED_ROWS: Final = 1_024
"""Requests of a call that are drawn ahead."""

CALLED: Final = np.dtype(
    integers(
        *PLAN_COLUMNS,  # `arrival_ns` is when the first attempt was made
        "source", "delay_ns", "chain_depth",
        "callee", "attempt",
        "holder",  # the execution that waits for it, -1 once that no longer does
        "next",
    )
)  # fmt: skip
"""A call, from its making until it has ended or is given up."""

ARRIVES_AT_ONCE, IS_TRIED = 1, 2
"""Stages of the timers of one: it arrives, or is tried again."""


class Holds(NamedTuple):
    """The arrays of handlers that do not grow."""

    downstreams: Records
    windows: Records
    uses: Records
    """By function: each has its part."""
    call_numbers: NDArray[np.int64]
    """By function: which calls it makes, one after the other."""
    callees: Records
    called_rows: Records


def initial_holds(plan: Plan) -> Holds:
    """Return the downstreams and calls of an account at time 0, of whose requests none is drawn."""
    spec = plan.account
    states = [DownstreamState(own) for own in spec.downstreams]
    databases = [DatabaseState() for _ in states]
    downstreams = records_of(DOWNSTREAM, spec.downstreams, [state.bucket for state in states], databases)
    downstreams["permille"] = [state.permille for state in states]
    downstreams["windows"] = [len(own.slowdowns) for own in spec.downstreams]
    downstreams["first_window"] = np.cumsum(downstreams["windows"]) - downstreams["windows"]
    downstreams["takes_turns"] = [own.takes_turns for own in spec.downstreams]
    downstreams["first_waiting"] = downstreams["last_waiting"] = -1
    are_kept = (downstreams["connections"] > 0) | (downstreams["has_pool"] > 0)
    downstreams["bit"] = np.where(are_kept, np.cumsum(are_kept) - 1, -1)
    windows = [window for own in spec.downstreams for window in own.slowdowns]
    functions = [own for own in spec.functions if own.uses or own.calls]
    callees, rows = _callees(spec, functions, plan.made_by("call"))
    return Holds(
        downstreams,
        records_of(WINDOW, windows),
        records_of(USE, [use for function in functions for use in function.uses]),
        np.array([call.number for function in functions for call in function.calls], np.int64),
        callees,
        np.zeros(rows, CALLED_ROW),
    )


def _callees(spec: AccountSpec, functions: Sequence[FunctionSpec], series: Sequence[Series]) -> tuple[Records, int]:
    """Return the calls of an account's ``functions``, and how many rows are drawn ahead for all of them."""
    calls = {call.number: call for function in functions for call in function.calls}
    callees = records_of(CALLEE, [calls.get(number, CallSpec(number)) for number in range(len(series))])
    for own, requests in zip(callees, series, strict=True):
        own["load"], own["function"] = requests.load, requests.function
        own["count_key"] = requests.key("call-count")
        route(own, requests, spec.aliases)
    rows = callees["versions"] * CALLED_ROWS
    callees["block"], callees["first_drawn"] = -1, np.cumsum(rows) - rows
    return callees, int(rows.sum())
