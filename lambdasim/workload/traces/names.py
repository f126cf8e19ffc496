"""The functions a trace names, numbered as they appear."""

from collections.abc import Iterable, Iterator

import numpy as np

from lambdasim.workload.block import Int64


class Names:
    """Function names and their indices."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._index = {name: index for index, name in enumerate(names)}

    def indices(self, names: Iterable[str]) -> Int64:
        """Return the index of each name; a new one gets the next free number."""
        return np.array([self._index.setdefault(name, len(self._index)) for name in names], np.int64)

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)
