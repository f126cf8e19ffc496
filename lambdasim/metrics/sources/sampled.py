"""What sources measure of themselves: levels that last until the next sample, counts that add up, and times.

Samples of one level come in order of their times; apart from that chunks may divide them as they like.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from lambdasim.metrics.cells import Cells, Int64, Mask, Totals, run_starts
from lambdasim.metrics.histogram import Histograms, Samples
from lambdasim.metrics.ledger import Floats
from lambdasim.metrics.sources.minimum import Minimum
from lambdasim.model.events import NEVER_NS
from lambdasim.records import RecordTable, SourceMetric
from lambdasim.units import NS_PER_MIN

LEVELS: Final = (SourceMetric.POLLERS, SourceMetric.OFFSET_LAG, SourceMetric.CONNECTIONS)
COUNTS: Final = (SourceMetric.EMPTY_RECEIVES, SourceMetric.REQUESTS, SourceMetric.REFUSALS)
TIMES: Final = (SourceMetric.ITERATOR_AGE, SourceMetric.EXECUTION_TIME)
UNITS: Final = 8
"""Metric of a sample whose level is that of billed event poller units, which are derived from pollers."""
UNIT_MINIMUM_NS: Final = NS_PER_MIN
"""Each of them is billed for a minute at least (AWS Lambda pricing, 2026)."""
METRIC_BITS: Final = 4
PHASES: Final = 3
"""Of a run: its warm-up, what is measured, and its drain."""

LOW_BITS: Final = 20
"""Products of a level and a time are kept in two parts, since they may not fit into 64 bits."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One level over time, by period from the first sample's to the end's."""

    periods: Int64
    maximum: Int64
    """The greater of the level at the period's start and the samples within it."""
    integral: Floats
    """Level times ns."""
    max_after: int
    """The greatest level after the warm-up."""
    integral_measured: float
    """Level times ns from the warm-up until the loads end."""


