"""The event log: one row per delivery of an event, as a table a person can query.

See :mod:`lambdasim.metrics.row_log`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from lambdasim.metrics.row_log import RowLog, words
from lambdasim.model.events import LOAD_SHIFT, DeliveryOutcome, Destination, Fate
from lambdasim.records import DELIVERY_COLUMNS, Int64

if TYPE_CHECKING:
    import pyarrow as pa

OUTCOMES: Final = [outcome.name.lower().replace("_", "-") for outcome in DeliveryOutcome]
FATES: Final = [fate.name.lower().replace("_", "-") for fate in Fate]
DESTINATIONS: Final = [destination.name.lower() for destination in Destination]


class EventLog(RowLog):
    """Rows of the run for ``events.parquet``."""

    def __init__(self, mode: str, sources: Sequence[str], loads: Sequence[str], scratch: Path | None = None) -> None:
        columns = len(DELIVERY_COLUMNS)
        super().__init__(mode, columns, DELIVERY_COLUMNS.index("event"), DELIVERY_COLUMNS.index("attempt"), scratch)
        self._sources, self._loads = list(sources), list(loads)

    def _table(self, rows: Int64) -> "pa.Table":
        import pyarrow as pa

        column = dict(zip(DELIVERY_COLUMNS, rows.T, strict=True))
        low = (1 << LOAD_SHIFT) - 1

        def known(name: str) -> pa.Array:
            values = np.ascontiguousarray(column[name])
            return pa.array(values, mask=values < 0)

        batch = column["batch"]
        invocation = words(np.maximum(batch, 0) >> LOAD_SHIFT, self._loads).dictionary_decode().to_numpy(False)
        return pa.table(
            {
                "source": words(column["source"], self._sources),
                "load": words(column["event"] >> LOAD_SHIFT, self._loads),
                "sequence": column["event"] & low,
                "attempt": column["attempt"].astype(np.int32),
                "partition": known("partition"),
                "sent_ns": np.ascontiguousarray(column["sent_ns"]),
                "available_ns": np.ascontiguousarray(column["available_ns"]),
                "delivered_ns": known("delivered_ns"),
                "ended_ns": known("ended_ns"),
                "outcome": words(column["outcome"], OUTCOMES),
                "fate": words(column["fate"], FATES),
                "destination": words(column["destination"], DESTINATIONS),
                "answer": pa.array(column["answer"], mask=column["answer"] == 0),
                "invocation_load": pa.array(invocation, pa.string(), mask=batch < 0),
                "invocation_sequence": pa.array(batch & low, mask=batch < 0),
            }
        )
