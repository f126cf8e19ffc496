"""The environment log: one row per execution environment, from its birth to its end, as a table a person can query.

Small beside the request log, whose column ``environment`` refers to it, so that a sample of requests has all of them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from lambdasim.metrics.row_log import RowLog, words
from lambdasim.records import ENVIRONMENT_COLUMNS, EndReason, Int64, RecordTable

if TYPE_CHECKING:
    import pyarrow as pa

END_NAMES: Final = {
    EndReason.ALIVE: "",
    EndReason.IDLE: "idle timeout",
    EndReason.LIFETIME: "lifetime",
    EndReason.GIVEN_UP: "given up",
    EndReason.LOST: "lost",
}


class EnvironmentLog(RowLog):
    """Rows of the run for ``environments.parquet``, by number: the order in which both engines created them."""

    def __init__(self, mode: str, functions: Sequence[str], scratch: Path | None = None) -> None:
        super().__init__("none" if mode == "none" else "all", len(ENVIRONMENT_COLUMNS), 0, 0, scratch)
        self._functions = list(functions)
        self._lives: list[Int64] = []

    def consume(self, table: RecordTable) -> None:
        """Take a chunk's rows."""
        if self._all and len(table):
            self._lives.append(table.rows.copy())

    def finish(self) -> None:
        """Take note that no more rows come; raises :class:`InputError` when they cannot be kept."""
        if self._all:  # also where there is none, which is not the same as none kept
            rows = np.concatenate([np.empty((0, len(ENVIRONMENT_COLUMNS)), np.int64), *self._lives])
            self._write(rows[np.argsort(rows[:, ENVIRONMENT_COLUMNS.index("environment")])])
            self._lives = []
        super().finish()

    def _table(self, rows: Int64) -> "pa.Table":
        import pyarrow as pa

        column = {name: np.ascontiguousarray(values) for name, values in zip(ENVIRONMENT_COLUMNS, rows.T, strict=True)}
        return pa.table(
            {
                "environment": column["environment"],
                "function": words(column["function"], self._functions),
                "provisioned": column["provisioned"].astype(bool),
                "created_ns": column["created_ns"],
                "initialised_ns": column["initialised_ns"],
                "ended_ns": pa.array(column["destroyed_ns"], mask=column["destroyed_ns"] < 0),
                "end": words(column["end_reason"], [END_NAMES[reason] for reason in range(len(END_NAMES))]),
                "invocations": column["invocations"],
                "init_duration_ms": column["init_ns"] / 1e6,
            }
        )
