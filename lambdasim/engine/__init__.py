"""Engines: they turn a plan into records. All write the same records for the same plan, so which one runs is a
matter of speed alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from lambdasim.engine.compiled import supports
from lambdasim.errors import InputError
from lambdasim.model.events import NEVER_NS
from lambdasim.model.law import AccountLaw

if TYPE_CHECKING:  # they import numpy, which a mere choice does not need
    from lambdasim.plan import PlanChunk
    from lambdasim.records import RecordChunk

LARGE_REQUESTS: Final = 500_000
"""From how many requests on ``auto`` takes the compiled engine: below, SimPy is done before Numba has compiled."""

NO_ACCOUNT: Final = AccountLaw(concurrency=1, functions=())


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


def choose(
    requested: str, *, large: bool = True, law: AccountLaw = NO_ACCOUNT, closed_loops: Sequence[object] = ()
) -> Choice:
    """Return the engine to use for ``auto``, ``simpy`` or ``compiled``; ``large`` counts for ``auto`` only.

    Raises :class:`InputError` with the reason when ``compiled`` is asked for and cannot be had.
    """
    if requested == "simpy":
        return Choice("simpy", "asked for")
    supported, reason = supports(law, closed_loops)
    if requested == "compiled":
        if not supported:
            raise InputError.single(f"the compiled engine cannot run this: {reason}", path="simulation.engine")
        return Choice("compiled", "asked for")
    if not large:
        return Choice("simpy", f"auto: fewer than {LARGE_REQUESTS:,} requests")
    return Choice("compiled" if supported else "simpy", f"auto: {reason}")


def build(
    choice: Choice,
    law: AccountLaw,
    jitter_keys: Sequence[int],
    closed_loops: Sequence[object],
    provisioned_init_ns: Sequence[Sequence[int]],
    horizon_ns: int = NEVER_NS,
    drawn: Sequence[object] = (),
    followers: Sequence[object] = (),
    called: Sequence[object] = (),
) -> Engine:
    """Return an engine at the beginning of a simulation; the arguments are those of ``ReferenceEngine``."""
    if choice.used == "compiled":
        from lambdasim.engine.compiled.engine import CompiledEngine

        return CompiledEngine(law, jitter_keys, closed_loops, provisioned_init_ns, horizon_ns, drawn)  # type: ignore[arg-type]
    from lambdasim.engine.reference.engine import ReferenceEngine

    return ReferenceEngine(
        law,
        jitter_keys,
        closed_loops,  # type: ignore[arg-type]
        provisioned_init_ns,
        horizon_ns,
        drawn,  # type: ignore[arg-type]
        followers,  # type: ignore[arg-type]
        called,  # type: ignore[arg-type]
    )
