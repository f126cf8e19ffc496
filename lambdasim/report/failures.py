"""What a run failed to do, though nothing need be throttled: events lost, requests and connections refused, errors.

Standard library only, as the verdict is.
"""

from collections.abc import Mapping
from typing import Any

from lambdasim.report.sentences import Worded, say
from lambdasim.report.words import count, number, numbers, percent, printable

Json = Mapping[str, Any]

FAILURE_SHARE = 0.05
"""The share of failed invocations from which on they, not the latency, are what a run came to."""


def unprocessed(summary: Json) -> tuple[str, str]:
    """Whose events were lost, given up or left over most, and how that is called; nothing when nobody's were."""
    sources = {name: of for name, of in summary["sources"].items() if "age" in of}
    for opening, part, words in (
        ("Events were lost", "dropped", "{share} of {name}'s events ({count} of {received}) were lost"),
        ("Events were given up", "dead_lettered", "{share} of {name}'s events ({count} of {received}) were given up"),
        ("Not drained", "waiting", "{count} of {name}'s {received} events still waited at the end"),
    ):
        least = FAILURE_SHARE if part == "waiting" else 0.0
        counts = {n: number(of[part]) for n, of in sources.items()}
        if part == "waiting":
            counts = {n: counts[n] + number(of.get("hidden", 0)) for n, of in sources.items()}
        shares = {n: counts[n] / number(of["received"]) for n, of in sources.items() if number(of["received"])}
        worst = max(shares, key=lambda name: shares[name], default="")
        if worst and shares[worst] > least:
            of, name, share = sources[worst], printable(worst), percent(shares[worst])
            counted = {
                "count": Worded(counts[worst], count(counts[worst])),
                "received": Worded(of["received"], count(of["received"])),
            }
            told: str = say(words, share=Worded(shares[worst], share), name=name, **counted)
            letters = number(of["dead_lettered"])
            if letters and part != "waiting":
                to = f"{count(letters)} went to the dead-letter queue or destination"
                told += f" and {to}" if part == "dropped" else f": {to}"
            return opening, told
    return "", ""


def refused_by_gateways(summary: Json) -> dict[str, float]:
    """Return how many requests API Gateway refused itself, at its rate limit, by the source; of those where it did."""
    gateways = {name: of for name, of in summary["sources"].items() if of.get("type", "").startswith("apigateway")}
    return {name: number(of["refused"]) for name, of in gateways.items() if number(of["refused"])}


def refused_by_downstream(summary: Json) -> str:
    """What functions use and refused them most, and how many invocations failed; nothing when nothing refused."""
    refusals = {name: number(of["refusals"]) for name, of in summary.get("downstreams", {}).items()}
    worst = max(refusals, key=lambda name: refusals[name], default="")
    if not refusals.get(worst):
        return ""
    connections = number(summary["downstreams"][worst].get("connections", {}).get("max", 0))
    words = say(
        "{name} refused {refusals:count} {what}",
        name=printable(worst),
        refusals=refusals[worst],
        what="connections" if connections else "calls",
    )
    share = failed(summary)
    return words + (say(", and {error_rate:percent} of the invocations failed", error_rate=share) if share else "")


def failures(summary: Json) -> str:
    """Return as a clause what failed although nothing may wait or be throttled; nothing where little did."""
    share = failed(summary)
    told = [say("{error_rate:percent} of the invocations failed", error_rate=share)] if share >= FAILURE_SHARE else []
    opening, events = unprocessed(summary)
    return " and ".join([*told, *([events] if events and opening != "Not drained" else [])])


def failed(summary: Json) -> float:
    """Which share of the invocations of all functions failed."""
    invocations, errors = (sum(numbers(summary["functions"].values(), key)) for key in ("invocations", "errors"))
    return errors / invocations if invocations else 0.0
