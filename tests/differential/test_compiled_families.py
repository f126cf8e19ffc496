"""Gateways, virtual users, links, handlers that wait for others, and what they meet: the compiled engine writes the
records of the SimPy engine, whatever the chunks.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from mixed_cases import mixed_cases
from oracle_cases import Draws, SourceCase, numbered, told_by_engine
from oracle_plans import S, examples, gateway_cases, handler_cases, user_cases
from oracles.world import Request

from lambdasim.engine.compiled import crowds
from lambdasim.engine.compiled.engine import CompiledEngine
from lambdasim.model.events import NEVER_NS
from lambdasim.model.gateway import ANSWERS, GatewayKind, GatewaySource
from lambdasim.model.links import LinkSpec, Trigger
from lambdasim.model.spec import AccountSpec, FunctionSpec
from lambdasim.model.sqs import SqsSpec

pytest.importorskip("numba")

MANY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
FAMILIES = {
    "gateways": gateway_cases(),
    "users": user_cases(),
    "links": mixed_cases(least_links=1),
    "mixed": mixed_cases(),
    "handlers": handler_cases(),
    "handlers and others": mixed_cases(with_handlers=True),
    "handlers and links": mixed_cases(with_handlers=True, least_links=1),
    "handlers and streams": mixed_cases(with_handlers=True, with_streams=True),
}


@pytest.fixture(autouse=True, scope="module")
def few_ahead() -> Iterator[None]:
    """Let few requests be drawn ahead, so that more have to be drawn again and again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crowds, "DRAWN_AT_ONCE", 4)
        patch.setattr(crowds, "ITERATIONS", 2)
        yield


@pytest.mark.parametrize("family", FAMILIES)
def test_as_the_simpy_engine(family: str) -> None:
    @settings(MANY, max_examples=examples(300))
    @given(FAMILIES[family])
    def compare(case: SourceCase) -> None:
        assert told_by_engine(case, CompiledEngine) == told_by_engine(case)

    compare()


@pytest.mark.parametrize("family", FAMILIES)
def test_chunk_borders_change_nothing(family: str) -> None:
    @settings(MANY, max_examples=examples(100))
    @given(FAMILIES[family])
    def compare(case: SourceCase) -> None:
        borders = {at + more for at, _ in case.events for more in (0, 1)}
        everywhere = replace(case, cuts_ns=tuple(sorted(borders)))
        assert told_by_engine(everywhere, CompiledEngine) == told_by_engine(replace(case, cuts_ns=()), CompiledEngine)

    compare()


def test_events_beyond_those_drawn_ahead() -> None:
    web = GatewaySource("web", 0, GatewayKind.HTTP, ANSWERS[GatewayKind.HTTP])
    link = LinkSpec(3, Trigger.LOAD, (0,), base_count=2, extra_probability_q24=1 << 23)
    functions = (FunctionSpec("f", timeout_ns=S), FunctionSpec("g", timeout_ns=9 * S))
    spec = AccountSpec(60, functions, sources=(web, SqsSpec("jobs", 1)), links=(link,))
    request = Request(0, 0, 0, S // 100, 0, NEVER_NS, 0, 0, 0)
    case = SourceCase(
        spec,
        numbered([(number * S // 200, request) for number in range(2_000)]),
        (Draws(1), Draws(2, 1, takes=(S // 50,), outcomes=(0, 0, 1))),
        followers=(Draws(3, 1, source=1, delays=(0, S // 100), keys={"link-count": 99}),),
        jitter_keys=(0,) * 4,
    )
    compiled = told_by_engine(case, CompiledEngine)
    assert compiled == told_by_engine(case)
    assert sum(row[1] >> 44 == 3 for row in compiled["deliveries"]) > 4_500
