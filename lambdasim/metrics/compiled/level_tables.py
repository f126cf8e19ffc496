"""What the loop reads that works out levels over time, and where they go. Data only; numpy only."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.metrics.cells import Int64

SERIES: Final = (
    ("ConcurrentExecutions", "Maximum"),
    ("ConcurrentExecutions", "Average"),
    ("Environments", "Maximum"),
    ("Environments", "Average"),
    ("EnvironmentsIdle", "Average"),
    ("EnvironmentsInitializing", "Average"),
)
"""What is written, in this order."""


class Levels(NamedTuple):
    """Levels of some functions by period. Keys are of a period of a function, ascending; those of records and of
    changes may repeat.
    """

    span_ns: Int64
    """By period: how long it lasted."""
    admitted: Int64
    """Of records: the key, and the highest levels."""
    concurrency: Int64
    environments: Int64
    changed: Int64
    """Of changes by controllers: the key, and how many environments there were after it."""
    changed_to: Int64
    busy: Int64
    """Of executions: the key, the level at the period's start, and its integral."""
    busy_start: Int64
    busy_ns: Int64
    alive: Int64
    """The same of environments."""
    alive_start: Int64
    alive_ns: Int64
    starting: Int64
    """Of environments that are initialised: the key and the integral."""
    starting_ns: Int64
    found: Int64
    """By series: how many rows it has."""
    into_key: Int64
    """Series after series, each with room for as many rows as there are keys."""
    into: NDArray[np.float64]
