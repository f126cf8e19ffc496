"""The request log: one row per attempt, as a table a person can query (see :mod:`lambdasim.metrics.row_log`)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from lambdasim.metrics.row_log import RowLog, words
from lambdasim.metrics.tally import is_cold
from lambdasim.model.events import LOAD_SHIFT, REASON_NAMES, Status
from lambdasim.records import INVOCATION_COLUMNS, Int64

if TYPE_CHECKING:
    import pyarrow as pa

STATUS_NAMES: Final = [status.name.lower().replace("_", "-") for status in Status]
REASONS: Final = ["", *REASON_NAMES.values(), "ServiceException"]
START_NAMES: Final = ["", "warm", "cold", "cold, init timed out", "suppressed init", "restored", "initialised ahead"]


class RequestLog(RowLog):
    """Rows of the run for ``requests.parquet``."""

    def __init__(
        self,
        mode: str,
        functions: Sequence[str],
        loads: Sequence[str],
        scratch: Path | None = None,
        versions: Sequence[str] = (),
    ) -> None:
        """``functions`` are the names of those by their index, ``versions`` theirs where any function has some."""
        columns = len(INVOCATION_COLUMNS)
        super().__init__(
            mode, columns, INVOCATION_COLUMNS.index("request"), INVOCATION_COLUMNS.index("attempt"), scratch
        )
        self._functions, self._loads, self._versions = list(functions), list(loads), list(versions)
        self._has_versions = any(versions)

    def _table(self, rows: Int64) -> "pa.Table":
        import pyarrow as pa

        column = dict(zip(INVOCATION_COLUMNS, rows.T, strict=True))
        request, ran = column["request"], column["end_ns"] >= 0

        def milliseconds(ns: Int64, known: "np.typing.NDArray[np.bool_]") -> pa.Array:
            return pa.array(ns / 1e6, mask=~known)

        cold = is_cold(column["start"])
        latency_ns = column["end_ns"] - column["first_arrival_ns"]
        return pa.table(
            {
                "load": words(request >> LOAD_SHIFT, self._loads),
                "sequence": request & ((1 << LOAD_SHIFT) - 1),
                "attempt": column["attempt"].astype(np.int16),
                "function": words(column["function"], self._functions),
                **({"version": words(column["function"], self._versions)} if self._has_versions else {}),
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
