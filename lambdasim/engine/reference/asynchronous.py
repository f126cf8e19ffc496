"""Asynchronous invocation: an event waits in Lambda's internal queue, is tried, and tried again.

Read it beside the Developer Guide's page invocation-async-error-handling. When to try again and when to give up is
decided in ``model/asynchronous.py``.
"""

from functools import partial
from typing import NamedTuple

from lambdasim.engine.reference.clock import Process
from lambdasim.engine.reference.simulation import Simulation
from lambdasim.model import asynchronous, rules
from lambdasim.model.asynchronous import AsynchronousSource
from lambdasim.model.events import DeliveryOutcome, Destination, EventRank, Fate
from lambdasim.model.links import Trigger
from lambdasim.plan import Request

ARRIVAL, RETRY, VISIBLE = int(EventRank.ARRIVAL), int(EventRank.RETRY), int(EventRank.VISIBLE)


class Waiting(NamedTuple):
    """An event that has not left its source."""

    attempt: int
    sent_ns: int
    available_ns: int
    delivered_ns: int
    """-1 while it waits."""


class AsynchronousEvents:
    """The events of one source, in the internal queue of the function they invoke."""

    def __init__(self, simulation: Simulation, source: int, spec: AsynchronousSource) -> None:
        self._simulation = simulation
        self._source = source
        self._caller, self._calls = spec, asynchronous.calls_of(spec)
        self._function = simulation.functions[spec.function]
        self._spec = self._function.spec.asynchronous
        self._destinations = self._spec.destinations
        self._requests = requests = simulation.requests(source)
        self._jitter_key, self._outcome_key = requests.key("async-backoff"), requests.key("async-outcome")
        self._duplicate_key, self._delivery_key = requests.key("async-duplicate"), requests.key("async-destination")
        self._waiting: dict[int, Waiting] = {}

    def arrive(self, request: Request) -> None:
        """Accept an event (HTTP 202), unless its caller is throttled (429), who then does not have it any more."""
        start, now = self._simulation.clock.start, self._simulation.clock.now_ns
        if not asynchronous.is_taken(self._caller, self._calls, now):
            unsent = Waiting(0, now, now, -1)
            self._row(request.request, unsent, now, DeliveryOutcome.THROTTLED, Fate.EXHAUSTED, Destination.NONE, -1)
            return
        start(self._event(request))
        if asynchronous.is_doubled(self._spec, rules.jitter24(self._duplicate_key, request.request)):
            start(self._event(request._replace(request=self._requests.next_key())))

    def send_to(self, destinations: int) -> None:
        """Let so many destinations take events that are not processed, from now on."""
        self._destinations = destinations

    def stopped(self, request: Request) -> int:
        """Send an event away that AWS stops because it goes round a loop; return where it went."""
        return self._sent_away(request)

    def finish(self) -> None:
        """Write the rows of the events that are still in the queue or being processed."""
        for event, (attempt, sent_ns, available_ns, delivered_ns) in self._waiting.items():
            outcome = DeliveryOutcome.WAITING if delivered_ns < 0 else DeliveryOutcome.IN_FLIGHT
            batch = -1 if delivered_ns < 0 else event
            self._row(event, Waiting(attempt, sent_ns, available_ns, delivered_ns), -1, outcome, Fate.REMAINS, 0, batch)

    def _event(self, request: Request) -> Process:
        """One event, from its acceptance until it has been processed or given up."""
        clock, spec, event = self._simulation.clock, self._spec, request.request
        horizon_ns = self._simulation.horizon_ns
        sent_ns = now = clock.now_ns
        failures = throttles = 0
        next_ns, rank = now + spec.dequeue_ns, ARRIVAL
        if asynchronous.is_refused(self._function.shared.reserved):
            self._row(
                event,
                Waiting(0, now, now, -1),
                now,
                DeliveryOutcome.REFUSED,
                Fate.EXHAUSTED,
                self._sent_away(request),
                -1,
            )
            return
        while not asynchronous.is_too_old(spec, sent_ns, next_ns):
            attempt = failures + throttles
            self._waiting[event] = Waiting(attempt, sent_ns, next_ns, -1)
            yield clock.after(next_ns - now, rank, event)
            now = next_ns
            delivery = Waiting(attempt, sent_ns, now, now)
            self._waiting[event] = delivery

            grant = self._simulation.invocations.admit(request, metered=False, attempt=attempt)
            if isinstance(grant, int):
                throttles += 1
                jitter = self._jitter(self._jitter_key, event, attempt)
                next_ns = now + asynchronous.throttle_delay_ns(spec, throttles, jitter)
                final = asynchronous.is_too_old(spec, sent_ns, next_ns) or next_ns >= horizon_ns
                self._simulation.invocations.refused(request, attempt, sent_ns, grant, final)
                self._row(event, delivery, now, DeliveryOutcome.THROTTLED, Fate.STAYS, 0, -1)
            else:
                tried = self._tried(request, failures, attempt)
                failures += 1
                is_final = partial(self._is_final, sent_ns, failures)
                status = yield from self._simulation.invocations.execute(grant, tried, attempt, sent_ns, is_final)
                now = clock.now_ns
                fate = asynchronous.fate(spec, status, failures)
                if fate != Fate.STAYS:
                    del self._waiting[event]
                if fate == Fate.DONE:
                    self._row(event, delivery, now, DeliveryOutcome.SUCCEEDED, fate, 0, event)
                    self._simulation.links.trigger(Trigger.ASYNC_SUCCESS, request.function, request.chain_depth)
                    return
                gone = self._sent_away(request) if fate == Fate.EXHAUSTED else 0
                self._row(event, delivery, now, DeliveryOutcome.FAILED, fate, gone, event)
                if fate == Fate.EXHAUSTED:
                    return
                next_ns = now + asynchronous.retry_delay_ns(failures)
            rank = RETRY
        last = Waiting(failures + throttles, sent_ns, now, -1)
        self._waiting[event] = last
        yield clock.after(asynchronous.leaves_ns(spec, sent_ns, now) - now, VISIBLE, event)
        del self._waiting[event]
        self._row(event, last, clock.now_ns, DeliveryOutcome.REFUSED, Fate.AGED_OUT, self._sent_away(request), -1)

    def _tried(self, request: Request, failures: int, attempt: int) -> Request:
        """Return the request of an attempt: an event takes as long each time, but may end otherwise."""
        spec = self._simulation.functions[request.function].spec
        u24 = self._jitter(self._outcome_key, request.request, attempt)
        outcome = asynchronous.outcome(request.outcome, failures, u24, spec.errors_q24, spec.crashes_q24)
        return request if outcome == request.outcome else request._replace(outcome=outcome)

    def _is_final(self, sent_ns: int, failures: int, status: int) -> bool:
        """Say whether no attempt follows one that ends now with ``status``, the ``failures``-th if it failed."""
        end_ns, horizon_ns = self._simulation.clock.now_ns, self._simulation.horizon_ns
        return asynchronous.is_last(self._spec, sent_ns, status, failures, end_ns, horizon_ns)

    def _sent_away(self, request: Request) -> int:
        """Send an event that was not processed to where such events go, if that takes it."""
        u24 = rules.jitter24(self._delivery_key, request.request)
        destination = asynchronous.destination(self._spec, self._destinations, u24)
        if destination == Destination.DELIVERED:
            self._simulation.links.trigger(Trigger.ASYNC_FAILURE, request.function, request.chain_depth)
        return destination

    @staticmethod
    def _jitter(key: int, event: int, attempt: int) -> int:
        return rules.jitter24(key, rules.jitter_index(event, attempt & 127))

    def _row(
        self,
        event: int,
        delivery: Waiting,
        ended_ns: int,
        outcome: DeliveryOutcome,
        fate: int,
        destination: int,
        batch: int,
    ) -> None:
        attempt, sent_ns, available_ns, delivered_ns = delivery
        self._simulation.records.delivery(
            (self._source, event, attempt, -1, sent_ns, available_ns, delivered_ns, ended_ns, outcome, fate,
             destination, 0, batch)
        )  # fmt: skip
