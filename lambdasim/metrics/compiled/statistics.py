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
        self._asked = [
            (metric, np.isin(np.arange(1 << KIND_BITS), of).astype(np.int64))
            for metric, of in TIMES
            if kinds[list(of)].any()
        ]
        self._rank = np.array([ratio(quantile) for quantile in PERCENTILES.values()], np.int64).ravel()
        self._table = np.zeros(1 << BIN_BITS, np.int64)

    def of(self, places: Int64) -> Iterator[Series]:
        """Yield the series of the samples at some places, which are those of one function after another."""
        from lambdasim.metrics.compiled.native import loops_of_series

        own, ledger, describing = self._ledger.samples, self._ledger, loops_of_series()["describing"]
        groups, first = own.groups[places], own.first[places]
        period, function, _ = ledger.place(groups >> KIND_BITS + 1)
        size = self._ledger.samples.sizes_at(places)
        columns = (
            function * ledger.periods + period,
            groups >> 1 & (1 << KIND_BITS) - 1,
            *(wide(column[places]) for column in (own.count, own.total_high, own.total_low, own.minimum, own.maximum)),
        )
        for metric, asked in self._asked:
            keys, values = np.empty(len(groups), np.int64), np.empty(len(groups) * len(DISTRIBUTION))
            found = describing(
                (
                    *columns[:2], asked, *columns[2:], first, first + size, self._bins, *self._counts,
                    self._rank, self._table, keys, values,
                )
            )  # fmt: skip
            for statistic, column in zip(DISTRIBUTION, values.reshape(len(DISTRIBUTION), -1), strict=True):
                yield Series(metric, statistic, keys[:found], column[:found])
