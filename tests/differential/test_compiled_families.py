"""Gateways, virtual users and what they meet: the compiled engine writes the records of the SimPy engine, whatever the
chunks.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from mixed_cases import mixed_cases
from oracle_cases import SourceCase, told_by_engine
from oracle_plans import examples, gateway_cases, user_cases

from lambdasim.engine.compiled import crowds
from lambdasim.engine.compiled.engine import CompiledEngine

pytest.importorskip("numba")

MANY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
FAMILIES = {"gateways": gateway_cases(), "users": user_cases(), "mixed": mixed_cases()}


@pytest.fixture(autouse=True, scope="module")
def few_ahead() -> Iterator[None]:
    """Let few requests of virtual users be drawn ahead, so that more have to be drawn again and again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crowds, "DRAWN_AT_ONCE", 4)
        patch.setattr(crowds, "ITERATIONS", 2)
        yield


@pytest.mark.parametrize("family", FAMILIES)
def test_as_the_simpy_engine(family: str) -> None:
    @settings(MANY, max_examples=examples(400))
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
