"""Asynchronous invocation: an event waits in Lambda's internal queue, is tried, and tried again.

Read it beside the Developer Guide's page invocation-async-error-handling. When to try again and when to give up is
decided in ``model/asynchronous.py``.
"""

from functools import partial
from typing import NamedTuple

from lambdasim.engine.reference.clock import Process
from lambdasim.engine.reference.simulation import Simulation
from lambdasim.model import rules
from lambdasim.model.asynchronous import AsynchronousSource
from lambdasim.model.environment import Refusal
from lambdasim.model.events import Destination, EventRank, Fate, Outcome, Status
from lambdasim.model.links import Trigger
from lambdasim.plan import Request

FIRST, AGAIN, GONE = int(EventRank.ARRIVAL), int(EventRank.RETRY), int(EventRank.VISIBLE)


class Waiting(NamedTuple):
    """An event that has not left its source."""

    attempt: int
    sent_ns: int
    available_ns: int
    delivered_ns: int
    """-1 while it waits."""


class AsynchronousEvents:
    """The events of one source, in the internal queue of the function they invoke."""

    def __init__(self, simulation: Simulation, source: int, law: AsynchronousSource) -> None:
        self._simulation = simulation
        self._source = source
        self._function = simulation.functions[law.function].law
        self._law = self._function.asynchronous
        self._requests = requests = simulation.requests(source)
        self._jitter_key, self._outcome_key = requests.key("async-backoff"), requests.key("async-outcome")
        self._duplicate_key, self._delivery_key = requests.key("async-duplicate"), requests.key("async-destination")
        self._waiting: dict[int, Waiting] = {}

    def arrive(self, request: Request) -> None:
        """Accept an event, as Lambda always does (HTTP 202)."""
        start = self._simulation.clock.start
        start(self._event(request))
        if self._law.duplicates_24 and rules.jitter24(self._duplicate_key, request.request) < self._law.duplicates_24:
            start(self._event(request._replace(request=self._requests.next_key())))

    def finish(self) -> None:
        """Write the rows of the events that are still in the queue or being processed."""
        for event, (attempt, sent_ns, available_ns, delivered_ns) in self._waiting.items():
            outcome = Outcome.WAITING if delivered_ns < 0 else Outcome.IN_FLIGHT
            batch = -1 if delivered_ns < 0 else event
            self._row(event, Waiting(attempt, sent_ns, available_ns, delivered_ns), -1, outcome, Fate.REMAINS, 0, batch)

    def _event(self, request: Request) -> Process:
        """One event, from its acceptance until it has been processed or given up."""
        clock, law, event = self._simulation.clock, self._law, request.request
        sent_ns = now = clock.now_ns
        too_old_ns = sent_ns + law.max_age_ns
        failures = throttles = 0
        delay_ns, rank = law.dequeue_ns, FIRST
        if self._function.reserved == 0:
            self._row(
                event, Waiting(0, now, now, -1), now, Outcome.REFUSED, Fate.EXHAUSTED, self._sent_away(request), -1
            )
            return
        while now + delay_ns < too_old_ns:
            attempt = failures + throttles
            self._waiting[event] = Waiting(attempt, sent_ns, now + delay_ns, -1)
            yield clock.after(delay_ns, rank, event)
            now += delay_ns
            delivery = Waiting(attempt, sent_ns, now, now)
            self._waiting[event] = delivery

            grant = self._simulation.invocations.admit(request, metered=False)
            if isinstance(grant, Refusal):
                throttles += 1
                delay_ns = law.backoff_ns(throttles, self._jitter(self._jitter_key, event, attempt))
                self._simulation.invocations.refused(
                    request, attempt, sent_ns, grant, now + delay_ns >= too_old_ns or self._is_after(now + delay_ns)
                )
                self._row(event, delivery, now, Outcome.THROTTLED, Fate.STAYS, 0, -1)
            else:
                tried = self._tried(request, failures, attempt)
                is_final = partial(self._is_final, failures + 1, too_old_ns)
                status = yield from self._simulation.invocations.execute(grant, tried, attempt, sent_ns, is_final)
                now = clock.now_ns
                if status == Status.SUCCESS:
                    del self._waiting[event]
                    self._row(event, delivery, now, Outcome.SUCCEEDED, Fate.DONE, 0, event)
                    self._simulation.links.trigger(Trigger.ASYNC_SUCCESS, request.function, request.hop)
                    return
                failures += 1
                retry_ns = law.retry_delay_ns(failures)
                if retry_ns is None:
                    del self._waiting[event]
                    gone = self._sent_away(request)
                    self._row(event, delivery, now, Outcome.FAILED, Fate.EXHAUSTED, gone, event)
                    return
                delay_ns = retry_ns
                self._row(event, delivery, now, Outcome.FAILED, Fate.STAYS, 0, event)
            rank = AGAIN
        last = Waiting(failures + throttles, sent_ns, now, -1)
        self._waiting[event] = last
        yield clock.after(max(too_old_ns - now, 0), GONE, event)
        del self._waiting[event]
        self._row(event, last, clock.now_ns, Outcome.REFUSED, Fate.AGED_OUT, self._sent_away(request), -1)

    def _tried(self, request: Request, failures: int, attempt: int) -> Request:
        """Return the request of an attempt: an event takes as long each time, but may end otherwise."""
        if not failures or request.outcome == Status.OUT_OF_MEMORY:
            return request
        function = self._function
        u = self._jitter(self._outcome_key, request.request, attempt)
        return request._replace(outcome=rules.outcome(u, function.errors_24, function.crashes_24))

    def _is_final(self, failures: int, too_old_ns: int, status: int) -> bool:
        """Say whether no attempt follows one that ends now with ``status``, the ``failures``-th if it failed."""
        if status == Status.SUCCESS:
            return True
        delay_ns = self._law.retry_delay_ns(failures)
        if delay_ns is None:
            return True
        again_ns = self._simulation.clock.now_ns + delay_ns
        return again_ns >= too_old_ns or self._is_after(again_ns)

    def _is_after(self, time_ns: int) -> bool:
        return time_ns >= self._simulation.horizon_ns

    def _sent_away(self, request: Request) -> Destination:
        """Send an event that was not processed to where such events go, if that takes it."""
        destination = self._law.destination(rules.jitter24(self._delivery_key, request.request))
        if destination == Destination.DELIVERED:
            self._simulation.links.trigger(Trigger.ASYNC_FAILURE, request.function, request.hop)
        return destination

    @staticmethod
    def _jitter(key: int, event: int, attempt: int) -> int:
        return rules.jitter24(key, rules.jitter_index(event, attempt & 127))

    def _row(
        self, event: int, delivery: Waiting, ended_ns: int, outcome: Outcome, fate: Fate, destination: int, batch: int
    ) -> None:
        attempt, sent_ns, available_ns, delivered_ns = delivery
        self._simulation.records.delivery(
            (self._source, event, attempt, -1, sent_ns, available_ns, delivered_ns, ended_ns, outcome, fate,
             destination, 0, batch)
        )  # fmt: skip
