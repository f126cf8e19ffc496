"""A function and its concurrency: who gets an environment, who is throttled and why.

The order of the questions in :func:`admit` is the admission algorithm; each reads one AWS rule. What decides is a plain
function of integers and of *structs*, dataclasses and named tuples whose integer fields either engine keeps in its own
way: SimPy's in the slots of objects, the compiled one, built from this very source, in rows of arrays. It knows no
clock and no containers: which of several idle environments is taken is up to whoever asks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lambdasim.model.account import AccountState
from lambdasim.model.bucket import Bucket, taken
from lambdasim.model.environment import Environment, falls_due, of_lifetime, retires
from lambdasim.model.events import NEVER_NS, Expiry, Reuse, ThrottleReason
from lambdasim.model.pool import Pool, is_surplus, rests
from lambdasim.model.request_rate import RequestRate, allows, follows
from lambdasim.model.rules import NS_PER_S, bucket_refilled
from lambdasim.model.spec import FunctionSpec, ScalingSpec
from lambdasim.model.start import resets
from lambdasim.model.utilization import meter

OnEnd = Callable[[int, Environment, int, bool], None]
"""Called with the function's index, an environment, the time of its end and whether its lifetime ended it."""
OnReady = Callable[["FunctionState", Environment], None]
"""Called with a function and an environment of its provisioned concurrency that can be used from now on."""

PROVISIONED, WARM_ON_DEMAND, NEW_ON_DEMAND = range(3)
"""What serves a request that is admitted."""

# plain integers: an enum member costs several times as much to look up, and this is the hot path
_ACCOUNT_CONCURRENCY, _SCALING_RATE = int(ThrottleReason.ACCOUNT_CONCURRENCY), int(ThrottleReason.SCALING_RATE)
_RESERVED_CONCURRENCY, _RESERVED_RATE = int(ThrottleReason.RESERVED_CONCURRENCY), int(ThrottleReason.RESERVED_RATE)
_ACCOUNT_RATE = int(ThrottleReason.ACCOUNT_RATE)


@dataclass(slots=True, eq=False, init=False)
class SharedState:
    """What all versions of a function share, now: the concurrency they use, and its quotas."""

    index: int
    """Of the first version."""
    reserved: int
    """-1 for none."""
    concurrency: int
    on_provisioned: int
    """Executions on provisioned concurrency, of whatever version."""
    standing: int
    """Environments of provisioned concurrency, of whatever version."""
    claims: int
    """Provisioned concurrency that was requested and is not gone yet: what they claim, unless some is reserved."""
    ramp_second_ns: int
    """When the present second begins."""
    ramp_admitted: int
    """Requests in it that were admitted on demand."""
    ramp_level: int
    """The most of them in any second."""
    ramp_credit: int
    """What is left to go beyond that with; a request is as much as there are ns in the period of its growth."""
    ramp_refilled_ns: int
    reserved_rate: RequestRate
    bucket: Bucket

    def __init__(self, index: int, account: AccountState) -> None:
        spec = account.spec.functions[index]
        self.index = index
        self.reserved = -1 if spec.reserved is None else spec.reserved
        self.concurrency = self.on_provisioned = self.standing = self.claims = 0
        self.ramp_second_ns = self.ramp_admitted = self.ramp_level = self.ramp_refilled_ns = 0
        scaling = account.spec.scaling
        self.ramp_credit = scaling.capacity * scaling.requests * scaling.per_ns
        self.reserved_rate = RequestRate(self.reserved, account.spec.whole_seconds)
        self.bucket = account.scaling_bucket()


