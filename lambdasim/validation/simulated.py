"""What became of each request of an experiment that is described as in a file: rows, and nothing counted yet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.config.load import config_from_dict
from lambdasim.engine import build, choose
from lambdasim.model.events import StartKind, Status
from lambdasim.records import RecordTable
from lambdasim.scenario import planned

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

CHUNK_ROWS: Final = 65_536


@dataclass(frozen=True, slots=True)
class Simulated:
    """Executions of an experiment in order of arrival, and throttles; times in s."""

    function: Int64
    """Place of the function in the experiment."""
    arrival_s: Float64
    """When it was at Lambda."""
    start_s: Float64
    """When its handler began."""
    end_s: Float64
    environment: Int64
    is_cold: NDArray[np.bool_]
    throttles: int
    answered_s: Float64
    """When clients of gateways and direct calls sent their requests, (n, 2) with when they had their answers."""

    def of(self, function: int) -> "Simulated":
        """Return what became of the requests of one function."""
        return self._where(self.function == function)

    def between(self, begin_s: float, end_s: float) -> "Simulated":
        """Return what arrived in a time."""
        return self._where((self.arrival_s >= begin_s) & (self.arrival_s < end_s))

    def _where(self, own: NDArray[np.bool_]) -> "Simulated":
        return replace(
            self,
            function=self.function[own],
            arrival_s=self.arrival_s[own],
            start_s=self.start_s[own],
            end_s=self.end_s[own],
            environment=self.environment[own],
            is_cold=self.is_cold[own],
        )

    def __len__(self) -> int:
        return len(self.arrival_s)


def simulated(tree: Mapping[str, Any], seed: int) -> Simulated:
    """Simulate an experiment once."""
    config = config_from_dict(tree).config
    plan, workload = planned(config, seed)
    engine = build(choose("auto", plan, large=False), plan)
    invocations: list[RecordTable] = []
    deliveries: list[RecordTable] = []
    for chunk in workload.chunks(CHUNK_ROWS):
        records = engine.advance(chunk)
        invocations.append(records.invocations)
        deliveries.append(records.deliveries)
    records = engine.finish(plan.loads_end_ns)
    invocations.append(records.invocations)
    deliveries.append(records.deliveries)
    return _simulated(_together(invocations), _together(deliveries))


def _together(tables: Sequence[RecordTable]) -> RecordTable:
    return RecordTable(tables[0].columns, np.concatenate([table.rows for table in tables]))


def _simulated(rows: RecordTable, deliveries: RecordTable) -> Simulated:
    throttled = rows["status"] == Status.THROTTLED
    ran = RecordTable(rows.columns, rows.rows[~throttled & (rows["status"] != Status.IN_FLIGHT)])
    ran = RecordTable(rows.columns, ran.rows[np.lexsort((ran["environment"], ran["arrival_ns"]))])
    cold = np.isin(ran["start"], (StartKind.COLD, StartKind.COLD_INIT_TIMEOUT))
    answered = deliveries.rows[deliveries["ended_ns"] >= 0]
    sent, ended = (answered[:, deliveries.columns.index(name)] for name in ("sent_ns", "ended_ns"))
    return Simulated(
        ran["function"],
        ran["arrival_ns"] / 1e9,
        (ran["arrival_ns"] + ran["placement_ns"] + ran["init_ns"]) / 1e9,
        ran["end_ns"] / 1e9,
        ran["environment"],
        cold,
        int(throttled.sum()),
        np.column_stack((sent, ended)) / 1e9,
    )


@contextmanager
def trace(times_s: Iterable[float], **columns: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Yield the ``trace`` table of requests at these times in s; ``columns`` are others of the format ``events``."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trace.csv"
        lines = [",".join(("time", *columns))]
        lines += [",".join(map(_cell, row)) for row in zip(times_s, *columns.values(), strict=True)]
        path.write_text("\n".join(lines) + "\n", encoding="ascii")
        yield {"file": str(path), "format": "events"}


def _cell(value: Any) -> str:
    return f"{value:.9f}" if isinstance(value, float) else str(value)
