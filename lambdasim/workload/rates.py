"""How the rate of a load changes over time, and the clock that turns evenly paced arrivals into arrivals at that rate.

Every rate is a sequence of pieces on which it is linear. If arrivals of mean gap 1 come at tau_1, tau_2, ... and the
rate has the integral L(t), then arrivals at L^-1(tau_i) have that rate (for a Poisson process: the time-change, or
mapping, theorem). L is piecewise quadratic, so its inverse is exact. Times here are ns from the start of the load.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from lambdasim.units import NS_PER_S, format_rate
from lambdasim.workload.block import Stage
from lambdasim.workload.random_streams import uniform

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

DIURNAL_PIECES: Final = 1_440
"""Pieces per period of a diurnal rate. Between them the sinusoid is cut by at most 2.4e-6 of its amplitude, and its
integral over a period is exact."""
SOJOURNS: Final = 1_024
"""Sojourns of a bursty rate in one batch of pieces."""


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Consecutive pieces of a rate: piece i runs from ``bounds_ns[i]`` to ``bounds_ns[i + 1]``."""

    bounds_ns: Int64
    """(n + 1,)"""
    begin_rate: Float64
    """(n,), per second, at the beginning of each piece"""
    end_rate: Float64
    """(n,), per second, at its end"""

    def integral(self, before: Float64) -> Float64:
        """Return the integral of the rate up to each bound; ``before`` (1,) is that up to the first."""
        seconds = np.diff(self.bounds_ns) / NS_PER_S
        areas = 0.5 * (self.begin_rate + self.end_rate) * seconds
        return np.cumsum(np.concatenate((before, areas)))

    def slopes(self) -> Float64:
        """Return the change of each piece's rate, per second; 0 where it lasts no time."""
        seconds = np.diff(self.bounds_ns) / NS_PER_S
        return np.divide(self.end_rate - self.begin_rate, seconds, out=np.zeros_like(seconds), where=seconds > 0.0)


class Rate(Protocol):
    """A rate over the whole duration of a load."""

    def pieces(self) -> Iterator[Pieces]:
        """Yield batches of pieces in order of time, without gaps, from 0 to the end of the load or later."""

    def stages(self) -> list[Stage]:
        """Return its phases for figures."""


class Ramping(NamedTuple):
    """Straight lines between rates: constant, ramping and spike loads."""

    bounds_ns: tuple[int, ...]
    begin_rate: tuple[float, ...]
    end_rate: tuple[float, ...]

    @classmethod
    def constant(cls, rate: float, duration_ns: int) -> "Ramping":
        """Return a rate that does not change."""
        return cls((0, duration_ns), (rate,), (rate,)) if duration_ns else cls((0,), (), ())

    @classmethod
    def of(cls, start_rate: float, stages: Sequence[tuple[int, float]]) -> "Ramping":
        """Return the rate that starts at ``start_rate`` and reaches each stage's target in the stage's duration.

        ``stages`` are pairs of duration (ns) and target (per second); a stage of no duration is a jump.
        """
        bounds, begin, end, rate = [0], [], [], start_rate
        for duration, target in stages:
            if duration:
                bounds.append(bounds[-1] + duration)
                begin.append(rate)
                end.append(target)
            rate = target
        return cls(tuple(bounds), tuple(begin), tuple(end))

    def pieces(self) -> Iterator[Pieces]:
        """Yield all its lines at once."""
        if self.begin_rate:
            yield Pieces(np.array(self.bounds_ns), np.array(self.begin_rate), np.array(self.end_rate))

    def stages(self) -> list[Stage]:
        """Return one phase for each line."""
        rows = zip(self.bounds_ns, self.bounds_ns[1:], self.begin_rate, self.end_rate, strict=False)
        return [(begin, end, _change(before, after)) for begin, end, before, after in rows]


