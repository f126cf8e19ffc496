"""Policies of a user's own: functions whose environments are kept, reused, evicted or refused as Python says.

A :class:`PolicyFunction` is a function that asks its policies where the law would decide; all else is the law's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from lambdasim.model.account import AccountState
from lambdasim.model.environment import Environment
from lambdasim.model.events import NEVER_NS, Expiry, ThrottleReason
from lambdasim.model.function import FunctionState, OnEnd, OnReady
from lambdasim.policies.chosen import Policies, asked, nonsense
from lambdasim.policies.protocols import Draw, EnvironmentSeen, FunctionSeen

REFUSED: Final = int(ThrottleReason.SCALING_RATE)
"""The reason of throttles by a policy of admission."""
MOST_GAPS: Final = 4_096
"""So many of the latest idle times of a function are shown."""


@dataclass(frozen=True, slots=True)
class PolicyRun:
    """The policies of one simulation, with what they are shown besides its state."""

    policies: Policies
    memory_mb: Sequence[int]
    """By function."""
    keys: Sequence[int]
    """Of draws, by function."""

    def states(self) -> "Fleet":
        """Return what makes the states of functions."""
        return Fleet(self)


class Fleet:
    """All functions of an account, for policies that look at more than one."""

    def __init__(self, run: PolicyRun) -> None:
        self.run = run
        self.functions: list[PolicyFunction] = []

    def __call__(
        self,
        index: int,
        account: AccountState,
        on_end: OnEnd,
        first: FunctionState | None = None,
        on_ready: OnReady | None = None,
    ) -> FunctionState:
        """Return the state of a version of a function."""
        self.functions.append(PolicyFunction(self, index, account, on_end, first, on_ready))
        return self.functions[-1]

    def idle(self, now: int) -> dict[int, "PolicyFunction"]:
        """Return whose each idle environment on demand is, by its number, ascending."""
        found: dict[int, PolicyFunction] = {}
        for function in self.functions:
            function.on_demand.expire(now - 1)
            found |= dict.fromkeys(function.idle_since, function)
        return dict(sorted(found.items()))


class PolicyFunction(FunctionState):
    """One version of a function that asks its policies."""

    __slots__ = ("_decisions", "_fleet", "_gaps", "_left_ns", "_now_ns", "admitted", "idle_since")

    def __init__(
        self,
        fleet: Fleet,
        index: int,
        account: AccountState,
        on_end: OnEnd,
        first: FunctionState | None,
        on_ready: OnReady | None,
    ) -> None:
        """``fleet`` has the policies and the other functions; the others are those of a function."""

        def ended(function: int, environment: Environment, at_ns: int, of_lifetime: bool) -> None:
            self.idle_since.pop(environment.number, None)
            on_end(function, environment, at_ns, of_lifetime)

        super().__init__(index, account, ended, first, on_ready)
        if fleet.run.policies.idle_timeout is not None:  # which says of each environment how long it is kept
            self.spec = self.spec._replace(expiry=Expiry.ONE_TIMEOUT)
        self._fleet = fleet
        self._decisions = 0
        self._gaps: list[int] = []
        self._left_ns = -1  # when the last execution ended, while there is none
        self._now_ns = 0
        self.admitted = 0
        self.idle_since: dict[int, int] = {}
        if fleet.run.policies.reuse is not None:
            self.on_demand._idle = _ChosenIdle(self)  # type: ignore[assignment]

    def acquire(self, now: int, pick: int, lifetime_ns: int, metered: bool = True) -> Environment | int:
        """Ask the policy of admission, then the law."""
        if self._left_ns >= 0:
            self._gaps.append(now - self._left_ns)
            del self._gaps[:-MOST_GAPS]
            self._left_ns = -1
        policy = self._fleet.run.policies.admission
        self._now_ns = now
        if policy is not None:
            self.on_demand.expire(now)
            admitted = self._ask("admission", policy, "admit", now, self._seen(now))
            if not isinstance(admitted, bool):
                raise nonsense("admission", policy, self._where(now), admitted, "True or False")
            if not admitted:
                return REFUSED
        grant = super().acquire(now, pick, lifetime_ns, metered)
        if not isinstance(grant, int):
            self.admitted += 1
            self.idle_since.pop(grant.number, None)
        return grant

    def release(
        self, environment: Environment, now: int, status: int, idle_timeout_ns: int, surplus_idle_timeout_ns: int
    ) -> None:
        """Ask how long the environment is kept, and whether others end; then let it fall idle."""
        policies = self._fleet.run.policies
        if policies.idle_timeout is not None and not environment.provisioned:
            policy = policies.idle_timeout
            kept = self._ask("idle_timeout", policy, "idle_timeout", now, self._seen(now, environment))
            if isinstance(kept, bool) or not isinstance(kept, int) or not 0 <= kept < NEVER_NS:
                wanted = "a whole number of ns from 0 on"
                raise nonsense("idle_timeout", policy, self._where(now), kept, wanted)
            idle_timeout_ns = surplus_idle_timeout_ns = kept
        super().release(environment, now, status, idle_timeout_ns, surplus_idle_timeout_ns)
        if not self.shared.concurrency:
            self._left_ns = now
        if environment.provisioned or environment.expires_ns < 0:
            return
        self.idle_since[environment.number] = now
        if policies.eviction is not None:
            self._evict(policies.eviction, now)

    def environment_seen(self, environment: Environment) -> EnvironmentSeen:
        """Return an environment as a policy sees it."""
        return EnvironmentSeen(
            number=environment.number,
            function=self.spec.name,
            memory_mb=self._fleet.run.memory_mb[self.index],
            created_ns=environment.created_ns,
            idle_since_ns=self.idle_since.get(environment.number, -1),
            invocations=environment.invocations,
            init_ns=environment.init_ns,
        )

    def choose(self, idle: dict[int, Environment]) -> Environment:
        """Return which of the idle environments serves the request that has just been admitted."""
        policy, now = self._fleet.run.policies.reuse, self._now_ns
        assert policy is not None
        offered = [self.environment_seen(idle[number]) for number in sorted(idle)]
        number = self._ask("reuse", policy, "reuse", now, self._seen(now), offered)
        if number not in idle:
            raise nonsense("reuse", policy, self._where(now), number, "the number of an idle environment")
        return idle[number]

    def _evict(self, policy: Any, now: int) -> None:
        fleet = self._fleet
        owners = fleet.idle(now)
        offered = [owner.environment_seen(owner.on_demand._alive[number]) for number, owner in owners.items()]
        alive_mb = sum(f.on_demand.alive * fleet.run.memory_mb[f.index] for f in fleet.functions)
        for number in list(self._ask("eviction", policy, "evict", now, self._seen(now), offered, alive_mb)):
            if number not in owners:
                raise nonsense("eviction", policy, self._where(now), number, "the number of an idle environment")
            owners.pop(number).drop(number, now)

    def drop(self, number: int, now: int) -> None:
        """End an idle environment."""
        pool = self.on_demand
        environment = pool._alive[number]
        pool.withdraw(environment)
        pool.end(environment, now)

    def _ask(self, kind: str, policy: Any, method: str, now: int, *state: Any) -> Any:
        self._decisions += 1
        draw = Draw(self._fleet.run.keys[self.index], self._decisions)
        found = asked(kind, getattr(policy, method), self._where(now), *state, draw, policy=policy)
        return asked(kind, list, self._where(now), found, policy=policy) if kind == "eviction" else found

    def _where(self, now: int) -> str:
        return f"for function {self.spec.name!r} at {now / 1e9:g} s"

    def _seen(self, now: int, environment: Environment | None = None) -> FunctionSeen:
        return FunctionSeen(
            now_ns=now,
            function=self.spec.name,
            memory_mb=self._fleet.run.memory_mb[self.index],
            alive=self.on_demand.alive,
            idle=self.on_demand.idle,
            concurrency=self.shared.concurrency,
            invocations=self.admitted,
            gaps_ns=self._gaps,
            environment=None if environment is None else self.environment_seen(environment),
        )


class _ChosenIdle:
    """The idle environments of a function whose policy chooses among them: an order of :mod:`lambdasim.model.idle`."""

    def __init__(self, function: PolicyFunction) -> None:
        self._function = function
        self._idle: dict[int, Environment] = {}

    def add(self, environment: Environment) -> None:
        self._idle[environment.number] = environment

    def take(self, pick: int) -> Environment:
        environment = self._function.choose(self._idle)
        del self._idle[environment.number]
        return environment

    def first(self) -> Environment:
        return next(iter(self._idle.values()))

    def remove(self, environment: Environment) -> None:
        del self._idle[environment.number]
