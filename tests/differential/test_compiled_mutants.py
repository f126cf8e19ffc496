"""Would the differential tests notice? Small errors in the loop's source, each of which some plan must bring to light;
and in the law, which both engines share, so that only the oracle can.

The loop is Python that Numba can compile, so Python can run it too, and a mutant need not be compiled.
"""

from collections.abc import Iterator

import pytest
from by_hand import plan_of
from crowds import crowd, rush
from hypothesis import HealthCheck, given, settings
from interpreted import interpreter
from opinion import JITTER_KEYS, opinion
from strategies import Case, cases

from lambdasim.engine.reference.engine import ReferenceEngine

MUTANTS = {
    "an arrival before a completion of its instant": (
        "loop",
        "completions[0].at_ns <= at_ns",
        "completions[0].at_ns < at_ns",
    ),
    "an arrival before a retry of its instant": ("loop", "retries[0].at_ns <= at_ns", "retries[0].at_ns < at_ns"),
    "an arrival before capacity that is claimed": ("loop", "[loop.step].at_ns <= at_ns", "[loop.step].at_ns < at_ns"),
    "an arrival before an expiry of its instant": ("loop", "at_ns - (rank & RANKS < EXPIRY)", "at_ns - 1"),
    "an expiry before a completion of its instant": ("loop", "(rank & RANKS < EXPIRY)", "(rank < INVOKE_END)"),
    "what ends at the horizon has ended": ("invocation", "end_ns < loop.horizon_ns", "end_ns <= loop.horizon_ns"),
    "a retry at the horizon": ("loop", "now + delay_ns < loop.horizon_ns", "now + delay_ns <= loop.horizon_ns"),
    "an end at until": ("loop", "if at_ns >= until_ns", "if at_ns > until_ns"),
    "an expiry that is found too late": (
        "pool",
        "environment.queued_ns < 0 or environment.queued_ns >",
        "environment.queued_ns < 0 and -1 >",
    ),
    "the highest number first": ("heap", "return subject < other", "return subject > other"),
    "the wrong retry first": ("heap", "ties[subject].request < ties[other].request", "subject > other"),
    "the last of four": ("heap", "return other if right < left else one", "return one if right < left else other"),
    "a place that is not filled": ("idle", "_link(pool, environments, place, mover)", "pass"),
    "the oldest last": ("idle", "(LEAST_RECENT, NEWEST)", "(NEWEST,)"),
    "the newest last": ("idle", ".number < environments[other].number", ".number > environments[other].number"),
    "no refund": ("client", "OF_CLIENT if client.quota > 0 else NOBODY", "NOBODY"),
    "one quota for all processes": (
        "client",
        "client.tokens + sequence % client.processes\n    left",
        "client.tokens\n    left",
    ),
}

