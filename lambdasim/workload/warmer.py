"""Warmers as loads: rounds of pings, as many at once as environments are to be kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from lambdasim.config.change import Warmer
from lambdasim.errors import InputError
from lambdasim.workload.block import ArrivalBlock, Stage

MOST_PINGS: Final = 50_000_000
"""More of one warmer are refused: they are drawn at once."""


@dataclass(frozen=True, slots=True)
class WarmerLoad:
    """The pings of one warmer. It satisfies ``block.OpenLoad``."""

    name: str
    label: str
    table: Warmer
    ends_ns: int
    stages: Sequence[Stage] = ()

    @property
    def functions(self) -> tuple[str, ...]:
        """The function that is kept warm, by its name."""
        return (self.table.function,)

    def blocks(self) -> Iterator[ArrivalBlock]:
        """Yield all pings, in order of time, each with its own handler time; none fails by itself."""
        table = self.table
        rounds = -(-self.ends_ns // table.every)
        if rounds * table.environments > MOST_PINGS:
            raise InputError.single(
                f"{rounds * table.environments:,} pings are more than this simulator takes of one warmer "
                f"({MOST_PINGS:,})",
                path=f"warmer.{self.label}.every",
            )
        at_ns = np.repeat(np.arange(rounds) * table.every, table.environments)
        if len(at_ns):
            same = np.broadcast_to(np.int64(0), at_ns.shape)
            yield ArrivalBlock(at_ns, same, np.broadcast_to(np.int64(table.duration), at_ns.shape), error=same)
