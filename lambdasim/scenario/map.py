"""The law of a map state, from its table."""

from lambdasim.config.sources.map import MapSource as MapTable
from lambdasim.model.map import MapSource


def map_source(name: str, table: MapTable, function: int) -> MapSource:
    """Return the law of a map state."""
    tolerated = int(table.tolerated_failures * table.items)
    return MapSource(name, function, table.items, min(table.maximum_concurrency, table.items), tolerated)
