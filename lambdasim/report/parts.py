"""Sentences about parts of a run that only some experiments have: restores, environments ahead of their requests,
warmers, pools.

Numbers come from the summary alone, but for the times of pings, which the experiment says.
"""

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

from lambdasim.config.qualifier import function_of
from lambdasim.report.sentences import Worded, say
from lambdasim.report.verdict import currency
from lambdasim.report.words import money, number
from lambdasim.units import NS_PER_MS

Json = Mapping[str, Any]


def parts(summary: Json, config: Any) -> Iterator[str]:
    """Yield a sentence for each part that a run has."""
    for name, of in summary["functions"].items():
        if (restores := of.get("restore_duration")) is not None and number(of["restores"]):
            yield say(
                "{name}: {count:count} cold starts were restores, {mean:ms} on average and {p99:ms} at p99.",
                name=name, count=of["restores"], mean=restores["mean"], p99=restores["p99"],
            )  # fmt: skip
        if number(of.get("initialised_ahead", 0)):
            words = "{name}: {count:count} environments were initialised before their requests came."
            yield say(words, name=name, count=of["initialised_ahead"])
        if number(of.get("service_errors", 0)):
            words = "{name}: requests that Lambda answered with an error of its own, or lost: {count:count}."
            yield say(words, name=name, count=of["service_errors"])
    for name, warmer in getattr(config, "warmer", {}).items():  # folders of earlier versions have none
        if (of := summary["sources"].get(name)) is not None and number(of["requests"]):
            words = "Warmer {name}: {pings:count} pings, {cold:count} of them cold starts"
            told = say(words, name=name, pings=of["requests"], cold=of["cold_starts"])
            cost = _pings_cost(summary, warmer, number(of["requests"]))
            yield told + (say(", for about {cost}.", cost=cost) if cost.value else ".")
    for name, of in summary.get("downstreams", {}).items():
        if number(of["connections"]["max"]):
            yield say(
                "Connections to {name}: {most:count} at most, {mean:number} on average; {refusals:count} refused.",
                name=name, most=of["connections"]["max"], mean=of["connections"]["mean"], refusals=of["refusals"],
            )  # fmt: skip
        if number(of.get("waits", 0)):
            yield say(
                "{name}: {waits:count} transactions waited for a connection, {mean:ms} on average and {longest:ms} at "
                "most.",
                name=name, waits=of["waits"], mean=of["borrow_wait"]["mean"], longest=of["borrow_wait"]["max"],
            )  # fmt: skip


def _pings_cost(summary: Json, warmer: Any, pings: float) -> Worded:
    """Return what so many pings cost, warm: requests and duration at the prices of their function."""
    name = function_of(warmer.function)
    lines = {line["item"]: line for line in summary["cost"]["lines"] if function_of(line["function"]) == name}
    usd = pings * number(lines["requests"]["unit_price"]) if "requests" in lines else 0.0
    if "duration" in lines:
        seconds = pings * ceil(warmer.duration / NS_PER_MS) / 1_000
        of = summary["functions"][name]
        gb = number(of["gb_seconds"]) * 1_000 / number(of["billed_duration_ms"])
        usd += seconds * gb * number(lines["duration"]["unit_price"])
    return Worded(usd, money(usd, currency(summary)))
