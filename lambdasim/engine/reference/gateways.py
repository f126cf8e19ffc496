"""Clients that wait for an answer, through a gateway or not: their attempts, and what becomes of each at the function.

What a client is told is decided in ``model/gateway.py``, whether it tries again in ``model/client.py``. An attempt
that nobody waits for any more runs on beside the next one: a storm of retries needs no more than that.
"""

from lambdasim.engine.reference.clock import Clock, Process, Signal
from lambdasim.engine.reference.invocation import SEQUENCE_MASK
from lambdasim.engine.reference.simulation import Simulation
from lambdasim.model import rules
from lambdasim.model.bucket import Bucket
from lambdasim.model.client import ClientState
from lambdasim.model.events import LOAD_SHIFT, DeliveryOutcome, EventRank, Fate, RetryCause
from lambdasim.model.gateway import (
    NO_ANSWER,
    NO_RATE,
    REFUSED,
    GatewaySource,
    adjusted,
    answer,
    catch_up,
    is_let_in,
    longest_wait_ns,
    refusal,
    trouble,
)
from lambdasim.model.gateway import outcome as outcome_of
from lambdasim.plan import Request

ARRIVAL, RETRY, GIVE_UP = int(EventRank.ARRIVAL), int(EventRank.RETRY), int(EventRank.GIVE_UP)


class Attempt:
    """One attempt of a client."""

    __slots__ = ("answer", "answered", "available_ns", "batch", "delivered_ns", "number", "outcome", "sent_ns")

    def __init__(self, clock: Clock, number: int, sent_ns: int, available_ns: int) -> None:
        self.number = number
        self.sent_ns = sent_ns
        self.available_ns = available_ns
        self.delivered_ns = self.batch = -1
        self.outcome = int(DeliveryOutcome.TIMED_OUT)
        self.answer = NO_ANSWER
        self.answered = Signal(clock)

    def end(self, outcome: int, answer: int) -> None:
        """Let the client know."""
        self.outcome, self.answer = outcome, answer
        self.answered.fire()


