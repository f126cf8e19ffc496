"""The summaries of several replications as one, in which each number has its interval."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdasim.metrics.inference.intervals import mean_interval
from lambdasim.metrics.inference.rates import rate_interval

Json = Mapping[str, Any]

RATES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "cold_start_rate": ("cold_starts", ("invocations",)),
    "service_error_rate": ("service_errors", ("requests", "retries")),
    "throttle_rate": ("throttles", ("throttles", "invocations")),
    "error_rate": ("errors", ("invocations",)),
    "timeout_rate": ("timeouts", ("invocations",)),
    "dead_lettered_rate": ("dead_lettered", ("received",)),
    "dropped_rate": ("dropped", ("received",)),
    "answers_4xx_rate": ("answers_4xx", ("answers",)),
    "answers_5xx_rate": ("answers_5xx", ("answers",)),
}
"""Which counts beside it a rate is made of: its part, and what adds up to its whole (of ``answers``, all of them)."""


def whole_of(rate: str, table: Json) -> float:
    """Return what a rate in a table is a part of."""
    found = (table[name] for name in RATES[rate][1])
    return float(sum(sum(one.values()) if isinstance(one, Mapping) else one for one in found))


def has_whole(rate: str, table: Json) -> bool:
    """Return whether a table says what a rate in it is a part of."""
    return all(name in table for name in RATES[rate][1])


def is_number(value: Any) -> bool:
    """Return whether a value of a summary is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def merged(summaries: Sequence[Json], confidence: float) -> dict[str, Any]:
    """Return one summary in which each number is ``{"mean", "ci": [lo, hi]}``; what is no number is the first's.

    Intervals are Student's for the mean over independent replications, those of rates as in
    :func:`~lambdasim.metrics.inference.rates.rate_interval`. A number that some replications lack (no request ran)
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
        if key == "answers":
            statuses = dict.fromkeys(status for table in tables for status in table[key])
            answers = [{status: table[key].get(status, 0) for status in statuses} for table in tables]
            result[key] = _one([*answers, *lacking], confidence)
        elif (
            len(tables) > 1
            and key in RATES
            and all(RATES[key][0] in table and has_whole(key, table) for table in tables)
        ):
            result[key] = _rate(key, tables, replications, confidence)
        else:
            result[key] = _one([table.get(key) for table in tables] + lacking, confidence)
    return result


def _rate(key: str, tables: Sequence[Json], replications: int, confidence: float) -> dict[str, Any] | float:
    """Return the rate of all replications together; ``n`` of them had requests, where some had none."""
    wholes = [whole_of(key, table) for table in tables]
    found = rate_interval([table[RATES[key][0]] for table in tables], wholes, confidence)
    if found is None:
        return 0.0
    count = sum(whole > 0 for whole in wholes)
    return found.to_json() if count == replications else found.to_json() | {"n": count}


def merged_lines(bills: Sequence[Sequence[Json]]) -> list[dict[str, Any]]:
    """Return the lines of an average bill: quantities and amounts are means, so the lines sum to the mean total."""
    lines: dict[tuple[Any, ...], dict[str, Any]] = {}
    for line in (line for bill in bills for line in bill):
        key = (line["function"], line["item"], line["unit"], line["unit_price"])
        into = lines.setdefault(key, {**line, "quantity": 0.0, "usd": 0.0})
        into["quantity"] += line["quantity"] / len(bills)
        into["usd"] += line["usd"] / len(bills)
    return list(lines.values())
