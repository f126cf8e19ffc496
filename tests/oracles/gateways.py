"""Gateways and the clients that wait behind them."""

from dataclasses import dataclass, replace
from typing import Any

from oracles.agenda import ARRIVAL, GIVE_UP, NEVER, RETRY
from oracles.clients import LATE, SERVER_ERROR, THROTTLE
from oracles.handlers import passes

SUCCEEDED, FAILED, THROTTLED, TIMED_OUT, REFUSED, IN_FLIGHT, WAITING = 0, 1, 2, 3, 4, 6, 7
STAYS, DONE, EXHAUSTED, REMAINS = 0, 1, 2, 5
REST, HTTP = 1, 2


@dataclass(eq=False)
class Attempt:
    """One attempt, as its client knows it."""

    number: int
    sent: int
    available: int
    delivered: int = -1
    batch: int = -1
    outcome: int = TIMED_OUT
    answer: int = 0
    is_open: bool = True
    timer: Any = None


class Gateway:
    """One source whose clients wait for an answer."""

    def __init__(self, world: Any, index: int, spec: Any) -> None:
        self.world, self.index, self.spec = world, index, spec
        self.stage: list[tuple[int, int]] = []
        self.open: dict[int, Attempt] = {}

    def arrive(self, request: Any) -> None:
        """A client sends a request."""
        self._attempt(request, Attempt(0, self.world.now, self.world.now), THROTTLE)

    def finish(self) -> None:
        """Write what remains."""
        for event, attempt in self.open.items():
            attempt.outcome, attempt.answer = (WAITING if attempt.delivered < 0 else IN_FLIGHT), 0
            self._row(event, attempt, -1, REMAINS)

    def _attempt(self, request: Any, attempt: Attempt, last: int) -> None:
        world, spec, event = self.world, self.spec, request.key
        load = self._load(request)
        patience = min(world.clients.patience(load), spec.read_timeout_ns)
        integration = request.delay + spec.timeout_ns

        def late() -> None:
            attempt.is_open = False
            attempt.outcome = TIMED_OUT
            attempt.answer = spec.answers.overdue if integration <= patience else 0
            heard()

        def answer(outcome: int, status: int) -> None:
            if attempt.is_open:
                attempt.is_open = False
                attempt.outcome, attempt.answer = outcome, status
                world.drop(attempt.timer)
                world.at(world.now, GIVE_UP, event, heard)

        def heard() -> None:
            if attempt.answer == 0:
                trouble = LATE
            elif attempt.answer == 429:
                trouble = THROTTLE
            elif attempt.answer >= 500:
                trouble = SERVER_ERROR
            else:
                world.clients.refund(load, request, attempt.number, last)
                self._leave(event, attempt, DONE)
                return
            delay = world.clients.retry(load, request, attempt.number, trouble)
            if delay is None:
                self._leave(event, attempt, EXHAUSTED)
                return
            self._leave(event, attempt, STAYS)
            again = Attempt(attempt.number + 1, attempt.sent, world.now + delay)
            self.open[event] = again
            world.at(again.available, RETRY, event, lambda: self._attempt(request, again, trouble))

        def handle() -> None:
            if not self._passes():
                answer(REFUSED, 429)
                return
            tried = request
            if attempt.number:
                outcome = world.outcome(request, self._key("gateway-outcome"), event * 128 + attempt.number)
                own = world.next(self.index)
                tried = replace(request, load=own.load, number=own.number, outcome=outcome)
            attempt.delivered = world.now
            got = world.admit(tried)
            if isinstance(got, int):
                world.refused(tried, 0, world.now, got, True)
                answer(THROTTLED, spec.answers.throttled)
                return
            attempt.batch = tried.key
            world.execute(got, tried, 0, world.now, lambda status: answer(
                *((SUCCEEDED, 200) if status == 0 else (FAILED, spec.answers.failed))))  # fmt: skip

        self.open[event] = attempt
        shortest = min(patience, integration)
        if shortest < NEVER:
            attempt.timer = world.at(world.now + shortest, GIVE_UP, event, late)
        if request.delay:
            world.at(world.now + request.delay, ARRIVAL, event, handle)
        else:
            handle()

    def _passes(self) -> bool:
        world, stage = self.world, self.spec.stage
        if stage is not None and not passes(stage, self.stage, world.now, 1, stage.amount):
            return False
        rate = world.account.api_gateway
        return self.spec.kind not in (REST, HTTP) or passes(rate, world.account_bucket, world.now, 1, rate.amount)

    def _load(self, request: Any) -> int:
        """Return the load whose client this is: the request's own, or the source's where that says nothing."""
        spec = self.world.clients.spec(request.load)
        own: int = self.world.draws[self.index].load
        return own if spec is not None and spec.is_default else int(request.load)

    def _key(self, kind: str) -> int:
        return int(self.world.draws[self.index].key(kind))

    def _leave(self, event: int, attempt: Attempt, fate: int) -> None:
        del self.open[event]
        self._row(event, attempt, self.world.now, fate)
        if fate != STAYS:
            self.world.users.told(event)

    def _row(self, event: int, attempt: Attempt, ended: int, fate: int) -> None:
        self.world.deliveries.append((self.index, event, attempt.number, -1, attempt.sent, attempt.available,
                                      attempt.delivered, ended, attempt.outcome, fate, 0, attempt.answer,
                                      attempt.batch))  # fmt: skip
