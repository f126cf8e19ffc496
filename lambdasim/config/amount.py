"""Amounts of any kind that ranges are made of: plain numbers, times, memory sizes, rates and fractions.

A range such as ``{ from = "128 MB", to = "1 GB", step = "64 MB" }`` does not know what its path holds; it counts
from one amount to another of the same kind, and the experiment itself refuses what the path cannot take.
"""

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from lambdasim.config.call import shortened
from lambdasim.config.families import parse_time
from lambdasim.units import format_duration, format_memory, format_rate, parse_fraction, parse_memory, parse_rate

Kind = Literal["whole number", "number", "time", "memory size", "rate", "fraction"]

WHOLE_KINDS: Final = ("whole number", "time", "memory size")
"""Kinds that are counted in whole steps: of 1, of a nanosecond, of a MB."""


@dataclass(frozen=True, slots=True)
class Amount:
    """One amount in the base unit of its kind: ns, MB, per second, a fraction of 1, or the number itself."""

    kind: Kind
    number: float

    @classmethod
    def parse(cls, value: object) -> "Amount":
        """Return the amount that a number or a text stands for; raises ``ValueError``."""
        match value:
            case bool():
                pass
            case int():
                return cls("whole number", value)
            case float() if abs(value) < 1e300:
                return cls("number", value)
            case str() if value.endswith("%"):
                return cls("fraction", parse_fraction(value))
            case str() if "/" in value:
                return cls("rate", parse_rate(value))
            case str() if re.search(r"B\s*$", value):
                return cls("memory size", parse_memory(value))
            case str():
                return cls("time", parse_time(value))
        raise ValueError(f"{shortened(repr(value))} is neither a number nor a text such as '512 MB', '10s' or '300/s'")

    def written(self) -> Any:
        """Return the amount as an experiment file holds it."""
        match self.kind:
            case "whole number":
                return int(self.number)
            case "time":
                return format_duration(int(self.number))
            case "memory size":
                return format_memory(int(self.number))
            case "rate":
                return format_rate(self.number)
        return self.number


def between(low: Amount, high: Amount, share: float) -> Amount:
    """Return the amount at ``share`` (0 to 1) of the way, whole where the kind is."""
    number = low.number + (high.number - low.number) * share
    return Amount(low.kind, _rounded(low.kind, number))


def stepped(low: Amount, high: Amount, step: Amount) -> list[Amount]:
    """Return the amounts from ``low`` to at most ``high``, one step apart."""
    steps = int((high.number - low.number) / step.number + 1e-9)
    return [Amount(low.kind, _rounded(low.kind, low.number + i * step.number)) for i in range(steps + 1)]


def _rounded(kind: Kind, number: float) -> float:
    return round(number) if kind in WHOLE_KINDS else float(f"{number:.12g}")


def same_kind(*amounts: Amount) -> tuple[Amount, ...]:
    """Return the amounts, whole numbers among other numbers as such; raises ``ValueError`` for a mixture."""
    kinds = {amount.kind for amount in amounts}
    if kinds == {"whole number", "number"} or kinds == {"whole number", "fraction"}:
        kind = (kinds - {"whole number"}).pop()
        return tuple(Amount(kind, amount.number) for amount in amounts)
    if kinds == {"number", "fraction"}:
        return tuple(Amount("fraction", amount.number) for amount in amounts)
    if len(kinds) > 1:
        raise ValueError(f"mixes a {' and a '.join(amount.kind for amount in amounts)}; give them in one unit")
    return amounts
