"""Engines: they turn a plan into records. All write the same records for the same plan, so which one runs is a
matter of speed alone.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from lambdasim.engine.compiled import available, supports
from lambdasim.errors import InputError

if TYPE_CHECKING:  # they import numpy, which a mere choice does not need
    from lambdasim.plan import Plan, PlanChunk
    from lambdasim.records import RecordChunk

LARGE_REQUESTS: Final = 500_000
"""From how many requests on ``auto`` takes the compiled engine: below, SimPy is done before Numba has compiled."""


class Engine(Protocol):
    """One simulation of an account."""

    def advance(self, chunk: "PlanChunk") -> "RecordChunk":
        """Let everything happen that happens before ``chunk.until_ns``; return what became known."""

    def finish(self, loads_end_ns: int) -> "RecordChunk":
        """Let everything in flight end, or stop at the horizon; return the rest."""

    @property
    def ended_ns(self) -> int:
        """The end of the simulation, after :meth:`finish`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which engine a run uses (``simpy`` or ``compiled``), and why."""

    used: str
    reason: str


def choose(requested: str, plan: "Plan | None" = None, *, large: bool = True) -> Choice:
    """Return the engine to use for ``auto``, ``simpy`` or ``compiled``; ``large`` counts for ``auto`` only.

    Without a plan: for one that every engine supports.

    Raises :class:`InputError` with the reason when ``compiled`` is asked for and cannot be had.
    """
    if requested == "simpy":
        return Choice("simpy", "asked for")
    supported, reason = available() if plan is None else supports(plan)
    if requested == "compiled":
        if not supported:
            raise InputError.single(f"the compiled engine cannot run this: {reason}", path="simulation.engine")
        return Choice("compiled", "asked for")
    if not large:
        return Choice("simpy", f"auto: fewer than {LARGE_REQUESTS:,} requests")
    return Choice("compiled" if supported else "simpy", f"auto: {reason}")


def build(choice: Choice, plan: "Plan") -> Engine:
    """Return an engine at the beginning of a simulation."""
    if choice.used == "compiled":
        from lambdasim.engine.compiled.engine import CompiledEngine

        return CompiledEngine(plan)
    from lambdasim.engine.reference.engine import ReferenceEngine

    return ReferenceEngine(plan)
