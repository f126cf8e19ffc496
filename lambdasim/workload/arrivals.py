"""Arrival processes: when requests come, at a rate that may change over time.

A process is a renewal process of mean gap 1 (Poisson, deterministic, gamma), and the load's rate is the clock it
lives on (``rates``). Blocks are of fixed sizes, so neither the consumer's chunks nor the load's length can change an
arrival, and memory does not grow with the length.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.config.schema import LoadConfig
from lambdasim.model.events import NEVER_NS
from lambdasim.workload.block import ArrivalBlock, Stage
from lambdasim.workload.gamma import gamma
from lambdasim.workload.random_streams import stream_key, uniform
from lambdasim.workload.rates import Bursty, Diurnal, Ramping, Rate, TimeChange

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

FIRST_BLOCK: Final = 256
LAST_BLOCK: Final = 4_096
"""Blocks double from the first size to the last: a thousand rare loads are as cheap as one busy load is fast."""


class Poisson(NamedTuple):
    """Exponential gaps: callers who know nothing of each other."""

    key: int

    def gaps(self, index: Int64) -> Float64:
        """Return the gaps before arrivals ``index``, in units of the mean gap."""
        return -np.log(1.0 - uniform(self.key, index))


@dataclass(frozen=True, slots=True)
class Deterministic:
    """Equal gaps, the first arrival at once: a load generator or a schedule."""

    def gaps(self, index: Int64) -> Float64:
        """Return 0 for the first arrival and 1 for all others."""
        return (index > 0).astype(np.float64)


@dataclass(frozen=True, slots=True)
class GammaRenewal:
    """Gamma gaps of coefficient of variation ``cv``: more regular than Poisson below 1, in clumps above.

    It starts in equilibrium (the first gap is a uniform part of a length-biased gap), so that the expected count is
    the integral of the rate, over any interval.
    """

    key: int
    cv: float

    def gaps(self, index: Int64) -> Float64:
        """Return the gaps before arrivals ``index``, in units of the mean gap."""
        shape = self.cv**-2
        key = np.array([self.key], dtype=np.uint64)
        gaps = gamma(np.array([shape]), key, index) / shape
        if index[0] == 0:
            biased = gamma(np.array([shape + 1.0]), key, index[:1]) / shape
            gaps[:1] = biased * uniform(self.key, index[:1])
        return gaps


Process = Poisson | Deterministic | GammaRenewal


class SyntheticLoad(NamedTuple):
    """An open load of one function, made of a process and a rate. It satisfies ``block.OpenLoad``."""

    name: str
    function: str
    start_ns: int
    ends_ns: int
    rate: Rate
    process: Process

    @property
    def functions(self) -> tuple[str, ...]:
        """The one function it calls."""
        return (self.function,)

    @property
    def stages(self) -> list[Stage]:
        """The phases of its rate."""
        return [(self.start_ns + begin, self.start_ns + end, label) for begin, end, label in self.rate.stages()]

    def blocks(self) -> Iterator[ArrivalBlock]:
        """Yield its arrivals, all in ``start_ns`` <= time < ``ends_ns``."""
        time_of = TimeChange(self.rate.pieces())
        done, size, tau, latest = 0, FIRST_BLOCK, 0.0, 0
        while True:
            gaps = self.process.gaps(np.arange(done, done + size))
            gaps[0] += tau
            instants = np.cumsum(gaps)
            times = time_of(instants)
            times = times[: np.searchsorted(times, self.ends_ns - self.start_ns)]
            if times.size:
                times[0] = max(latest, times[0])
                np.maximum.accumulate(times, out=times)  # a rounding error at a bound may not turn time back
                yield ArrivalBlock(self.start_ns + times, np.broadcast_to(np.int64(0), times.shape))
            if len(times) < size:
                return
            done, size, tau, latest = done + size, min(2 * size, LAST_BLOCK), float(instants[-1]), int(times[-1])


def _constant(load: LoadConfig, duration_ns: int, seed: int) -> Rate:
    return Ramping.constant(load.rate or 0.0, duration_ns)


def _ramping(load: LoadConfig, duration_ns: int, seed: int) -> Rate:
    return Ramping.of(load.start_rate, [(stage.duration, stage.target) for stage in load.stages or ()])


def _spike(load: LoadConfig, duration_ns: int, seed: int) -> Rate:
    base, spike = load.rate or 0.0, load.spike_rate or 0.0
    begin = min(load.spike_at or 0, duration_ns)
    end = min(begin + (load.spike_duration or 0), duration_ns)
    phases = [(begin, base), (0, spike), (end - begin, spike), (0, base), (duration_ns - end, base)]
    return Ramping.of(base, phases)


def _diurnal(load: LoadConfig, duration_ns: int, seed: int) -> Rate:
    return Diurnal(load.rate or 0.0, load.peak or 0.0, load.period, load.peak_at or 0, duration_ns)


def _bursty(load: LoadConfig, duration_ns: int, seed: int) -> Rate:
    return Bursty(load.rates or (), load.sojourns or (), duration_ns, stream_key(seed, "sojourn", load.name))


RATES: Final[dict[str, Callable[[LoadConfig, int, int], Rate]]] = {
    "constant-arrival-rate": _constant,
    "poisson": _constant,
    "ramping-arrival-rate": _ramping,
    "spike": _spike,
    "diurnal": _diurnal,
    "bursty": _bursty,
}
"""By executor: the rate of a load that lasts so many ns, by a seed where it is random."""


def open_synthetic(load: LoadConfig, function: str, seed: int, key: int, latest_ns: int = NEVER_NS) -> SyntheticLoad:
    """Return the arrivals at ``function`` of an open load that is no trace; none come at or after ``latest_ns``.

    ``key`` is that of the draws of its process, those of its rate follow from ``seed``.
    """
    if load.stages is not None:
        duration_ns = sum(stage.duration for stage in load.stages)
    else:
        duration_ns = load.duration if load.duration is not None else max(latest_ns - load.start_time, 0)
    process: Process
    if load.process.startswith("gamma"):
        process = GammaRenewal(key, load.process_cv)
    else:
        process = Poisson(key) if load.process == "poisson" else Deterministic()
    rate = RATES[str(load.executor)](load, duration_ns, seed)
    ends_ns = min(load.start_time + duration_ns, latest_ns)
    return SyntheticLoad(load.name, function, load.start_time, max(ends_ns, load.start_time), rate, process)