@dataclass(frozen=True, slots=True)
class Diurnal:
    """A sinusoid around ``mean``, at ``peak`` (both per second) at ``peak_at_ns`` of every ``period_ns``."""

    mean: float
    peak: float
    period_ns: int
    peak_at_ns: int
    duration_ns: int

    def pieces(self) -> Iterator[Pieces]:
        """Yield a period at a time."""
        marks = np.arange(DIURNAL_PIECES + 1) / DIURNAL_PIECES
        angle = 2.0 * np.pi * (marks - self.peak_at_ns / self.period_ns)
        rate = np.maximum(self.mean + (self.peak - self.mean) * np.cos(angle), 0.0)
        rate[-1] = rate[0]
        bounds = np.rint(marks * self.period_ns).astype(np.int64)
        for begin in range(0, self.duration_ns, self.period_ns):
            yield Pieces(begin + bounds, rate[:-1], rate[1:])

    def stages(self) -> list[Stage]:
        """Return one phase with its lowest and highest rate."""
        trough = max(2.0 * self.mean - self.peak, 0.0)
        return [(0, self.duration_ns, f"diurnal, {_change(trough, self.peak)}")]


@dataclass(frozen=True, slots=True)
class Bursty:
    """A Markov-modulated rate: the states take turns, each for an exponential sojourn of its own mean.

    It starts in equilibrium: in a state drawn in proportion to the mean sojourns, so that the expected rate is the
    same at all times.
    """

    rates: tuple[float, ...]
    sojourns_ns: tuple[int, ...]
    duration_ns: int
    key: int

    def pieces(self) -> Iterator[Pieces]:
        """Yield :data:`SOJOURNS` sojourns at a time."""
        means, rates = np.array(self.sojourns_ns, dtype=np.float64), np.array(self.rates)
        share = np.cumsum(means) / means.sum()
        first = min(int(np.searchsorted(share, uniform(self.key, 0)[0])), len(means) - 1)
        begin = done = 0
        while begin < self.duration_ns:
            number = np.arange(done, done + SOJOURNS)
            state = (first + number) % len(means)
            sojourn = np.maximum(np.rint(-means[state] * np.log(1.0 - uniform(self.key, number + 1))), 1.0)
            bounds = begin + np.concatenate(([0], np.cumsum(sojourn.astype(np.int64))))
            yield Pieces(bounds, rates[state], rates[state])
            begin, done = int(bounds[-1]), done + SOJOURNS

    def stages(self) -> list[Stage]:
        """Return one phase with the rates of its states."""
        return [(0, self.duration_ns, "bursty, " + " / ".join(map(format_rate, self.rates)))]


class TimeChange:
    """The inverse of a rate's integral, for arguments that only grow."""

    def __init__(self, pieces: Iterator[Pieces]) -> None:
        self._pieces = pieces
        self._integral = np.zeros(1)  # up to each bound of the batch
        self._batch: Pieces | None = None

    def __call__(self, tau: Float64) -> Int64:
        """Return when the integral exceeds each of ``tau`` (sorted), in whole ns; fewer if it never does."""
        times = []
        while tau.size:
            inside = int(np.searchsorted(tau, self._integral[-1]))
            if inside:
                times.append(self._inverse(tau[:inside]))
                tau = tau[inside:]
            elif not self._advance():
                break
        return np.concatenate(times) if times else np.zeros(0, dtype=np.int64)

    def _advance(self) -> bool:
        self._batch = next(self._pieces, None)
        if self._batch is None:
            return False
        self._integral = self._batch.integral(self._integral[-1:])
        return True

    def _inverse(self, tau: Float64) -> Int64:
        """Solve ``rate s + slope s^2 / 2 = tau - integral`` in each value's piece, in the form that loses no digits."""
        batch = self._batch
        assert batch is not None
        first, last = np.searchsorted(self._integral, tau[[0, -1]], side="right") - 1
        piece = first if first == last else np.searchsorted(self._integral, tau, side="right") - 1
        begin_ns, end_ns = batch.bounds_ns[piece], batch.bounds_ns[piece + 1]
        rate = batch.begin_rate[piece]
        area = tau - self._integral[piece]
        slope = (batch.end_rate[piece] - rate) / ((end_ns - begin_ns) / NS_PER_S)
        root = np.sqrt(np.maximum(rate * rate + 2.0 * slope * area, 0.0))
        root += rate
        ns = np.divide(2.0 * NS_PER_S * area, root, out=np.zeros_like(root), where=root > 0.0)
        times: Int64 = np.minimum(begin_ns + np.rint(ns).astype(np.int64), end_ns)
        return times


def _change(before: float, after: float) -> str:
    """Return such as ``0 → 900/s``, or ``900/s`` when nothing changes."""
    if before == after:
        return format_rate(after)
    (number, unit), text = format_rate(before).split("/"), format_rate(after)
    return f"{number if text.endswith(unit) or before == 0.0 else f'{number}/{unit}'} → {text}"
