"""A load whose requests arrive as a policy of the user's own says, in the place of its executor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lambdasim.policies.chosen import asked, nonsense
from lambdasim.policies.protocols import Arrivals, Draw
from lambdasim.workload.block import ArrivalBlock, OpenLoad, Stage
from lambdasim.workload.random_streams import stream_key

BLOCK = 8_192


@dataclass(frozen=True, slots=True)
class ChosenLoad:
    """An open load under a policy of arrivals. It satisfies ``block.OpenLoad``."""

    load: OpenLoad
    """The load as the file has it: its name, target, beginning and end."""
    policy: Arrivals
    start_ns: int
    seed: int

    @property
    def name(self) -> str:
        """The load's name."""
        return self.load.name

    @property
    def functions(self) -> tuple[str, ...]:
        """The one function it calls."""
        return self.load.functions

    @property
    def ends_ns(self) -> int:
        """When it ends."""
        return self.load.ends_ns

    @property
    def stages(self) -> Sequence[Stage]:
        """One: its policy's."""
        return [(self.start_ns, self.ends_ns, type(self.policy).__name__)] if self.ends_ns > self.start_ns else []

    def blocks(self) -> Iterator[ArrivalBlock]:
        """Yield its arrivals; raises ``InputError``, with the policy's name, for what cannot be arrivals."""
        where = f"for load {self.name!r}"
        draw = Draw(stream_key(self.seed, "policy", "arrivals", self.name), 0)
        times = iter(
            asked("arrivals", self.policy.arrivals, where, self.start_ns, self.ends_ns, draw, policy=self.policy)
        )
        latest, some = self.start_ns, []
        while (at_ns := asked("arrivals", next, where, times, None, policy=self.policy)) is not None:
            integer = isinstance(at_ns, int | np.integer) and not isinstance(at_ns, bool)
            if not integer or not latest <= at_ns < self.ends_ns:
                wanted = f"whole ns from {latest} to before {self.ends_ns}, none before the last"
                raise nonsense("arrivals", self.policy, where, at_ns, wanted)
            latest = int(at_ns)
            some.append(latest)
            if len(some) == BLOCK:
                yield _block(some)
                some = []
        if some:
            yield _block(some)


def _block(times: list[int]) -> ArrivalBlock:
    return ArrivalBlock(np.array(times, np.int64), np.broadcast_to(np.int64(0), len(times)))