LAW_MUTANTS = {
    "concurrency beyond the limit": ("function", "account.claimed >= account", "account.claimed > account"),
    "reserved concurrency beyond its limit": ("function", "0 < reserved <= function", "0 < reserved < function"),
    "all on demand of what is reserved": ("function", ">= reserved - provisioned.alive", ">= reserved"),
    "what is reserved to the last": ("function", ">= reserved - provisioned.alive", "> reserved - provisioned.alive"),
    "what is reserved beside the provisioned": (
        "function",
        "function.concurrency - function.provisioned_concurrency >=",
        "function.concurrency >=",
    ),
    "no concurrency reserved, and yet some": ("function", "if reserved == 0", "if reserved == -2"),
    "another reason": ("function", "return -_SCALING_RATE", "return -_ACCOUNT_CONCURRENCY"),
    "a reserved rate that nobody asks": ("function", "reserved > 0 and not allows(", "reserved > 99 and not allows("),
    "throttled requests that do not count": ("function", "account_rate.admitted += 1", "pass"),
    "reserved requests that do not count": ("function", "    reserved_rate.admitted += 1", "    pass"),
    "provisioned requests that do not count": ("function", "provisioned_rate.admitted += 1", "pass"),
    "provisioned ones first, whatever their rate": ("function", "allows(provisioned_rate, now)", "True"),
    "provisioned ones last": ("function", "if provisioned.idle and", "if provisioned.idle and not on_demand.idle and"),
    "an end that frees nothing": ("function", "account.claimed -= 1", "pass"),
    "a provisioned end that frees nothing": ("function", "function.provisioned_concurrency -= 1", "pass"),
    "a timeout that strikes too early": ("function", "duration_ns > law.timeout_ns", "duration_ns >= law.timeout_ns"),
    "an init limit that strikes too early": ("function", "init_ns > law.init_limit_ns", "init_ns >= law.init_limit_ns"),
    "an init stopped in vain": ("function", "(_SUPPRESSED_INIT, _COLD_INIT_TIMEOUT)", "(_SUPPRESSED_INIT,)"),
    "a second cold start": ("function", "environment.invocations == 1", "environment.invocations <= 2"),
    "a placement of warm starts": ("function", "placement_ns = 0", "pass"),
    "an init that never was": ("function", "environment.init_ns = init_phase_ns", "pass"),
    "a crash that resets nothing": ("function", "(_CRASH, _OUT_OF_MEMORY, _TIMEOUT)", "(_OUT_OF_MEMORY, _TIMEOUT)"),
    "a timeout that resets nothing": ("function", "(_CRASH, _OUT_OF_MEMORY, _TIMEOUT)", "(_CRASH, _OUT_OF_MEMORY)"),
    "an init repeated at full speed": ("rules", "return init_ns * slowdown_permille // 1_000", "return init_ns"),
    "a second too long": ("request_rate", "now >= rate.ends_ns", "now > rate.ends_ns"),
    "a second of two": ("request_rate", "(now // NS_PER_S + 1)", "(now // NS_PER_S + 2)"),
    "a request too many": ("request_rate", "rate.admitted < rate.quota", "rate.admitted <= rate.quota"),
    "a permission too many": ("scaling", "if bucket.credit < law.per_ns", "if bucket.credit < 0"),
    "a permission for nothing": ("scaling", "bucket.credit -= law.per_ns", "pass"),
    "ticks that are lost": ("scaling", "bucket.refilled_ns += elapsed_ns", "bucket.refilled_ns = now"),
    "a refill between ticks": ("scaling", "if not law.continuous", "if False"),
    "a refill at ticks only": ("scaling", "if not law.continuous", "if True"),
    "a refill without a limit": ("rules", "(full - credit) // amount + 1", "2**62"),
    "no surplus": ("pool", ".alive > 1", ".alive > 99"),
    "one is a surplus": ("pool", ".alive > 1", ".alive > 0"),
    "a lifetime that is forgotten": ("environment", "if ends_ns <= now", "if ends_ns < 0"),
    "an idle timeout beyond the lifetime": (
        "environment",
        "expires_ns if expires_ns < ends_ns else ends_ns",
        "expires_ns",
    ),
    "the wrong reason of an end": ("environment", "at_ns >= environment.ends_ns", "at_ns > environment.ends_ns"),
    "an attempt too many": ("client", "attempt + 1 >= law.max_attempts", "attempt >= law.max_attempts"),
    "a limit that comes too early": ("rules", "(full - credit) // amount + 1", "(full - credit) // amount - 1"),
}
"""Of modules of ``model``."""


def records(engine_class, case: Case):
    engine = engine_class(plan_of(case.law, jitter_keys=JITTER_KEYS[: case.loads], horizon_ns=case.horizon_ns))
    chunks = [engine.advance(chunk) for chunk in case.chunks()]
    chunks.append(engine.finish(case.ends_ns))
    return (
        sorted(row for chunk in chunks for row in chunk.invocations.rows.tolist()),
        sorted(row for chunk in chunks for row in chunk.environments.rows.tolist()),
    )


def small_crowds():
    """Return plans in which the rarer things happen."""
    crowds = [crowd(seed, rows=300, functions=3, concurrency=40, attempts=12) for seed in range(12)]
    return [rush(seed) for seed in range(8)] + crowds


@pytest.fixture(scope="module")
def known() -> list[tuple[Case, object]]:
    """Plans, with the SimPy engine's records of them."""
    pairs = []

    @given(cases())
    @settings(max_examples=400, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    def collect(case: Case) -> None:
        pairs.append((case, records(ReferenceEngine, case)))

    collect()
    crowds = [(case, records(ReferenceEngine, case)) for case in small_crowds()]
    return pairs[:100] + crowds + pairs[100:]


@pytest.fixture
def interpreted(tmp_path) -> Iterator:
    """Return what makes an engine whose loop Python runs; see :mod:`interpreted`."""
    with interpreter(tmp_path) as engine:
        yield engine


def test_the_loop_as_python_runs_it(interpreted, known) -> None:
    engine = interpreted()
    for case, expected in known[-200:]:
        assert records(engine, case) == expected


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_is_caught(mutant: str, interpreted, known) -> None:
    engine = interpreted(MUTANTS[mutant])
    for case, expected in known:
        try:
            if records(engine, case) != expected:
                return
        except (IndexError, KeyError, OverflowError):
            return
    pytest.fail(f"{mutant}: nobody notices")


@pytest.fixture(scope="module")
def opinions(known) -> list[tuple[Case, object]]:
    """The same plans, with the oracle's records of them."""
    return [(case, opinion(case)) for case, _ in known]


@pytest.mark.parametrize("mutant", LAW_MUTANTS)
def test_mutant_of_the_law_is_caught_by_the_oracle(mutant: str, interpreted, opinions) -> None:
    module, old, new = LAW_MUTANTS[mutant]
    engine = interpreted(law=(f"lambdasim.model.{module}", old, new))
    if not any(records(engine, case) != expected for case, expected in opinions):
        pytest.fail(f"{mutant}: nobody notices")
