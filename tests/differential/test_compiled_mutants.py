"""Would the differential tests notice? Small errors in the loop's source, each of which some plan must bring to light.

The loop is Python that Numba can compile, so Python can run it too, and a mutant need not be compiled.
"""

from collections.abc import Iterator

import pytest
from by_hand import columns, plan_of
from crowds import crowd, pauses, rush
from hypothesis import HealthCheck, given, settings
from interpreted import interpreter, without_a_place
from opinion import JITTER_KEYS
from strategies import Case, cases

from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.model.events import NEVER_NS, Expiry
from lambdasim.model.spec import AccountSpec, FunctionSpec

S = 1_000_000_000

MUTANTS = {
    "an arrival before a completion of its instant": (
        "loop",
        "calendar.first_ns(state) <= at_ns",
        "calendar.first_ns(state) < at_ns",
    ),
    "an arrival before a retry of its instant": ("loop", "(retry_ns == at_ns and rank == ARRIVAL)", "False"),
    "a retry before a completion of its instant": (
        "loop",
        "(retry_ns == at_ns and rank == ARRIVAL)",
        "retry_ns == at_ns",
    ),
    "an arrival before capacity that is claimed": (
        "loop",
        "(change_ns == at_ns and rank != INVOKE_END)",
        "False",
    ),
    "capacity that is claimed before a completion of its instant": (
        "loop",
        "(change_ns == at_ns and rank != INVOKE_END)",
        "change_ns == at_ns",
    ),
    "a retry that nobody expects": ("invocation", "quiet.expect(state, at_ns)", "pass"),
    "an expiry that nobody expects": (
        "pool",
        "<< SLOT_BITS | slot, None)\n    quiet.expect(state, at_ns)",
        "<< SLOT_BITS | slot, None)",
    ),
    "a clock that nobody expects": (
        "pool",
        "int(CLOCK + pool), None)\n    quiet.expect(state, at_ns)",
        "int(CLOCK + pool), None)",
    ),
    "quiet beyond a retry": ("quiet", "min(retry_ns, change_ns)", "change_ns"),
    "quiet beyond a change": ("quiet", "min(retry_ns, change_ns)", "retry_ns"),
    "quiet beyond an expiry": ("quiet", "min(timer_ns, expiry_ns)", "timer_ns"),
    "quiet beyond the end": ("loop", "min(until_ns, quiet.until_ns(state))", "quiet.until_ns(state)"),
    "quiet through what comes then": ("loop", "rare(at_ns >= loop.quiet_ns)", "rare(at_ns > loop.quiet_ns)"),
    "an arrival before an expiry of its instant": ("loop", "at_ns - (rank & RANKS < EXPIRY)", "at_ns - 1"),
    "an expiry before a completion of its instant": ("loop", "(rank & RANKS < EXPIRY)", "(rank < INVOKE_END)"),
    "what ends at the horizon has ended": ("invocation", "end_ns < loop.horizon_ns", "end_ns <= loop.horizon_ns"),
    "a retry at the horizon": ("asking", "delay_ns >= state.loop[0].horizon_ns", "delay_ns > state.loop[0].horizon_ns"),
    "an end at until": ("loop", "if at_ns >= until_ns:", "if at_ns > until_ns:"),
    "no surplus": ("function", "is_surplus(function.expiry, own)", "False"),
    "a clock that goes on while an environment is used": (
        "pool",
        "expires_ns = -1\n    state.pools[pool].strikes_ns = NEVER_NS",
        "expires_ns = -1",
    ),
    "a clock that goes on as an environment is created": (
        "pool",
        "alive += 1\n    state.pools[pool].strikes_ns = NEVER_NS",
        "alive += 1",
    ),
    "a clock that is found too late": ("pool", "own.queued_ns < 0 or own.queued_ns >", "own.queued_ns < 0 and -1 >"),
    "one that leaves where several do": (
        "pool",
        "if own.leaving > 0:\n            return",
        "if False:\n            return",
    ),
    "a clock that is wound for nothing": ("pool", "wind(state, pool, own.strikes_ns)", "pass"),
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
    "a retry that costs nothing": ("client", "tokens[process] = left", "pass"),
    "no refund": ("client", "OF_CLIENT if client.quota > 0 else NOBODY", "NOBODY"),
    "a seat of any pool": ("pool", "environment.pool == pool and", ""),
    "an idle one that seems busy": (
        "function",
        "environment.expires_ns = NEVER_NS\n            idle",
        "pass\n            idle",
    ),
    "a successor without a seat": ("function", "environment.seat = seat", "pass"),
    "one quota for all processes": (
        "client",
        "client.tokens + sequence % client.processes\n    left",
        "client.tokens\n    left",
    ),
}


def records(engine_class, case: Case):
    engine = engine_class(
        plan_of(case.spec, JITTER_KEYS[: case.loads], control=case.control, horizon_ns=case.horizon_ns)
    )
    chunks = [engine.advance(chunk) for chunk in case.chunks()]
    chunks.append(engine.finish(case.ends_ns))
    return (
        sorted(row for chunk in chunks for row in chunk.invocations.rows.tolist()),
        sorted(row for chunk in chunks for row in chunk.environments.rows.tolist()),
        sorted(row for chunk in chunks for row in chunk.samples.rows.tolist()),
    )


def clocks():
    """Return plans of a function whose clock is running as an environment is used, and as one is created."""

    def plan(*requests: tuple[int, int], lifetime_ns: int = NEVER_NS) -> Case:
        idle = {"idle_timeout_ns": 5 * S, "surplus_idle_timeout_ns": 20 * S, "lifetime_ns": lifetime_ns}
        rows = [
            columns(0) | {"load": 0, "sequence": n, "request": n, "arrival_ns": at * S, "function": 0} | idle
            | {"duration_ns": takes * S}
            for n, (at, takes) in enumerate(requests)
        ]  # fmt: skip
        spec = AccountSpec(9, (FunctionSpec("f", timeout_ns=900 * S, expiry=Expiry.TOGETHER),))
        return Case(spec, rows, (), 1, NEVER_NS, [], 60 * S)

    return [plan((0, 1), (0, 1), (5, 3), (9, 1), (9, 1)), plan((0, 1), (4, 4), (4, 1), (7, 1), lifetime_ns=3 * S)]


def small_crowds():
    """Return plans in which the rarer things happen."""
    crowds = [crowd(seed, rows=300, functions=3, concurrency=40, attempts=12) for seed in range(12)]
    return clocks() + [pauses(seed) for seed in range(8)] + [rush(seed) for seed in range(8)] + crowds


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


def test_every_mutant_has_its_place() -> None:
    """Those too that a run of the suite leaves out."""
    assert without_a_place(MUTANTS) == []


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
        except (IndexError, KeyError, OverflowError, RecursionError):
            return
    pytest.fail(f"{mutant}: nobody notices")
