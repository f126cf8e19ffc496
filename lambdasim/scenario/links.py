"""The spec of what sends events on, from the whole experiment."""

from collections.abc import Mapping, Sequence
from typing import Final

from lambdasim.config.links import Link, enabled, is_detected, loop_lengths
from lambdasim.config.request_series import RequestSeries
from lambdasim.config.schema import ExperimentConfig
from lambdasim.config.traffic import Per
from lambdasim.model import rules
from lambdasim.model.events import NEVER_NS
from lambdasim.model.links import After, LinkSpec, Trigger
from lambdasim.units import share_q24
from lambdasim.workload.functions import PlannedFunction

AFTER: Final = {"any": After.ANY, "success": After.SUCCESS, "failure": After.FAILURE}
DESTINATIONS: Final = {"failure": Trigger.ASYNC_FAILURE, "success": Trigger.ASYNC_SUCCESS}


def link_specs(
    config: ExperimentConfig, links: Sequence[Link], series: Sequence[RequestSeries], planned: Sequence[PlannedFunction]
) -> tuple[LinkSpec, ...]:
    """Return the spec of each link; ``series`` are all request series, and ``planned`` all versions of functions."""
    if not links:
        return ()
    loads = {one.name: number for number, one in enumerate(series)}
    functions: dict[str, tuple[int, ...]] = {}
    for index, own in enumerate(planned):
        functions[own.of] = (*functions.get(own.of, ()), index)
    lengths = loop_lengths(config, links)
    specs = []
    for link, is_enabled in zip(links, enabled(config, links), strict=True):
        trigger, subjects = _trigger(config, link, functions)
        per = config.load[link.load].per if link.load is not None else None
        count = per.count if per is not None else 1.0
        specs.append(
            LinkSpec(
                load=loads[link.name],
                trigger=trigger,
                subjects=subjects,
                after=AFTER[per.on] if per is not None else After.ANY,
                base_count=int(count),
                extra_probability_q24=share_q24(count - int(count)),
                loops=link in lengths,
                most_hops=_most_hops(per, lengths.get(link, 0)),
                longest_loop=rules.RECURSION_LIMIT * lengths.get(link, 0) if is_detected(config, link) else 0,
                is_enabled=is_enabled,
            )
        )
    return tuple(specs)


def _most_hops(per: Per | None, functions: int) -> int:
    """Return how many invocations the rounds of a loop through so many functions are at most."""
    return NEVER_NS if per is None or per.max_rounds is None else per.max_rounds * max(functions, 1)


def _trigger(
    config: ExperimentConfig, link: Link, functions: Mapping[str, tuple[int, ...]]
) -> tuple[Trigger, tuple[int, ...]]:
    """Return what triggers a link, and the indices of those who do it."""
    if link.trigger in DESTINATIONS:
        return DESTINATIONS[link.trigger], functions[link.owner]
    sources = list(config.event_sources)
    if link.trigger == "dead-letter":
        return Trigger.DEAD_LETTER, (sources.index(link.owner),)
    if link.owner in functions:
        return Trigger.FUNCTION, functions[link.owner]
    if link.owner in sources:
        return Trigger.SOURCE, (sources.index(link.owner),)
    of_source = link.owner in config.source  # one that passes requests straight on, so that its loads are known
    named = [load.target if of_source else load.name for load in config.load]
    return Trigger.LOAD, tuple(number for number, name in enumerate(named) if name == link.owner)
