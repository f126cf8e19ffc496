"""A run as series of observations, one for each period: what its means and rates are made of.

Reads a ledger; knows nothing of what is concluded from the series.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from lambdasim.metrics.cells import Int64, divided
from lambdasim.metrics.ledger import LATENCIES, Floats, Ledger, sample_cell, sample_kind
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

    begun = ledger.happened.events()["invocations"]
    busiest = np.sort(np.argsort(-begun, kind="stable")[:MOST_FUNCTIONS])
    number = np.full(count, -1)  # all others are left out at once, as there may be thousands
    number[busiest] = np.arange(len(busiest))

    def kept(cell: Int64) -> tuple[Int64, Int64]:
        period, function = divided(cell // max(len(ledger.loads), 1), count)
        own = np.flatnonzero(number[function] >= 0)
        return own, number[function[own]] * periods + period[own]

    own, place = kept(ledger.counts.cell)
    happened = ledger.counts.by(place, len(busiest) * periods, own).events()
    by = {event: values.reshape(-1, periods).astype(np.float64) for event, values in happened.items()}
    samples = ledger.samples
    own, place = kept(sample_cell(samples.groups))
    latency = np.isin(sample_kind(samples.groups[own]), LATENCIES)
    chosen, place = own[latency], place[latency]
    count_of, high, low = (np.zeros(len(busiest) * periods, np.int64) for _ in range(3))
    for total, column in ((count_of, samples.count), (high, samples.total_high), (low, samples.total_low)):
        np.add.at(total, place, column[chosen])
    some = count_of > 0
    total_ms, sampled = np.zeros(len(count_of)), count_of.astype(np.float64)
    mean = (high[some] * 2.0**32 + low[some]) / count_of[some]
    total_ms[some] = mean * count_of[some] / NS_PER_MS
    invocations, throttles = by["invocations"], by["throttles"]
    for i, index in enumerate(busiest.tolist()):
        name, rows = ledger.functions[index].name, slice(i * periods, (i + 1) * periods)
        yield f"{name}.latency.mean", Observed(total_ms[rows], sampled[rows])
        yield f"{name}.throttles.rate", Observed(throttles[i], throttles[i] + invocations[i])
        yield f"{name}.cold_starts.rate", Observed(by["cold_starts"][i], invocations[i])
