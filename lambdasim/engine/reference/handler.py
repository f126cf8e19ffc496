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
from lambdasim.model.downstream import RATES, DownstreamState, UseSpec, slowed_ns, used_ns
from lambdasim.model.environment import Environment
from lambdasim.model.events import NEVER_NS, EventRank, Status, request_key
from lambdasim.model.function import FunctionState
from lambdasim.model.losses import is_cut
from lambdasim.model.spec import AccountSpec
from lambdasim.model.start import resets
from lambdasim.plan import Request, Series
from lambdasim.records import SourceMetric

INVOKE_END = int(EventRank.INVOKE_END)
SUCCESS, ERROR, TIMEOUT, LOST = int(Status.SUCCESS), int(Status.ERROR), int(Status.TIMEOUT), int(Status.LOST)

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
        if self._pools:  # whose connections come back as they expire, and which handlers leave at any time
            clock.expire = self._expire
        self._databases = {
            index: Database(clock, records, index, state)
            for index, state in enumerate(self._downstreams)
            if state.spec.takes_turns
        }

    def handle(
        self, function: FunctionState, environment: Environment, request: Request, duration_ns: int, status: int
    ) -> Generator[Event, object, tuple[int, int]]:
        """Run the handler of a request, which by itself would take ``duration_ns`` and end with ``status``.

        Return what it took and how it ended.
        """
        clock, spec = self._clock, function.spec
        began_ns = clock.now_ns
        lost_ns = self._lost_ns(environment, began_ns)
        if any(use.downstream in self._databases for use in spec.uses):
            duration_ns, status = yield from self._in_turn(function, environment, duration_ns, status, lost_ns)
            if status == TIMEOUT and clock.now_ns + duration_ns >= lost_ns:
                status = LOST
        elif status != TIMEOUT:
            duration_ns, status = self._used(function, environment, duration_ns, status)
        if clock.now_ns + duration_ns > lost_ns:
            duration_ns, status = lost_ns - clock.now_ns, LOST
        yield clock.after(duration_ns, INVOKE_END, environment.number)
        if status == SUCCESS:
            for call in spec.calls:
                u24 = rules.jitter24(self._count_keys[call.number], request.request)
                for _ in range(calls.times(call, u24)):
                    answer = Signal(clock)
                    clock.start(self._call(call.number, request.chain_depth, answer))
                    left_ns = calls.left_ns(spec.timeout_ns, began_ns, clock.now_ns)
                    left_ns = min(left_ns, lost_ns - clock.now_ns)
                    if not (yield from clock.within(answer, left_ns, INVOKE_END, environment.number)):
                        status = LOST if clock.now_ns == lost_ns else TIMEOUT
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
                self._records.sample((-1 - use.downstream, SourceMetric.REFUSALS, self._clock.now_ns, 1))

    def ended(self, environment: Environment, at_ns: int) -> None:
        """Take back all connections of an environment that ended at ``at_ns``, or was reset then."""
        for index, downstream in enumerate(self._downstreams):
            if downstream.disconnect(environment.number):
                self._records.sample((-1 - index, SourceMetric.CONNECTIONS, at_ns, -1))
        for own in self._databases.values():
            own.ended(environment, at_ns)

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
        self, function: FunctionState, environment: Environment, duration_ns: int, status: int, lost_ns: int
    ) -> Generator[Event, object, tuple[int, int]]:
        """Use downstreams one after the other, where others may have to be waited for.

        Return what the handler still takes after that, and how it will end.
        """
        clock, spec = self._clock, function.spec
        began_ns, own_ns, ends = clock.now_ns, duration_ns, status
        stops_ns = min(began_ns + spec.timeout_ns, lost_ns)
        for use in spec.uses:
            downstream, now = self._downstreams[use.downstream], clock.now_ns
            own = self._databases.get(use.downstream)
            if own is None:
                if not self._takes(use, environment):
                    return calls.ended_by(stops_ns - now, downstream.spec.fail_ns, ERROR)
                own_ns = used_ns(use, downstream.spec.slowdowns, downstream.permille, now, own_ns)
                continue
            if not (yield from self._enters(own, use, environment, stops_ns)):
                if clock.now_ns >= stops_ns:
                    return 0, TIMEOUT
                self._records.sample((-1 - use.downstream, SourceMetric.REFUSALS, clock.now_ns, 1))
                return calls.ended_by(stops_ns - clock.now_ns, downstream.spec.fail_ns, ERROR)
            spent_ns = duration_ns * use.permille // 1_000
            own_ns -= spent_ns
            slowed = slowed_ns(downstream.spec.slowdowns, downstream.permille, clock.now_ns, spent_ns)
            takes_ns = own.begin(slowed)
            left_ns = max(stops_ns - clock.now_ns, 0)
            yield clock.after(min(takes_ns, left_ns), INVOKE_END, environment.number)
            own.end(environment)
            if takes_ns > left_ns:
                return 0, TIMEOUT
        return calls.ended_by(max(stops_ns - clock.now_ns, 0), max(own_ns, 0), ends)

    def _enters(
        self, own: Database, use: UseSpec, environment: Environment, stops_ns: int
    ) -> Generator[Event, object, bool]:
        """Give an environment a connection to a database, as soon as there is one; say whether it has one."""
        clock, downstream = self._clock, self._downstreams[use.downstream]
        if downstream.is_down:
            return False
        if own.has_pool:
            if not (yield from own.borrow(environment, stops_ns - clock.now_ns)):
                return False
            if clock.now_ns >= stops_ns:
                own.begin(0)
                own.end(environment)
            return clock.now_ns < stops_ns
        held = downstream.connections
        if not self._connect(use.downstream, environment):
            return False
        if downstream.connections > held and (wait_ns := own.connect_ns()) > 0:
            yield clock.after(min(wait_ns, stops_ns - clock.now_ns), INVOKE_END, environment.number)
        return clock.now_ns < stops_ns

    def _takes(self, use: UseSpec, environment: Environment) -> bool:
        """Say whether a downstream that nobody waits for takes an invocation."""
        downstream, now = self._downstreams[use.downstream], self._clock.now_ns
        if downstream.is_down or not self._connect(use.downstream, environment) or not downstream.call(now, use.calls):
            self._records.sample((-1 - use.downstream, SourceMetric.REFUSALS, now, 1))
            return False
        return True

    def _used(
        self, function: FunctionState, environment: Environment, duration_ns: int, status: int
    ) -> tuple[int, int]:
        """Return what a handler takes and how it ends, given what it uses of downstreams as it begins."""
        spec, now = function.spec, self._clock.now_ns
        for use in spec.uses:
            downstream = self._downstreams[use.downstream]
            if not self._takes(use, environment):
                duration_ns, status = downstream.spec.fail_ns, ERROR
                break
            duration_ns = used_ns(use, downstream.spec.slowdowns, downstream.permille, now, duration_ns)
        return calls.ended_by(spec.timeout_ns, duration_ns, status)

    def _connect(self, index: int, environment: Environment) -> bool:
        """Give an environment a connection unless it has one; say whether it has one now."""
        downstream = self._downstreams[index]
        before = downstream.connections
        connected = downstream.connect(environment.number)
        if downstream.connections != before:
            self._records.sample((-1 - index, SourceMetric.CONNECTIONS, self._clock.now_ns, 1))
        return connected

    def _expire(self, through_ns: int) -> None:
        for pool in self._pools:
            pool.expire(through_ns)

    def _call(self, number: int, chain_depth: int, answer: Signal) -> Process:
        """Make a call of an account, and tell of its end."""
        (series, rows), made = self._called[number], self._made[number]
        self._made[number] += 1
        yield self._clock.after(0, EventRank.ARRIVAL, request_key(series.load, made))
        row = rows.row(made, self._place(series, made))
        answer.fire((yield from self._ask(Request(arrival_ns=self._clock.now_ns, chain_depth=chain_depth, **row))))
