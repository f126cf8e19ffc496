"""Would the oracle of synchronous requests notice? Small errors in the law of admission, service and retries."""

import signal
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import FunctionType

import pytest
from by_hand import plan_of
from crowds import beginnings, crowd, pauses, ramp, rush, zones
from hypothesis import HealthCheck, given, settings
from opinion import JITTER_KEYS, opinion
from strategies import Case, cases

from lambdasim.engine.reference.engine import ReferenceEngine

MUTANTS = {
    "concurrency beyond the limit": ("function", "account.claimed >= account", "account.claimed > account"),
    "reserved concurrency beyond its limit": ("function", "0 < reserved <= shared", "0 < reserved < shared"),
    "all on demand of what is reserved": ("function", ">= reserved - shared.standing", ">= reserved"),
    "what is reserved to the last": ("function", ">= reserved - shared.standing", "> reserved - shared.standing"),
    "what is reserved beside the provisioned": (
        "function",
        "shared.concurrency - shared.on_provisioned >=",
        "shared.concurrency >=",
    ),
    "no concurrency reserved, and yet some": ("function", "if reserved == 0", "if reserved == -2"),
    "another reason": (
        "function",
        "may_scale(scaling, bucket, now):\n        return -_SCALING_RATE",
        "may_scale(scaling, bucket, now):\n        return -_ACCOUNT_CONCURRENCY",
    ),
    "a reserved rate that nobody asks": ("function", "reserved > 0 and not allows(", "reserved > 99 and not allows("),
    "throttled requests that do not count": ("function", "account_rate.admitted += 1", "pass"),
    "reserved requests that do not count": ("function", "    reserved_rate.admitted += 1", "    pass"),
    "provisioned requests that do not count": ("function", "provisioned_rate.admitted += 1", "pass"),
    "provisioned ones first, whatever their rate": ("function", "allows(provisioned_rate, now)", "True"),
    "provisioned ones last": ("function", "if provisioned.idle and", "if provisioned.idle and not on_demand.idle and"),
    "an end that frees nothing": ("function", "account.claimed -= 1", "pass"),
    "a provisioned end that frees nothing": ("function", "function.provisioned_concurrency -= 1", "pass"),
    "a timeout that strikes too early": (
        "start",
        "duration_ns > spec.timeout_ns:\n        return start",
        "duration_ns >= spec.timeout_ns:\n        return start",
    ),
    "an init limit that strikes too early": (
        "start",
        "init_ns > spec.init_limit_ns",
        "init_ns >= spec.init_limit_ns",
    ),
    "an init stopped in vain": ("start", "(_SUPPRESSED_INIT, _COLD_INIT_TIMEOUT)", "(_SUPPRESSED_INIT,)"),
    "a second cold start": ("start", "_COLD if environment.invocations == 1", "_COLD if environment.invocations <= 2"),
    "a placement of warm starts": ("start", "placement_ns = 0", "pass"),
    "an init that never was": ("start", "environment.init_ns = init_phase_ns", "pass"),
    "a crash that resets nothing": ("start", "(_CRASH, _OUT_OF_MEMORY, _TIMEOUT)", "(_OUT_OF_MEMORY, _TIMEOUT)"),
    "a timeout that resets nothing": ("start", "(_CRASH, _OUT_OF_MEMORY, _TIMEOUT)", "(_CRASH, _OUT_OF_MEMORY)"),
    "an init repeated at full speed": ("rules", "return init_ns * slowdown_permille // 1_000", "return init_ns"),
    "requests that grow without end": ("function", "return shared.ramp_credit >= spec.per_ns", "return True"),
    "a ramp that pays for what it had": ("function", "shared.ramp_admitted < shared.ramp_level", "False"),
    "a ramp that pays for nothing": ("function", "shared.ramp_credit -= spec.per_ns", "pass"),
    "a ramp that forgets": ("function", "shared.ramp_level = shared.ramp_admitted", "pass"),
    "a ramp of all seconds": ("function", "        shared.ramp_admitted = 0\n    if", "        pass\n    if"),
    "a ramp that grows slowly": ("function", "spec.amount * spec.requests", "spec.amount"),
    "a ramp that begins low": ("function", "spec.capacity * spec.requests,", "spec.capacity,"),
    "a ramp between ticks": (
        "function",
        "now if spec.continuous else now - now % spec.per_ns\n    shared.ramp",
        "now\n    shared.ramp",
    ),
    "a second too long": ("request_rate", "if elapsed_ns >= NS_PER_S", "if elapsed_ns > NS_PER_S"),
    "a second that begins anywhere": ("request_rate", "now - now % NS_PER_S", "now"),
    "a bucket too large": ("request_rate", "rate.used + NS_PER_S <= ", "rate.used <= "),
    "a bucket that forgets": ("request_rate", "rate.used + rate.admitted * NS_PER_S", "rate.admitted * NS_PER_S"),
    "a bucket that refills slowly": ("request_rate", "elapsed_ns * rate.quota", "elapsed_ns"),
    "a bucket that a new quota refills": ("request_rate", "    allows(rate, now)\n", "    rate.used = 0\n"),
    "a bucket below nothing": ("request_rate", "rate.used = min(rate.used, rate.quota * NS_PER_S)", "pass"),
    "a request too many": ("request_rate", "rate.admitted < rate.quota", "rate.admitted <= rate.quota"),
    "a permission too many": ("bucket", "if bucket.credit < tokens * per_ns", "if bucket.credit < 0"),
    "a permission too few": ("bucket", "if bucket.credit < tokens", "if bucket.credit <= tokens"),
    "a permission for nothing": ("bucket", "bucket.credit -= tokens * per_ns", "pass"),
    "a refill twice": ("bucket", "bucket.refilled_ns = now", "pass"),
    "a refill between ticks": (
        "function",
        "now if spec.continuous else now - now % spec.per_ns\n    return",
        "now\n    return",
    ),
    "a refill at ticks only": (
        "function",
        "now if spec.continuous else now - now % spec.per_ns\n    return",
        "now - now % spec.per_ns\n    return",
    ),
    "provisioned concurrency that is claimed twice": (
        "function",
        "    if shared.reserved < 0:\n        acc",
        "    if 1:\n        acc",
    ),
    "a quota that stays": ("function", "account.concurrency = concurrency", "pass"),
    "a rate that stays": ("function", "follows(rate, concurrency, now)", "pass"),
    "a reserved rate that stays": ("function", "follows(rate, reserved, now)", "pass"),
    "a provisioned rate that stays": (
        "function",
        "allocated += 1\n    follows(rate, function.allocated, now)",
        "allocated += 1",
    ),
    "a provisioned rate that does not fall": (
        "function",
        "allocated -= 1\n    follows(rate, function.allocated, now)",
        "allocated -= 1",
    ),
    "a second that begins anew with a quota": (
        "request_rate",
        "    rate.quota = max(",
        "    rate.admitted = 0\n    rate.quota = max(",
    ),
    "executions that a reservation forgets": ("function", "account.unreserved += sign * on_demand", "pass"),
    "a reservation on top of what runs": (
        "function",
        "account.claimed += sign * (on_demand + shared.claims)",
        "account.claimed += sign * shared.claims",
    ),
    "a reservation beside the provisioned": (
        "function",
        "account.claimed += sign * (on_demand + shared.claims)",
        "account.claimed += sign * on_demand",
    ),
    "a reservation that is not given back": ("function", "_hold(account, shared, -1)", "pass"),
    "provisioned executions among the on-demand ones": (
        "function",
        "on_demand = shared.concurrency - shared.on_provisioned",
        "on_demand = shared.concurrency",
    ),
    "a busy environment that is not given up": ("function", "provisioned.alive > function.allocated", "False"),
    "an environment given up too many": (
        "function",
        "provisioned.alive > function.allocated",
        "provisioned.alive >= function.allocated > 0",
    ),
    "a claim that outlives its environment": ("function", "claim(account, shared, function, -1)", "pass"),
    "what is given up stays configured": (
        "function",
        "return function.claimed - (provisioned.alive - function.allocated)",
        "return function.claimed",
    ),
    "versions that count apart": ("function", "else first.shared", "else SharedState(index, account)"),
    "environments of one version alone within what is reserved": (
        "function",
        ">= reserved - shared.standing",
        ">= reserved - provisioned.alive",
    ),
    "executions of one version alone on provisioned concurrency": (
        "function",
        "shared.concurrency - shared.on_provisioned >=",
        "shared.concurrency - function.provisioned_concurrency >=",
    ),
    "a provisioned end that the function forgets": ("function", "shared.on_provisioned -= 1", "pass"),
    "an environment gone that the function forgets": ("function", "    shared.standing -= 1\n    claim(", "    claim("),
    "an execution that is not metered": ("utilization", "function.metered += 1", "pass"),
    "a utilization that is not added up": ("utilization", "function.metered_q24 += used_q24", "pass"),
    "a highest utilization that is the last": (
        "utilization",
        "max(function.metered_most_q24, used_q24)",
        "used_q24",
    ),
    "what was metered stays": (
        "utilization",
        "function.metered = function.metered_q24 = function.metered_most_q24 = 0",
        "pass",
    ),
    "no surplus": ("pool", "pool.alive > 1", "pool.alive > 99"),
    "one is a surplus": ("pool", "pool.alive > 1", "pool.alive > 0"),
    "a lone one that no surplus timeout ends": ("pool", "return expiry >= _TOGETHER or (", "return ("),
    "a clock that starts while others are busy": ("pool", "0 < pool.idle == pool.alive", "0 < pool.idle"),
    "a clock that never starts": ("pool", "return expiry >= _TOGETHER and 0", "return expiry < 0 and 0"),
    "all of them in halves too": ("pool", "if expiry == _TOGETHER or idle < 2", "if True"),
    "halves where all are to end": ("pool", "if expiry == _TOGETHER or idle < 2", "if idle < 2"),
    "the larger half": ("pool", "else idle >> 1", "else (idle + 1) >> 1"),
    "a lone one that no half takes": (
        "pool",
        "if expiry == _TOGETHER or idle < 2",
        "if expiry == _TOGETHER or idle < 1",
    ),
    "a clock that strikes once": ("pool", "at_ns + period_ns if idle else NEVER_NS", "NEVER_NS"),
    "a lifetime that is forgotten": ("environment", "if ends_ns <= now", "if ends_ns < 0"),
    "an idle timeout beyond the lifetime": ("environment", "if expires_ns < ends_ns else ends_ns", "if True else 0"),
    "the wrong reason of an end": ("environment", "at_ns >= environment.ends_ns", "at_ns > environment.ends_ns"),
    "a lifetime from the beginning of time": ("environment", "= now + lifetime_ns", "= lifetime_ns"),
    "an attempt too many": ("client", "attempt + 1 >= spec.max_attempts", "attempt >= spec.max_attempts"),
    "a retry that costs nothing": ("client", "tokens - retry_cost(spec, client, trouble)", "tokens"),
    "a retry that needs a token more": ("client", "if left < 0", "if left < 1"),
    "a quota of none": ("client", "if spec.quota == 0 else", "if False else"),
    "a refund of the first attempt": ("client", "if attempt else 1", "if True else 1"),
    "a refund of one": ("client", "retry_cost(spec, client, last) if attempt else 1", "1"),
    "a refund beyond the quota": ("client", "min(quota, tokens + refund)", "tokens + refund"),
    "jitter for all": ("client", "if spec.full_jitter", "if True"),
    "jitter for none": ("client", "if spec.full_jitter", "if False"),
    "a delay that is not doubled": ("rules", "base_ns << doublings", "base_ns"),
    "a cap that is not kept": ("rules", "cap_ns if base_ns > cap_ns >> doublings else", ""),
    "a cap that comes too early": ("rules", "base_ns > cap_ns >> doublings", "base_ns >= cap_ns >> doublings"),
    "an environment that outlives its replacement": ("function", "elif of_lifetime(environment, now):", "elif False:"),
    "a replacement of whoever is busy": ("environment", "return environment.expires_ns >= 0", "return True"),
    "a replacement that waits without need": ("environment", "return environment.expires_ns >= 0", "return False"),
    "an end that does not come": ("environment", "environment.ends_ns = now\n", "pass\n"),
    "a successor without an init": ("environment", "environment.successor_init_ns = successor_init_ns", "pass"),
    "a seat that nobody has": ("function", "function.seats += 1", "function.seats += 2"),
    "what is given up as if it had ended": ("function", "environment.ends_ns = NEVER_NS", "pass"),
    "a refill without a limit": ("rules", "(full - credit) // amount + 1", "2**62"),
    "a first invocation like any other": ("start", "environment.invocations == 1:", "False:"),
    "a first invocation whose extra is warm": ("start", "start != _WARM or environment", "environment"),
    "a first invocation without its extra": (
        "start",
        "which is the first one of what was provisioned\n        duration_ns += spec.first_ns",
        "which is the first one of what was provisioned\n        pass",
    ),
    "a restored first invocation without its extra": (
        "start",
        "0, _TIMEOUT\n    duration_ns += spec.first_ns",
        "0, _TIMEOUT\n    pass",
    ),
    "nothing initialised ahead": ("start", "u24 < spec.ahead_q24", "False"),
    "everything initialised ahead": ("start", "u24 < spec.ahead_q24", "0 < spec.ahead_q24"),
    "an init past its limit ahead": ("start", "u24 < spec.ahead_q24 and start == _COLD", "u24 < spec.ahead_q24"),
    "a restore like an init": ("start", "if spec.snapstart:", "if False:"),
    "errors of Lambda's that nobody has": ("account", "u24 < account.service_errors_q24", "False"),
    "a loss that strikes all": ("losses", "u24 < loss.share_q24", "True"),
    "a loss that strikes nobody": ("losses", "u24 < loss.share_q24", "False"),
    "a loss of what has just ended": ("losses", "< end_ns and", "<= end_ns and"),
    "a loss of what just begins": ("losses", "began_ns < loss", "began_ns <= loss"),
    "a placement that outlives its loss": ("losses", "min(placement_ns, left_ns)", "placement_ns"),
    "an init that outlives its loss": ("losses", "min(init_ns, left_ns - placement_ns)", "init_ns"),
    "a lost environment that was initialised": (
        "losses",
        "environment.initialised_ns = min(environment.initialised_ns, loss.at_ns)",
        "pass",
    ),
    "an environment lost that nobody writes down": ("function", "environment.is_lost = True", "pass"),
    "what is lost of the provisioned stays allocated": (
        "function",
        "shared.standing -= 1\n    deallocate(function, rate, now)",
        "shared.standing -= 1",
    ),
    "what is lost of the provisioned stays": (
        "function",
        "shared.standing -= 1\n    deallocate(",
        "pass\n    deallocate(",
    ),
    "restores that are not counted": ("start", "function.restores += 1", "pass"),
    "first restores as fast as others": ("start", "return function.slower_q24", "return 0"),
    "a restore too many that is slow": ("start", "function.restores > FIRST", "function.restores > 1 + FIRST"),
    "restores that stay slow": ("start", "function.slower_q24 * RESTORES_DECAY_Q24 >> 24", "function.slower_q24"),
    "a restore without a limit": ("start", "too_long = hooks_ns > RESTORE_LIMIT_NS", "too_long = False"),
    "a restore whose limit strikes too early": ("start", "hooks_ns > RESTORE_LIMIT_NS", "hooks_ns >= RESTORE_LIMIT_NS"),
    "a restore that is limited as a whole": ("start", "restore_ns += RESTORE_LIMIT_NS - hooks_ns", "pass"),
    "a restore that nobody writes down": ("start", "environment.init_ns = restore_ns", "pass"),
    "a restored handler without a timeout": (
        "start",
        "duration_ns > spec.timeout_ns:\n        return _RESTORED",
        "False:\n        return _RESTORED",
    ),
}


