"""What downstreams saw: the connections that were held, and the invocations they refused.

Reads the samples whose ``source`` is below 0; knows nothing of what refused them or why.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from lambdasim.metrics.cells import Cells, Int64
from lambdasim.metrics.series import Series
from lambdasim.model.events import NEVER_NS
from lambdasim.records import RecordTable, SourceMetric
from lambdasim.units import NS_PER_MS


class DownstreamMeter:
    """Accumulates samples of downstreams, by their names: :meth:`consume` every chunk's, then :meth:`finish` once.

    What happened before ``warmup_ns`` is left out of the summary, not of the time series; means of levels are until
    ``loads_end_ns``.
    """

    def __init__(
        self,
        names: Sequence[str],
        pooled: Sequence[str] = (),
        *,
        period_ns: int,
        warmup_ns: int,
        loads_end_ns: int = NEVER_NS,
    ) -> None:
        """``pooled`` are the names of those that have a pool."""
        count = len(names)
        self.names = tuple(names)
        self._period_ns, self._warmup_ns, self._loads_end_ns = period_ns, warmup_ns, loads_end_ns
        self._level, self._since_ns = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self._peak, self._area = [0] * count, [0] * count
        self._levels = Cells(("change",), ("peak",))
        self._refusals = Cells(("count",))
        self._refused = [0] * count
        self._pooled = frozenset(pooled)
        self._waits, self._waited_ns, self._longest_ns = [0] * count, [0] * count, [0] * count
        self._end_ns = 0

    def consume(self, samples: RecordTable) -> None:
        """Count a chunk's rows, those of event sources left out."""
        own = np.flatnonzero(samples["source"] < 0)
        for i in np.unique(-1 - samples["source"][own]).tolist():
            rows = own[samples["source"][own] == -1 - i]
            metric, time_ns, value = (samples[name][rows] for name in ("metric", "time_ns", "value"))
            held = np.flatnonzero(metric == SourceMetric.CONNECTIONS)
            # an end is told when it is noticed, but before the chunk's end; who leaves makes room for who comes
            held = held[np.lexsort((value[held], time_ns[held]))]
            self._connect(i, time_ns[held], self._level[i] + np.cumsum(value[held]))
            waits = value[(metric == SourceMetric.BORROW_WAIT) & (time_ns >= self._warmup_ns)]
            self._waits[i] += len(waits)
            self._waited_ns[i] += int(waits.sum())
            self._longest_ns[i] = max(self._longest_ns[i], int(waits.max(initial=0)))
            refused = time_ns[metric == SourceMetric.REFUSALS]
            self._refused[i] += int((refused >= self._warmup_ns).sum())
            self._refusals.add(self._cell(i, refused), count=np.ones(len(refused), np.int64))

    def finish(self, end_ns: int) -> None:
        """Take note of the end of the run. Call it once."""
        self._end_ns = end_ns
        for i in range(len(self.names)):
            self._connect(i, np.array([end_ns]), self._level[i : i + 1])

    def summary(self) -> dict[str, dict[str, Any]]:
        """Return ``summary.json``'s ``downstreams``, by name."""
        lasted_ns = max(min(self._end_ns, self._loads_end_ns) - self._warmup_ns, 0)
        return {
            name: {
                "connections": {"max": self._peak[i], "mean": self._area[i] / lasted_ns if lasted_ns else 0.0},
                "refusals": self._refused[i],
                **(self._borrowed(i) if name in self._pooled else {}),
            }
            for i, name in enumerate(self.names)
        }

    def _borrowed(self, i: int) -> dict[str, Any]:
        """Return what a pool let transactions wait, in ms; ``mean`` is of those that waited."""
        waits = self._waits[i]
        mean = self._waited_ns[i] / waits / NS_PER_MS if waits else None
        return {
            "waits": waits,
            "borrow_wait": {"mean": mean, "max": self._longest_ns[i] / NS_PER_MS if waits else None},
        }

    def series(self, first_owner: int) -> Iterator[Series]:
        """Yield the time series; the first downstream's keys are those of ``first_owner``.

        Connections have a row in every period, with the level at its start if that is the highest.
        """
        count = max(len(self.names), 1)
        periods = self._end_ns // self._period_ns + 1
        change, peak = (np.zeros((periods, count), np.int64) for _ in range(2))
        levels, refused = self._levels.totals(), self._refusals.totals()
        change.flat[levels.keys], peak.flat[levels.keys] = levels["change"], levels["peak"]
        peak = np.maximum(peak, np.cumsum(change, axis=0) - change)
        for owner in np.flatnonzero(peak.any(axis=0)).tolist():
            keys = (first_owner + owner) * periods + np.arange(periods)
            yield Series("Connections", "Maximum", keys, peak[:, owner].astype(np.float64))
        period, own = np.divmod(refused.keys, count)
        order = np.argsort(own, kind="stable")  # by owner first, as a series is
        keys = ((first_owner + own) * periods + period)[order]
        yield Series("Refusals", "Sum", keys, refused["count"].astype(np.float64)[order])

    def _cell(self, downstream: int, time_ns: Int64) -> Int64:
        cell: Int64 = time_ns // self._period_ns * len(self.names) + downstream
        return cell

    def _connect(self, i: int, time_ns: Int64, level: Int64) -> None:
        """Take levels from their times on, in order of time."""
        if not len(time_ns):
            return
        times = np.concatenate((self._since_ns[i : i + 1], time_ns))
        levels = np.concatenate((self._level[i : i + 1], level))
        within = np.clip(times, self._warmup_ns, self._loads_end_ns)
        self._area[i] += int((levels[:-1] * np.diff(within)).sum())
        measured = times[1:] >= self._warmup_ns  # a level holds until the next one, which may be a later chunk's
        self._peak[i] = max(self._peak[i], int(levels[:-1][measured].max(initial=0)))
        self._levels.add(self._cell(i, time_ns), change=np.diff(levels), peak=levels[1:])
        self._since_ns[i], self._level[i] = times[-1], levels[-1]
