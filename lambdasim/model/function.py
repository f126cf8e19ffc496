"""A function and its concurrency: who gets an environment, who is throttled and why.

The order of the questions in :meth:`FunctionState.acquire` is the admission algorithm; each reads one AWS rule. The
function knows no clock: every method takes ``now``.
"""

from collections.abc import Callable

from lambdasim.model import rules
from lambdasim.model.account import AccountState
from lambdasim.model.environment import REFUSALS, Environment, Refusal
from lambdasim.model.events import Reuse, StartKind, Status, ThrottleReason
from lambdasim.model.pool import Pool
from lambdasim.model.request_rate import RequestRate

OnEnd = Callable[[int, Environment, int, bool], None]
"""Called with the function's index, an environment, the time of its end and whether its lifetime ended it."""

RESETS = frozenset(map(int, (Status.CRASH, Status.OUT_OF_MEMORY, Status.TIMEOUT)))
"""Ways to end after which the environment is reset and runs init again when it is next used
(Developer Guide, lambda-runtime-environment, 2026). An error that the handler returns is none."""

# plain integers: an enum member costs several times as much to look up, and this is the hot path
_WARM, _SUPPRESSED_INIT = int(StartKind.WARM), int(StartKind.SUPPRESSED_INIT)
_COLD_INIT_TIMEOUT = int(StartKind.COLD_INIT_TIMEOUT)
_TIMEOUT = int(Status.TIMEOUT)

_NO_CONCURRENCY = REFUSALS[ThrottleReason.ACCOUNT_CONCURRENCY]
_NO_SCALING = REFUSALS[ThrottleReason.SCALING_RATE]
_NO_RESERVED = REFUSALS[ThrottleReason.RESERVED_CONCURRENCY]
_NO_RESERVED_RATE = REFUSALS[ThrottleReason.RESERVED_RATE]
_NO_ACCOUNT_RATE = REFUSALS[ThrottleReason.ACCOUNT_RATE]


