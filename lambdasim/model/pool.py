"""A pool: the environments of one function that share a fate, on-demand or provisioned.

Expiry needs no event of its own. An idle environment's end is known when it falls idle, so the pool applies all
ends that have passed whenever it is looked at; what an observer sees is the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush

from lambdasim.model.environment import Environment, falls_idle, of_lifetime
from lambdasim.model.events import Reuse
from lambdasim.model.idle import IDLE_SETS, IdleSet

OnEnd = Callable[[Environment, int, bool], None]
"""Called with an environment, the time of its end and whether its lifetime (not its idle timeout) ended it."""


@dataclass(slots=True, eq=False, init=False)
class Pool:
    """Environments of one function, busy and idle."""

    alive: int
    """How many there are."""
    idle: int
    """How many of them are idle."""
    _alive: dict[int, Environment]
    _seats: dict[int, Environment]
    """Those of provisioned concurrency by seat."""
    _idle: IdleSet
    _expiries: list[tuple[int, int]]
    _on_end: OnEnd

    def __init__(self, reuse: Reuse, on_end: OnEnd) -> None:
        self.alive = self.idle = 0
        self._alive = {}
        self._seats = {}
        self._idle = IDLE_SETS[reuse]()
        self._expiries = []  # (time, number), a lower bound of the true expiry
        self._on_end = on_end

    def add(self, environment: Environment) -> None:
        """Take in a new environment, as busy."""
        self._alive[environment.number] = environment
        if environment.seat >= 0:
            self._seats[environment.seat] = environment
        self.alive += 1

    def expire(self, now: int) -> None:
        """End every idle environment whose time has come, at ``now`` or before."""
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


def is_surplus(pool: Pool) -> bool:
    """Say whether the environments of a pool are more than one, so that one that falls idle is a surplus."""
    return pool.alive > 1
