"""Rules of who sends events to whom. What is wrong is added to a list, never raised."""

from math import prod

from lambdasim.config.links import DETECTED, Link, duplicates, endless, links, loop_lengths
from lambdasim.config.origins import Problems
from lambdasim.config.schema import ExperimentConfig
from lambdasim.config.sources.schedule import ScheduleSource


def check_links(config: ExperimentConfig, problems: Problems) -> None:
    """Check that no loop of events is without an end, nor multiplies them."""
    found = links(config)
    looping = loop_lengths(config, found)
    unended = endless(config, found)
    returned = prod(_returned(config, link) for link in unended)
    for link in unended:
        if link.load is not None:
            types = "', '".join(sorted(DETECTED))
            problems.add(
                ("load", str(link.load), "per"),
                f"events of '{link.owner}' come back to it through '{link.target}' without end; AWS stops a loop where "
                f"it goes through a source of type '{types}' and a function with recursive_loop = \"terminate\" "
                "(DG:invocation-recursion); if the function ends it, say so, as with per.max_rounds = 30",
            )
        elif (1 + (twice := duplicates(config, link))[1]) * returned > 1:
            problems.add(twice[0], f"{twice[1]:g} in a loop that nothing ends multiplies events at each turn")
    for link in looping:
        per = config.load[link.load].per if link.load is not None else None
        if per is not None and per.count > 1:
            problems.add(
                ("load", str(link.load), "per", "count"), f"{per.count:g} in a loop multiplies events at each turn"
            )
    for number, load in enumerate(config.load):
        if load.per is not None and any(o.name == load.per.source and o.target is None for o in config.load):
            message = f"the load '{load.per.source}' goes to several functions; name one of them, or a source"
            problems.add(("load", str(number), "per", "source"), message)


def _returned(config: ExperimentConfig, link: Link) -> float:
    """Return what part of its events a destination sends on at least; none for sure where they have to fail first."""
    if link.trigger != "success":
        return 0.0
    function = config.function[link.owner]
    return 1 - function.errors - function.crashes


def check_events(config: ExperimentConfig, problems: Problems) -> None:
    """Check that every source gets events, from a load or from itself, and that schedules have a clock and an end."""
    if not any(load.trace is not None for load in config.load):  # which may name any source
        called = {load.target for load in config.load} | {link.target for link in links(config)}
        called |= {str(value) for change in config.change for value in (change.set or {}).values()}
        for name, source in config.source.items():
            if source.takes_loads and name not in called:
                problems.add(("source", name), f'no load goes there; add a [[load]] with target = "{name}"')
    for number, load in enumerate(config.load):
        target = config.source.get(load.target or "")
        if target is not None and not target.takes_loads:
            message = f"'{load.target}' makes its events itself; take the load out, or name another target"
            problems.add(("load", str(number), "target"), message)
    for name, source in config.source.items():
        if isinstance(source, ScheduleSource):
            if source.expression.needs_clock and config.simulation.start is None:
                remedy = "give simulation.start, such as 2026-11-27T08:00:00Z"
                problems.add(("source", name, "expression"), f"has no meaning without a clock; {remedy}")
            if config.simulation.duration is None and not any(load.per is None for load in config.load):
                problems.add(("simulation", "duration"), "is missing: schedules alone have no end")
