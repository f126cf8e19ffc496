"""A pool: the environments of one function that share a fate, on-demand or provisioned.

Expiry needs no event of its own. An idle environment's end is known when it falls idle, so the pool applies all
ends that have passed whenever it is looked at; what an observer sees is the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush

from lambdasim.model.environment import Environment, falls_idle, of_lifetime
from lambdasim.model.events import NEVER_NS, Expiry, Reuse
from lambdasim.model.idle import IDLE_SETS, IdleSet

# plain integers: an enum member costs several times as much to look up, and this is the hot path
_LONE_OR_SURPLUS, _TOGETHER = int(Expiry.LONE_OR_SURPLUS), int(Expiry.TOGETHER)

OnEnd = Callable[[Environment, int, bool], None]
"""Called with an environment, the time of its end and whether its lifetime (not its idle timeout) ended it."""


@dataclass(slots=True, eq=False, init=False)
class Pool:
    """Environments of one function, busy and idle."""

    alive: int
    """How many there are."""
    idle: int
    """How many of them are idle."""
    strikes_ns: int
    """When the clock of the whole function strikes next, NEVER_NS while it stands still."""
    period_ns: int
    """Of that clock."""
    leaving: int
    """How many are still to end now that it strikes."""
    _alive: dict[int, Environment]
    _seats: dict[int, Environment]
    """Those of provisioned concurrency by seat."""
    _idle: IdleSet
    _expiries: list[tuple[int, int]]
    _on_end: OnEnd
    _expiry: Expiry

    def __init__(self, reuse: Reuse, on_end: OnEnd, expiry: Expiry = Expiry.ONE_TIMEOUT) -> None:
        self.alive = self.idle = self.period_ns = self.leaving = 0
        self.strikes_ns = NEVER_NS
        self._expiry = expiry
        self._alive = {}
        self._seats = {}
        self._idle = IDLE_SETS[reuse]()
        self._expiries = []  # (time, number), a lower bound of the true expiry
        self._on_end = on_end

    def add(self, environment: Environment) -> None:
        """Take in a new environment, as busy."""
        self.strikes_ns = NEVER_NS
        self._alive[environment.number] = environment
        if environment.seat >= 0:
            self._seats[environment.seat] = environment
        self.alive += 1

    def expire(self, now: int) -> None:
        """End every idle environment whose time has come, at ``now`` or before."""
        while self.strikes_ns <= now:
            self._strike(self.strikes_ns)
        self._expire(now)

    def upcoming(self) -> tuple[int, bool, int]:
        """Return the place of the next end among those of all pools: its time (NEVER_NS: there is none), whether the
        clock of the whole function brings it, and else the environment's number."""
        expiries = self._expiries
        while expiries:
            due_ns, number = expiries[0]
            environment = self._alive.get(number)
            if environment is not None and environment.queued_ns == due_ns:
                if environment.expires_ns == due_ns:
                    break
                environment.queued_ns = -1
            heappop(expiries)
            if environment is not None and environment.queued_ns < 0 <= environment.expires_ns:
                self._queue(environment)
        due_ns, number = expiries[0] if expiries else (NEVER_NS, 0)
        return (self.strikes_ns, True, 0) if self.strikes_ns < due_ns else (due_ns, False, number)

    def end_upcoming(self) -> None:
        """End that one idle environment; there is one."""
        at_ns, by_clock, number = self.upcoming()
        if not by_clock:
            environment = self._alive[number]
            heappop(self._expiries)
            environment.queued_ns = -1
            self.withdraw(environment)
            self.end(environment, at_ns)
            return
        self.leaving = self.leaving or leaving(self._expiry, self.idle)
        if self.leaving:
            environment = self._idle.first()
            self.withdraw(environment)
            self.leaving -= 1
            self.end(environment, at_ns)
        if not self.leaving:
            self.strikes_ns = struck_next_ns(self.idle, at_ns, self.period_ns)

    def _strike(self, at_ns: int) -> None:
        """End those that leave when the clock of the whole function strikes, after those whose own time has come."""
        self._expire(at_ns)
        for _ in range(leaving(self._expiry, self.idle)):
            environment = self._idle.first()
            self.withdraw(environment)
            self.end(environment, at_ns)
        self.strikes_ns = struck_next_ns(self.idle, at_ns, self.period_ns)

    def _expire(self, now: int) -> None:
        """End every idle environment whose own time has come."""
        expiries = self._expiries
        while expiries and expiries[0][0] <= now:
            due_ns, number = heappop(expiries)
            environment = self._alive.get(number)
            if environment is None or environment.queued_ns != due_ns:
                continue  # it ended, or an earlier entry took its place
            environment.queued_ns = -1
            if environment.expires_ns == due_ns:
                self.withdraw(environment)
                self.end(environment, due_ns)
            elif environment.expires_ns >= 0:
                self._queue(environment)

    def take(self, pick: int) -> Environment:
        """Give the idle environment that is next in the reuse order; there is one."""
        self.strikes_ns = NEVER_NS
        environment = self._idle.take(pick)
        self.idle -= 1
        environment.expires_ns = -1
        return environment

    def put(self, environment: Environment, now: int, idle_timeout_ns: int) -> None:
        """Let a busy environment fall idle, or end when its lifetime has passed."""
        if not falls_idle(environment, now, idle_timeout_ns):
            self.end(environment, now)
            return
        self._idle.add(environment)
        self.idle += 1
        if not 0 <= environment.queued_ns <= environment.expires_ns:
            self._queue(environment)

    def rest(self, now: int, period_ns: int) -> None:
        """Start the clock of the whole function, none of whose environments is busy."""
        self.period_ns = period_ns
        self.strikes_ns = now + period_ns

    def end(self, environment: Environment, at_ns: int) -> None:
        """End a busy environment, or one that its time has just taken from the idle."""
        del self._alive[environment.number]
        self._seats.pop(environment.seat, None)
        self.alive -= 1
        self._on_end(environment, at_ns, of_lifetime(environment, at_ns))

    def seated(self, seat: int) -> Environment | None:
        """Return the environment of provisioned concurrency on a seat; None where it was given up."""
        return self._seats.get(seat)

    def withdraw(self, environment: Environment) -> None:
        """Take out an idle environment."""
        self._idle.remove(environment)
        self.idle -= 1

    def survivors(self) -> list[Environment]:
        """Return the environments alive, in order of their numbers."""
        return list(self._alive.values())

    def _queue(self, environment: Environment) -> None:
        environment.queued_ns = environment.expires_ns
        heappush(self._expiries, (environment.expires_ns, environment.number))


def is_surplus(expiry: int, pool: Pool) -> bool:
    """Say whether the idle timeout of an environment that falls idle is the surplus one."""
    return expiry >= _TOGETHER or (expiry == _LONE_OR_SURPLUS and pool.alive > 1)


def rests(expiry: int, pool: Pool) -> bool:
    """Say whether a clock of the whole function starts, now that an environment has fallen idle or ended."""
    return expiry >= _TOGETHER and 0 < pool.idle == pool.alive


def leaving(expiry: int, idle: int) -> int:
    """Return how many idle environments end when the clock strikes: all, or half of them, of an odd number the smaller
    half, but one at least.

    So do they in SeBS (Middleware 2021, data of its repository): of 5 are left 3, 2 and 1, of 2 one and none.
    """
    return idle if expiry == _TOGETHER or idle < 2 else idle >> 1


def struck_next_ns(idle: int, at_ns: int, period_ns: int) -> int:
    """Return when the clock that has struck strikes again, for those that are left."""
    return at_ns + period_ns if idle else NEVER_NS
