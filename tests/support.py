"""What several test folders need: running an experiment given as Python, and its records as arrays."""

from collections.abc import Mapping
from typing import Any

import numpy as np

import lambdasim as ls
from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.model.events import NEVER_NS
from lambdasim.records import ENVIRONMENT_COLUMNS, INVOCATION_COLUMNS
from lambdasim.simulate import prepared

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


def records(exp: ls.Experiment, seed: int = 0) -> tuple[Columns, Columns]:
    """Return the columns of all invocation and environment rows of one simulation."""
    config = exp.config
    workload, law, inits = prepared(config, seed)
    engine = ReferenceEngine(
        law,
        workload.client_keys,
        workload.closed_loops,
        inits,
        config.simulation.duration or NEVER_NS,
    )
    chunks = [engine.advance(chunk) for chunk in workload.chunks()]
    chunks.append(engine.finish(workload.ends_ns))
    invocations = np.concatenate([chunk.invocations.rows for chunk in chunks])
    environments = np.concatenate([chunk.environments.rows for chunk in chunks])
    return (
        dict(zip(INVOCATION_COLUMNS, invocations.T, strict=True)),
        dict(zip(ENVIRONMENT_COLUMNS, environments.T, strict=True)),
    )