class Sampled:
    """Accumulates samples by source and metric."""

    def __init__(self, sources: int, period_ns: int, warmup_ns: int, loads_end_ns: int = NEVER_NS) -> None:
        self._sources, self._period_ns, self._warmup_ns = sources, period_ns, warmup_ns
        self._phases = np.array([0, warmup_ns, loads_end_ns, NEVER_NS], np.int64)
        """When the warm-up begins, the loads are measured, and the drain begins and ends."""
        self._latest = np.zeros(sources << METRIC_BITS, np.int64)
        self._known = np.zeros(sources << METRIC_BITS, bool)
        self._steps = Cells(("change", "high", "low"), ("peak",))
        self._counts = Cells(("count",))
        self._times = Samples()
        self.minimum = Minimum(UNIT_MINIMUM_NS)
        """Of billed event poller units."""

    def add(self, samples: RecordTable, units: Int64) -> None:
        """Take a chunk's samples. ``units``: by source, how many pollers make a billed unit, 0 where none is billed."""
        if not len(samples):
            return
        source, metric, time_ns, value = (samples[name] for name in ("source", "metric", "time_ns", "value"))
        counted = np.flatnonzero(np.isin(metric, COUNTS))
        self._counts.add(self._key(source, metric, time_ns)[counted], count=value[counted])
        timed = np.flatnonzero(np.isin(metric, TIMES))
        self._times.add(self._key(source, metric, time_ns)[timed], value[timed])
        billed = np.flatnonzero((metric == SourceMetric.POLLERS) & (units[source] > 0))
        level = np.flatnonzero(np.isin(metric, LEVELS))
        in_units = -(-value[billed] // np.maximum(units[source[billed]], 1))
        self.minimum.add(source[billed], time_ns[billed], in_units)
        self._step(
            np.concatenate((source[level] << METRIC_BITS | metric[level], source[billed] << METRIC_BITS | UNITS)),
            np.concatenate((time_ns[level], time_ns[billed])),
            np.concatenate((value[level], in_units)),
        )

    def _key(self, source: Int64, metric: Int64, time_ns: Int64) -> Int64:
        """``((period * sources + source) << METRIC_BITS | metric) << 1 | after the warm-up``."""
        place = (time_ns // self._period_ns * self._sources + source) << METRIC_BITS | metric
        return place << 1 | (time_ns >= self._warmup_ns)

    def _step(self, owner: Int64, time_ns: Int64, value: Int64) -> None:
        if not len(owner):
            return
        order = np.lexsort((time_ns, owner))
        owner, time_ns, value = owner[order], time_ns[order], value[order]
        before = np.concatenate(([0], value[:-1]))
        first = run_starts(owner)
        before[first] = self._latest[owner[first]]
        last = np.append(first[1:], len(owner)) - 1
        self._latest[owner[last]] = value[last]
        self._known[owner] = True
        change = value - before
        # integrals until the end of the period, or of the phase that ends within it
        phase = np.searchsorted(self._phases[1:3], time_ns, side="right")
        period = time_ns // self._period_ns
        rest_ns = np.minimum((period + 1) * self._period_ns, self._phases[phase + 1]) - time_ns
        self._steps.add(
            (owner * PHASES + phase) << 40 | period,
            change=change,
            high=change * (rest_ns >> LOW_BITS),
            low=change * (rest_ns & (1 << LOW_BITS) - 1),
            peak=value,
        )

    def level(self, source: int, metric: int, end_ns: int) -> Level | None:
        """Return a level until the end of the run, or None where there is no sample of it."""
        owner = source << METRIC_BITS | metric
        if not self._known[owner]:
            return None
        steps = self._steps.totals()
        # pieces of constant accounting: periods, and the parts of those within which the warm-up or the loads end
        pieces: dict[tuple[int, int], tuple[int, int, int]] = {}
        for phase in range(PHASES):
            key = owner * PHASES + phase
            low, high = np.searchsorted(steps.keys, [key << 40, (key + 1) << 40])
            columns = (steps.keys & (1 << 40) - 1, steps["change"], steps["high"], steps["low"], steps["peak"])
            for period, change, part, rest, peak in zip(*(c[low:high].tolist() for c in columns), strict=True):
                pieces[period, phase] = (change, (part << LOW_BITS) + rest, peak)
        first = min(pieces)[0]
        count = max(end_ns // self._period_ns, max(pieces)[0]) + 1 - first
        maximum, integral = np.zeros(count, np.int64), np.zeros(count)
        level, highest, measured = 0, 0, 0.0
        bounds = self._phases.tolist()
        for i in range(count):
            begin, finish = (first + i) * self._period_ns, min((first + i + 1) * self._period_ns, end_ns)
            top = level
            for phase in range(PHASES):
                low_ns, high_ns = max(begin, bounds[phase]), min(finish, bounds[phase + 1])
                change, part, peak = pieces.get((first + i, phase), (0, 0, 0))
                if high_ns < low_ns and not change:
                    continue
                whole = min(begin + self._period_ns, bounds[phase + 1])
                area = level * max(high_ns - low_ns, 0) + part - change * max(whole - max(high_ns, low_ns), 0)
                top = max(top, peak)
                if phase:
                    highest = max(highest, level, peak)
                if phase == 1:
                    measured += area
                level += change
                integral[i] += area
            maximum[i] = top
        return Level(np.arange(first, first + count), maximum, integral, highest, measured)

    def counts(self) -> Totals:
        """Return the sums of counts by :meth:`_key`."""
        return self._counts.totals()

    def times(self) -> Histograms:
        """Return the times by :meth:`_key`."""
        return self._times.histograms()

    @staticmethod
    def is_of(keys: Int64, metric: int, *, measured: bool = False) -> Mask:
        """Say which keys are of a metric, and after the warm-up if ``measured``."""
        chosen: Mask = (keys >> 1 & (1 << METRIC_BITS) - 1) == metric
        return chosen & (keys & 1 == 1) if measured else chosen

    @staticmethod
    def cell(keys: Int64) -> Int64:
        """Return the cells of keys, ``period * sources + source``."""
        return keys >> METRIC_BITS + 1
