"""What a handler does that takes a time nobody knows beforehand: it uses downstreams and calls other functions.

While it waits for an answer, its invocation runs on, is billed, and holds its concurrency.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

from simpy.events import Event

from lambdasim.engine.reference.clock import Clock, Process, Signal
from lambdasim.engine.reference.databases import Database
from lambdasim.engine.reference.recorder import Recorder
from lambdasim.model import calls, rules
from lambdasim.model.control import Control
from lambdasim.model.downstream import RATES, DownstreamState, UseSpec, slowed_ns, spent_in, used_ns
from lambdasim.model.environment import Environment
from lambdasim.model.events import NEVER_NS, EventRank, Status, request_key
from lambdasim.model.function import FunctionState
from lambdasim.model.losses import is_cut
from lambdasim.model.spec import AccountSpec
from lambdasim.model.start import resets
from lambdasim.plan import Request, Series
from lambdasim.records import SourceMetric

INVOKE_END = int(EventRank.INVOKE_END)
SUCCESS, ERROR, TIMEOUT = int(Status.SUCCESS), int(Status.ERROR), int(Status.TIMEOUT)

Ask = Callable[[Request], Generator[Event, object, int]]
"""Sends a synchronous request and returns the status of its last attempt."""


class Handlers:
    """The handlers of an account that wait for others."""

    def __init__(
        self,
        clock: Clock,
        spec: AccountSpec,
        functions: Sequence[FunctionState],
        records: Recorder,
        ask: Ask,
        called: Sequence[Series],
        place: Callable[[Series, int], int],
    ) -> None:
        """``called`` has the requests of each call of the account, ``place`` says to which version each goes."""
        self._clock = clock
        self._losses = spec.losses
        self._functions = functions
        self._records = records
        self._ask = ask
        self._called, self._place = [(series, series.open()) for series in called], place
        self._count_keys = [series.key("call-count") for series in called]
        self._made = [0] * len(called)
        self._downstreams = [DownstreamState(downstream) for downstream in spec.downstreams]
        self._pools = [function.on_demand for function in functions if function.has_blocking_calls]
        self._does_let_in = False
        """Whether an environment that ended has left a connection to somebody who waited."""
        self._databases = {
            index: Database(clock, records, index, state)
            for index, state in enumerate(self._downstreams)
            if state.spec.takes_turns
        }
        if self._pools:  # whose connections come back as they expire, and which handlers leave at any time
            keeps = any(own.keeps for own in self._databases.values())
            clock.expire = self._expire_in_turn if keeps else self._expire

    def handle(
        self, function: FunctionState, environment: Environment, request: Request, duration_ns: int, status: int
    ) -> Generator[Event, object, tuple[int, int]]:
        """Run the handler of a request, which by itself would take ``duration_ns`` and end with ``status``.

        Return what it took and how it ended.
        """
        clock, spec = self._clock, function.spec
        began_ns = clock.now_ns
        limits = stops_ns, stopped = calls.stops(spec.timeout_ns, began_ns, self._lost_ns(environment, began_ns))
        if any(use.downstream in self._databases for use in spec.uses):
            duration_ns, status = yield from self._in_turn(function, environment, duration_ns, status, limits)
        else:
            duration_ns, status = self._used(function, environment, duration_ns, status, limits)
        yield clock.after(duration_ns, INVOKE_END, environment.number)
        if status == SUCCESS:
            for call in spec.calls:
                u24 = rules.jitter24(self._count_keys[call.number], request.request)
                for _ in range(calls.times(call, u24)):
                    answer = Signal(clock)
                    clock.start(self._call(call.number, request.chain_depth, answer))
                    left_ns = stops_ns - clock.now_ns
                    if not (yield from clock.within(answer, left_ns, INVOKE_END, environment.number)):
                        status = stopped
                        break
                    status = calls.answered(call, answer.value)  # type: ignore[arg-type]
                    if status != SUCCESS:
                        break
                if status != SUCCESS:
                    break
        if resets(status):
            self.ended(environment, clock.now_ns)
        return clock.now_ns - began_ns, status

    def _lost_ns(self, environment: Environment, now: int) -> int:
        """Return when an environment is lost that serves from now on."""
        for loss in self._losses:
            if is_cut(loss, now, NEVER_NS, rules.fault_u24(loss.key, environment.number, 0)):
                return loss.at_ns
        return NEVER_NS

    def ready(self, function: FunctionState, environment: Environment) -> None:
        """Open the connections that an environment of provisioned concurrency opens as it initialises."""
        for use in function.spec.uses:
            if use.connects_in_init and not self._connect(use.downstream, environment):
                self._refuse(use.downstream)

    def ended(self, environment: Environment, at_ns: int) -> None:
        """Take back all connections of an environment that ended at ``at_ns``, or was reset then."""
        for index, downstream in enumerate(self._downstreams):
            if downstream.disconnect(environment.number):
                self._records.sample((-1 - index, SourceMetric.CONNECTIONS, at_ns, -1))
        for own in self._databases.values():
            self._does_let_in |= own.ended(environment, at_ns)

    def change(self, kind: Control, downstream: int, value: int) -> None:
        """Let a downstream be slower or faster, down or up, or of another size from now on."""
        state = self._downstreams[downstream]
        if kind == Control.SLOWDOWN:
            state.permille = value
        elif kind == Control.DOWN:
            state.is_down = bool(value)
        elif kind in RATES:
            state.change_rate(kind, value, self._clock.now_ns)
        else:
            state.spec = replace(state.spec, connections=value)
            if downstream in self._databases:
                self._databases[downstream].resized()

    def _in_turn(
        self, function: FunctionState, environment: Environment, duration_ns: int, status: int, limits: tuple[int, int]
    ) -> Generator[Event, object, tuple[int, int]]:
        """Use downstreams one after the other, where others may have to be waited for.

        Return what the handler still takes after that, and how it will end.
        """
        clock, own_ns, (stops_ns, stopped) = self._clock, duration_ns, limits
        for use in function.spec.uses:
            downstream = self._downstreams[use.downstream]
            spec, own = downstream.spec, self._databases.get(use.downstream)
            if own is None:
                if not self._takes(use, environment):
                    return calls.ended_by(stops_ns - clock.now_ns, stopped, spec.fail_ns, ERROR)
                own_ns = used_ns(use, spec.slowdowns, downstream.permille, clock.now_ns, own_ns)
                continue
            entered = yield from self._enters(own, use.downstream, environment, stops_ns)
            if clock.now_ns >= stops_ns:
                if entered:
                    own.leave(environment)
                return 0, stopped
            if not entered:
                self._refuse(use.downstream)
                return calls.ended_by(stops_ns - clock.now_ns, stopped, spec.fail_ns, ERROR)
            spent_ns = spent_in(use, duration_ns)
            own_ns -= spent_ns
            takes_ns = own.begin(slowed_ns(spec.slowdowns, downstream.permille, clock.now_ns, spent_ns))
            left_ns = stops_ns - clock.now_ns
            yield clock.after(min(takes_ns, left_ns), INVOKE_END, environment.number)
            own.end(environment)
            if takes_ns > left_ns:
                return 0, stopped
        return calls.ended_by(stops_ns - clock.now_ns, stopped, max(own_ns, 0), status)

    def _enters(
        self, own: Database, index: int, environment: Environment, stops_ns: int
    ) -> Generator[Event, object, bool]:
        """Give an environment a connection to a database, as soon as there is one; say whether it has one."""
        downstream = self._downstreams[index]
        if downstream.is_down:
            return False
        if own.has_pool:
            return (yield from own.borrow(environment, stops_ns))
        held = downstream.connections
        if not self._connect(index, environment):
            return False
        if downstream.connections > held:
            yield from own.opens(own.connect_ns(), environment, stops_ns)
        return True

    def _takes(self, use: UseSpec, environment: Environment) -> bool:
        """Say whether a downstream that nobody waits for takes an invocation."""
        downstream, now = self._downstreams[use.downstream], self._clock.now_ns
        if downstream.is_down or not self._connect(use.downstream, environment) or not downstream.call(now, use.calls):
            self._refuse(use.downstream)
            return False
        return True

    def _refuse(self, index: int) -> None:
        """Count what a downstream refuses now."""
        self._records.sample((-1 - index, SourceMetric.REFUSALS, self._clock.now_ns, 1))

    def _used(
        self, function: FunctionState, environment: Environment, duration_ns: int, status: int, limits: tuple[int, int]
    ) -> tuple[int, int]:
        """Return what a handler takes and how it ends, given what it uses of downstreams as it begins."""
        now = self._clock.now_ns
        for use in function.spec.uses if status != TIMEOUT else ():
            downstream = self._downstreams[use.downstream]
            if not self._takes(use, environment):
                duration_ns, status = downstream.spec.fail_ns, ERROR
                break
            duration_ns = used_ns(use, downstream.spec.slowdowns, downstream.permille, now, duration_ns)
        stops_ns, stopped = limits
        return calls.ended_by(stops_ns - now, stopped, duration_ns, status)

    def _connect(self, index: int, environment: Environment) -> bool:
        """Give an environment a connection unless it has one; say whether it has one now."""
        downstream = self._downstreams[index]
        before = downstream.connections
        connected = downstream.connect(environment.number)
        if downstream.connections != before:
            self._records.sample((-1 - index, SourceMetric.CONNECTIONS, self._clock.now_ns, 1))
        return connected

    def _expire(self, through_ns: int) -> bool:
        for pool in self._pools:
            pool.expire(through_ns)
        return False

    def _expire_in_turn(self, through_ns: int) -> bool:
        """Let idle environments expire one by one, in their order, until somebody goes on whom that lets in."""
        self._does_let_in = False
        while not self._does_let_in:
            (at_ns, _, _), index = min((pool.upcoming(), index) for index, pool in enumerate(self._pools))
            if at_ns > through_ns:
                break
            self._clock.turn_to(at_ns)
            self._pools[index].end_upcoming()
        return self._does_let_in

    def _call(self, number: int, chain_depth: int, answer: Signal) -> Process:
        """Make a call of an account, and tell of its end."""
        (series, rows), made = self._called[number], self._made[number]
        self._made[number] += 1
        yield self._clock.after(0, EventRank.ARRIVAL, request_key(series.load, made))
        row = rows.row(made, self._place(series, made))
        answer.fire((yield from self._ask(Request(arrival_ns=self._clock.now_ns, chain_depth=chain_depth, **row))))
