"""``simulation.replications``: how often, or until when: ``{ min = 5, max = 40, until = "checkout.latency.p99 ±5%" }``.

Knows what such a rule says, not how replications are made.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from lambdasim.config.call import shortened
from lambdasim.config.quantity import Quantity
from lambdasim.config.slo import find_statistic
from lambdasim.config.suggest import hint

MOST: Final = 10_000
"""Largest number of replications, our limit."""
FEWEST: Final = 5
"""A rule that stops before so many replications stops too often at an interval that is narrow by chance."""
IN_A_ROW: Final = 5
"""So many numbers of replications, one after the other, are to satisfy a rule. If the first one that does ended the
run, narrow intervals would be favoured: of normal values those of 95 % then cover in 87 to 95 of 100 cases, so in 94 to
95 (``tests/benchmarks/error_rates.py``)."""
EXAMPLE: Final = "checkout.latency.p99 ±5%"
_RULE: Final = re.compile(r"\s*(\S.{0,300}?)\s*(?:±|\+-|\+/-)\s*([0-9]{1,3}(?:\.[0-9]{1,9})?)\s*%\s*")


@dataclass(frozen=True, slots=True)
class Until:
    """Replicate until the confidence interval of a statistic is narrow enough."""

    least: int
    """The key ``min``; two at least, for one replication has no interval."""
    most: int
    """The key ``max``."""
    path: str
    """What is watched, such as ``checkout.latency.p99``."""
    share: float
    """The half width that is narrow enough, as a share of the estimate."""

    @property
    def text(self) -> str:
        """The rule as it is written."""
        return f"{self.path} ±{self.share * 100:.9g}%"

    def to_raw(self) -> dict[str, Any]:
        """Return the table of the file."""
        return {"min": self.least, "max": self.most, "until": self.text}

    def statistic(
        self, functions: Collection[str], others: Collection[str], types: Mapping[str, str]
    ) -> tuple[str, str]:
        """Return metric and statistic, as ``("checkout.latency", "p99")``; raises ``ValueError`` if there are none."""
        return find_statistic(self.path, functions, others, types)


def least(wanted: int | Until) -> int:
    """Return how many replications there will be at least."""
    return wanted.least if isinstance(wanted, Until) else wanted


def few_replications(rule: Until) -> str | None:
    """Return the warning that a rule asks for too few replications; None if it does not."""
    if rule.least >= FEWEST:
        return None
    return (
        f"simulation.replications: min = {rule.least} is below {FEWEST}; an interval of fewer replications that ends a "
        f"run because it is narrow covers in about 86 of 100 cases instead of 95, so it takes {IN_A_ROW + 1}"
    )


def _parse(value: object) -> int | Until:
    if isinstance(value, Until):
        return value
    if isinstance(value, Mapping):
        return _until(value)
    if isinstance(value, bool) or not isinstance(value, int):
        remedy = f'write how many, or {{ min = 5, max = 40, until = "{EXAMPLE}" }}'
        raise ValueError(f"{shortened(repr(value))} is not a whole number; {remedy}")
    return _within(value, 1, "")


def _until(table: Mapping[Any, Any]) -> Until:
    for key in table:
        if key not in ("min", "max", "until"):
            near = hint(str(key), ("min", "max", "until"), "there are")
            raise ValueError(f"unknown key '{shortened(str(key))}'; {near}")
    if "max" not in table or "until" not in table:
        lacking = "max" if "max" not in table else "until"
        raise ValueError(f'{lacking} is missing; for example {{ min = 5, max = 40, until = "{EXAMPLE}" }}')
    counts = {key: table.get(key, 5 if key == "min" else None) for key in ("min", "max")}
    for key, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, int):
            raise ValueError(f"{key}: {shortened(repr(count))} is not a whole number")
    least, most = _within(counts["min"], 2, "min: "), _within(counts["max"], 2, "max: ")
    if "min" not in table:
        least = min(least, most)
    if most < least:
        raise ValueError(f"max ({most}) is below min ({least})")
    text = table["until"]
    match = _RULE.fullmatch(text) if isinstance(text, str) else None
    if match is None or not 0 < float(match[2]) <= 100:
        raise ValueError(f"until: {shortened(repr(text))} is not a precision above 0% such as '{EXAMPLE}' (or '+-5%')")
    return Until(least, most, match[1], float(match[2]) / 100)


def _within(count: int, low: int, key: str) -> int:
    if not low <= count <= MOST:
        raise ValueError(f"{key}{shortened(str(count))} is outside {low} to {MOST}")
    return count


Replications = Annotated[
    int | Until,
    Quantity(
        _parse,
        lambda value: value.to_raw() if isinstance(value, Until) else int(value),
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": MOST},
                {
                    "type": "object",
                    "properties": {
                        "min": {"type": "integer", "minimum": 2, "maximum": MOST, "default": 5},
                        "max": {"type": "integer", "minimum": 2, "maximum": MOST},
                        "until": {"type": "string", "examples": [EXAMPLE]},
                    },
                    "required": ["max", "until"],
                    "additionalProperties": False,
                },
            ]
        },
    ),
]
