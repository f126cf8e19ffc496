"""Where a trace lies in the experiment: its window moves to the load's start, its time is divided by the speed."""

from dataclasses import dataclass

import numpy as np

from lambdasim.config.families import MAX_TIME_NS
from lambdasim.model.events import NEVER_NS
from lambdasim.units import format_duration
from lambdasim.workload.block import Int64


@dataclass(frozen=True, slots=True)
class Window:
    """The part ``from_ns`` <= time < ``until_ns`` of a trace, replayed ``speed`` times as fast from ``start_ns`` on."""

    from_ns: int = 0
    until_ns: int = NEVER_NS
    speed: float = 1.0
    start_ns: int = 0

    def inside(self, time_ns: Int64) -> slice:
        """Return which of some times in order are in the window."""
        low, high = np.searchsorted(time_ns, (self.from_ns, self.until_ns))
        return slice(int(low), int(high))

    def moved(self, time_ns: Int64) -> Int64:
        """Return times of the trace as times of the experiment; exact when the speed is 1."""
        time_ns = time_ns - self.from_ns
        if self.speed != 1.0:
            time_ns = np.floor(time_ns / self.speed).astype(np.int64)
        return time_ns + self.start_ns

    def end(self, last_ns: int) -> int:
        """Return the experiment's time of the trace's ``last_ns``.

        Raises ``ValueError`` when that is further than ``MAX_TIME_NS`` from the start of the replay.
        """
        if (last_ns - self.from_ns) / self.speed >= MAX_TIME_NS:
            raise ValueError(
                f"ends {format_duration(last_ns)} after its time 0, which takes more than five years to replay: write "
                "Unix times as dates (2026-11-27T08:00:00Z), correct unit or speed, or cut a window with from and until"
            )
        return int(self.moved(np.array([last_ns]))[0])
