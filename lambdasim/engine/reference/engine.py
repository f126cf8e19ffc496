"""The SimPy engine: it supports everything, chunk by chunk."""

from collections.abc import Sequence

from lambdasim.engine.reference.arrivals import ClosedLoop, open_loop, virtual_user
from lambdasim.engine.reference.clock import Clock
from lambdasim.engine.reference.handler import Handlers
from lambdasim.engine.reference.invocation import Caller, Invocations
from lambdasim.engine.reference.links import Links
from lambdasim.engine.reference.provisioned import allocation
from lambdasim.engine.reference.recorder import Recorder
from lambdasim.engine.reference.simulation import Drawn, Simulation
from lambdasim.engine.reference.sources import open_sources
from lambdasim.model.account import AccountState
from lambdasim.model.client import ClientState
from lambdasim.model.environment import Environment
from lambdasim.model.events import NEVER_NS
from lambdasim.model.function import FunctionState
from lambdasim.model.law import NO_RETRY, AccountLaw
from lambdasim.plan import PlanChunk
from lambdasim.records import RecordChunk


class ReferenceEngine:
    """One simulation of an account. Feed it the plan with :meth:`advance`, then :meth:`finish`.

    ``jitter_keys`` has an entry for each load; ``provisioned_init_ns`` one for each function, the Init Durations of
    its provisioned environments; nothing that would end at or after ``horizon_ns`` ends; ``drawn`` has an entry for
    each source of the account, ``followers`` one for each link: what it sends, and the source it goes to or -1,
    ``called`` one for each call that handlers make.
    """

    def __init__(
        self,
        law: AccountLaw,
        jitter_keys: Sequence[int] = (0,),
        closed_loops: Sequence[ClosedLoop] = (),
        provisioned_init_ns: Sequence[Sequence[int]] = (),
        horizon_ns: int = NEVER_NS,
        drawn: Sequence[Drawn] = (),
        followers: Sequence[tuple[Drawn, int]] = (),
        called: Sequence[Drawn] = (),
    ) -> None:
        self._clock = clock = Clock()
        self._horizon_ns = horizon_ns
        self._records = records = Recorder()
        account = AccountState(law)
        self._functions = [FunctionState(i, account, self._environment_ended) for i in range(len(law.functions))]
        clients = (*law.clients, *[NO_RETRY] * (len(jitter_keys) - len(law.clients)))
        callers = [Caller(ClientState(c), key) for c, key in zip(clients, jitter_keys, strict=True)]
        invocations = Invocations(clock, account, self._functions, callers, records, horizon_ns)
        self._simulation = Simulation(clock, account, self._functions, invocations, records, drawn, horizon_ns)
        self._handlers = Handlers(clock, law, self._functions, records, invocations.request, called)
        invocations.handlers = self._handlers
        open_sources(self._simulation)
        self._simulation.links = Links(self._simulation, followers)
        for function in self._functions:
            if function.law.provisioned:
                clock.start(allocation(clock, account, function, list(provisioned_init_ns[function.index])))
        for loop in closed_loops:
            for user in range(loop.vus):
                clock.start(virtual_user(self._simulation, loop, user))

    def advance(self, chunk: PlanChunk) -> RecordChunk:
        """Let everything happen that happens before ``chunk.until_ns``; return what became known."""
        self._clock.start(open_loop(self._simulation, chunk))
        until_ns = min(chunk.until_ns, self._horizon_ns)
        if until_ns < NEVER_NS:
            self._clock.run_through(until_ns - 1)
            for function in self._functions:
                function.on_demand.expire(until_ns - 1)
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

    @property
    def ended_ns(self) -> int:
        """The end of the simulation, after :meth:`finish`."""
        return self._clock.now_ns if self._horizon_ns == NEVER_NS else self._horizon_ns