@dataclass(slots=True, eq=False, init=False)
class FunctionState:
    """One version of a function, now: its environments."""

    index: int
    provisioned_concurrency: int
    """Executions on provisioned concurrency."""
    allocated: int
    """Provisioned concurrency that is ready. Environments beyond it end with what they are doing."""
    claimed: int
    """Provisioned concurrency that was requested and is not gone yet."""
    metered: int
    metered_q24: int
    metered_most_q24: int
    """See :mod:`lambdasim.model.utilization`."""
    fault_q24: int
    """Share of its invocations that return an error beside those that do anyway."""
    seats: int
    """How many environments of provisioned concurrency have become ready so far, those that replace others left out."""
    restores: int
    """Environments that were restored so far."""
    slower_q24: int
    """By how much the next restore is slower than those of a version that was restored often."""
    spec: FunctionSpec
    shared: SharedState
    has_blocking_calls: bool
    """For others, so that nobody knows beforehand what an invocation takes."""
    siblings: "list[FunctionState]"
    """All versions of the function, this one among them."""
    on_demand: Pool
    provisioned: Pool
    provisioned_rate: RequestRate
    _account: AccountState
    _on_ready: OnReady | None
    _ordered_expiry: bool

    def __init__(
        self,
        index: int,
        account: AccountState,
        on_end: OnEnd,
        first: "FunctionState | None" = None,
        on_ready: OnReady | None = None,
    ) -> None:
        """``first`` is the function's first version, None for that one itself."""
        self.spec = spec = account.spec.functions[index]
        self.index = index
        self.shared = SharedState(index, account) if first is None else first.shared
        self.siblings = [] if first is None else first.siblings
        self.siblings.append(self)
        self.provisioned_concurrency = self.allocated = self.claimed = self.seats = 0
        self.metered = self.metered_q24 = self.metered_most_q24 = self.fault_q24 = 0
        self.restores, self.slower_q24 = 0, spec.first_restores_q24
        self.has_blocking_calls = bool(spec.uses or spec.calls)
        self.on_demand = Pool(spec.reuse, lambda *end: on_end(index, *end), spec.expiry)
        self.provisioned = Pool(spec.reuse, lambda *end: on_end(index, *end))
        self.provisioned_rate = RequestRate(0, account.spec.whole_seconds)
        self._account = account
        self._on_ready = on_ready
        # what has expired must be gone before an environment falls idle, where that changes who is next or how long
        self._ordered_expiry = spec.expiry is Expiry.LONE_OR_SURPLUS or spec.reuse is Reuse.RANDOM

    def acquire(self, now: int, pick: int, lifetime_ns: int, metered: bool = True) -> Environment | int:
        """Give a request that arrives now an environment, or else the reason of its throttle.

        ``pick`` chooses under random reuse; ``lifetime_ns`` is that of the environment it would create.
        """
        account, shared, on_demand, provisioned = self._account, self.shared, self.on_demand, self.provisioned
        on_demand.expire(now)
        admitted = admit(
            account, shared, self, on_demand, provisioned, account.rate, shared.reserved_rate, self.provisioned_rate,
            account.scaling, shared.bucket, now, metered,
        )  # fmt: skip
        if admitted < 0:
            return -admitted
        if admitted == NEW_ON_DEMAND:
            environment = Environment(account.next_environment(), now, lifetime_ns, provisioned=False)
            on_demand.add(environment)
        else:
            environment = (on_demand if admitted == WARM_ON_DEMAND else provisioned).take(pick)
        environment.invocations += 1
        return environment

    @property
    def executing(self) -> int:
        """Executions of this version."""
        on_demand, provisioned = self.on_demand, self.provisioned
        return on_demand.alive - on_demand.idle + provisioned.alive - provisioned.idle

    def alive(self, now: int) -> tuple[int, int]:
        """Return how many environments there are, of all versions and of this one, which has just been asked."""
        own = self.on_demand.alive + self.provisioned.alive
        if len(self.siblings) == 1:
            return own, own
        for version in self.siblings:
            version.on_demand.expire(now)
        return sum([one.on_demand.alive + one.provisioned.alive for one in self.siblings]), own

    def retire(self, now: int) -> None:
        """Let no environment on demand serve anybody any more: idle ones end now, busy ones when they have ended."""
        self.on_demand.expire(now - 1)
        for environment in self.on_demand.survivors():
            if retires(environment, now):
                self.on_demand.withdraw(environment)
                self.on_demand.end(environment, now)

    def release(
        self, environment: Environment, now: int, status: int, idle_timeout_ns: int, surplus_idle_timeout_ns: int
    ) -> None:
        """Take back an environment whose invocation ended now, with ``status``."""
        end(self._account, self.shared, self, environment.provisioned)
        environment.needs_init = resets(status)
        if environment.provisioned:
            if is_given_up(self, self.provisioned):
                self._give_back(environment, now)
            elif of_lifetime(environment, now):
                self._succeed(environment, now)
            else:
                self.provisioned.put(environment, now, NEVER_NS)
            return
        pool = self.on_demand
        if self._ordered_expiry:
            pool.expire(now - 1)
        expiry = self.spec.expiry
        pool.put(environment, now, surplus_idle_timeout_ns if is_surplus(expiry, pool) else idle_timeout_ns)
        if rests(expiry, pool):
            pool.rest(now, idle_timeout_ns)

    def increase(self, now: int, init_ns: Sequence[int]) -> None:
        """Make provisioned concurrency usable, of environments that took so long to initialise."""
        for own_init_ns in init_ns:
            allocate(self.shared, self, self.provisioned_rate, now)
            self._install(now, own_init_ns, self.seats - 1)

    def replace(self, now: int, seat: int, init_ns: int) -> None:
        """Let the environment on a seat be replaced by one that took so long to initialise, as soon as it is idle."""
        environment = self.provisioned.seated(seat)
        if environment is not None and falls_due(environment, now, init_ns):
            self.provisioned.withdraw(environment)
            self._succeed(environment, now)

    def decrease(self, now: int, value: int) -> None:
        """Give up so much provisioned concurrency: idle environments end now, busy ones when they have ended."""
        for _ in range(min(value, self.allocated)):
            deallocate(self, self.provisioned_rate, now)
            if self.provisioned.idle:
                self._give_back(self.provisioned.take(0), now)

    def lose(self, now: int, is_struck: Callable[[int], bool]) -> None:
        """Let the environments that are struck, by their numbers, be lost; executions in them have just ended."""
        for pool in (self.on_demand, self.provisioned):
            for environment in pool.survivors():
                if environment.expires_ns >= 0 and is_struck(environment.number):
                    pool.withdraw(environment)
                    environment.is_lost = True
                    if environment.provisioned:
                        lose_allocated(self.shared, self, self.provisioned_rate, now)
                    pool.end(environment, now)

    def _install(self, now: int, init_ns: int, seat: int) -> None:
        environment = Environment(self._account.next_environment(), now, NEVER_NS, provisioned=True)
        environment.init_ns, environment.seat = init_ns, seat
        self.provisioned.add(environment)
        self.provisioned.put(environment, now, NEVER_NS)
        if self._on_ready is not None:
            self._on_ready(self, environment)

    def _succeed(self, environment: Environment, now: int) -> None:
        self.provisioned.end(environment, now)
        self._install(now, environment.successor_init_ns, environment.seat)

    def _give_back(self, environment: Environment, now: int) -> None:
        environment.ends_ns = NEVER_NS  # which is not what ends it
        give_back(self._account, self.shared, self)
        self.provisioned.end(environment, now)


