"""What several replications say of one statistic: an estimate with its interval. Knows where a summary holds what."""

from collections.abc import Mapping, Sequence
from typing import Any

from lambdasim.config.slo import observe, place
from lambdasim.metrics.inference.intervals import Interval, mean_interval, rate_interval
from lambdasim.metrics.inference.merging import RATES


def estimate(
    path: str, statistic: str, measurements: Sequence[Mapping[str, Any]], confidence: float
) -> Interval | None:
    """Return the interval of ``checkout.latency`` and ``p99`` over replications, as the summary has it.

    ``measurements`` are as :func:`lambdasim.planning.executors.measure` returns them. None when fewer than two of them
    have a value.
    """
    places = [place(path, statistic, one) for one in measurements]
    if not places:
        return None
    keys = places[0][1]
    part, whole = RATES.get(keys[-1] if keys else "", ("", ()))
    tables = [table for table, _ in places if table]
    if whole and len(tables) > 1:
        wholes = [sum(table[name] for name in whole) for table in tables]
        return rate_interval([table[part] for table in tables], wholes, confidence)
    values = [value for one in measurements if (value := observe(path, statistic, one)) is not None]
    return mean_interval(values, confidence) if len(values) > 1 else None
