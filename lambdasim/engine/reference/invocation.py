"""A synchronous request, from its arrival to the freeze of its environment, with its caller's retries.

This is the file to open first: it tells the story and decides nothing. Who gets an environment is
``model/function.py``, AWS's numbers are ``model/rules.py``, the columns of a row are ``records.py``.
"""

from typing import NamedTuple

from lambdasim.engine.reference.clock import Clock, Process
from lambdasim.engine.reference.recorder import Recorder
from lambdasim.model import rules
from lambdasim.model.account import AccountState
from lambdasim.model.client import ClientState
from lambdasim.model.environment import Refusal
from lambdasim.model.events import LOAD_SHIFT, EventRank, StartKind, Status
from lambdasim.model.function import FunctionState
from lambdasim.plan import Request

# plain integers: an enum member costs several times as much to compare and to pass on, and this is the hot path
INIT_END, INVOKE_END, RETRY = int(EventRank.INIT_END), int(EventRank.INVOKE_END), int(EventRank.RETRY)
WARM, SUPPRESSED_INIT = int(StartKind.WARM), int(StartKind.SUPPRESSED_INIT)
THROTTLED, IN_FLIGHT = int(Status.THROTTLED), int(Status.IN_FLIGHT)
SEQUENCE_MASK = (1 << LOAD_SHIFT) - 1


class Caller(NamedTuple):
    """Who sends a load's requests: how it retries, and the key of its jitter."""

    state: ClientState
    jitter_key: int


class Invocations:
    """The family of synchronous requests of one account."""

    def __init__(
        self,
        clock: Clock,
        account: AccountState,
        functions: list[FunctionState],
        callers: list[Caller],
        records: Recorder,
        horizon_ns: int,
    ) -> None:
        self._clock = clock
        self._account = account
        self._functions = functions
        self._callers = callers
        self._records = records
        self._horizon_ns = horizon_ns

    def request(self, request: Request) -> Process:
        """Ask until an environment is granted or the caller gives up; then run."""
        clock, function = self._clock, self._functions[request.function]
        caller = self._callers[request.request >> LOAD_SHIFT]
        first_arrival_ns = now = clock.now_ns
        attempt = 0
        while isinstance(grant := function.acquire(now, request.pick, request.lifetime_ns), Refusal):
            delay_ns = self._retry_delay_ns(caller, request, attempt, now)
            self._records.invocation(
                (request.request, attempt, request.function, first_arrival_ns, now, THROTTLED, grant.reason,
                 delay_ns is None, -1, 0, 0, 0, 0, 0, -1, *self._levels(function))
            )  # fmt: skip
            if delay_ns is None:
                return
            yield clock.after(delay_ns, RETRY, request.request)
            now += delay_ns
            attempt += 1

        placement_ns, init_ns, duration_ns, status = function.serve(
            grant, now, request.placement_ns, request.init_ns, request.duration_ns, request.outcome
        )
        end_ns = now + placement_ns + init_ns + duration_ns
        levels = self._levels(function)
        if end_ns >= self._horizon_ns:
            self._records.invocation(
                (request.request, attempt, request.function, first_arrival_ns, now, IN_FLIGHT, 0,
                 1, grant.number, grant.provisioned, grant.start, 0, 0, 0, -1, *levels)
            )  # fmt: skip
        if grant.start != WARM and grant.start != SUPPRESSED_INIT:
            yield clock.after(placement_ns + init_ns, INIT_END, grant.number)
        yield clock.after(duration_ns, INVOKE_END, grant.number)
        function.release(grant, end_ns, status, request.idle_timeout_ns, request.surplus_idle_timeout_ns)
        if caller.state.has_quota:
            caller.state.answered(request.request & SEQUENCE_MASK, attempt)
        self._records.invocation(
            (request.request, attempt, request.function, first_arrival_ns, now, status, 0,
             1, grant.number, grant.provisioned, grant.start, placement_ns, init_ns, duration_ns, end_ns, *levels)
        )  # fmt: skip

    def _retry_delay_ns(self, caller: Caller, request: Request, attempt: int, now: int) -> int | None:
        """Return the wait before the next attempt; None when the caller gives up or the simulation ends before it."""
        if not caller.state.retries:
            return None
        sequence = request.request & SEQUENCE_MASK
        jitter = rules.jitter24(caller.jitter_key, rules.jitter_index(sequence, attempt))
        delay_ns = caller.state.retry_delay_ns(sequence, attempt, jitter)
        return None if delay_ns is None or now + delay_ns >= self._horizon_ns else delay_ns

    def _levels(self, function: FunctionState) -> tuple[int, int, int, int, int, int]:
        """Return the concurrency columns of a row, as they stand now."""
        account = self._account
        return (
            function.concurrency,
            function.provisioned_concurrency,
            account.unreserved,
            account.executing,
            account.claimed,
            function.on_demand.size + function.provisioned.size,
        )
