"""Engines: they turn a plan into records. All write the same records for the same plan."""

from dataclasses import dataclass

from lambdasim.errors import InputError


@dataclass(frozen=True, slots=True)
class Choice:
    """Which engine a run uses, and why."""

    used: str
    reason: str


def choose(requested: str) -> Choice:
    """Return the engine for ``auto`` or ``simpy``. Raises :class:`InputError` for one this version does not have."""
    if requested == "compiled":
        raise InputError.single("this version has no compiled engine; use 'auto' or 'simpy'", path="simulation.engine")
    return Choice("simpy", "asked for" if requested == "simpy" else "it simulates everything")
