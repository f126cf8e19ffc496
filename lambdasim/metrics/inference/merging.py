"""The summaries of several replications as one, in which each number has its interval."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdasim.metrics.inference.intervals import mean_interval, rate_interval

Json = Mapping[str, Any]

RATES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "cold_start_rate": ("cold_starts", ("invocations",)),
    "throttle_rate": ("throttles", ("throttles", "invocations")),
    "error_rate": ("errors", ("invocations",)),
    "timeout_rate": ("timeouts", ("invocations",)),
}
"""Which counts beside it a rate is made of: its part, and what adds up to its whole."""


def is_number(value: Any) -> bool:
    """Return whether a value of a summary is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def merged(summaries: Sequence[Json], confidence: float) -> dict[str, Any]:
    """Return one summary in which each number is ``{"mean", "ci": [lo, hi]}``; what is no number is the first's.

    Intervals are Student's for the mean over independent replications, those of rates as in
    :func:`~lambdasim.metrics.inference.intervals.rate_interval`. A number that some replications lack (no request ran)
    is averaged over the others, with their count as ``n``. A function that only some replications saw is absent, not
    0, in the others.
    """
    return {key: _one([summary.get(key) for summary in summaries], confidence) for key in summaries[0]}


def _one(values: Sequence[Any], confidence: float) -> Any:
    first = next((v for v in values if v is not None), None)
    if isinstance(first, Mapping):
        return _table([v for v in values if v is not None], len(values), confidence)
    numbers = [float(v) for v in values if is_number(v)]
    if len(numbers) < 2 or not is_number(first):
        return first
    estimate = mean_interval(numbers, confidence).to_json()
    return estimate if len(numbers) == len(values) else estimate | {"n": len(numbers)}


def _table(tables: Sequence[Json], replications: int, confidence: float) -> dict[str, Any]:
    lacking = [None] * (replications - len(tables))
    result: dict[str, Any] = {}
    for key in dict.fromkeys(key for table in tables for key in table):
        part, whole = RATES.get(key, ("", ()))
        if len(tables) > 1 and whole and all(name in table for table in tables for name in (part, *whole)):
            wholes = [sum(table[name] for name in whole) for table in tables]
            estimate = rate_interval([table[part] for table in tables], wholes, confidence).to_json()
            result[key] = estimate | {"n": len(tables)} if lacking else estimate
        else:
            result[key] = _one([table.get(key) for table in tables] + lacking, confidence)
    return result


def merged_lines(bills: Sequence[Sequence[Json]]) -> list[dict[str, Any]]:
    """Return the lines of an average bill: quantities and amounts are means, so the lines sum to the mean total."""
    lines: dict[tuple[Any, ...], dict[str, Any]] = {}
    for line in (line for bill in bills for line in bill):
        key = (line["function"], line["item"], line["unit"], line["unit_price"])
        into = lines.setdefault(key, {**line, "quantity": 0.0, "usd": 0.0})
        into["quantity"] += line["quantity"] / len(bills)
        into["usd"] += line["usd"] / len(bills)
    return list(lines.values())
