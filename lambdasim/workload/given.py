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

KEYS: Final = {"duration": "duration", "init": "init", "error": "errors"}
"""The keys of functions that columns of a trace stand in for, by column."""
NAMED: Final = 3
"""So many functions a note names; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a trace decides, and what is declared of its functions then does not: when they are called, and more."""

    load: str
    """Its path, such as ``load.0``."""
    file: str
    columns: tuple[str, ...]
    """Of ``duration``, ``init`` and ``error``, what it says of its requests."""
    functions: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for whoever reads the experiment or its results; none where all it has is times."""
        if not self.columns:
            return ()
        names = ", ".join(self.functions[:NAMED])
        more = len(self.functions) - NAMED
        names += f" and {more:,} more" if more > 0 else ""
        *first, last = (KEYS[column] for column in self.columns)
        keys = f"{', '.join(first)} and {last}" if first else last
        note = (
            f"{self.load}.trace: {self.file} itself gives {keys} of the requests of {names}; what is declared is used "
            "only where it has none"
        )
        return (note,)


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
