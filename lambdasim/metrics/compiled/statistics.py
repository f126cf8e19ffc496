"""Statistics of times over time by a compiled loop: what ``timeline.distributed`` yields, function after function."""

from collections.abc import Iterator

import numpy as np

from lambdasim.metrics.cells import Int64, wide
from lambdasim.metrics.cloudwatch import DISTRIBUTION, PERCENTILES
from lambdasim.metrics.compiled.time_tables import WIDTHS
from lambdasim.metrics.histogram import BIN_BITS, ratio
from lambdasim.metrics.ledger import KIND_BITS, Ledger
from lambdasim.metrics.series import Series
from lambdasim.metrics.timeline import TIMES


class Statistics:
    """The series of times of a ledger's functions."""

    def __init__(self, ledger: Ledger) -> None:
        """Bring cells into the form that the loop takes; as a rule they have it."""
        self._ledger = ledger
        own = ledger.samples
        self._bins = own.bins.astype(np.int16, copy=False)
        counts = own.counts if own.counts.dtype in WIDTHS else wide(own.counts)
        self._counts = tuple(counts if counts.dtype == kind else np.zeros(0, kind) for kind in WIDTHS)
        kinds = np.bincount(own.groups >> 1 & (1 << KIND_BITS) - 1, minlength=1 << KIND_BITS)
        kinds_of = {metric: of for metric, of in TIMES if kinds[list(of)].any()}
        self._metrics = tuple(kinds_of)
        self._asked = np.array([np.isin(np.arange(1 << KIND_BITS), of) for of in kinds_of.values()], np.int64).ravel()
        self._rank = np.array([ratio(quantile) for quantile in PERCENTILES.values()], np.int64).ravel()
        self._table = np.zeros(1 << BIN_BITS, np.int64)
        self._numbers = np.array([max(len(ledger.loads), 1), len(ledger.functions), ledger.periods])

    def of(self, places: Int64) -> Iterator[Series]:
        """Yield the series of the samples at some places, which are those of one function after another."""
        from lambdasim.metrics.compiled.native import loops_of_series

        own, metrics = self._ledger.samples, len(self._metrics)
        found = np.zeros(metrics, np.int64)
        keys = np.empty(metrics * len(places), np.int64)
        values = np.empty(metrics * len(DISTRIBUTION) * len(places))
        loops_of_series()["describing"](
            (
                self._numbers, places, self._asked, own.groups,
                *(own.count, own.total_high, own.total_low, own.minimum, own.maximum, own.first),
                self._bins, *self._counts, self._rank, self._table, found, keys, values,
            )
        )  # fmt: skip
        rows, columns = keys.reshape(metrics, len(places)), values.reshape(metrics, len(DISTRIBUTION), len(places))
        for metric, size, row, statistics in zip(self._metrics, found.tolist(), rows, columns, strict=True):
            own_keys = row[:size]
            for statistic, column in zip(DISTRIBUTION, statistics, strict=True):
                yield Series(metric, statistic, own_keys, column[:size])