def mutate(monkeypatch, module: str, old: str, new: str) -> None:
    """Change one place in the functions of a module of ``model``, wherever they are used."""
    place = import_module(f"lambdasim.model.{module}")
    text = Path(str(place.__file__)).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} is not once in {module}"
    changed: dict[str, object] = {"__name__": place.__name__}
    exec(text.replace(old, new), changed)
    pairs = [(getattr(place, name, None), value) for name, value in changed.items() if name[:2] != "__"]
    for own, other in list(pairs):
        if isinstance(other, type) and other.__module__ == place.__name__:
            pairs += [(vars(own)[name], value) for name, value in vars(other).items() if name in vars(own)]
    codes = [pair for pair in pairs if all(isinstance(function, FunctionType) for function in pair)]
    codes = [
        (own, other) for own, other in codes if own.__module__ == place.__name__ and own.__code__ != other.__code__
    ]
    assert codes, f"{new!r} changes no function"
    for own, other in codes:
        monkeypatch.setattr(own, "__code__", other.__code__)


def records(case: Case) -> tuple[list, list, list]:
    keys = JITTER_KEYS[: case.loads]
    engine = ReferenceEngine(plan_of(case.spec, keys, control=case.control, horizon_ns=case.horizon_ns))
    chunks = [engine.advance(chunk) for chunk in case.chunks()]
    chunks.append(engine.finish(case.ends_ns))
    return (
        sorted(row for chunk in chunks for row in chunk.invocations.rows.tolist()),
        sorted(row for chunk in chunks for row in chunk.environments.rows.tolist()),
        sorted(row for chunk in chunks for row in chunk.samples.rows.tolist()),
    )


