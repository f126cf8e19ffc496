"""The arithmetic of drawing by compiled loops."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.workload.compiled import native
from lambdasim.workload.random_streams import Streams, UInt64

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

NONE: Final = np.empty(0, np.int64)


class Compiled:
    """As :class:`~lambdasim.workload.arithmetic.Plain`, to the same bits. Compiles its loops if they are not kept."""

    def __init__(self) -> None:
        loops = native.loops()
        self._uniform, self._rounded = loops["uniform"], loops["rounded"]
        self._centre, self._tail = loops["centre"], loops["tail"]
        self._outer, self._tails = np.empty(0, np.int64), np.empty(0)

    def uniform(self, streams: Streams, index: Int64) -> Float64:
        """Return ``random_streams.uniform``."""
        u = np.empty(len(index))
        self._uniform((*_arrays(streams), np.ascontiguousarray(index), u))
        return u

    def normal(self, streams: Streams, index: Int64) -> Float64:
        """Return ``normal.normal_quantile`` of ``random_streams.uniform``."""
        rows = len(index)
        if rows >= len(self._outer):
            self._outer, self._tails = np.empty(rows + 1, np.int64), np.empty(rows + 1)
        z = np.empty(rows)
        found = self._centre((*_arrays(streams), np.ascontiguousarray(index), z, self._outer, self._tails))
        logs = self._tails[:found]
        np.log(logs, out=logs)
        self._tail((z, self._outer, self._tails), found)
        return z

    def rounded(self, values: Float64, whole: Int64 | None = None) -> Int64:
        """Return the values as whole numbers."""
        whole = np.empty(len(values), np.int64) if whole is None else whole
        self._rounded((np.ascontiguousarray(values), whole))
        return whole


def _arrays(streams: Streams) -> tuple[UInt64, Int64]:
    """Return keys, and which of them each row has, none for the first one of all."""
    if isinstance(streams.of, int):
        return streams.key, NONE
    return streams.keys, np.ascontiguousarray(streams.of)
