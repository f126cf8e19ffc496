"""One invocation: admission, init, handler, and the freeze of its environment; and the caller of a synchronous one.

This is the file to open first: it tells the story and decides nothing. Who gets an environment is
``model/function.py``, AWS's numbers are ``model/rules.py``, the columns of a row are ``records.py``. What else
invokes functions (queues, streams, gateways, ...) is told in the other files of this folder, and runs through
:meth:`Invocations.admit` and :meth:`Invocations.execute` too.
"""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, NamedTuple

from simpy.events import Event

from lambdasim.engine.reference.clock import Clock
from lambdasim.engine.reference.recorder import Recorder
from lambdasim.model import rules
from lambdasim.model.account import AccountState, fails
from lambdasim.model.client import ClientState, trouble_of
from lambdasim.model.environment import Environment
from lambdasim.model.events import LOAD_SHIFT, EventRank, StartKind, Status, ThrottleReason
from lambdasim.model.function import FunctionState
from lambdasim.model.losses import Loss, cut, is_cut
from lambdasim.model.rules import fault_u24, suffered
from lambdasim.model.start import serve
from lambdasim.plan import Request

if TYPE_CHECKING:
    from lambdasim.engine.reference.handler import Handlers

# plain integers: an enum member costs several times as much to compare and to pass on, and this is the hot path
INIT_END, INVOKE_END, RETRY = int(EventRank.INIT_END), int(EventRank.INVOKE_END), int(EventRank.RETRY)
WARM, SUPPRESSED_INIT = int(StartKind.WARM), int(StartKind.SUPPRESSED_INIT)
THROTTLED, IN_FLIGHT, LOST = int(Status.THROTTLED), int(Status.IN_FLIGHT), int(Status.LOST)
SERVICE = int(ThrottleReason.SERVICE)
SEQUENCE_MASK = (1 << LOAD_SHIFT) - 1

Execution = Generator[Event, object, int]
"""A story that returns the status it comes to."""

OnEnd = Callable[[Request, int], None]
"""Called with the request of an execution that has ended, and its status."""


class Caller(NamedTuple):
    """Who sends a load's requests: how it retries, and the key of its jitter."""

    state: ClientState
    jitter_key: int


