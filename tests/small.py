"""Which drawn plans are small. One in fifty sends a hundred thousand events round a loop, or to pollers without end,
and takes longer than all others together: those are drawn again.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar
from unittest.mock import patch

from hypothesis import assume
from hypothesis.strategies import SearchStrategy

from lambdasim.engine.reference import engine as simpy

MOST = 3_000
"""Records until the last arrival, and events of the SimPy engine after it; the median plan has some dozens."""


Strategy = TypeVar("Strategy", bound=Callable[..., SearchStrategy[Any]])


def only_small(strategy: Strategy) -> Strategy:
    """Let a strategy draw cases of so few records and events; a case knows its ``plan()`` and ``chunks()``."""

    @wraps(strategy)
    def chosen(*values: Any, **more: Any) -> SearchStrategy[Any]:
        return strategy(*values, **more).map(_small)

    return chosen  # type: ignore[return-value]


def _small(case: Any) -> Any:
    engine, chunks = simpy.ReferenceEngine(case.plan()), list(case.chunks())
    last_ns = max(int(chunk.arrival_ns.max(initial=0)) for chunk in chunks)
    records = 0
    for chunk in chunks:
        known = engine.advance(replace(chunk, until_ns=min(chunk.until_ns, last_ns + 1)))
        records += len(known.invocations) + len(known.deliveries)
        assume(records <= MOST)
    with patch.object(simpy, "DRAINED_EVENTS", MOST):
        assume(engine.drain() is None)
    return case
