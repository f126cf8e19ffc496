"""Whether replications are one and the same run, so that neither intervals nor fresh seeds say anything of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from lambdasim.config.chance import random_values
from lambdasim.config.schema import ExperimentConfig

SAID_BY_TRACES = ("duration", "init")
"""Laws in whose place a trace has values of its own; where it has none, draws of them would differ."""


def is_one_run(config: ExperimentConfig, measured: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether several replications came to the same numbers, and nothing that is drawn could have moved them."""
    if len(measured) < 2 or any(one != measured[0] for one in measured[1:]):
        return False
    traced = any(load.trace is not None for load in config.load)
    return not any(not traced or path.rpartition(".")[2] not in SAID_BY_TRACES for path in random_values(config))
