"""What drawing does with every row: hash, transform, round. Numpy does it here; compiled loops do it to the same bits.

``log`` and ``exp`` are numpy's in either case, because no two libraries agree on their last bit.
"""

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from lambdasim.model.events import NEVER_NS
from lambdasim.workload import normal, random_streams
from lambdasim.workload.random_streams import Streams

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

LARGEST: Final = float(NEVER_NS - 1024)  # exact in a double


class Arithmetic(Protocol):
    """All of it gives the same bits, whoever does it."""

    def uniform(self, streams: Streams, index: Int64) -> Float64:
        """Return ``random_streams.uniform`` of ``index`` (n,)."""

    def normal(self, streams: Streams, index: Int64) -> Float64:
        """Return ``normal.normal_quantile`` of :meth:`uniform`."""

    def rounded(self, values: Float64, whole: Int64 | None = None) -> Int64:
        """Return ``values`` (n,) as whole numbers, at least 0 and less than ``NEVER_NS``; in ``whole``, if given."""


class Plain:
    """The arithmetic of numpy."""

    def uniform(self, streams: Streams, index: Int64) -> Float64:
        """Return ``random_streams.uniform``."""
        return random_streams.uniform(streams.key, index)

    def normal(self, streams: Streams, index: Int64) -> Float64:
        """Return ``normal.normal_quantile`` of ``random_streams.uniform``."""
        return normal.normal_quantile(self.uniform(streams, index))

    def rounded(self, values: Float64, whole: Int64 | None = None) -> Int64:
        """Return the values as whole numbers."""
        whole = np.empty(np.shape(values), np.int64) if whole is None else whole
        whole[...] = np.clip(np.rint(values), 0.0, LARGEST)
        return whole


PLAIN: Final = Plain()
