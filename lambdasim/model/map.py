"""A map state: how many items of an execution may run at once, and how many may fail."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MapSource:
    """A source that invokes its function for each item of an execution."""

    name: str
    function: int
    """Index of the function."""
    items: int
    concurrency: int
    tolerated: int = 0
    """Items that may fail."""
