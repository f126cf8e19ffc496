"""Everything whose requests are numbered by themselves: loads, and what a simulation sends of its own accord."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple

from lambdasim.config.calling import lists_of_calls
from lambdasim.config.client import Client
from lambdasim.config.links import Link

if TYPE_CHECKING:
    from lambdasim.config.schema import ExperimentConfig

Maker = Literal["load", "schedule", "source", "link", "call", "warmer"]


class RequestSeries(NamedTuple):
    """Requests with running numbers; its index among :func:`request_series` is the load of their keys."""

    name: str
    """Unique; keys its draws."""
    made_by: Maker
    target: str | None
    """Name of the source or function they go to; None for a trace that says so itself."""
    label: str
    """Name of the load, source or function to whose account they go in results."""
    client: Client | None = None
    """How their caller retries, where somebody waits for an answer."""


def request_series(config: "ExperimentConfig", links: Iterable[Link]) -> tuple[RequestSeries, ...]:
    """Return all series: loads, what each event source makes by itself, destinations (of ``links``), calls, warmers.

    Sources are in the order of ``config.event_sources``, calls in that of :func:`lists_of_calls`.
    """
    found = []
    for load in config.load:
        called = config.source.get(load.target or "")
        client = load.client or (called.caller() if called is not None else None)
        found.append(RequestSeries(load.name, "load", load.target, load.name, client))
    # no load can have a name with a colon
    for name, source in config.event_sources.items():
        if source.takes_loads:
            found.append(RequestSeries(f"source:{name}", "source", source.function, name, source.caller()))
        else:  # its events are known beforehand; what becomes two of one is not
            found.append(RequestSeries(f"source:{name}", "schedule", name, name, source.caller()))
            found.append(RequestSeries(f"again:{name}", "source", source.function, name, source.caller()))
    found += [RequestSeries(link.name, "link", link.target, link.target) for link in links if link.load is None]
    found += [
        RequestSeries(f"call:{name}{suffix}:{number}", "call", call.function, f"{name}->{call.function}", call.client)
        for name, lists in lists_of_calls(config).items()
        for suffix, calls in zip(["", *(f".{place}" for place in range(1, len(lists)))], lists, strict=True)
        for number, call in enumerate(calls)
    ]
    found += [
        RequestSeries(f"warmer:{name}", "warmer", warmer.function, name) for name, warmer in config.warmer.items()
    ]
    return tuple(found)
