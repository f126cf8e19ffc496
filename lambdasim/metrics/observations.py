"""A run as series of observations, one for each period: what its means and rates are made of.

Reads a ledger; knows nothing of what is concluded from the series.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from lambdasim.metrics.ledger import LATENCIES, Floats, Ledger
from lambdasim.units import NS_PER_MS

MOST_FUNCTIONS: Final = 10
"""Of many functions, those with most invocations."""


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """A ratio by period: ``totals / weights``, such as the sum of latencies (ms) and their number."""

    totals: Floats
    weights: Floats

    def ratios(self) -> Floats:
        """Return the ratio of each period, NaN where nothing was observed."""
        found = np.full(len(self.totals), np.nan)
        np.divide(self.totals, self.weights, out=found, where=self.weights > 0)
        return found


def observations(ledger: Ledger) -> Mapping[str, Observed]:
    """Return the series by path, as ``api.latency.mean``, warm-up included; of the last period what there is.

    A request counts in the period in which it arrived.
    """
    return dict(_each(ledger))


def _each(ledger: Ledger) -> Iterator[tuple[str, Observed]]:
    periods, count = ledger.periods, len(ledger.functions)
    executing = ledger.by_period(ledger.executing.period, ledger.executing.integral_ns)
    yield "account.concurrency.mean", Observed(executing.astype(np.float64), ledger.span_ns().astype(np.float64))

    period, function, _ = ledger.place(ledger.counts.cell)
    everything = np.ones(len(period), bool)
    happened = ledger.counts.by(function * periods + period, count * periods, everything)
    by = {event: values.reshape(count, periods).astype(np.float64) for event, values in happened.items()}
    period, function, _, kind, _ = ledger.sample_place()
    latency = ledger.samples.regroup(function * periods + period, np.isin(kind, LATENCIES))
    total_ms, sampled = np.zeros(count * periods), np.zeros(count * periods)
    total_ms[latency.groups] = latency.mean() * latency.count / NS_PER_MS
    sampled[latency.groups] = latency.count
    invocations, throttles = by["invocations"], by["throttles"]
    busiest = np.argsort(-invocations.sum(axis=1), kind="stable")[:MOST_FUNCTIONS]
    for i in sorted(busiest.tolist()):
        name, own = ledger.functions[i].name, slice(i * periods, (i + 1) * periods)
        yield f"{name}.latency.mean", Observed(total_ms[own], sampled[own])
        yield f"{name}.throttles.rate", Observed(throttles[i], throttles[i] + invocations[i])
        yield f"{name}.cold_starts.rate", Observed(by["cold_starts"][i], invocations[i])
