"""Admission: each question in its order, with the reason of the throttle. No clock but the numbers passed in."""

import pytest

from lambdasim.model.account import AccountState
from lambdasim.model.environment import Environment
from lambdasim.model.events import NEVER_NS, Expiry, StartKind, Status, ThrottleReason
from lambdasim.model.function import FunctionState, claim
from lambdasim.model.spec import AccountSpec, FunctionSpec, ScalingSpec
from lambdasim.model.start import serve, start_of

S = 1_000_000_000


def account(*functions: FunctionSpec, concurrency: int = 1000, scaling: ScalingSpec | None = None):
    spec = AccountSpec(concurrency=concurrency, functions=functions, scaling=scaling or ScalingSpec())
    state = AccountState(spec)
    ended: list[tuple[int, int, int, bool]] = []

    def on_end(function: int, environment: Environment, at_ns: int, of_lifetime: bool) -> None:
        ended.append((function, environment.number, at_ns, of_lifetime))

    return state, [FunctionState(i, state, on_end) for i in range(len(functions))], ended


def ask(function: FunctionState, now: int = 0, times: int = 1, lifetime_ns: int = NEVER_NS):
    """Return what ``times`` simultaneous requests get: environment numbers, or reasons of throttles."""
    answers = []
    for _ in range(times):
        grant = function.acquire(now, 0, lifetime_ns)
        answers.append(grant if isinstance(grant, int) else grant.number)
    return answers


def f(name: str = "f", **keys: object) -> FunctionSpec:
    return FunctionSpec(name=name, timeout_ns=3 * S, **keys)  # type: ignore[arg-type]


def test_account_limit_throttles_the_next_request() -> None:
    state, (function,), _ = account(f(), concurrency=3)
    assert ask(function, times=5) == [0, 1, 2] + 2 * [ThrottleReason.ACCOUNT_CONCURRENCY]
    assert (state.executing, state.unreserved, state.claimed) == (3, 3, 3)


def test_reserved_concurrency_is_ceiling_and_floor() -> None:
    _, (blue, orange, other), _ = account(f("blue", reserved=400), f("orange", reserved=400), f("other"))
    assert ask(orange, times=401)[-1] == ThrottleReason.RESERVED_CONCURRENCY  # though 600 of the account are free
    assert ask(other, times=201)[-2:] == [599, ThrottleReason.ACCOUNT_CONCURRENCY]  # only 200 are unreserved
    assert ask(blue, times=400)[-1] == 999  # blue's are still there


def test_reserved_zero_is_always_throttled() -> None:
    _, (function,), _ = account(f(reserved=0))
    assert ask(function, times=2) == 2 * [ThrottleReason.RESERVED_CONCURRENCY]


def test_provisioned_concurrency_serves_first_and_spills_over() -> None:
    state, (function,), _ = account(f(), concurrency=4)
    claim(state, function.shared, function, 2)
    assert state.claimed == 2
    function.increase(0, [7, 8])
    assert [(e.number, e.init_ns) for e in function.provisioned.survivors()] == [(0, 7), (1, 8)]
    assert ask(function, times=5) == [1, 0, 2, 3, ThrottleReason.ACCOUNT_CONCURRENCY]
    assert function.provisioned_concurrency == 2
    assert (state.unreserved, state.claimed, state.executing) == (2, 4, 4)


def test_provisioned_within_reserved_leaves_the_difference() -> None:
    state, (function,), _ = account(f(reserved=3))
    claim(state, function.shared, function, 2)
    assert state.claimed == 3  # reserved concurrency holds the provisioned part already
    function.increase(0, [0] * 2)
    assert ask(function, times=4) == [1, 0, 2, ThrottleReason.RESERVED_CONCURRENCY]


def test_all_reserved_provisioned_leaves_nothing_on_demand() -> None:
    _, (function,), _ = account(f(reserved=1))
    function.increase(0, [0] * 1)
    assert ask(function, times=2) == [0, ThrottleReason.RESERVED_CONCURRENCY]


def test_claimed_concurrency_of_the_page_of_aws() -> None:
    """Limit 1,000, 600 reserved and 200 provisioned elsewhere: 800 claimed when idle, 900 with 100 executions."""
    state, functions, _ = account(f("a", reserved=600), f("b"), f("c"))
    claim(state, functions[1].shared, functions[1], 200)
    assert state.claimed == 800
    assert ask(functions[2], times=100)[-1] == 99
    assert state.claimed == 900


