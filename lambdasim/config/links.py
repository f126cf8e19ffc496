"""What sends events on, in the whole experiment: loads that follow others, destinations, dead-letter queues.

It also knows which of them form loops, and which loops AWS stops.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import mul
from typing import TYPE_CHECKING, Final

from lambdasim.config.qualifier import function_of
from lambdasim.config.source_kinds import ASYNCHRONOUS, KINDS

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
    role: str = ""
    """Of a destination: whose and which. Of those with the same role one receives events at a time."""


def links(config: "ExperimentConfig") -> tuple[Link, ...]:
    """Return all links: loads that follow, in the order of the file, then destinations that are in the experiment, now
    or after a change."""
    found = [
        Link(load.name, load.per.source, "ended", str(load.target), number)
        for number, load in enumerate(config.load)
        if load.per is not None
    ]
    known = {*config.function, *config.source}
    roles: dict[str, list[str]] = {}
    for role, owner, trigger, target in _destinations_over_time(config):
        own = roles.setdefault(role, [])
        if target in known and target not in own:
            name = f"{role}:{target}" if own else role
            own.append(target)
            found.append(Link(name, owner, trigger, _receiving(config, target), role=role))
    return tuple(found)


def enabled(config: "ExperimentConfig", found: Sequence[Link]) -> list[bool]:
    """Return, of each of all links, whether it sends events as an experiment is set at a time."""
    now = {role: _receiving(config, target) for role, _, _, target in _destinations(config)}
    return [not link.role or now.get(link.role) == link.target for link in found]


def _receiving(config: "ExperimentConfig", destination: str) -> str:
    """Return what receives the events of a destination: a source, or the one through which a function is invoked."""
    return asynchronous(destination) if destination in config.function else destination


def leads_over_time(config: "ExperimentConfig", source: str) -> list[tuple[int, str]]:
    """Return the name of the function that a source invokes, at the start and whenever it is another one, with the time
    of each, in ns."""
    found = [(0, config.source[source].function)]
    for moment in config.moments:
        name = moment.config.source[source].function
        if name != found[-1][1]:
            found.append((moment.at_ns, name))
    return found


def _destinations_over_time(config: "ExperimentConfig") -> Iterator[tuple[str, str, str, str]]:
    for one in (config, *(moment.config for moment in config.moments)):
        yield from _destinations(one)


def asynchronous(function: str | None) -> str:
    """Return the name of the source through which a function is invoked that is a destination; no other has a colon."""
    return f"async:{function}"


def destination_functions(config: "ExperimentConfig") -> list[str]:
    """Return the functions that are destinations, in the order of the file."""
    times = (config, *(moment.config for moment in config.moments))
    targets = {source.dead_letters() for one in times for source in one.source.values()}
    for function in {id(own): own for one in times for own in one.function.values()}.values():  # one, where alike
        targets |= {function.async_.on_failure, function.async_.dead_letter_queue, function.async_.on_success}
    return [name for name in config.function if name in targets] if targets - {None} else []


def _destinations(config: "ExperimentConfig") -> Iterator[tuple[str, str, str, str]]:
    """Yield role, owner, trigger and target of each destination."""
    for name, function in config.function.items():
        table = function.async_
        if table.on_failure is not None:
            yield f"on_failure:{name}", name, "failure", table.on_failure
        if table.dead_letter_queue is not None:
            yield f"dead_letter_queue:{name}", name, "failure", table.dead_letter_queue
        if table.on_success is not None:
            yield f"on_success:{name}", name, "success", table.on_success
    for name, source in config.source.items():
        if (target := source.dead_letters()) is not None:
            yield f"dead_letter:{name}", name, "dead-letter", target


def callees(config: "ExperimentConfig", name: str) -> set[str]:
    """Return the function that a source, function or load of this name leads to, and those it leads to later."""
    if name in config.function:
        return {name}
    if name in config.source:
        return {function_of(function) for _, function in leads_over_time(config, name)}
    if name.startswith("async:"):
        return {name.removeprefix("async:")}
    if (function := function_of(name)) != name:
        return {function}
    return next(callees(config, str(load.target)) for load in config.load if load.name == name)


def loop_lengths(config: "ExperimentConfig", found: Sequence[Link]) -> dict[Link, int]:
    """Return, for each link that is in a loop, how many functions its loops go through at most."""
    reach = _reach(config, found)
    lengths = {}
    for link in found:
        if link in reach[link]:
            mates = [other for other in reach[link] if link in reach[other]]
            lengths[link] = len(set[str]().union(*(callees(config, mate.target) for mate in mates)))
    return lengths


def endless(config: "ExperimentConfig", found: Sequence[Link]) -> tuple[Link, ...]:
    """Return the links in loops that nothing ends: not AWS, which detects them, nor chance, nor a bound of rounds.

    Where each turn sends fewer events than it had, a loop ends sooner or later (a branching process that is
    subcritical): some power of the matrix of events that each link has from one of each other has sums below 1.
    """
    unbounded = tuple(link for link in found if not is_detected(config, link) and not _rounds(config, link))
    looping = list(loop_lengths(config, unbounded))
    counts = [[_count(config, b) * _triggers(config, a, b) for b in looping] for a in looping]
    for _ in range(20):  # powers up to the millionth
        sums = [sum(row) for row in counts]
        if not looping or max(sums) < 1:
            return ()
        if max(sums) > 1e100:
            break
        columns = list(zip(*counts, strict=True))
        counts = [[sum(map(mul, row, column)) for column in columns] for row in counts]
    return tuple(looping)


def _count(config: "ExperimentConfig", link: Link) -> float:
    """Return how many events a link delivers each time."""
    per = config.load[link.load].per if link.load is not None else None
    return (per.count if per is not None else 1.0) * (1 + duplicates(config, link)[1])


def duplicates(config: "ExperimentConfig", link: Link) -> tuple[tuple[str, ...], float]:
    """Return the part of a link's events that are delivered twice, and the path of the key that says so."""
    source = config.event_sources.get(link.target)
    if source is None:
        return (), 0.0
    if KINDS[source.type] == ASYNCHRONOUS:
        function = function_of(source.function)
        return ("function", function, "async", "duplicates"), config.function[function].async_.duplicates
    return ("source", link.target, "duplicates"), getattr(source, "duplicates", 0.0)


def _rounds(config: "ExperimentConfig", link: Link) -> int | None:
    """Return the bound of a link's rounds, if it has one."""
    per = config.load[link.load].per if link.load is not None else None
    return per.max_rounds if per is not None else None


def _triggers(config: "ExperimentConfig", link: Link, other: Link) -> bool:
    """Say whether events of a link may trigger another: it may follow them, their source or their function."""
    return other.owner in {link.name, link.target, *callees(config, link.target)}


def is_detected(config: "ExperimentConfig", link: Link) -> bool:
    """Return whether AWS stops loops that go through a link."""
    source = config.event_sources.get(link.target)
    return (
        source is not None
        and source.type in DETECTED
        and config.function[function_of(source.function)].recursive_loop == "terminate"
    )


def _reach(config: "ExperimentConfig", found: Sequence[Link]) -> dict[Link, set[Link]]:
    """Return the links that events of each link come to in one step or more."""
    edges = {link: [other for other in found if _triggers(config, link, other)] for link in found}
    reach = {}
    for start in found:
        reached: set[Link] = set()
        pending = [start]
        while pending:
            new = [link for link in edges[pending.pop()] if link not in reached]
            reached.update(new)
            pending += new
        reach[start] = reached
    return reach
