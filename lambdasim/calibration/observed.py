"""What a log says of one function, in numbers: times, rates, concurrency, memory, billing and when it was called."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.config.eras import era_of
from lambdasim.logs.far import far_times
from lambdasim.logs.inits import hidden_inits, inits_after_reset
from lambdasim.logs.rows import NO_TIME, NONE_US, Ended, Kind, Rows
from lambdasim.plan import CHUNK_ROWS

Floats = NDArray[np.float64]

FEWEST_WARM: Final = 30
"""With fewer warm invocations, cold ones count for the duration too."""
FEWEST_TOLD: Final = 30
"""Fewer values tell hardly more than their order of magnitude."""
SKEW_NS: Final = 50 * 10**6
"""By how much invocations of one environment may seem to overlap: their times are written in ms, a moment late."""


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """The invocations of one function, in order of time."""

    name: str
    rows: Rows
    hidden: NDArray[np.bool_]
    """Which were cold without an Init Duration of their own: their init failed, and ran again within their duration."""
    reset: NDArray[np.bool_]
    """Which came after a crash or time-out in their environment: their Duration holds an init, too."""
    provisioned: int
    """Environments of provisioned concurrency that were initialised, as JSON logs tell."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def cold(self) -> NDArray[np.bool_]:
        """Which were cold starts."""
        return self.rows.cold | self.hidden

    @property
    def timed(self) -> bool:
        """Whether the log says when most of them were."""
        return len(self.rows) > 0 and float((self.rows.time_ns != NO_TIME).mean()) > 0.5

    @property
    def memory_mb(self) -> int:
        """The memory that most of them had; 0 where the log does not say."""
        sizes, counts = np.unique(self.rows.memory_mb, return_counts=True)
        return int(sizes[np.argmax(counts)]) if len(sizes) else 0

    def warm_ms(self, memory_mb: int | None = None) -> Floats:
        """Return durations of warm invocations that were not cut off, in ms; of all where hardly any was warm."""
        rows = self.rows
        some = (rows.ended != Ended.TIMEOUT) & ~self.hidden & ~self.reset
        some &= rows.memory_mb == (self.memory_mb if memory_mb is None else memory_mb)
        warm = some & ~self.cold
        return _ms(rows.duration_us[warm if warm.sum() >= FEWEST_WARM else some])

    def cold_ms(self) -> Floats:
        """Return durations of cold starts that did not fail, in ms, without their init."""
        return _ms(self.rows.duration_us[self.rows.cold & (self.rows.ended != Ended.TIMEOUT)])

    def init_ms(self) -> Floats:
        """Return Init Durations in ms; restores of snapshots stand for inits."""
        rows = self.rows
        us = np.where(rows.init_us != NONE_US, rows.init_us, rows.restore_us)
        return _ms(us[us != NONE_US])

    def share(self, *ended: Ended) -> float:
        """Return the share of invocations that ended in one of some ways."""
        return float(np.isin(self.rows.ended, ended).mean()) if len(self) else 0.0

    def timed_rows(self) -> Rows:
        """Return those whose time is known."""
        return self.rows.take(self.rows.time_ns != NO_TIME)

    def arrivals_ns(self) -> NDArray[np.int64]:
        """Return when each arrived, in order, in Unix time."""
        return np.sort(self.timed_rows().start_ns)

    def span_s(self) -> float:
        """Return how long the log is, from the first arrival to the last end."""
        rows = self.timed_rows()
        return float(rows.time_ns.max() - rows.start_ns.min()) / 1e9 if len(rows) else 0.0

    def concurrency(self, from_ns: int | None = None) -> dict[str, float]:
        """Return the most invocations at once and their mean, from overlaps; from a time on."""
        rows = self.timed_rows()
        return overlaps(rows.start_ns, rows.time_ns, from_ns)

    def environments(self) -> int | None:
        """Return how many log streams there are, each an environment; None where the log names none."""
        streams = np.unique(self.rows.stream)
        known = int((streams >= 0).sum())
        return known or None

    def skewed(self) -> int:
        """Return how many invocations of one environment seem to begin before the last one ended."""
        rows = self.timed_rows()
        rows = rows.take(rows.stream >= 0)
        order = np.lexsort((rows.time_ns, rows.stream))
        same = rows.stream[order][1:] == rows.stream[order][:-1]
        early = rows.start_ns[order][1:] < rows.time_ns[order][:-1] - SKEW_NS
        return int((same & early).sum())

    def far(self) -> str:
        """Return which of its invocations are far from all others in time, in words; nothing for none."""
        return far_times(np.sort(self.timed_rows().time_ns))

    def billing(self) -> dict[str, Any]:
        """Return how durations were billed: to 1 or 100 ms, and whether init was billed with cold starts."""
        rows = self.rows.take((self.rows.ended == Ended.WELL) & (self.rows.billed_ms > 0) & ~self.hidden)
        if not len(rows):
            return {"rounded_to_ms": None, "init_billed": None}
        exact = np.ceil(rows.duration_us / 1000)
        hundred = rows.billed_ms % 100 == 0
        rounded = 100 if hundred.mean() > 0.9 and (exact % 100 == 0).mean() < 0.5 else 1
        init = rows.take(rows.init_us != NONE_US)
        billed = None
        if len(init):
            steps = (init.duration_us + init.init_us.astype(np.int64)) / (1_000 * rounded)
            with_init = rounded * np.ceil(steps - 1e-9)
            billed = bool((np.abs(init.billed_ms - with_init) <= 1).mean() > 0.5)
        return {"rounded_to_ms": rounded, "init_billed": billed}

    def eras(self) -> dict[str, int]:
        """Return how many invocations each era has, by their dates, oldest era first."""
        months, counts = np.unique(
            self.timed_rows().time_ns.astype("datetime64[ns]").astype("datetime64[M]"), return_counts=True
        )
        found: dict[str, int] = {}
        for month, count in zip(months.astype(str).tolist(), counts.tolist(), strict=True):
            era = era_of(month)
            found[era] = found.get(era, 0) + count
        return found

    def timeout_s(self) -> int | None:
        """Return the timeout in s, by those that reached it; None where none did."""
        late = self.rows.duration_us[self.rows.ended == Ended.TIMEOUT]
        return max(1, round(float(np.median(late)) / 1e6)) if len(late) else None

    def profile(self) -> dict[str, Any] | None:
        """Return arrivals by hour of the day and day of the week (UTC), and their rates; None without times."""
        if not self.timed:
            return None
        arrivals = self.arrivals_ns()
        first, last = int(arrivals[0]), int(arrivals[-1])
        span = max(self.span_s(), 1e-9)
        seconds, counts = runs(arrivals // 10**9)
        minutes = np.add.reduceat(counts, np.flatnonzero(np.diff(seconds // 60, prepend=-1)))
        hours = np.bincount((seconds // 3600) % 24, counts, 24)
        days = np.bincount((seconds // 86_400 + 3) % 7, counts, 7)  # 1970-01-01 was a Thursday
        return {
            "first": rfc3339(first),
            "last": rfc3339(last),
            "span_s": round(span, 3),
            "mean_per_s": float(f"{len(arrivals) / span:.6g}"),
            "peak_second": int(counts.max()),
            "peak_minute": int(minutes.max()),
            "by_hour": hours.astype(int).tolist(),
            "by_weekday": days.astype(int).tolist(),
        }


def runs(ordered: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each of some values in order, and how often it is there."""
    begins = np.append(0, np.flatnonzero(ordered[1:] != ordered[:-1]) + 1)
    return ordered[begins], np.diff(begins, append=len(ordered))


def _ms(us: NDArray[np.uint32]) -> Floats:
    return us.astype(np.float64) / 1e3


def rfc3339(ns: int) -> str:
    """Return a Unix time in ns as text, in UTC and ms."""
    moment = datetime.fromtimestamp(ns // 10**9, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ns % 10**9 // 10**6:03d}Z"


def overlaps(starts: NDArray[np.int64], ends: NDArray[np.int64], from_ns: int | None = None) -> dict[str, float]:
    """Return maximum and mean of how many intervals are open at once; from a time on. One that ends as another begins
    does not overlap it.
    """
    if not len(starts):
        return {"max": 0, "mean": 0.0}
    starts, ends = np.sort(starts), np.sort(ends)
    begin = int(starts[0]) if from_ns is None else from_ns
    span = max(int(ends[-1]) - begin, 1)
    first = int(np.searchsorted(starts, begin))
    most = first - int(np.searchsorted(ends, begin, "right"))
    busy = 0.0
    for low in range(0, len(starts), CHUNK_ROWS):  # or the steps of millions would take more memory than their rows
        some = slice(low, low + CHUNK_ROWS)
        level = np.arange(low + 1, low + 1 + len(starts[some])) - np.searchsorted(ends, starts[some], "right")
        most = max(most, int(level[max(first - low, 0) :].max(initial=0)))
        busy += float((np.maximum(ends[some], begin) - np.maximum(starts[some], begin)).sum())
    return {"max": most, "mean": busy / span}


def observed(rows: Rows, name: str) -> Observed:
    """Return what the rows of one function tell, which are in order of time."""
    hidden = hidden_inits(rows)
    reports = rows.kind == Kind.REPORT
    return Observed(
        name,
        rows.take(reports),
        hidden[reports],
        inits_after_reset(rows.take(reports)),
        int((rows.kind == Kind.PROVISIONED_INIT).sum()),
    )


def sizes(functions: Sequence[Observed]) -> Iterator[tuple[Observed, int, Floats]]:
    """Yield each memory size of each function with its warm durations, where there are enough to say something."""
    for one in functions:
        for size in np.unique(one.rows.memory_mb).tolist():
            durations = one.warm_ms(size)
            if size and len(durations) >= FEWEST_WARM:
                yield one, size, durations


def thin(samples: int) -> str | None:
    """Return what so few values cannot tell, None when they are enough for a p99."""
    if samples >= 1_000:
        return None
    if samples < FEWEST_TOLD:
        tell = "value tells" if samples == 1 else "values tell"
        return f"{samples:,} {tell} hardly more than an order of magnitude"
    beyond = math.floor(samples / 100)
    return f"{samples:,} values have {beyond} beyond their p99, which is therefore uncertain; 1,000 would have ten"
