"""The phases of loads, for bands in figures. They are worked out where somebody looks at them."""

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

from lambdasim.workload.arrivals import SyntheticLoad
from lambdasim.workload.block import Stage
from lambdasim.workload.chosen import ChosenLoad
from lambdasim.workload.closed_loop import VirtualUsers


class Phases(NamedTuple):
    """All loads that have phases, each with its name."""

    loads: Sequence[tuple[str, SyntheticLoad | ChosenLoad]]
    users: Sequence[tuple[str, VirtualUsers]]
    latest_ns: int
    """The end of the simulation, beyond which none lasts."""

    @property
    def stages(self) -> list[Stage]:
        """All of them, in order of their beginnings."""
        stages = [(name, *stage) for name, load in self.loads for stage in load.stages]
        stages += [(name, loop.start_ns, loop.stop_ns, f"{loop.vus} virtual users") for name, loop in self.users]
        own = "" if len({name for name, *_ in stages}) == 1 else "{}: "  # whose it is, where there are several
        cut = [(begin, min(end, self.latest_ns), own.format(name) + of) for name, begin, end, of in stages]
        return sorted((stage for stage in cut if stage[0] < stage[1]), key=itemgetter(0))

    @property
    def ends_ns(self) -> int | None:
        """When the last of them ends; None where there are none."""
        ends = [(load.start_ns, load.ends_ns) for _, load in self.loads]
        ends += [(loop.start_ns, loop.stop_ns) for _, loop in self.users]
        return max((end for begin, end in ends if begin < end), default=None)
