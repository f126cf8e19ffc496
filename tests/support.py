"""What several test folders need: running an experiment given as Python, and its records as arrays."""

from collections.abc import Mapping
from typing import Any

import numpy as np

import lambdasim as ls
from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.records import (
    DELIVERY_COLUMNS,
    ENVIRONMENT_COLUMNS,
    INVOCATION_COLUMNS,
    SAMPLE_COLUMNS,
    RecordChunk,
)
from lambdasim.scenario import planned

SHOP = """
[function.api]
memory = "512 MB"
duration = "exponential(mean=100ms)"
init = "constant(300ms)"

[[load]]
target = "api"
executor = "poisson"
rate = "20/s"
duration = "10s"
"""
"""An experiment file that is simulated in a few hundredths of a second."""

Columns = dict[str, np.ndarray]


def experiment(function: Mapping[str, Any], load: Mapping[str, Any], **tables: Any) -> ls.Experiment:
    """Return an experiment of one function ``f`` under one load."""
    return ls.Experiment(functions={"f": dict(function)}, loads=[{"target": "f", **load}], **tables)


def deliveries(exp: ls.Experiment, seed: int = 0) -> list[dict[str, int]]:
    """Return all delivery rows of one simulation."""
    tables = [chunk.deliveries for chunk in _chunks(exp, seed)]
    return [dict(zip(table.columns, row, strict=True)) for table in tables for row in table.rows.tolist()]


def records(exp: ls.Experiment, seed: int = 0) -> tuple[Columns, Columns]:
    """Return the columns of all invocation and environment rows of one simulation."""
    chunks = _chunks(exp, seed)
    invocations = np.concatenate([chunk.invocations.rows for chunk in chunks])
    environments = np.concatenate([chunk.environments.rows for chunk in chunks])
    return (
        dict(zip(INVOCATION_COLUMNS, invocations.T, strict=True)),
        dict(zip(ENVIRONMENT_COLUMNS, environments.T, strict=True)),
    )


def delivery_columns(exp: ls.Experiment, seed: int = 0) -> Columns:
    """Return the columns of all delivery rows of one simulation."""
    rows = np.concatenate([chunk.deliveries.rows for chunk in _chunks(exp, seed)])
    return dict(zip(DELIVERY_COLUMNS, rows.T, strict=True))


def _chunks(exp: ls.Experiment, seed: int) -> list[RecordChunk]:
    plan, workload = planned(exp.config, seed)
    engine = ReferenceEngine(plan)
    chunks = [engine.advance(chunk) for chunk in workload.chunks()]
    return [*chunks, engine.finish(plan.loads_end_ns)]


def sources_records(exp: ls.Experiment, seed: int = 0) -> dict[str, Columns]:
    """Return the columns of all invocation, delivery and sample rows of one simulation with event sources."""
    chunks = _chunks(exp, seed)
    tables = {"invocations": INVOCATION_COLUMNS, "deliveries": DELIVERY_COLUMNS, "samples": SAMPLE_COLUMNS}
    return {
        name: dict(zip(columns, np.concatenate([getattr(c, name).rows for c in chunks]).T, strict=True))
        for name, columns in tables.items()
    }
