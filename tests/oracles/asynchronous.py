"""Asynchronous invocation: Lambda's internal queue of a function."""

from dataclasses import replace
from typing import Any

from oracles.agenda import ARRIVAL, MINUTE, RETRY, VISIBLE, bits24, doubled, part
from oracles.links import ASYNC_FAILURE, ASYNC_SUCCESS

SUCCEEDED, FAILED, THROTTLED, REFUSED, IN_FLIGHT, WAITING = 0, 1, 2, 4, 6, 7
STAYS, DONE, EXHAUSTED, AGED_OUT, REMAINS = 0, 1, 2, 3, 5


class Asynchronous:
    """The events of one source."""

    def __init__(self, world: Any, index: int, spec: Any) -> None:
        self.world, self.index, self.function = world, index, world.functions[spec.function]
        self.spec, self.key = self.function.asynchronous, world.draws[index].key
        self.destinations = self.spec.destinations
        self.open: dict[int, tuple[int, ...]] = {}

    def arrive(self, request: Any) -> None:
        """Take in an event, or two of it."""
        self._begin(request)
        if bits24(self.key("async-duplicate"), request.key) < self.spec.duplicates_q24:
            again = self.world.next(self.index)
            self._begin(replace(request, load=again.load, number=again.number))

    def change(self, what: str, value: int) -> None:
        """Let so many destinations take events from now on."""
        if what == "EVENT_DESTINATIONS":
            self.destinations = value

    def finish(self) -> None:
        """Write what remains."""
        for event, (attempt, sent, available, delivered) in self.open.items():
            outcome, batch = (WAITING, -1) if delivered < 0 else (IN_FLIGHT, event)
            self._row(event, attempt, sent, available, delivered, -1, outcome, REMAINS, 0, batch)

    def _begin(self, request: Any) -> None:
        world, spec, event = self.world, self.spec, request.key
        sent = world.now
        dies = sent + spec.max_age_ns
        vain = {"failures": 0, "throttles": 0}

        def attempts() -> int:
            return vain["failures"] + vain["throttles"]

        def wait(delay: int, rank: int) -> None:
            again = world.now + delay
            if again < dies:
                self.open[event] = (attempts(), sent, again, -1)
                world.at(again, rank, event, deliver)
            else:
                self.open[event] = (attempts(), sent, world.now, -1)
                world.at(max(dies, world.now), VISIBLE, event, die)

        def die() -> None:
            attempt, _, available, _ = self.open.pop(event)
            self._row(event, attempt, sent, available, -1, world.now, REFUSED, AGED_OUT, self._away(request), -1)

        def deliver() -> None:
            now, attempt = world.now, attempts()
            self.open[event] = (attempt, sent, now, now)
            got = world.admit(request, metered=False)
            if isinstance(got, int):
                vain["throttles"] += 1
                delay = doubled(vain["throttles"] - 1, spec.backoff_base_ns, spec.backoff_cap_ns)
                u24 = bits24(self.key("async-backoff"), event * 128 + attempt % 128)
                delay = delay // 2 + part(delay, u24)
                final = now + delay >= min(dies, world.horizon)
                world.refused(request, attempt, sent, got, final)
                self._row(event, attempt, sent, now, now, now, THROTTLED, STAYS, 0, -1)
                wait(delay, RETRY)
                return
            tried = request
            if vain["failures"]:
                outcome = world.outcome(request, self.key("async-outcome"), event * 128 + attempt % 128)
                tried = replace(request, outcome=outcome)
            world.execute(got, tried, attempt, sent, ended, lambda status: self._again(status, vain, dies) is None)

        def ended(status: int) -> None:
            attempt, _, available, delivered = self.open[event]
            if status == 0:
                del self.open[event]
                self._row(event, attempt, sent, available, delivered, world.now, SUCCEEDED, DONE, 0, event)
                world.links.trigger(ASYNC_SUCCESS, request.function, request.chain_depth)
                return
            vain["failures"] += 1
            if vain["failures"] > spec.max_retries:
                del self.open[event]
                gone = self._away(request)
                self._row(event, attempt, sent, available, delivered, world.now, FAILED, EXHAUSTED, gone, event)
                return
            self._row(event, attempt, sent, available, delivered, world.now, FAILED, STAYS, 0, event)
            wait(vain["failures"] * MINUTE, RETRY)

        if self.function.reserved == 0:
            self._row(event, 0, sent, sent, -1, sent, REFUSED, EXHAUSTED, self._away(request), -1)
        else:
            wait(spec.dequeue_ns, ARRIVAL)

    def _again(self, status: int, vain: dict[str, int], dies: int) -> int | None:
        """Return when an attempt follows one that ends now; None if there is none."""
        failures = vain["failures"] + 1
        again: int = self.world.now + failures * MINUTE
        if status == 0 or failures > self.spec.max_retries or again >= min(dies, self.world.horizon):
            return None
        return again

    def stopped(self, request: Any) -> int:
        """An event goes round a loop."""
        return self._away(request)

    def _away(self, request: Any) -> int:
        if not self.destinations:
            return 0
        if bits24(self.key("async-destination"), request.key) < self.spec.delivery_failures_q24:
            return 2
        self.world.links.trigger(ASYNC_FAILURE, request.function, request.chain_depth)
        return 1

    def _row(self, event, attempt, sent, available, delivered, ended, outcome, fate, gone, batch) -> None:  # type: ignore[no-untyped-def]
        self.world.deliveries.append((self.index, event, attempt, -1, sent, available, delivered, ended, outcome, fate,
                                      gone, 0, batch))  # fmt: skip
