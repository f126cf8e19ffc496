"""The control table: what changes at a known time, whoever asked for it.

Engines take its rows in their declared place among the other events.
"""

from dataclasses import dataclass
from enum import IntEnum

from lambdasim.model.events import EventRank


class Control(IntEnum):
    """What a row of the control table changes; its subject and value are those of a function."""

    PROVISIONED_REQUESTED = 0  # `value` environments are requested, and claimed from the account
    PROVISIONED_READY = 1  # `value` environments are allocated, and can be used


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the control table."""

    at_ns: int
    rank: EventRank
    """Its place among the events of that time."""
    kind: Control
    subject: int
    """Index of what changes."""
    value: int

    @property
    def order(self) -> tuple[int, int, int]:
        """Time, rank and subject: the declared order of events."""
        return self.at_ns, self.rank, self.subject
