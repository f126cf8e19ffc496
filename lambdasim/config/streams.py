"""Everything whose requests are numbered by themselves: loads, and what a simulation sends of its own accord."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdasim.config.client import Client
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
    client: Client | None = None
    """How their caller retries, where somebody waits for an answer."""


def streams(config: "ExperimentConfig") -> tuple[Stream, ...]:
    """Return all streams: loads, what each event source invokes by itself, destinations, and calls."""
    found = []
    for load in config.load:
        source = config.source.get(load.target or "")
        client = load.client or (source.caller() if source is not None else None)
        found.append(Stream(load.name, load.target, load.name, client))
    # no load can have a name with a colon
    found += [
        Stream(f"source:{name}", source.function if source.takes_loads else name, name, source.caller())
        for name, source in config.event_sources.items()
    ]
    found += [Stream(link.name, link.target, link.target) for link in links(config) if link.load is None]
    found += calls(config)
    return tuple(found)


def calls(config: "ExperimentConfig") -> list[Stream]:
    """Return the streams of calls that handlers make, in the order of the functions and of their calls."""
    return [
        Stream(f"call:{name}:{number}", call.function, f"{name}->{call.function}", call.client)
        for name, function in config.function.items()
        for number, call in enumerate(function.calls)
    ]
