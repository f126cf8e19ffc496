"""What a figure shows, as named columns beside an index.

pandas, which a reader may ask for with :meth:`Table.frame`, takes longer to load than all figures of a run to draw.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Values = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of one length by name, a value for each entry of ``index``, which is called ``name``."""

    index: Values
    columns: Mapping[str, Values]
    name: str = "time"

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, column: str) -> Values:
        return self.columns[column]

    def numbers(self) -> NDArray[np.float64]:
        """Return all values, a row for each column."""
        return np.array(list(self.columns.values()), np.float64).reshape(len(self.columns), len(self))

    def across(self) -> NDArray[np.float64]:
        """Return the sum of each row."""
        total: NDArray[np.float64] = self.numbers().sum(axis=0)
        return total

    def only(self, columns: Collection[str]) -> "Table":
        """Return some of the columns, in their order here."""
        return Table(self.index, {name: of for name, of in self.columns.items() if name in columns}, self.name)

    def some(self) -> "Table":
        """Return the columns that hold anything but zeros."""
        return self.only({name for name, of in self.columns.items() if of.any()})

    def rows(self, which: Values) -> "Table":
        """Return the rows that ``which`` (booleans or places) says."""
        return Table(self.index[which], {name: of[which] for name, of in self.columns.items()}, self.name)

    def frame(self) -> "pd.DataFrame":
        """Return the table as pandas has it."""
        import pandas as pd

        return pd.DataFrame(dict(self.columns), index=pd.Index(self.index, name=self.name))
