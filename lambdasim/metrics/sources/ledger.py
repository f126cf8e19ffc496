"""The ledger of sources: all that was accumulated from their deliveries and samples, as integers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from lambdasim.config.source_kinds import ASYNCHRONOUS
from lambdasim.metrics.cells import Int64, Mask, Totals
from lambdasim.metrics.histogram import Histogram, Histograms
from lambdasim.metrics.metered import MeteredSource
from lambdasim.metrics.sources.counts import Counts
from lambdasim.metrics.sources.presence import Present
from lambdasim.metrics.sources.sampled import Sampled

LEFT: Final = 0
"""Age of an event when it was processed or given up, in the period of that."""
REMAINING: Final = 1
"""Age of an event when the run ended, and it had not left."""
DELIVERED: Final = 2
"""Age of an event when it was delivered, in the period of that; of asynchronous sources only."""

ANSWER_BITS: Final = 10


@dataclass(frozen=True, slots=True, eq=False)
class SourceLedger:
    """One run's sources, counted. A *cell* is ``period * sources + source``."""

    sources: Sequence[MeteredSource]
    period_ns: int
    warmup_ns: int
    loads_end_ns: int
    end_ns: int
    grid_ns: int
    counts: Counts
    """By the period in which the delivery ended, or the run."""
    answers: Totals
    """``count`` by ``(cell << ANSWER_BITS | HTTP status) << 1 | measured``, likewise."""
    sent: Totals
    """``count`` of events by the cell in which they were sent."""
    delivered: Totals
    """``first`` and ``again``: deliveries by the cell in which they began."""
    ages: Histograms
    """In ns, by ``(cell << 2 | LEFT, REMAINING or DELIVERED) << 1 | measured``."""
    oldest: Totals
    """``age`` and ``earliest`` (minus the time of sending): the greatest of events that left, by ``cell << 1 | after
    the warm-up``."""
    present: Present
    """Events in the source, from when they were sent until they left."""
    backlog: Present
    """Events that could be delivered and were not."""
    delayed: Present
    """Events whose first delivery was not yet possible."""
    processing: Present
    """Events in a delivery."""
    last_backlog_ns: Int64
    """By source: when an event last waited; -1 for never."""
    left_waiting: list[int]
    """By source: events that could be delivered and had not been when the run ended."""
    sampled: Sampled

    @property
    def periods(self) -> int:
        """How many periods the run touches, the one that begins with its end included."""
        return self.end_ns // self.period_ns + 1

    def of_kind(self, *kinds: str) -> list[int]:
        """Return the sources of some kinds."""
        return [i for i, source in enumerate(self.sources) if source.kind in kinds]

    def place(self, cell: Int64) -> tuple[Int64, Int64]:
        """Return the period and source of each cell."""
        period, source = np.divmod(cell, max(len(self.sources), 1))
        return period, source

    def span_ns(self) -> Int64:
        """Return how long each period lasted; the last one ends with the run."""
        return np.minimum(self.end_ns - np.arange(self.periods) * self.period_ns, self.period_ns)

    def age_place(self) -> tuple[Int64, Int64, Int64, Mask]:
        """Return the period, source and kind of each group of ages, and whether it is measured."""
        groups = self.ages.groups
        return *self.place(groups >> 3), groups >> 1 & 3, (groups & 1) == 1

    def age(self, sources: Sequence[int], *kinds: int) -> Histogram:
        """Return the measured ages of some sources' events."""
        _, source, kind, measured = self.age_place()
        chosen = measured & np.isin(kind, kinds) & np.isin(source, sources)
        return self.ages.regroup(np.zeros(len(source), np.int64), chosen).histogram(0)

    def asynchronous(self) -> dict[int, list[int]]:
        """Return the sources that invoke functions asynchronously, by function."""
        found: dict[int, list[int]] = {}
        for i in self.of_kind(ASYNCHRONOUS):
            found.setdefault(self.sources[i].function, []).append(i)
        return found

    def instants(self, present: Present, source: int) -> tuple[Int64, Int64, Int64]:
        """Return a source's levels: numbers of the instants, levels, and integrals until the next."""
        own = present.source == source
        return present.instant[own], present.level[own], present.integral_ns[own]

    def waiting(self, source: int) -> "Waiting":
        """Return a source's backlog; of an asynchronous one all that is not in a delivery, for its queue is one."""
        parts = [(self.backlog, 1)]
        if self.sources[source].kind == ASYNCHRONOUS:
            parts = [(self.present, 1), (self.processing, -1)]
        return Waiting(
            _joined([(*self.instants(part, source), sign) for part, sign in parts]),
            sum(sign * int(part.levels.at_warmup[source]) for part, sign in parts),
            sum(sign * int(part.levels.before_ns[source] + part.levels.after_ns[source]) for part, sign in parts),
        )

    def processed(self, source: int) -> "Waiting":
        """Return the same of the events in a delivery."""
        part = self.processing
        levels = part.levels
        joined = _joined([(*self.instants(part, source), 1)])
        outside_ns = int(levels.before_ns[source] + levels.after_ns[source])
        return Waiting(joined, int(levels.at_warmup[source]), outside_ns)

    def invisible(self, source: int) -> Totals:
        """Return a queue's messages that have been received and neither left nor become visible again."""
        parts = ((self.present, 1), (self.backlog, -1), (self.delayed, -1))
        return _joined([(*self.instants(part, source), sign) for part, sign in parts])

    def late(self, source: int) -> Totals:
        """Return a queue's messages that cannot be received yet for the first time."""
        return _joined([(*self.instants(self.delayed, source), 1)])

    def lasted_ns(self, instant: Int64) -> Int64:
        """Return how long it is from each instant until the next, or the end."""
        return np.minimum(self.end_ns - instant * self.grid_ns, self.grid_ns)

    def peaks(self, levels: Totals) -> Int64:
        """Return the greatest level known from each instant until the next: at the instant, or the mean since."""
        lasted_ns = np.maximum(self.lasted_ns(levels.keys), 1)
        return np.maximum(levels["level"], -(-levels["ns"] // lasted_ns))


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A level of one source."""

    by_instant: Totals
    """``level`` at each instant of the grid and ``ns``, its integral until the next."""
    at_warmup: int
    outside_ns: int
    """Its integral over the warm-up and the drain."""


def _joined(parts: Sequence[tuple[Int64, Int64, Int64, int]]) -> Totals:
    """Return the sum of levels, each given by instants, levels, integrals and a sign."""
    keys = np.concatenate([instant for instant, _, _, _ in parts])
    level = np.concatenate([sign * level for _, level, _, sign in parts])
    integral_ns = np.concatenate([sign * integral for _, _, integral, sign in parts])
    return Totals(keys, {"level": level, "ns": integral_ns}, {}).regroup(keys)
