"""Where a default comes from, said where it is declared: AWS's pages, somebody's measurement, or this program.

What AWS does not publish is an assumption. It has a name and a range: values that evidence, or the want of it, allows
instead. Other defaults are neutral: they say what to do, or describe a workload, and claim nothing about AWS.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic.fields import FieldInfo

Kind = Literal["official", "measured", "ours", "neutral"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one default rests on."""

    kind: Kind
    source: str
    """Page and date; for what is ours the reason."""
    name: str = ""
    """What is assumed, in words; of assumptions only."""
    range: Mapping[str, Any] = field(default_factory=dict)
    """What it may be instead, by ``low``, ``high`` or another word, in the words of a file; of assumptions only."""
    by_type: bool = False
    """Whether ``range`` has such a table for each type of source."""

    @property
    def is_assumed(self) -> bool:
        """Whether AWS does not publish it."""
        return self.kind in ("measured", "ours")

    def range_of(self, table: Any) -> Mapping[str, Any]:
        """Return the range of the value in one table."""
        known: Mapping[str, Any] = self.range.get(table.type, {}) if self.by_type else self.range
        return known

    def told(self, table: Any) -> str:
        """Return source and range as a line that stands beside the value."""
        told = {side: _told(value) for side, value in self.range_of(table).items()}
        sides = ", ".join(side if side == value else f"{side} {value}" for side, value in told.items())
        return f"{self.source}; range: {sides}" if sides else self.source


def official(source: str) -> Evidence:
    """Return the evidence of what AWS publishes."""
    return Evidence("official", source)


def measured(name: str, source: str, **range_: Any) -> Evidence:
    """Return the evidence of what others have measured."""
    return Evidence("measured", source, name, _sides(range_))


def ours(name: str, source: str, **range_: Any) -> Evidence:
    """Return the evidence of what is this program's reading, or its model."""
    return Evidence("ours", source, name, _sides(range_))


def by_type(name: str, source: str, ranges: Mapping[str, Mapping[str, Any]]) -> Evidence:
    """Return the evidence of our models of several types of source; a type without a range assumes nothing."""
    return Evidence("ours", source, name, ranges, by_type=True)


def neutral(source: str = "lambdasim") -> Evidence:
    """Return the evidence of what claims nothing about AWS."""
    return Evidence("neutral", source)


NEUTRAL: Final = neutral()


def evidence_of(field: FieldInfo) -> Evidence | None:
    """Return what a field of a table declares; None where it has no default to speak of."""
    return next((mark for mark in field.metadata if isinstance(mark, Evidence)), None)


def _told(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sides(range_: Mapping[str, Any]) -> dict[str, Any]:
    return {side.replace("_", " "): value for side, value in range_.items()}
