"""What a trace says of requests itself, in place of draws: durations, inits and errors, where it says anything."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.workload.block import NOT_GIVEN

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class TraceOverrides:
    """Columns of an ``ArrivalBlock``: each (n,) with ``NOT_GIVEN`` where a row has no value, or None if none has."""

    duration_ns: Int64 | None = None
    init_ns: Int64 | None = None
    error: Int64 | None = None

    def __getitem__(self, part: slice | Int64) -> "TraceOverrides":
        """Return some of the rows."""
        return TraceOverrides(*(None if column is None else column[part] for column in self._columns()))

    def _columns(self) -> tuple[Int64 | None, Int64 | None, Int64 | None]:
        return self.duration_ns, self.init_ns, self.error


NO_OVERRIDES: Final = TraceOverrides()


def joined(parts: Sequence[TraceOverrides], lengths: Sequence[int]) -> TraceOverrides:
    """Return parts of so many rows each as one."""
    if all(part is NO_OVERRIDES for part in parts):
        return NO_OVERRIDES
    columns = zip(*(part._columns() for part in parts), strict=True)
    return TraceOverrides(*(_joined(column, lengths) for column in columns))


def fill_missing(given: Int64 | None, draw: Callable[[], Int64]) -> Int64:
    """Return what is given, and draws where nothing is; draws nothing that is not needed."""
    if given is None:
        return draw()
    missing = given == NOT_GIVEN
    return np.where(missing, draw(), given) if missing.any() else given


def _joined(columns: Sequence[Int64 | None], lengths: Sequence[int]) -> Int64 | None:
    if all(column is None for column in columns):
        return None
    rows = zip(columns, lengths, strict=True)
    return np.concatenate([np.full(n, NOT_GIVEN) if column is None else column for column, n in rows])
