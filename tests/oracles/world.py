"""An account by brute force: its functions and environments, who is throttled, and the callers who ask directly.

No environment is provisioned, the one used last is used next, and the scaling rate is never reached: what is left out
here is told in ``tests/oracle.py``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from oracles.agenda import ARRIVAL, CHANGE, INIT_END, INVOKE_END, NEVER, RETRY, SECOND, Agenda, bits24
from oracles.asynchronous import Asynchronous
from oracles.brokers import Broker
from oracles.clients import THROTTLE, Clients
from oracles.fifo import Fifo
from oracles.gateways import Gateway
from oracles.handlers import Handlers
from oracles.links import Links
from oracles.maps import Map
from oracles.streams import Stream
from oracles.users import Users

SUCCESS, ERROR, CRASH, OUT_OF_MEMORY, TIMEOUT, THROTTLED, IN_FLIGHT = range(7)
WARM, COLD, COLD_INIT_TIMEOUT, SUPPRESSED = 1, 2, 3, 4
CHANGES = ("PARALLELIZATION", "MAX_RECEIVES", "DESTINATION", "LINK_ENABLED", "MAPPING_FUNCTION",
           "EVENT_DESTINATIONS")  # fmt: skip
"""In the order in which they happen at one instant."""
FAMILIES = {
    "AsynchronousSource": Asynchronous,
    "BrokerSpec": Broker,
    "FifoSpec": Fifo,
    "GatewaySource": Gateway,
    "MapSource": Map,
    "StreamSpec": Stream,
}


@dataclass(frozen=True)
class Request:
    """A request or an event."""

    load: int
    number: int
    function: int
    takes: int
    init: int
    idle: int
    outcome: int
    source: int
    delay: int
    chain_depth: int = 0
    lead: int = 0
    """Of its source: how often that had led to another function before."""

    @property
    def key(self) -> int:
        """What its rows call it."""
        return self.load * 2**44 + self.number


@dataclass(eq=False)
class Environment:
    """An execution environment."""

    number: int
    function: int
    uses: int = 0
    reset: bool = False
    expires: int = -1
    """-1 while it is busy."""
    ended: bool = False


@dataclass(eq=False)
class Execution:
    """One that has not ended."""

    environment: Environment
    request: Request
    row: list[int] = field(default_factory=list)


class World(Agenda):
    """One run of an account, all plain; ``draws``, ``followers`` and ``called`` draw what its parts send, ``crowds``
    are its virtual users."""

    def __init__(
        self, account: Any, jitter_keys: Any, draws: Any, followers: Any, called: Any, crowds: Any, horizon: int
    ) -> None:
        super().__init__()
        self.account, self.draws, self.horizon = account, draws, horizon
        self.functions = account.functions
        self.environments: list[Environment] = []
        self.idle: list[Environment] = []
        self.running: list[Execution] = []
        self.asked: list[tuple[int, int]] = []
        self.made = [0] * len(draws)
        self.lead = [0] * len(draws)
        self.invocations: list[tuple[int, ...]] = []
        self.deliveries: list[tuple[int, ...]] = []
        self.samples: list[tuple[int, ...]] = []
        self.clients = Clients(account.clients, jitter_keys)
        self.handlers = Handlers(self, account.downstreams, called)
        self.users = Users(self, crowds)
        self.links = Links(self, account.links, followers)
        self.account_bucket: list[tuple[int, int]] = []
        self.sources = [FAMILIES[spec.family](self, index, spec) for index, spec in enumerate(account.sources)]

    def simulate(self, events: list[tuple[int, Request]], changes: Iterable[tuple[int, str, int, int]] = ()) -> None:
        """Let events arrive at their times, in ns, and everything happen that follows; from a time on, what is one of
        :data:`CHANGES` has another value, of a source or link by index."""
        for time, what, subject, value in changes:
            self.at(time, CHANGE, CHANGES.index(what) * 1_000 + subject, partial(self.change, what, subject, value))
        for time, request in events:
            self.at(time, ARRIVAL, request.key, lambda request=request: self.send(request))  # type: ignore[misc]
        self.users.begin()
        self.run(self.horizon)
        last = self.now if self.horizon == NEVER else self.horizon - 1
        self.now = last
        for execution in self.running:
            self.row(execution, IN_FLIGHT, 1, 0, 0, -1)
        for source in self.sources:
            source.finish()
        self.expire(last)
        self.now = last

    def change(self, what: str, subject: int, value: int) -> None:
        """Let something have another value."""
        if what == "LINK_ENABLED":
            self.links.off = {*self.links.off, subject} - ({subject} if value else set())
        elif what == "MAPPING_FUNCTION":
            self.lead[subject] = value
        else:
            self.sources[subject].change(what, value)

    def next(self, source: int, records: int = 0, chain_depth: int = 0) -> Request:
        """Return the next request that a source makes by itself, which has so many records."""
        request = self.draws[source].request(self.made[source], 0, self.lead[source])
        self.made[source] += 1
        takes = request.takes + records * self.functions[request.function].per_record_ns
        return replace(request, takes=takes, source=source, chain_depth=chain_depth)

    def moves(self, request: Request, time: int) -> bool:
        """Say whether the source of a request that it made by itself leads elsewhere at a time."""
        leads = self.draws[request.source].leads
        return sum(lead.from_ns <= time for lead in leads) > request.lead + 1

    def send(self, request: Request) -> None:
        """Let an event arrive where it goes."""
        if request.source < 0:
            self.ask(request, lambda status: None)
        elif request.delay and not isinstance(self.sources[request.source], Gateway):
            self.at(self.now + request.delay, ARRIVAL, request.key,
                    lambda: self.sources[request.source].arrive(request))  # fmt: skip
        else:
            self.sources[request.source].arrive(request)

    def ask(self, request: Request, then: Callable[[int], None]) -> None:
        """Send a request straight to its function, again and again if need be; ``then`` hears how it ended."""
        first = self.now

        def attempt(number: int) -> None:
            got = self.admit(request)
            if isinstance(got, Environment):
                self.execute(got, request, number, first, lambda status: answered(number, status))
                return
            delay = self.clients.retry(request.load, request, number, THROTTLE)
            if delay is not None and self.now + delay >= self.horizon:
                delay = None
            self.refused(request, number, first, got, delay is None)
            if delay is None:
                then(THROTTLED)
            else:
                self.at(self.now + delay, RETRY, request.key, lambda: attempt(number + 1))

        def answered(number: int, status: int) -> None:
            self.clients.refund(request.load, request, number, THROTTLE)
            then(status)

        attempt(0)

    # environments

    def passes(self, time: int, rank: int) -> None:
        """End the environments whose time comes before what is done now: after all ends of this instant."""
        self.expire(time if rank > INVOKE_END else time - 1)

    def expire(self, through: int) -> None:
        """End the environments that have been idle for long enough, until somebody has waited for that."""
        count = self._count
        for environment in sorted(self.idle, key=lambda own: (own.expires, own.number)):
            if environment.expires <= through and self._count == count:
                environment.ended = True
                self.idle.remove(environment)
                self.now = environment.expires
                self.handlers.ended(environment, environment.expires)

    def admit(self, request: Request, metered: bool = True) -> Any:
        """Return the environment of a request that arrives now, or the reason of a throttle."""
        index = request.function
        reserved = self.functions[index].reserved
        if reserved == 0:
            return 3
        if metered:
            if reserved is not None and not self._passes([t for t, of in self.asked if of == index], 10 * reserved):
                return 4
            if not self._passes([time for time, _ in self.asked], 10 * self.account.concurrency):
                return 5
            self.asked.append((self.now, index))
        own = sum(execution.request.function == index for execution in self.running)
        if reserved is not None and own >= reserved:
            return 3
        if reserved is None and self.levels(index)[5] >= self.account.concurrency:
            return 1
        warm = [environment for environment in self.idle if environment.function == index]
        if warm:
            environment = warm[-1]
            self.idle.remove(environment)
            environment.expires = -1
        else:
            environment = Environment(len(self.environments), index)
            self.environments.append(environment)
        environment.uses += 1
        self.running.append(Execution(environment, request))
        return environment

    def _passes(self, times: list[int], quota: int) -> bool:
        """Say whether a request passes now after those that passed at ``times``, by whole seconds or by a bucket."""
        if self.account.whole_seconds:
            return sum(time // SECOND == self.now // SECOND for time in times) < quota
        used = last = 0
        for time in times:
            used = max(0, used - (time - last) * quota) + SECOND
            last = time
        return max(0, used - (self.now - last) * quota) + SECOND <= quota * SECOND

    def levels(self, index: int) -> tuple[int, ...]:
        """Return the concurrency of a function, of its only version and of the account, the environments of both, and
        what is allocated: none."""
        executions = [execution.request.function for execution in self.running]
        unreserved = sum(self.functions[function].reserved is None for function in executions)
        reserved = sum(function.reserved or 0 for function in self.functions)
        alive = sum(e.function == index and not e.ended for e in self.environments)
        own = executions.count(index)  # of the function, and of its only version
        return own, own, 0, unreserved, len(executions), unreserved + reserved, alive, alive, 0

    def refused(self, request: Request, attempt: int, first: int, reason: int, final: bool) -> None:
        """Write the row of a throttled attempt."""
        self.invocations.append((request.key, attempt, request.function, first, self.now, THROTTLED, reason,
                                 int(final), -1, 0, 0, 0, 0, 0, -1, *self.levels(request.function)))  # fmt: skip

    def execute(
        self,
        environment: Environment,
        request: Request,
        attempt: int,
        first: int,
        then: Callable[[int], None],
        is_final: Callable[[int], bool] = lambda status: True,
    ) -> None:
        """Run a request in an environment; ``is_final`` and then ``then`` hear how it ended."""
        function = self.functions[request.function]
        [execution] = [e for e in self.running if e.environment is environment]
        takes, init, start = request.takes, 0, WARM
        if environment.uses == 1:
            init, start = request.init, COLD
            if init > function.init_limit_ns:  # it is stopped, and runs again inside the invocation
                takes += init * function.suppressed_init_permille // 1_000
                init, start = function.init_limit_ns, COLD_INIT_TIMEOUT
        elif environment.reset:
            takes, start = takes + request.init * function.suppressed_init_permille // 1_000, SUPPRESSED
        execution.row = [request.key, attempt, request.function, first, self.now, environment.number, start,
                         *self.levels(request.function)]  # fmt: skip
        takes, status = (function.timeout_ns, TIMEOUT) if takes > function.timeout_ns else (takes, request.outcome)

        def run() -> None:
            if function.uses or function.calls:
                self.handlers.handle(environment, request, takes, status, end)
            else:
                self.at(self.now + takes, INVOKE_END, environment.number, lambda: end(takes, status))

        def end(took: int, status: int) -> None:
            self.running.remove(execution)
            environment.reset = status in (CRASH, OUT_OF_MEMORY, TIMEOUT)
            environment.expires = self.now + request.idle
            self.idle.append(environment)
            self.row(execution, status, int(is_final(status)), init, took, self.now)
            self.links.execution_ended(request, status)
            then(status)

        if environment.uses == 1:
            self.at(self.now + init, INIT_END, environment.number, run)
        else:
            run()

    def row(self, execution: Execution, status: int, final: int, init: int, took: int, end: int) -> None:
        """Write the row of an execution."""
        key, attempt, function, first, arrival, number, start, *levels = execution.row
        self.invocations.append(
            (key, attempt, function, first, arrival, status, 0, final, number, 0, start, 0, init, took, end, *levels)
        )

    # draws that several families make

    def outcome(self, request: Request, key: int, index: int) -> int:
        """Return how a later attempt of a request ends that the plan has not drawn."""
        function = self.functions[request.function]
        if request.outcome == OUT_OF_MEMORY:
            return OUT_OF_MEMORY
        u24 = bits24(key, index)
        return ERROR if u24 < function.errors_q24 else CRASH if 2**24 - u24 <= function.crashes_q24 else SUCCESS
