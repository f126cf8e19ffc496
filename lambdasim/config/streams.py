"""Everything whose requests are numbered by themselves: loads, and what a simulation sends of its own accord."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdasim.config.links import links

if TYPE_CHECKING:
    from lambdasim.config.schema import ExperimentConfig


@dataclass(frozen=True, slots=True)
class Stream:
    """Requests with running numbers; its index among :func:`streams` is the load of their keys."""

    name: str
    """Unique; keys its draws."""
    target: str | None
    """Name of the source or function they go to; None for a trace that says so itself."""
    shown: str
    """Name of the load, source or function to whose account they go in results."""


def streams(config: "ExperimentConfig") -> tuple[Stream, ...]:
    """Return all streams: loads, then what each event source invokes by itself, then destinations."""
    found = [Stream(load.name, load.target, load.name) for load in config.load]
    # no load can have a name with a colon
    found += [
        Stream(f"source:{name}", source.function if source.takes_loads else name, name)
        for name, source in config.event_sources.items()
    ]
    found += [Stream(link.name, link.target, link.target) for link in links(config) if link.load is None]
    return tuple(found)
