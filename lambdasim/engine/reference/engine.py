"""The SimPy engine: it supports everything, chunk by chunk."""

from collections.abc import Callable, Iterable
from typing import Final

from lambdasim.engine.reference.arrivals import open_loop, virtual_user
from lambdasim.engine.reference.clock import Clock
from lambdasim.engine.reference.control import ControlTable
from lambdasim.engine.reference.handler import Handlers
from lambdasim.engine.reference.invocation import Caller, Invocations
from lambdasim.engine.reference.links import Links
from lambdasim.engine.reference.policies import PolicyRun
from lambdasim.engine.reference.recorder import Recorder
from lambdasim.engine.reference.simulation import Simulation, Versions
from lambdasim.engine.reference.sources import open_sources
from lambdasim.model.account import AccountState
from lambdasim.model.client import ClientState
from lambdasim.model.control import Change, to_come
from lambdasim.model.environment import Environment
from lambdasim.model.events import NEVER_NS
from lambdasim.model.function import FunctionState, function_states
from lambdasim.model.spec import NO_RETRY
from lambdasim.plan import Plan, PlanChunk
from lambdasim.records import RecordChunk, RecordTable

DRAINED_EVENTS: Final = 50_000
"""So many are let happen at a time once the loads have ended, about as many as those of a chunk."""
SEEN_EVENTS: Final = 1_000
"""After so many of them who watches sees what became known: each may end a batch of 10,000 messages."""


class ReferenceEngine:
    """One simulation of an account. Feed it the chunks of its plan with :meth:`advance`, then :meth:`finish`."""

    def __init__(self, plan: Plan, policies: PolicyRun | None = None) -> None:
        """``policies`` are those of the user's own."""
        spec = plan.account
        self._clock = clock = Clock()
        self._horizon_ns = horizon_ns = plan.horizon_ns
        self._through_ns = -1  # all has happened that happens at this time or before
        self._records = records = Recorder()
        account = AccountState(spec)
        make = FunctionState if policies is None else policies.states()
        self._functions = function_states(account, self._environment_ended, self._environment_ready, make)
        clients = (*spec.clients, *[NO_RETRY] * (len(plan.series) - len(spec.clients)))
        callers = [
            Caller(ClientState(client), series.key("client-jitter"))
            for client, series in zip(clients, plan.series, strict=True)
        ]
        invocations = Invocations(clock, account, self._functions, callers, records, horizon_ns)
        made = plan.made_by("source")
        self._simulation = Simulation(clock, account, self._functions, invocations, records, made, horizon_ns)
        self._simulation.versions = versions = Versions(spec.aliases)
        called = plan.made_by("call")
        self._handlers = Handlers(clock, spec, self._functions, records, invocations.request, called, versions.place)
        invocations.handlers = self._handlers
        open_sources(self._simulation)
        self._simulation.links = Links(self._simulation, plan.series)
        self._control = ControlTable(self._simulation, self._handlers, plan.control)
        for loop in plan.closed_loops:
            series = plan.series[loop.load]
            rows = loop.open(series)
            for user in range(loop.vus):
                clock.start(virtual_user(self._simulation, loop, series, rows, user))

    def advance(self, chunk: PlanChunk) -> RecordChunk:
        """Let everything happen that happens before ``chunk.until_ns``; return what became known."""
        self._clock.start(open_loop(self._simulation, chunk))
        until_ns = min(chunk.until_ns, self._horizon_ns)
        if until_ns < NEVER_NS:
            self._clock.run_through(until_ns - 1)
            self._through_ns = until_ns - 1
            for function in self._functions:
                function.on_demand.expire(until_ns - 1)
        return self._records.take()

    def change(self, changes: Iterable[Change]) -> None:
        """Let more rows of the control table happen, none of them before what has happened already."""
        self._control.add(to_come(changes, self._through_ns))

    def drain(self, seen: Callable[[RecordTable], None] | None = None) -> RecordChunk | None:
        """Let some of what is in flight end; None once there is no more of it before the horizon.

        ``seen`` is called with new deliveries now and then, before they are handed over.
        """
        shown = 0
        for number in range(1, DRAINED_EVENTS + 1):
            if not self._clock.step_before(self._horizon_ns):
                return None
            if seen is not None and number % SEEN_EVENTS == 0:
                deliveries = self._records.deliveries_from(shown)
                shown += len(deliveries)
                seen(deliveries)
        return self._records.take()

    def finish(self, loads_end_ns: int) -> RecordChunk:
        """Let everything in flight end, or stop at the horizon; return the rest, with the surviving environments.

        Without a horizon the simulation ends with its loads (at ``loads_end_ns``, when the last request may arrive) or
        with its last event, whichever is later.
        """
        clock = self._clock
        if self._horizon_ns < NEVER_NS:
            clock.run_through(self._horizon_ns - 1)
        else:
            clock.run()
            clock.run_through(loads_end_ns)
        self._simulation.invocations.finish()
        for source in self._simulation.sources:
            source.finish()
        for function in self._functions:
            function.on_demand.expire(clock.now_ns)
            for pool in (function.on_demand, function.provisioned):
                for environment in pool.survivors():
                    self._records.survived(function.index, environment)
        return self._records.take()

    def _environment_ended(self, function: int, environment: Environment, at_ns: int, of_lifetime: bool) -> None:
        self._handlers.ended(environment, at_ns)
        self._records.ended(function, environment, at_ns, of_lifetime)

    def _environment_ready(self, function: FunctionState, environment: Environment) -> None:
        self._handlers.ready(function, environment)

    @property
    def ended_ns(self) -> int:
        """The end of the simulation, after :meth:`finish`."""
        return self._clock.now_ns if self._horizon_ns == NEVER_NS else self._horizon_ns