def function_states(
    account: AccountState,
    on_end: OnEnd,
    on_ready: OnReady | None = None,
    make: Callable[..., FunctionState] = FunctionState,
) -> list[FunctionState]:
    """Return the state of every version of every function; a first version stands before the others."""
    states: list[FunctionState] = []
    for index, spec in enumerate(account.spec.functions):
        first = states[spec.version_of] if spec.version_of >= 0 else None
        states.append(make(index, account, on_end, first, on_ready))
    return states


def admit(
    account: AccountState,
    shared: SharedState,
    function: FunctionState,
    on_demand: Pool,
    provisioned: Pool,
    account_rate: RequestRate,
    reserved_rate: RequestRate,
    provisioned_rate: RequestRate,
    scaling: ScalingSpec,
    bucket: Bucket,
    now: int,
    metered: bool,
) -> int:
    """Admit a request that arrives now and return what serves it, or the throttle's reason, negated.

    Asynchronous invocations are not ``metered``: quotas of requests per second are of synchronous ones (Developer
    Guide, gettingstarted-limits, 2026).
    """
    reserved = shared.reserved
    if reserved == 0:
        return -_RESERVED_CONCURRENCY
    if metered:
        if reserved > 0 and not allows(reserved_rate, now):
            return -_RESERVED_RATE
        if not allows(account_rate, now):
            return -_ACCOUNT_RATE
        account_rate.admitted += 1
        if reserved > 0:
            reserved_rate.admitted += 1
    if 0 < reserved <= shared.concurrency:
        return -_RESERVED_CONCURRENCY
    if provisioned.idle and account.executing < account.concurrency and (not metered or allows(provisioned_rate, now)):
        if metered:
            provisioned_rate.admitted += 1
        function.provisioned_concurrency += 1
        shared.on_provisioned += 1
        meter(function)
        begin(account, shared)
        return PROVISIONED
    if reserved < 0:
        if account.claimed >= account.concurrency:
            return -_ACCOUNT_CONCURRENCY
    elif shared.concurrency - shared.on_provisioned >= reserved - shared.standing:
        return -_RESERVED_CONCURRENCY
    if metered and not may_ramp(scaling, shared, now):
        return -_SCALING_RATE
    if not on_demand.idle and not may_scale(scaling, bucket, now):
        return -_SCALING_RATE
    if metered:
        ramp(scaling, shared)
    if reserved < 0:
        account.unreserved += 1
        account.claimed += 1
    begin(account, shared)
    return WARM_ON_DEMAND if on_demand.idle else NEW_ON_DEMAND


def begin(account: AccountState, shared: SharedState) -> None:
    """Count an execution that begins."""
    shared.concurrency += 1
    account.executing += 1


def may_scale(spec: ScalingSpec, bucket: Bucket, now: int) -> bool:
    """Use one permission to add an environment if there is one; unless the refill is continuous, they come at ticks."""
    refilled_ns = now if spec.continuous else now - now % spec.per_ns
    return taken(bucket, refilled_ns, 1, spec.capacity, spec.amount, spec.per_ns)


