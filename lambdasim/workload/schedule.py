"""Schedules as loads: the events that a ``schedule`` source makes itself, at the times it is due."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from lambdasim.config.sources.schedule import ScheduleSource
from lambdasim.errors import InputError
from lambdasim.units import NS_PER_S
from lambdasim.workload.block import ArrivalBlock, Stage
from lambdasim.workload.random_streams import stream_key, uniform

MOST_EVENTS: Final = 50_000_000
"""More of one schedule are refused: they are drawn at once."""


@dataclass(frozen=True, slots=True)
class ScheduledLoad:
    """The events of one schedule. It satisfies ``block.OpenLoad``."""

    name: str
    source: str
    table: ScheduleSource
    ends_ns: int
    start: datetime | None
    seed: int
    stages: Sequence[Stage] = ()

    @property
    def functions(self) -> tuple[str, ...]:
        """The source, by its name."""
        return (self.source,)

    def blocks(self) -> Iterator[ArrivalBlock]:
        """Yield all its events, in order of time."""
        table = self.table
        times_s = list(table.expression.times_s(self.start, self.ends_ns / NS_PER_S, table.timezone))
        if len(times_s) * table.schedules > MOST_EVENTS:
            raise InputError.single(
                f"{len(times_s) * table.schedules:,} events are more than this simulator takes of one schedule "
                f"({MOST_EVENTS:,})",
                path=f"source.{self.source}.schedules",
            )
        due_ns = np.repeat(np.array(times_s, np.int64) * NS_PER_S, table.schedules)
        if table.flexible_window:
            u = uniform(stream_key(self.seed, "flexible-window", self.name), np.arange(len(due_ns)))
            due_ns = np.sort(due_ns + (u * table.flexible_window).astype(np.int64))
            due_ns = due_ns[: np.searchsorted(due_ns, self.ends_ns)]
        if len(due_ns):
            yield ArrivalBlock(due_ns, np.broadcast_to(np.int64(0), due_ns.shape))