class FunctionState:
    """One function, now: its environments and the concurrency it uses."""

    __slots__ = (
        "_account",
        "_bucket",
        "_ordered_expiry",
        "_provisioned_rate",
        "_reserved_rate",
        "concurrency",
        "index",
        "law",
        "on_demand",
        "provisioned",
        "provisioned_concurrency",
        "waits",
    )

    def __init__(self, index: int, account: AccountState, on_end: OnEnd) -> None:
        law = account.law.functions[index]
        self.index = index
        self.law = law
        self.waits = bool(law.uses or law.calls)  # for others, so that nobody knows beforehand what it takes
        self.concurrency = 0
        self.provisioned_concurrency = 0
        self.on_demand = Pool(law.reuse, lambda *end: on_end(index, *end))
        self.provisioned = Pool(law.reuse, lambda *end: on_end(index, *end))
        self._account = account
        self._bucket = account.scaling_bucket()
        self._reserved_rate = RequestRate(law.reserved) if law.reserved is not None else None
        self._provisioned_rate = RequestRate(law.provisioned)
        # what has expired must be gone before an environment falls idle, where that changes who is next or how long
        self._ordered_expiry = law.surplus_differs or law.reuse is Reuse.RANDOM

    def acquire(self, now: int, pick: int, lifetime_ns: int, metered: bool = True) -> Environment | Refusal:
        """Give a request that arrives now an environment, or refuse it with the reason of the throttle.

        ``pick`` chooses under random reuse; ``lifetime_ns`` is that of the environment it would create. Asynchronous
        invocations are not ``metered``: quotas of requests per second are of synchronous ones (Developer Guide,
        gettingstarted-limits, 2026).
        """
        law, account = self.law, self._account
        reserved = law.reserved
        self.on_demand.expire(now)
        if reserved is not None:
            if reserved == 0:
                return _NO_RESERVED
            if metered and not self._reserved_rate.allows(now):  # type: ignore[union-attr]
                return _NO_RESERVED_RATE
        if metered:
            if not account.rate.allows(now):
                return _NO_ACCOUNT_RATE
            account.rate.count()
        if reserved is not None:
            if metered:
                self._reserved_rate.count()  # type: ignore[union-attr]
            if self.concurrency >= reserved:
                return _NO_RESERVED
        if (
            law.provisioned
            and account.executing < account.law.concurrency
            and (not metered or self._provisioned_rate.allows(now))
        ):
            environment = self.provisioned.take(pick)
            if environment is not None:
                if metered:
                    self._provisioned_rate.count()
                self.provisioned_concurrency += 1
                return self._granted(environment)
        return self._on_demand(now, pick, lifetime_ns)

    def _on_demand(self, now: int, pick: int, lifetime_ns: int) -> Environment | Refusal:
        """Give an on-demand environment, warm if one is idle, or say why not."""
        law, account = self.law, self._account
        if law.reserved is None:
            if account.claimed >= account.law.concurrency:
                return _NO_CONCURRENCY
        elif self.concurrency - self.provisioned_concurrency >= law.reserved - self.provisioned.size:
            return _NO_RESERVED
        environment = self.on_demand.take(pick)
        if environment is None:
            if not self._bucket.take(now):
                return _NO_SCALING
            environment = Environment(account.next_environment(), now, now + lifetime_ns, provisioned=False)
            self.on_demand.add(environment)
        if law.reserved is None:
            account.unreserved += 1
            account.claimed += 1
        return self._granted(environment)

    def _granted(self, environment: Environment) -> Environment:
        if environment.invocations or environment.provisioned:
            environment.start = _SUPPRESSED_INIT if environment.needs_init else _WARM
        environment.invocations += 1
        self.concurrency += 1
        self._account.executing += 1
        return environment

    def serve(
        self, environment: Environment, now: int, placement_ns: int, init_ns: int, duration_ns: int, outcome: int
    ) -> tuple[int, int, int, int]:
        """Say what a granted invocation takes: its placement, Init Duration and Duration in ns, and its status.

        An init past its limit is stopped and runs again inside the invocation, as it does after a reset; then the
        function timeout limits init and handler together (Developer Guide, lambda-runtime-environment, 2026).
        """
        law = self.law
        start = environment.start
        if start == _WARM:
            placement_ns = init_phase_ns = 0
        else:
            repeated_ns = rules.repeated_init_ns(init_ns, law.suppressed_init_permille)
            if start == _SUPPRESSED_INIT:
                placement_ns = init_phase_ns = 0
                duration_ns += repeated_ns
            else:
                init_phase_ns = init_ns
                if init_ns > law.init_limit_ns:
                    environment.start = _COLD_INIT_TIMEOUT
                    init_phase_ns = law.init_limit_ns
                    duration_ns += repeated_ns
                environment.init_ns = init_phase_ns
                environment.initialised_ns = now + placement_ns + init_phase_ns
        if duration_ns > law.timeout_ns:
            return placement_ns, init_phase_ns, law.timeout_ns, _TIMEOUT
        return placement_ns, init_phase_ns, duration_ns, outcome

    def release(
        self, environment: Environment, now: int, status: int, idle_timeout_ns: int, surplus_idle_timeout_ns: int
    ) -> None:
        """Take back an environment whose invocation ended now, with ``status``."""
        account = self._account
        self.concurrency -= 1
        account.executing -= 1
        environment.needs_init = status in RESETS
        if environment.provisioned:
            self.provisioned_concurrency -= 1
            self.provisioned.put(environment, now, environment.ends_ns)
            return
        if self.law.reserved is None:
            account.unreserved -= 1
            account.claimed -= 1
        pool = self.on_demand
        if self._ordered_expiry:
            pool.expire(now - 1)
        pool.put(environment, now, surplus_idle_timeout_ns if pool.size > 1 else idle_timeout_ns)

    def provisioned_ready(self, now: int, lifetime_ns: int) -> list[Environment]:
        """Make all provisioned concurrency usable at once; return its environments."""
        created = [
            Environment(self._account.next_environment(), now, now + lifetime_ns, provisioned=True)
            for _ in range(self.law.provisioned)
        ]
        for environment in created:
            self.provisioned.add(environment)
            self.provisioned.put(environment, now, lifetime_ns)
        return created