@pytest.mark.parametrize(
    ("spec", "concurrency", "allowed", "reason"),
    [
        (f(), 2, 20, ThrottleReason.ACCOUNT_RATE),
        (f(reserved=1), 1000, 10, ThrottleReason.RESERVED_RATE),
    ],
)
def test_ten_requests_per_second_and_unit_of_concurrency(spec, concurrency, allowed, reason) -> None:
    _, (function,), _ = account(spec, concurrency=concurrency)
    answers = []
    for _ in range(allowed + 1):
        grant = function.acquire(S // 2, 0, NEVER_NS)
        answers.append(grant if isinstance(grant, int) else grant.number)
        if not isinstance(grant, int):
            function.release(grant, S // 2, Status.SUCCESS, S, S)
    assert answers == [0] * allowed + [reason]
    assert ask(function, now=S) == [0]  # a new second


def test_provisioned_rate_spills_over() -> None:
    _, (function,), _ = account(f())
    function.increase(0, [0] * 1)
    numbers = []
    for _ in range(12):
        grant = function.acquire(0, 0, NEVER_NS)
        numbers.append(grant.number)
        function.release(grant, 0, Status.SUCCESS, S, S)
    assert numbers == [0] * 10 + [1, 1]


def test_scaling_rate_is_each_functions_own() -> None:
    slow = ScalingSpec(capacity=2, amount=2, per_ns=10 * S)
    _, (one, two), _ = account(f("one"), f("two"), scaling=slow)
    assert ask(one, times=3) == [0, 1, ThrottleReason.SCALING_RATE]
    assert ask(two, times=3) == [2, 3, ThrottleReason.SCALING_RATE]


def test_legacy_burst_is_the_accounts() -> None:
    burst = ScalingSpec(capacity=3, amount=1, per_ns=60 * S, continuous=False, per_function=False)
    _, (one, two), _ = account(f("one"), f("two"), scaling=burst)
    assert ask(one, times=2) == [0, 1]
    assert ask(two, times=2) == [2, ThrottleReason.SCALING_RATE]
    assert ask(two, now=60 * S, times=2) == [3, ThrottleReason.SCALING_RATE]


def test_walk_through_of_ten_requests() -> None:
    """The Developer Guide's figure (lambda-concurrency): 6 environments, 4 of 10 requests find a warm one."""
    _, (function,), _ = account(f())
    first = [function.acquire(t, 0, NEVER_NS) for t in range(5)]
    assert [start_of(e, False) for e in first] == 5 * [StartKind.COLD]
    for environment, end in zip(first[:3], (5, 6, 7), strict=True):
        function.release(environment, end, Status.SUCCESS, S, S)
    # requests 6, 7 and 8 reuse environments that are idle; 9 finds none; 10 finds the one that ends before it
    warm = [function.acquire(8, 0, NEVER_NS) for _ in range(3)]
    assert {e.number for e in warm} == {0, 1, 2}
    assert [start_of(e, False) for e in warm] == 3 * [StartKind.WARM]
    ninth = function.acquire(9, 0, NEVER_NS)
    assert (ninth.number, start_of(ninth, False)) == (5, StartKind.COLD)
    function.release(first[3], 10, Status.SUCCESS, S, S)
    tenth = function.acquire(10, 0, NEVER_NS)
    assert (tenth.number, start_of(tenth, False)) == (3, StartKind.WARM)
    assert function.on_demand.alive == 6


@pytest.mark.parametrize(("status", "resets"), [(Status.ERROR, False), (Status.CRASH, True), (Status.TIMEOUT, True)])
def test_what_resets_an_environment(status: Status, resets: bool) -> None:
    _, (function,), _ = account(f())
    environment = function.acquire(0, 0, NEVER_NS)
    function.release(environment, 1, status, S, S)
    again = function.acquire(2, 0, NEVER_NS)
    start = StartKind.SUPPRESSED_INIT if resets else StartKind.WARM
    served = serve(function.spec, function, again, False, 2, 7, 1 * S, S, Status.SUCCESS)
    assert served == (start, 0, 0, 2 * S if resets else S, Status.SUCCESS)


@pytest.mark.parametrize(
    ("init_ns", "duration_ns", "served", "start"),
    [
        (10 * S, S, (5, 10 * S, S, Status.SUCCESS), StartKind.COLD),
        (10 * S + 1, S, (5, 10 * S, 3 * S, Status.TIMEOUT), StartKind.COLD_INIT_TIMEOUT),
        (S, 3 * S, (5, S, 3 * S, Status.SUCCESS), StartKind.COLD),
        (S, 3 * S + 1, (5, S, 3 * S, Status.TIMEOUT), StartKind.COLD),
    ],
)
def test_init_limit_and_timeout(init_ns, duration_ns, served, start) -> None:
    _, (function,), _ = account(f())
    environment = function.acquire(0, 0, NEVER_NS)
    found = serve(function.spec, function, environment, False, 0, 5, init_ns, duration_ns, Status.SUCCESS)
    assert found == (start, *served)
    assert environment.initialised_ns == 5 + served[1]


def test_lone_and_surplus_idle_timeouts() -> None:
    _, (function,), ended = account(f(expiry=Expiry.LONE_OR_SURPLUS))
    first, second = function.acquire(0, 0, NEVER_NS), function.acquire(0, 0, NEVER_NS)
    function.release(first, 1, Status.SUCCESS, 10, 100)  # the second is still there: surplus
    function.release(second, 150, Status.SUCCESS, 10, 100)  # the first expired at 101: lone
    function.on_demand.expire(200)
    assert ended == [(0, 0, 101, False), (0, 1, 160, False)]


def test_lifetime_ends_an_environment_when_it_is_free() -> None:
    _, (function,), ended = account(f())
    busy = function.acquire(0, 0, 50)
    idle = function.acquire(0, 0, 50)
    function.release(idle, 10, Status.SUCCESS, 100, 100)
    function.on_demand.expire(60)
    function.release(busy, 70, Status.SUCCESS, 100, 100)
    assert ended == [(0, 1, 50, True), (0, 0, 70, True)]
