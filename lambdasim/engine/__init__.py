"""Engines: they turn a plan into records. All write the same records for the same plan, so which one runs is a
matter of speed alone.
"""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from lambdasim.engine.compiled import available, is_installed, refusal, supports
from lambdasim.garbage import uncollected

if TYPE_CHECKING:  # they import numpy, which a mere choice does not need
    from collections.abc import Callable, Iterable, Sequence

    from lambdasim.engine.reference.policies import PolicyRun
    from lambdasim.machine_code.program import Program
    from lambdasim.model.control import Change
    from lambdasim.plan import Plan, PlanChunk
    from lambdasim.records import RecordChunk, RecordTable

LOG: Final = logging.getLogger("lambdasim")

LARGE_REQUESTS: Final = 200_000
"""From how many requests on, of all runs of a command, ``auto`` takes a compiled engine that is still to be compiled:
SimPy would take about as long for fewer."""

ADVICE: Final = (
    "SimPy simulated this; --engine compiled gives the same numbers some fifteen times as fast, but is compiled for "
    "some ten seconds the first time"
)


class Engine(Protocol):
    """One simulation of an account."""

    def advance(self, chunk: "PlanChunk") -> "RecordChunk":
        """Let everything happen that happens before ``chunk.until_ns``; return what became known."""

    def change(self, changes: "Iterable[Change]") -> None:
        """Let more rows of the control table happen, none of them before what has happened already."""

    def drain(self, seen: "Callable[[RecordTable], None] | None" = None) -> "RecordChunk | None":
        """After the last chunk: let some of what is in flight end; None once :meth:`finish` has little to do.

        It need not be called. ``seen`` may be called with deliveries before they are handed over, the first of them
        first, where that takes long.
        """

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
    advice: str = ""
    """What another one would bring; empty when there is nothing to say."""


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
            raise refusal(reason)
        return Choice("compiled", "asked for")
    if not supported:
        return Choice("simpy", f"auto: {reason}")
    if is_installed():
        return Choice("compiled", "auto: the installation carries its machine code")
    if large:
        return Choice("compiled", f"auto: at least {LARGE_REQUESTS:,} requests")
    return Choice("simpy", f"auto: fewer than {LARGE_REQUESTS:,} requests", ADVICE)


def advise(choice: Choice) -> None:
    """Note what another engine would bring, where it could be compiled."""
    if not choice.advice or not LOG.isEnabledFor(logging.INFO):
        return
    from lambdasim.machine_code.compiler import works

    if choice.advice != ADVICE or works():
        LOG.info(choice.advice)


def without_numba(requested: str, error: Exception) -> Choice:
    """Return the engine to use where Numba is installed but cannot be loaded.

    Raises :class:`InputError` when ``compiled`` is asked for.
    """
    reason = f"the package numba cannot be loaded ({error})"
    if requested == "compiled":
        raise refusal(reason)
    return Choice("simpy", f"auto: {reason}", f"SimPy simulated this, as {reason}; install numba again")


def goes_by_size(requested: str, plan: "Plan") -> bool:
    """Say whether the choice depends on how large a plan is, which takes a while to find out."""
    return requested == "auto" and supports(plan)[0] and not is_installed()


@uncollected
def build(
    choice: Choice,
    plan: "Plan",
    policies: "PolicyRun | None" = None,
    *,
    may_change: bool = False,
    besides: "Sequence[Program]" = (),
) -> Engine:
    """Return an engine at the beginning of a simulation; ``policies`` are asked by the SimPy engine alone.

    ``may_change`` says that controllers may change something. Programs ``besides`` are compiled with a compiled engine.
    """
    if choice.used == "compiled":
        from lambdasim.engine.compiled.engine import CompiledEngine

        return CompiledEngine(plan, may_change, besides)
    from lambdasim.engine.reference.engine import ReferenceEngine

    return ReferenceEngine(plan, policies)