class Invocations:
    """All invocations of one account, whoever makes them."""

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
        self.callers = callers
        """By load."""
        self._records = records
        self._horizon_ns = horizon_ns
        self._open: dict[int, tuple[int, ...]] = {}  # rows of those that wait for others, by environment
        self.listeners: list[OnEnd] = []
        """Who is told of every execution that ends."""
        self.handlers: Handlers
        """Set before the first invocation, if any function waits for others."""

    def request(self, request: Request) -> Execution:
        """Ask until an environment is granted or the caller gives up; then run. Return the last attempt's status."""
        clock = self._clock
        caller = self.callers[request.request >> LOAD_SHIFT]
        first_arrival_ns = now = clock.now_ns
        attempt = 0
        while isinstance(grant := self.admit(request, attempt=attempt), int):
            delay_ns = self._retry_delay_ns(caller, request, attempt, now, trouble_of(grant))
            self.refused(request, attempt, first_arrival_ns, grant, delay_ns is None)
            if delay_ns is None:
                return THROTTLED
            yield clock.after(delay_ns, RETRY, request.request)
            now += delay_ns
            attempt += 1
        status = yield from self.execute(grant, request, attempt, first_arrival_ns)
        if caller.state.spec.quota:
            caller.state.answered(request.request & SEQUENCE_MASK, attempt)
        return status

    def finish(self) -> None:
        """Write the rows of executions whose end the simulation does not reach, and did not know beforehand."""
        for row in self._open.values():
            self._records.invocation(row)

    def admit(self, request: Request, metered: bool = True, attempt: int = 0) -> Environment | int:
        """Ask for an environment, now; ``metered`` unless the quotas of requests per second do not apply."""
        account, function = self._account, self._functions[request.function]
        if account.service_errors_q24 and fails(account, fault_u24(account.spec.service_key, request.request, attempt)):
            function.on_demand.expire(self._clock.now_ns)  # which its row tells of
            return SERVICE
        return function.acquire(self._clock.now_ns, request.pick, request.lifetime_ns, metered)

    def refused(self, request: Request, attempt: int, first_arrival_ns: int, reason: int, final: bool) -> None:
        """Write the row of an attempt that was throttled now."""
        function = self._functions[request.function]
        self._records.invocation(
            (request.request, attempt, request.function, first_arrival_ns, self._clock.now_ns, THROTTLED,
             reason, final, -1, 0, 0, 0, 0, 0, -1, *self._levels(function))
        )  # fmt: skip

    def execute(
        self,
        grant: Environment,
        request: Request,
        attempt: int,
        first_arrival_ns: int,
        is_final: Callable[[int], bool] | None = None,
    ) -> Execution:
        """Run a request that was granted an environment now, until that is free again; return its status.

        ``is_final`` says, given the status, whether the caller will not try again; without it, it never does.
        """
        clock, function = self._clock, self._functions[request.function]
        now, outcome = clock.now_ns, request.outcome
        if function.fault_q24:
            drawn = fault_u24(function.spec.fault_key, request.request, attempt)
            outcome = suffered(outcome, function.fault_q24, drawn)
        u24 = fault_u24(function.spec.ahead_key, request.request, attempt) if function.spec.ahead_q24 else 0
        start, placement_ns, init_ns, duration_ns, status = serve(
            function.spec, function, grant, grant.provisioned, now, request.placement_ns, request.init_ns,
            request.duration_ns, outcome, u24,
        )  # fmt: skip
        end_ns = now + placement_ns + init_ns + duration_ns
        blocks = function.has_blocking_calls
        lost = self._loss(grant, now, now + placement_ns + init_ns if blocks else end_ns)
        if lost is not None:
            placement_ns, init_ns, duration_ns = cut(lost, grant, now, placement_ns, init_ns)
            end_ns, status, blocks = lost.at_ns, LOST, False
        levels = self._levels(function)
        if blocks or end_ns >= self._horizon_ns:
            in_flight = (
                request.request, attempt, request.function, first_arrival_ns, now, IN_FLIGHT, 0,
                1, grant.number, grant.provisioned, start, 0, 0, 0, -1, *levels
            )  # fmt: skip
            if blocks:
                self._open[grant.number] = in_flight
            else:
                self._records.invocation(in_flight)
        if start != WARM and start != SUPPRESSED_INIT:
            yield clock.after(placement_ns + init_ns, INIT_END, grant.number)
        if blocks:
            duration_ns, status = yield from self.handlers.handle(function, grant, request, duration_ns, status)
            end_ns = clock.now_ns
            del self._open[grant.number]
        else:
            yield clock.after(duration_ns, INVOKE_END, grant.number)
        function.release(grant, end_ns, status, request.idle_timeout_ns, request.surplus_idle_timeout_ns)
        final = is_final is None or is_final(status)
        self._records.invocation(
            (request.request, attempt, request.function, first_arrival_ns, now, status, 0,
             final, grant.number, grant.provisioned, start, placement_ns, init_ns, duration_ns, end_ns, *levels)
        )  # fmt: skip
        for told in self.listeners:
            told(request, status)
        return status

    def _loss(self, environment: Environment, began_ns: int, end_ns: int) -> Loss | None:
        """Return the loss that an execution is cut off by; None for none."""
        for loss in self._account.spec.losses:
            if is_cut(loss, began_ns, end_ns, fault_u24(loss.key, environment.number, 0)):
                return loss
        return None

    def _retry_delay_ns(self, caller: Caller, request: Request, attempt: int, now: int, trouble: int) -> int | None:
        """Return the wait before the next attempt; None when the caller gives up or the simulation ends before it."""
        if caller.state.spec.max_attempts == 1:
            return None
        sequence = request.request & SEQUENCE_MASK
        jitter = rules.jitter24(caller.jitter_key, rules.jitter_index(sequence, attempt))
        delay_ns = caller.state.retry_delay_ns(sequence, attempt, jitter, trouble)
        return None if delay_ns is None or now + delay_ns >= self._horizon_ns else delay_ns

    def _levels(self, function: FunctionState) -> tuple[int, ...]:
        """Return the concurrency columns of a row, as they stand now."""
        account = self._account
        return (
            function.shared.concurrency,
            function.executing,
            function.provisioned_concurrency,
            account.unreserved,
            account.executing,
            account.claimed,
            *function.alive(self._clock.now_ns),
            function.allocated,
        )
