"""What every open load looks like to the plan: a name, its functions, its end, and blocks of arrivals.

Synthetic arrival processes and traces both take this shape. A block knows nothing of durations drawn, of other
loads or of the chunks an engine consumes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]
Stage = tuple[int, int, str]
"""``(start_ns, end_ns, label)`` of a phase of a load, for bands in figures."""

NOT_GIVEN: Final = -1
"""In a column of an :class:`ArrivalBlock`: this row's value is drawn from the function's distribution."""


@dataclass(frozen=True, slots=True, eq=False)
class ArrivalBlock:
    """Some consecutive arrivals of one load, one row each; all columns are ``int64`` and of equal length."""

    arrival_ns: Int64
    """Never decreasing, within a block and from block to block."""
    function: Int64
    """Index into the load's ``functions``; may be a broadcast view."""
    duration_ns: Int64 | None = None
    """Handler time a trace gives, or :data:`NOT_GIVEN`; None when no row has one."""
    init_ns: Int64 | None = None
    """Init Duration a trace gives, or :data:`NOT_GIVEN`."""
    error: Int64 | None = None
    """1 when the trace says the handler failed, 0 when it says it did not, or :data:`NOT_GIVEN`."""

    def __len__(self) -> int:
        return len(self.arrival_ns)


class OpenLoad(Protocol):
    """A load whose arrivals do not depend on what becomes of them."""

    @property
    def name(self) -> str:
        """The load's name, which keys its draws."""

    @property
    def functions(self) -> tuple[str, ...]:
        """Names of the functions (or sources) its rows go to."""

    @property
    def ends_ns(self) -> int:
        """When it ends."""

    @property
    def stages(self) -> Sequence[Stage]:
        """Its phases, in order of time; may be empty."""

    def blocks(self) -> Iterator[ArrivalBlock]:
        """Yield all arrivals in order of time, from the beginning, in blocks that depend on nothing but the load."""
