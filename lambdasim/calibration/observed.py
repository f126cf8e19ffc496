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
from lambdasim.logs.rows import NO_TIME, NONE_US, Ended, Kind, Rows

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
        seconds = arrivals // 10**9
        hours = (seconds // 3600) % 24
        days = (seconds // 86_400 + 3) % 7  # 1970-01-01 was a Thursday
        span = max(self.span_s(), 1e-9)
        _, busiest = np.unique(seconds, return_counts=True)
        _, minutes = np.unique(seconds // 60, return_counts=True)
        return {
            "first": rfc3339(int(arrivals[0])),
            "last": rfc3339(int(arrivals[-1])),
            "span_s": round(span, 3),
            "mean_per_s": float(f"{len(arrivals) / span:.6g}"),
            "peak_second": int(busiest.max()),
            "peak_minute": int(minutes.max()),
            "by_hour": np.bincount(hours, minlength=24).tolist(),
            "by_weekday": np.bincount(days, minlength=7).tolist(),
        }


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
    times = np.concatenate((ends, starts))
    steps = np.concatenate((np.full(len(ends), -1), np.ones(len(starts), np.int64)))
    order = np.lexsort((steps, times))
    level = np.cumsum(steps[order])
    begin = int(starts.min()) if from_ns is None else from_ns
    span = max(int(ends.max()) - begin, 1)
    busy = np.maximum(ends, begin) - np.maximum(starts, begin)
    later = times[order] >= begin
    return {"max": int(level[later].max(initial=0)), "mean": float(busy.astype(float).sum() / span)}


def observed(rows: Rows, name: str) -> Observed:
    """Return what the rows of one function tell, which are in order of time."""
    hidden = hidden_inits(rows)
    reports = rows.kind == Kind.REPORT
    return Observed(
        name,
        rows.take(reports),
        hidden[reports],
        _reset(rows.take(reports)),
        int((rows.kind == Kind.PROVISIONED_INIT).sum()),
    )


def hidden_inits(rows: Rows) -> NDArray[np.bool_]:
    """Return which invocations come next, in their environment, after an init that failed, and show no init.

    Such an init ran again within the invocation, so that its Duration is no handler time (AWS Lambda Developer Guide,
    lambda-runtime-environment, read 2026-11). Without names of streams the next invocation of all is taken.
    """
    order = np.lexsort((np.arange(len(rows)), rows.stream))
    kind, stream = rows.kind[order], rows.stream[order]
    cold = rows.cold[order]
    result = np.zeros(len(rows), bool)
    for place in np.flatnonzero(kind == Kind.INIT_FAILED).tolist():
        following = place + 1
        while following < len(order) and stream[following] == stream[place] and kind[following] != Kind.REPORT:
            following += 1
        if following < len(order) and stream[following] == stream[place] and not cold[following]:
            result[order[following]] = True
    return result


def _reset(rows: Rows) -> NDArray[np.bool_]:
    """Return which invocations come next in their log stream after one that made Lambda reset the environment.

    Developer Guide, lambda-runtime-environment: a crash or a time-out shuts the runtime down, and the next invocation
    initialises it again, within its Duration (read 2026-11).
    """
    order = np.lexsort((np.arange(len(rows)), rows.stream))
    stream, ended = rows.stream[order], rows.ended[order]
    after = (ended[:-1] >= Ended.CRASH) & (stream[1:] == stream[:-1]) & (stream[1:] >= 0)
    result = np.zeros(len(rows), bool)
    result[order[1:]] = after
    return result & ~rows.cold


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