def catch_up(spec: ScalingSpec, bucket: Bucket, now: int) -> None:
    """Let a bucket of the scaling rate have what came back until now, at which the rate changes."""
    refilled_ns = now if spec.continuous else now - now % spec.per_ns
    taken(bucket, refilled_ns, 0, spec.capacity, spec.amount, spec.per_ns)


def may_ramp(spec: ScalingSpec, shared: SharedState, now: int) -> bool:
    """Say whether a function may have one more request in the present second.

    As it may add 1,000 environments every 10 seconds, it may add 10,000 requests per second to the most that it had
    in any second (Developer Guide, scaling-behavior, 2026). That it is counted in whole seconds and never forgotten is
    our reading.
    """
    if spec.requests == 0:
        return True
    if now - shared.ramp_second_ns >= NS_PER_S:
        shared.ramp_second_ns = now - now % NS_PER_S
        shared.ramp_admitted = 0
    if shared.ramp_admitted < shared.ramp_level:
        return True
    refill_ramp(spec, shared, now)
    return shared.ramp_credit >= spec.per_ns


def refill_ramp(spec: ScalingSpec, shared: SharedState, now: int) -> None:
    """Let a function have the requests per second that came back until now."""
    if spec.requests == 0:
        return
    refilled_ns = now if spec.continuous else now - now % spec.per_ns
    shared.ramp_credit = bucket_refilled(
        shared.ramp_credit, refilled_ns - shared.ramp_refilled_ns, spec.capacity * spec.requests,
        spec.amount * spec.requests, spec.per_ns,
    )  # fmt: skip
    shared.ramp_refilled_ns = refilled_ns


def ramp(spec: ScalingSpec, shared: SharedState) -> None:
    """Count a request that may be had."""
    if spec.requests == 0:
        return
    shared.ramp_admitted += 1
    if shared.ramp_admitted > shared.ramp_level:
        shared.ramp_level = shared.ramp_admitted
        shared.ramp_credit -= spec.per_ns


def claim(account: AccountState, shared: SharedState, function: FunctionState, value: int) -> None:
    """Claim so much provisioned concurrency; reserved concurrency, if the function has any, holds it already."""
    function.claimed += value
    shared.claims += value
    if shared.reserved < 0:
        account.claimed += value


def allocate(shared: SharedState, function: FunctionState, rate: RequestRate, now: int) -> None:
    """Count one environment of provisioned concurrency that is ready."""
    shared.standing += 1
    function.seats += 1
    function.allocated += 1
    follows(rate, function.allocated, now)


def deallocate(function: FunctionState, rate: RequestRate, now: int) -> None:
    """Give up one environment of provisioned concurrency."""
    function.allocated -= 1
    follows(rate, function.allocated, now)


def lose_allocated(shared: SharedState, function: FunctionState, rate: RequestRate, now: int) -> None:
    """Lose one environment of provisioned concurrency, which stays claimed: AWS allocates another one."""
    shared.standing -= 1
    deallocate(function, rate, now)


def is_given_up(function: FunctionState, provisioned: Pool) -> bool:
    """Say whether an environment of provisioned concurrency that is free now is one too many."""
    return provisioned.alive > function.allocated


def configured(function: FunctionState, provisioned: Pool) -> int:
    """Return how much provisioned concurrency is asked for, ready or not: what is claimed but not given up."""
    return function.claimed - (provisioned.alive - function.allocated)


def give_back(account: AccountState, shared: SharedState, function: FunctionState) -> None:
    """Give the account back what one environment of provisioned concurrency has claimed that ends."""
    shared.standing -= 1
    claim(account, shared, function, -1)


def reserve(account: AccountState, shared: SharedState, rate: RequestRate, reserved: int, now: int) -> None:
    """Let so much concurrency be reserved for a function from now on, or none (-1); its executions go on."""
    _hold(account, shared, -1)
    shared.reserved = reserved
    follows(rate, reserved, now)
    _hold(account, shared, 1)


def _hold(account: AccountState, shared: SharedState, sign: int) -> None:
    """Add what a function holds of the account's concurrency, or with -1 take it away."""
    if shared.reserved >= 0:
        account.claimed += sign * shared.reserved
        return
    on_demand = shared.concurrency - shared.on_provisioned
    account.unreserved += sign * on_demand
    account.claimed += sign * (on_demand + shared.claims)


def limit(account: AccountState, rate: RequestRate, concurrency: int, now: int) -> None:
    """Let the account's quota of concurrent executions be another from now on; executions go on."""
    account.concurrency = concurrency
    follows(rate, concurrency, now)


def end(account: AccountState, shared: SharedState, function: FunctionState, provisioned: bool) -> None:
    """Count an execution that ends."""
    shared.concurrency -= 1
    account.executing -= 1
    if provisioned:
        function.provisioned_concurrency -= 1
        shared.on_provisioned -= 1
    elif shared.reserved < 0:
        account.unreserved -= 1
        account.claimed -= 1
