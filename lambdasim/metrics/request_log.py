"""The request log: one row per attempt, as a table a person can query; all of them, a fair sample, or none.

All rows go to a Parquet file as they come, so memory does not grow with their number. A sample is of requests, with
all their attempts, and is the same whatever the chunks: a request is in it if its keyed hash is among the smallest.
"""

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lambdasim.model.events import LOAD_SHIFT, REASON_NAMES, StartKind, Status
from lambdasim.records import INVOCATION_COLUMNS, Int64, Table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

STATUS_NAMES: Final = [status.name.lower().replace("_", "-") for status in Status]
REASONS: Final = ["", *REASON_NAMES.values()]
START_NAMES: Final = ["", "warm", "cold", "cold, init timed out", "suppressed init"]
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)


class RequestLog:
    """Rows of the run for ``requests.parquet``; ``mode`` is ``none``, ``all`` or ``sample(N)``."""

    def __init__(self, mode: str, functions: Sequence[str], loads: Sequence[str]) -> None:
        self._functions, self._loads = list(functions), list(loads)
        self._all = mode == "all"
        self._wanted = int(mode[len("sample(") : -1]) if mode.startswith("sample") else 0
        self._rows = np.empty((0, len(INVOCATION_COLUMNS)), np.int64)
        self._writer: Any = None
        self._path: Path | None = None

    def consume(self, invocations: Table) -> None:
        """Take a chunk's rows."""
        if not len(invocations):
            return
        if self._all:
            self._write(invocations.rows)
        elif self._wanted:
            self._rows = np.concatenate((self._rows, invocations.rows))
            if len(self._rows) > 3 * self._wanted + 100_000:
                self._thin()

    def finish(self) -> None:
        """Take note that no more rows come."""
        if self._wanted:
            self._thin()
            self._write(self._rows[np.lexsort((self._rows[:, 1], self._rows[:, 0]))])
        if self._writer is not None:
            self._writer.close()

    def frame(self) -> "pd.DataFrame | None":
        """Return the rows, or None when there is no log."""
        import pandas as pd

        return pd.read_parquet(self._path) if self._path is not None else None

    def save(self, path: Path) -> None:
        """Copy the log to ``path`` if there is one; raises OSError when that cannot be written."""
        if self._path is not None:
            shutil.copyfile(self._path, path)

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs of a finished log: its rows go along as the file they are in."""
        content = self._path.read_bytes() if self._path is not None else None
        return {**self.__dict__, "_writer": None, "_path": None, "content": content}

    def __setstate__(self, state: dict[str, Any]) -> None:
        content = state.pop("content")
        self.__dict__.update(state)
        if content is not None:
            self._path = self._new_path()
            self._path.write_bytes(content)

    def _new_path(self) -> Path:
        """Return a file of a folder that is there as long as the log."""
        folder = tempfile.mkdtemp(prefix="lambdasim-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder) / "requests.parquet"

    def _write(self, rows: Int64) -> None:
        import pyarrow.parquet as pq

        table = self._table(rows)
        if self._writer is None:
            self._path = self._new_path()
            self._writer = pq.ParquetWriter(self._path, table.schema)
        self._writer.write_table(table)

    def _thin(self) -> None:
        z = self._rows[:, 0].astype(np.uint64) * _GOLDEN
        z = (z ^ (z >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
        z ^= z >> np.uint64(29)
        known = np.unique(z)
        if len(known) > self._wanted:
            self._rows = self._rows[z <= known[self._wanted - 1]]

    def _table(self, rows: Int64) -> "pa.Table":
        import pyarrow as pa

        column = dict(zip(INVOCATION_COLUMNS, rows.T, strict=True))
        request, ran = column["request"], column["end_ns"] >= 0

        def words(index: Int64, names: list[str]) -> pa.Array:
            return pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int32)), pa.array(names, pa.string()))

        def milliseconds(ns: Int64, known: "np.typing.NDArray[np.bool_]") -> pa.Array:
            return pa.array(ns / 1e6, mask=~known)

        cold = (column["start"] == StartKind.COLD) | (column["start"] == StartKind.COLD_INIT_TIMEOUT)
        latency_ns = column["end_ns"] - column["first_arrival_ns"]
        return pa.table(
            {
                "load": words(request >> LOAD_SHIFT, self._loads),
                "sequence": request & ((1 << LOAD_SHIFT) - 1),
                "attempt": column["attempt"].astype(np.int16),
                "function": words(column["function"], self._functions),
                "arrival_ns": np.ascontiguousarray(column["arrival_ns"]),
                "status": words(column["status"], STATUS_NAMES),
                "reason": words(column["reason"], REASONS),
                "start": words(column["start"], START_NAMES),
                "environment": pa.array(column["environment"], mask=column["environment"] < 0),
                "provisioned": column["provisioned"].astype(bool),
                "placement_ms": milliseconds(column["placement_ns"], ran & cold),
                "init_duration_ms": milliseconds(column["init_ns"], ran & cold),
                "duration_ms": milliseconds(column["duration_ns"], ran),
                "latency_ms": milliseconds(latency_ns, ran),
            }
        )
