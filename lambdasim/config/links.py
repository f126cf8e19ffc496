"""What sends events on, in the whole experiment: loads that follow others, destinations, dead-letter queues.

It also knows which of them form loops, and which loops AWS stops.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lambdasim.config.schema import ExperimentConfig

DETECTED: Final = frozenset({"sqs", "sqs-fifo", "sns", "s3", "async-invoke"})
"""Types of sources through which AWS detects recursive loops
(Developer Guide, invocation-recursion and monitoring-metrics-types, 2026)."""


@dataclass(frozen=True, slots=True)
class Link:
    """Something that sends events to ``target`` after what ``owner`` did."""

    name: str
    """Unique among all request series."""
    owner: str
    """Name of a load, source or function."""
    trigger: str
    """``ended`` (an invocation), ``dead-letter`` (a source gave up an event), ``failure`` or ``success`` (of an
    asynchronous event)."""
    target: str
    """Name of a source or function."""
    load: int | None = None
    """Index of the load that describes it; None for a destination."""


def links(config: "ExperimentConfig") -> tuple[Link, ...]:
    """Return all links: loads that follow, in the order of the file, then destinations that are in the experiment."""
    found = [
        Link(load.name, load.per.source, "ended", str(load.target), number)
        for number, load in enumerate(config.load)
        if load.per is not None
    ]
    known = {*config.function, *config.source}
    for name, owner, trigger, target in _destinations(config):
        if target in known:
            found.append(Link(name, owner, trigger, str(target)))
    return tuple(found)


def _destinations(config: "ExperimentConfig") -> Iterator[tuple[str, str, str, str | None]]:
    for name, function in config.function.items():
        table = function.async_
        yield f"on_failure:{name}", name, "failure", table.on_failure
        yield f"dead_letter_queue:{name}", name, "failure", table.dead_letter_queue
        yield f"on_success:{name}", name, "success", table.on_success
    for name, source in config.source.items():
        yield f"dead_letter:{name}", name, "dead-letter", source.dead_letters()


def callee(config: "ExperimentConfig", name: str) -> str:
    """Return the function that a source, function or load of this name leads to."""
    if name in config.function:
        return name
    if name in config.source:
        return config.source[name].function
    return next(callee(config, str(load.target)) for load in config.load if load.name == name)


def loop_lengths(config: "ExperimentConfig", found: Sequence[Link]) -> dict[Link, int]:
    """Return, for each link that is in a loop, how many functions its loops go through at most."""
    edges = [(callee(config, link.owner), callee(config, link.target)) for link in found]
    reach = {start: _reachable(start, edges) for start, _ in edges}
    lengths = {}
    for link, (start, end) in zip(found, edges, strict=True):
        if end == start or start in reach.get(end, ()):
            lengths[link] = sum(start in reach.get(other, ()) for other in reach[start])
    return lengths


def endless(config: "ExperimentConfig", found: tuple[Link, ...]) -> tuple[Link, ...]:
    """Return the links in loops that AWS does not stop, as they go through no source where it detects them."""
    return tuple(loop_lengths(config, tuple(link for link in found if not is_detected(config, link))))


def is_detected(config: "ExperimentConfig", link: Link) -> bool:
    """Return whether AWS stops loops that go through a link."""
    source = config.source.get(link.target)
    return (
        source is not None
        and source.type in DETECTED
        and config.function[source.function].recursive_loop == "terminate"
    )


def _reachable(start: str, edges: list[tuple[str, str]]) -> set[str]:
    """Return what can be reached from a function in one step or more."""
    reached: set[str] = set()
    pending = [start]
    while pending:
        at = pending.pop()
        new = {b for a, b in edges if a == at} - reached
        reached |= new
        pending += sorted(new)
    return reached
