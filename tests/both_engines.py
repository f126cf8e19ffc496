"""What a run says on each engine: its summary, its series, and every row that the engine wrote."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import numpy as np

import lambdasim as ls
from lambdasim import simulate
from lambdasim.control.controlled import TABLES, ControlledEngine
from lambdasim.plan import PlanChunk
from lambdasim.records import Int64, RecordChunk

OF_THE_ENGINE = ("wall_s", "engine")
"""What of a summary tells of the engine itself."""


def told(exp: ls.Experiment, engine: str) -> dict[str, Any]:
    """Return all that a run says by name, rows of each table in an order of their own.

    They are the rows that ``requests.parquet``, ``events.parquet`` and ``environments.parquet`` show, with all their
    columns, and those that sources measure.
    """
    chunks: list[dict[str, Int64]] = []
    with patch.object(simulate, "ControlledEngine", _recorded(chunks)):
        result = exp.run(engine=engine)
    summary = {key: value for key, value in result.summary.items() if key not in OF_THE_ENGINE}
    assert all((np.diff(part.keys) > 0).all() for part in result.series.parts)  # or rows would be lost
    rows = {name: _in_order([chunk[name] for chunk in chunks]) for name in TABLES}
    return {"summary": summary, "series": result.timeseries.to_csv(), **rows}


def differences(exp: ls.Experiment) -> list[str]:
    """Return what the two engines do not agree on, by its name in :func:`told`."""
    compiled, simpy = told(exp, "compiled"), told(exp, "simpy")
    return [name for name, value in compiled.items() if not _are_equal(value, simpy[name])]


def _recorded(chunks: list[dict[str, Int64]]) -> type[ControlledEngine]:
    class Recorded(ControlledEngine):
        def advance(self, chunk: PlanChunk) -> Iterator[RecordChunk]:
            return map(_kept, super().advance(chunk))

        def drain(self, loads_end_ns: int, seen: Any = None) -> Iterator[RecordChunk]:
            return map(_kept, super().drain(loads_end_ns, seen))

        def finish(self, loads_end_ns: int) -> RecordChunk:
            return _kept(super().finish(loads_end_ns))

    def _kept(records: RecordChunk) -> RecordChunk:
        chunks.append({name: getattr(records, name).rows.copy() for name in TABLES})  # whose memory is used again
        return records

    return Recorded


def _in_order(parts: list[Int64]) -> Int64:
    rows = np.concatenate(parts)
    return rows[np.lexsort(rows.T)]


def _are_equal(one: Any, other: Any) -> bool:
    return np.array_equal(one, other) if isinstance(one, np.ndarray) else bool(one == other)
