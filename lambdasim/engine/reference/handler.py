"""What a handler does that takes a time nobody knows beforehand: it uses downstreams and calls other functions.

While it waits for an answer, its invocation runs on, is billed, and holds its concurrency.
"""

from collections.abc import Callable, Generator, Sequence

from simpy.events import Event

from lambdasim.engine.reference.clock import Clock, Process, Signal
from lambdasim.engine.reference.recorder import Recorder
from lambdasim.model import calls, rules
from lambdasim.model.downstream import DownstreamState, used_ns
from lambdasim.model.environment import Environment
from lambdasim.model.events import EventRank, Status
from lambdasim.model.function import FunctionState
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
    ) -> None:
        """``called`` has the requests of each call of the account."""
        self._clock = clock
        self._functions = functions
        self._records = records
        self._ask = ask
        self._called = [series.open() for series in called]
        self._count_keys = [series.key("call-count") for series in called]
        self._made = [0] * len(called)
        self._downstreams = [DownstreamState(downstream) for downstream in spec.downstreams]
        self._pools = [function.on_demand for function in functions if function.has_blocking_calls]
        if self._pools:  # whose connections come back as they expire, and which handlers leave at any time
            clock.expire = self._expire

    def handle(
        self, function: FunctionState, environment: Environment, request: Request, duration_ns: int, status: int
    ) -> Generator[Event, object, tuple[int, int]]:
        """Run the handler of a request, which by itself would take ``duration_ns`` and end with ``status``.

        Return what it took and how it ended.
        """
        clock, spec = self._clock, function.spec
        began_ns = clock.now_ns
        if status != TIMEOUT:
            duration_ns, status = self._used(function, environment, duration_ns, status)
        yield clock.after(duration_ns, INVOKE_END, environment.number)
        if status == SUCCESS:
            for call in spec.calls:
                u24 = rules.jitter24(self._count_keys[call.number], request.request)
                for _ in range(calls.times(call, u24)):
                    answer = Signal(clock)
                    clock.start(self._call(call.number, request.chain_depth, answer))
                    left_ns = calls.left_ns(spec.timeout_ns, began_ns, clock.now_ns)
                    if not (yield from clock.within(answer, left_ns, INVOKE_END, environment.number)):
                        status = TIMEOUT
                        break
                    status = calls.answered(call, answer.value)  # type: ignore[arg-type]
                    if status != SUCCESS:
                        break
                if status != SUCCESS:
                    break
        if resets(status):
            self.ended(environment, clock.now_ns)
        return clock.now_ns - began_ns, status

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

    def slow(self, downstream: int, permille: int) -> None:
        """Let what takes 1,000 in a downstream take ``permille`` from now on."""
        self._downstreams[downstream].permille = permille

    def _used(
        self, function: FunctionState, environment: Environment, duration_ns: int, status: int
    ) -> tuple[int, int]:
        """Return what a handler takes and how it ends, given what it uses of downstreams as it begins."""
        spec, now = function.spec, self._clock.now_ns
        for use in spec.uses:
            downstream = self._downstreams[use.downstream]
            if not self._connect(use.downstream, environment) or not downstream.call(now, use.calls):
                self._records.sample((-1 - use.downstream, SourceMetric.REFUSALS, now, 1))
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
        row = self._called[number].row(self._made[number])
        self._made[number] += 1
        yield self._clock.after(0, EventRank.ARRIVAL, row["request"])
        answer.fire((yield from self._ask(Request(arrival_ns=self._clock.now_ns, chain_depth=chain_depth, **row))))
