"""Handlers that use downstreams and call others, beyond what ``test_compiled_families.py`` draws: many calls, what is
in flight, and what 64 bits do not hold.
"""

from dataclasses import replace

import pytest
from by_hand import plan_of
from oracle_cases import Draws, SourceCase, numbered, told_by_engine
from oracle_plans import S
from oracles.world import Request

from lambdasim.engine.compiled import MOST_CONNECTED, supports
from lambdasim.engine.compiled.engine import CompiledEngine
from lambdasim.model.calls import CallSpec
from lambdasim.model.control import Change, Control
from lambdasim.model.downstream import DownstreamSpec, Slowdown, UseSpec
from lambdasim.model.events import NEVER_NS
from lambdasim.model.links import LinkSpec, Trigger
from lambdasim.model.spec import AccountSpec, FunctionSpec

pytest.importorskip("numba")


def calls_and_databases(requests: int, *, horizon_ns: int = NEVER_NS) -> SourceCase:
    """Return many requests whose handlers use a database and call another function, which is followed."""
    uses, calls = (UseSpec(0), UseSpec(1, 2, 500)), (CallSpec(0, 1, 1 << 23, must_succeed=False), CallSpec(1))
    downstreams = (
        DownstreamSpec("db", connections=60, fail_ns=S // 100, slowdowns=(Slowdown(S, 3 * S, 4_000),)),
        DownstreamSpec("api", calls=900, per_ns=S, burst=50, fail_ns=S // 50),
    )
    functions = (
        FunctionSpec("f", timeout_ns=S, uses=uses, calls=calls),
        FunctionSpec("g", timeout_ns=S // 10, uses=uses[:1]),
        FunctionSpec("h", timeout_ns=S, reserved=9),
    )
    link = LinkSpec(1, Trigger.FUNCTION, (1,))
    request = Request(0, 0, 0, S // 100, S // 5, S, 0, -1, 0)
    return SourceCase(
        AccountSpec(90, functions, links=(link,), downstreams=downstreams),
        numbered([(number * S // 400, request) for number in range(requests)]),
        followers=(Draws(1, 2, takes=(S // 50,)),),
        called=(
            Draws(2, 1, takes=(S // 50, S // 25, S // 50, S // 5), inits=(S // 10,), idle=S, outcomes=(0, 0, 0, 1)),
            Draws(3, 2, takes=(S // 30,), keys={"call-count": 7}),
        ),
        jitter_keys=(0,) * 4,
        horizon_ns=horizon_ns,
    )


def test_calls_beyond_those_drawn_ahead() -> None:
    case = calls_and_databases(2_500)
    compiled = told_by_engine(case, CompiledEngine)
    assert compiled == told_by_engine(case)
    by_load = [sum(row[0] >> 44 == load for row in compiled["invocations"]) for load in range(4)]
    assert min(by_load) > 1_024


def test_what_is_in_flight_when_it_is_cut() -> None:
    case = calls_and_databases(200, horizon_ns=S // 3)
    compiled = told_by_engine(case, CompiledEngine)
    assert compiled == told_by_engine(case)
    assert sum(row[5] == 6 for row in compiled["invocations"]) > 10


DATABASE = DownstreamSpec("db", connections=1)
USER = FunctionSpec("f", timeout_ns=900 * S, uses=(UseSpec(0),))


@pytest.mark.parametrize(
    ("downstreams", "more", "reason"),
    [
        ((DATABASE,) * (MOST_CONNECTED + 1), {}, "more than 62 downstreams limit their connections"),
        (
            (replace(DATABASE, burst=10**7, per_ns=1_000 * S),),
            {},
            "the downstream 'db' has a burst times its period of 2^62 or more",
        ),
        ((replace(DATABASE, fail_ns=NEVER_NS),), {}, "the downstream 'db' has times of 146 years or more"),
        (
            (replace(DATABASE, slowdowns=(Slowdown(0, S, 10_000_000),) * 2),),
            {},
            "function 'f' may take longer than 64 bits hold in 'db'",
        ),
        (
            (replace(DATABASE, slowdowns=(Slowdown(0, S, 1_000_000),)),),
            {"control": (Change(0, Control.SLOWDOWN, 0, 10_000_000),)},
            "function 'f' may take longer than 64 bits hold in 'db'",
        ),
    ],
)
def test_what_64_bits_do_not_hold_is_refused_with_the_reason(downstreams, more, reason: str) -> None:
    account = AccountSpec(9, (USER,), downstreams=(DATABASE,))
    assert supports(plan_of(account))[0]
    assert supports(plan_of(replace(account, downstreams=downstreams), **more)) == (False, reason)


def test_as_slow_as_64_bits_hold() -> None:
    slow = DownstreamSpec("db", slowdowns=(Slowdown(0, S, 1_000_000), Slowdown(0, S, 2_000)))
    case = SourceCase(
        AccountSpec(9, (USER,), downstreams=(slow,)),
        numbered([(0, Request(0, 0, 0, takes, 0, NEVER_NS, 0, -1, 0)) for takes in (1, S, 900 * S)]),
    )
    told = told_by_engine(case, CompiledEngine)
    assert told == told_by_engine(case)
    assert sorted(row[13] for row in told["invocations"]) == [2_000, 900 * S, 900 * S]
