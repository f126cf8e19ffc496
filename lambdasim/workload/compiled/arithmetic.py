"""The arithmetic of drawing by compiled loops."""

import numpy as np
from numpy.typing import NDArray

from lambdasim.workload.compiled import native
from lambdasim.workload.random_streams import UInt64

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]


class Compiled:
    """As :class:`~lambdasim.workload.arithmetic.Plain`, to the same bits. Compiles its loops if they are not kept."""

    def __init__(self) -> None:
        loops = native.loops()
        self._uniform, self._rounded = loops["uniform"], loops["rounded"]
        self._centre, self._tail = loops["centre"], loops["tail"]

    def uniform(self, key: UInt64, index: Int64) -> Float64:
        """Return ``streams.uniform``."""
        u = np.empty(len(index))
        self._uniform((key, np.ascontiguousarray(index), u))
        return u

    def normal(self, key: UInt64, index: Int64) -> Float64:
        """Return ``normal.normal_quantile`` of ``streams.uniform``."""
        rows = len(index)
        z, outer, tails = np.empty(rows), np.empty(rows + 1, np.int64), np.empty(rows + 1)
        found = self._centre((key, np.ascontiguousarray(index), z, outer, tails))
        logs = tails[:found]
        self._tail((z, outer, np.log(logs, out=logs)))
        return z

    def rounded(self, values: Float64) -> Int64:
        """Return the values as whole numbers."""
        whole = np.empty(len(values), np.int64)
        self._rounded((np.ascontiguousarray(values), whole))
        return whole