@pytest.fixture(scope="module")
def requests() -> list:
    """Plans of synchronous requests, with the oracle's records of them."""
    plans = []

    @given(cases())
    @settings(max_examples=300, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    def collect(case: Case) -> None:
        plans.append(case)

    collect()
    plans += [make(seed) for make in (beginnings, zones) for seed in range(4)]
    plans += [rush(seed) for seed in range(20)]
    plans += [ramp(seed) for seed in range(24)]
    plans += [pauses(seed) for seed in range(8)]
    plans += [crowd(seed, rows=300, functions=3, concurrency=40, attempts=12) for seed in range(2)]
    return [(case, opinion(case)) for case in plans]


def notices(plans) -> bool:
    """Say whether any plan has other records than the oracle's, or cannot be run; that one comes first from now on."""
    for place, (case, expected) in enumerate(plans):
        try:
            noticed = records(case) != expected
        except (ArithmeticError, LookupError, TimeoutError):
            noticed = True
        if noticed:
            plans.insert(0, plans.pop(place))
            return True
    return False


@pytest.fixture
def patience() -> Iterator[None]:
    """Let what an error keeps from ever ending end after ten seconds of CPU time; all plans take less than one."""

    def stop(number: int, frame: object) -> None:
        raise TimeoutError("this would go on for ever")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, 10, 10)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


def test_without_an_error_the_oracle_agrees(requests) -> None:
    assert not notices(requests)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_an_error_is_noticed(mutant: str, requests, monkeypatch, patience) -> None:
    mutate(monkeypatch, *MUTANTS[mutant])
    assert notices(requests), f"{mutant}: nobody notices"
