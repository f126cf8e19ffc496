"""What several replications say of one statistic: an estimate with its interval. Knows where a summary holds what."""

from collections.abc import Mapping, Sequence
from typing import Any

from lambdasim.config.slo import observe, place
from lambdasim.metrics.inference.intervals import Interval, mean_interval
from lambdasim.metrics.inference.merging import RATES, has_whole, whole_of
from lambdasim.metrics.inference.rates import rate_interval

Json = Mapping[str, Any]


def estimate(path: str, statistic: str, measurements: Sequence[Json], confidence: float) -> Interval | None:
    """Return the interval of ``checkout.latency`` and ``p99`` over replications, as the summary has it.

    ``measurements`` are as :func:`lambdasim.planning.executors.measure` returns them. None when fewer than two of them
    have a value, and for the rate of no requests.
    """
    counted = counts(path, statistic, measurements)
    if counted is not None:
        return rate_interval(*counted, confidence) if len(counted[0]) > 1 else None
    values = [value for one in measurements if (value := observe(path, statistic, one)) is not None]
    return mean_interval(values, confidence) if len(values) > 1 else None


def counts(path: str, statistic: str, measurements: Sequence[Json]) -> tuple[list[float], list[float]] | None:
    """Return the events of a rate and what they are a part of, by replication; None for what is no rate of counts."""
    places = [place(path, statistic, one) for one in measurements]
    part = next((RATES[keys[-1]][0] for _, keys in places if keys and keys[-1] in RATES), None)
    if part is None:
        return None
    tables = [table for table, keys in places if part in table and has_whole(keys[-1], table)]
    rate = places[0][1][-1]
    return [float(table[part]) for table in tables], [whole_of(rate, table) for table in tables]


def observed(path: str, statistic: str, measurements: Sequence[Json], confidence: float) -> Interval | None:
    """Return the estimate of a metric's statistic, of one value without a width; None when nothing was observed."""
    if (seen := estimate(path, statistic, measurements, confidence)) is not None:
        return seen
    value = next((value for one in measurements if (value := observe(path, statistic, one)) is not None), None)
    return None if value is None else Interval(value, value, value)
