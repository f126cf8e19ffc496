"""Invocations as a log tells of them: one row each, in compact columns, whatever file it stood in."""

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

NO_TIME: Final = np.iinfo(np.int64).min
"""``time_ns`` of a row whose log says no time."""
NONE_US: Final = np.iinfo(np.uint32).max
"""A time in microseconds that was not there."""
FIRST_ROWS: Final = 1 << 20
"""For how many rows there is room at first."""


class Ended(IntEnum):
    """How an invocation ended, as far as its log tells (values of ``ended``)."""

    WELL = 0
    ERROR = 1  # the handler returned an error: JSON logs say so, text logs where the runtime writes it
    CRASH = 2  # the runtime exited, out of memory included
    TIMEOUT = 3


class Kind(IntEnum):
    """What a row is (values of ``kind``)."""

    REPORT = 0
    INIT_FAILED = 1  # an INIT_REPORT with a timeout or an error: the next invocation there holds the init again
    PROVISIONED_INIT = 2
    RAISED = 3  # the handler of the invocation whose REPORT comes next there returned an error


@dataclass(slots=True)
class Rows:
    """Columns of equal length; about 46 bytes a row."""

    kind: NDArray[np.uint8]
    """``Kind``"""
    time_ns: NDArray[np.int64]
    """When the line was written, in Unix time: the end of the invocation; ``NO_TIME`` where that is not known."""
    duration_us: NDArray[np.uint32]
    billed_ms: NDArray[np.uint32]
    init_us: NDArray[np.uint32]
    """Init Duration; ``NONE_US`` where there is none."""
    restore_us: NDArray[np.uint32]
    memory_mb: NDArray[np.uint16]
    used_mb: NDArray[np.uint16]
    ended: NDArray[np.uint8]
    """``Ended``"""
    identity: NDArray[np.uint64]
    """Of the request, 0 where its id is masked."""
    stream: NDArray[np.int32]
    """Index into the names of log streams, -1 for none: one is one execution environment."""
    function: NDArray[np.int32]
    """Index into the names of functions, -1 where the log does not say."""
    says_errors: NDArray[np.bool_]
    """Whether its line would say that the handler returned an error: JSON logs do."""

    def __len__(self) -> int:
        return len(self.kind)

    def take(self, which: Any) -> "Rows":
        """Return some of the rows; themselves where a mask takes all, for there may be millions."""
        if getattr(which, "dtype", None) == np.bool_ and which.all():
            return self
        return Rows(*(getattr(self, one.name)[which] for one in fields(self)))

    @property
    def cold(self) -> NDArray[np.bool_]:
        """Which had an init or a restore of their own."""
        cold: NDArray[np.bool_] = (self.init_us != NONE_US) | (self.restore_us != NONE_US)
        return cold

    @property
    def start_ns(self) -> NDArray[np.int64]:
        """When each arrived, if it did not wait: init, restore and duration before the line was written."""
        us = self.duration_us.astype(np.int64)
        for part in (self.init_us, self.restore_us):
            us += np.where(part == NONE_US, 0, part).astype(np.int64)
        return np.where(self.time_ns == NO_TIME, NO_TIME, self.time_ns - us * 1000)


DTYPES: Final = {
    "kind": np.uint8, "time_ns": np.int64, "duration_us": np.uint32, "billed_ms": np.uint32, "init_us": np.uint32,
    "restore_us": np.uint32, "memory_mb": np.uint16, "used_mb": np.uint16, "ended": np.uint8, "identity": np.uint64,
    "stream": np.int32, "function": np.int32, "says_errors": np.bool_,
}  # fmt: skip


class Growing:
    """Rows that are added some at a time; they are never copied as a whole, for there may be millions."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._columns = _empty(min(most, FIRST_ROWS))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, rows: Rows) -> None:
        """Append some rows, which fit: of ``most`` together."""
        end = self._count + len(rows)
        if end > len(self._columns["kind"]):  # memory takes room only when it is written to, so much can be asked for
            larger = _empty(self._most)
            for name, column in larger.items():
                column[: self._count] = self._columns[name][: self._count]
            self._columns = larger
        for name, column in self._columns.items():
            column[self._count : end] = getattr(rows, name)
        self._count = end

    def rows(self) -> Rows:
        """Return all of them."""
        return Rows(*(column[: self._count] for column in self._columns.values()))


def _empty(size: int) -> dict[str, NDArray[Any]]:
    return {name: np.empty(size, dtype) for name, dtype in DTYPES.items()}
