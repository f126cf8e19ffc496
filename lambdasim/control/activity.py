"""What changed during a run, and how that went: one entry of ``changes`` in ``summary.json``."""

from dataclasses import dataclass, field
from typing import Any

from lambdasim.units import NS_PER_S


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that a controller, a schedule or the file changed."""

    at_ns: int
    what: str
    """Such as ``autoscaling`` or ``schedule``."""
    name: str
    """Of the function or the change."""
    status: str = "succeeded"
    """``succeeded``, ``failed``, or ``in_progress`` when the run ended before."""
    details: dict[str, Any] = field(default_factory=dict)
    """Further keys, with values as JSON has them."""
    ready_ns: int | None = None
    """When it took effect, where that is later."""

    def to_dict(self, end_ns: int) -> dict[str, Any]:
        """Return the object of ``summary.json`` for a run that ended at ``end_ns``."""
        told = {"time_s": self.at_ns / NS_PER_S, "what": self.what, "name": self.name, "status": self.status}
        if self.ready_ns is None:
            return told | self.details
        if self.ready_ns > end_ns:
            return told | {"status": "in_progress"} | self.details | {"ready_s": None}
        return told | self.details | {"ready_s": self.ready_ns / NS_PER_S}