class Gateway:
    """One source whose clients wait for an answer."""

    def __init__(self, simulation: Simulation, source: int, spec: GatewaySource) -> None:
        self._simulation = simulation
        self._source = source
        self._spec = spec
        self._rate = rate = spec.stage or NO_RATE
        self._stage = Bucket(rate.burst, rate.per_ns)
        self._requests = requests = simulation.requests(source)
        self._outcome_key = requests.key("gateway-outcome")
        self._open: dict[int, Attempt] = {}
        simulation.synchronous[source] = self

    def change_rate(self, kind: int, value: int) -> None:
        """Let the rate of the stage be another from now on."""
        catch_up(self._rate, self._stage, self._simulation.clock.now_ns)
        self._rate = adjusted(self._rate, kind, value)

    def arrive(self, request: Request) -> None:
        """Let a client send a request now."""
        self._simulation.clock.start(self.call(request))

    def finish(self) -> None:
        """Write the rows of the clients who still wait, for an answer or to try again."""
        for event, attempt in self._open.items():
            attempt.outcome = DeliveryOutcome.WAITING if attempt.delivered_ns < 0 else DeliveryOutcome.IN_FLIGHT
            attempt.answer = NO_ANSWER
            self._row(event, attempt, -1, Fate.REMAINS)

    def call(self, request: Request) -> Process:
        """A client, from its sending of a request, now, until it has an answer or gives up."""
        clock, spec, event = self._simulation.clock, self._spec, request.request
        client = self._client(event)
        longest_ns, late = longest_wait_ns(spec, spec.answers, client.spec.timeout_ns, request.delay_ns)
        attempt = Attempt(clock, 0, clock.now_ns, clock.now_ns)
        last = int(RetryCause.THROTTLE)
        while True:
            self._open[event] = attempt
            clock.start(self._handling(request, attempt))
            if not (yield from clock.within(attempt.answered, longest_ns, GIVE_UP, event)):
                attempt.outcome, attempt.answer = DeliveryOutcome.TIMED_OUT, late
            now = clock.now_ns
            wrong = trouble(attempt.answer)
            if wrong < 0:
                self._leave(event, attempt, Fate.DONE)
                if client.spec.quota:
                    client.answered(event & SEQUENCE_MASK, attempt.number, last)
                return
            delay_ns = self._retry_delay_ns(client, event, attempt.number, wrong)
            if delay_ns is None:
                self._leave(event, attempt, Fate.EXHAUSTED)
                return
            self._leave(event, attempt, Fate.STAYS)
            last = wrong
            attempt = Attempt(clock, attempt.number + 1, attempt.sent_ns, now + delay_ns)
            self._open[event] = attempt
            yield clock.after(delay_ns, RETRY, event)

    def _handling(self, request: Request, attempt: Attempt) -> Process:
        """An attempt on its way through the gateway and the function, whether or not its client still waits."""
        simulation, spec = self._simulation, self._spec
        clock, invocations = simulation.clock, simulation.invocations
        if request.delay_ns:
            yield clock.after(request.delay_ns, ARRIVAL, request.request)
        now = clock.now_ns
        if not self._passes(now):
            attempt.end(DeliveryOutcome.REFUSED, REFUSED)
            return
        request = self._tried(request, attempt.number)
        attempt.delivered_ns = now
        grant = invocations.admit(request)
        if isinstance(grant, int):
            invocations.refused(request, 0, now, grant, True)
            attempt.end(DeliveryOutcome.THROTTLED, refusal(spec.answers, grant))
            return
        attempt.batch = request.request
        status = yield from invocations.execute(grant, request, 0, now)
        attempt.end(*answer(spec.answers, status))

    def _passes(self, now: int) -> bool:
        """Say whether the rates of the stage and of the account let a request pass; what the first does, it counts."""
        account = self._simulation.account
        return is_let_in(self._spec, self._rate, self._stage, account.api_rate, account.api_gateway, now)

    def _tried(self, request: Request, attempt: int) -> Request:
        """Return an attempt as a request of its own: it takes as long as the first one, but may end otherwise."""
        if not attempt:
            return request
        u = rules.jitter24(self._outcome_key, rules.jitter_index(request.request, attempt))
        function = self._simulation.functions[request.function].spec
        outcome = outcome_of(request.outcome, attempt, u, function.errors_q24, function.crashes_q24)
        return request._replace(request=self._requests.next_key(), outcome=outcome)

    def _client(self, event: int) -> ClientState:
        """Return the client of the event's load, or the source's own where nothing is said of that."""
        callers = self._simulation.invocations.callers
        client = callers[event >> LOAD_SHIFT].state
        return callers[self._simulation.made[self._source].load].state if client.spec.is_default else client

    def _retry_delay_ns(self, client: ClientState, event: int, attempt: int, wrong: int) -> int | None:
        key, sequence = self._simulation.invocations.callers[event >> LOAD_SHIFT].jitter_key, event & SEQUENCE_MASK
        return client.retry_delay_ns(
            sequence, attempt, rules.jitter24(key, rules.jitter_index(sequence, attempt)), wrong
        )

    def _leave(self, event: int, attempt: Attempt, fate: Fate) -> None:
        """Write the row of an attempt whose client knows now what became of it, or does not wait any longer."""
        del self._open[event]
        self._row(event, attempt, self._simulation.clock.now_ns, fate)

    def _row(self, event: int, attempt: Attempt, ended_ns: int, fate: Fate) -> None:
        self._simulation.records.delivery(
            (self._source, event, attempt.number, -1, attempt.sent_ns, attempt.available_ns, attempt.delivered_ns,
             ended_ns, attempt.outcome, fate, 0, attempt.answer, attempt.batch)
        )  # fmt: skip
