"""Answers that two results give: how long something takes with and without, and whether it makes an incident worse."""

import math
from typing import Any, Final, Protocol

from lambdasim.config.overrides import split_path
from lambdasim.planning.answers.case import Answered
from lambdasim.report.difference import Difference
from lambdasim.report.sentences import say
from lambdasim.report.words import milliseconds, number, percent, printable, significant

HARM: Final = ("throttle_rate", "answers_5xx_rate", "error_rate", "timeout_rate", "dropped_rate", "dead_lettered_rate")
"""Rates of what nobody wants, by name."""


class Pair(Protocol):
    """What is read of a comparison: see :class:`lambdasim.planning.compare.Comparison`."""

    @property
    def before(self) -> Any: ...
    @property
    def after(self) -> Any: ...
    @property
    def every(self) -> list[Difference]: ...
    @property
    def cost(self) -> Difference: ...
    @property
    def changes(self) -> Any: ...


def compared(pair: Pair) -> Answered | None:
    """Return the answer that the first experiment of a comparison asks for; None where it asks for another kind."""
    asked = pair.before.config.answer
    if asked is None or asked.asks not in ("drain", "incident"):
        return None
    return drain(pair) if asked.asks == "drain" else incident(pair)


def drain(pair: Pair) -> Answered:
    """Return how long the backlog takes ``before`` and ``after`` (in s), and whether and at what ``cost`` it pays."""
    asked = pair.before.config.answer
    sources = pair.before.summary["sources"]
    name = asked.of or next((source for source, of in sources.items() if "drained_s" in of), "")
    known = {d.key: d for d in pair.every}
    found = known.get(("source", name, "drained_s"))
    spent = pair.cost
    month = "a month" if spent.key[2] == "cost.monthly" else "a run"
    document: dict[str, Any] = {
        "asks": "drain",
        "of": name,
        "before_s": _seconds(pair.before, name),
        "after_s": _seconds(pair.after, name),
        "sooner_s": None if found is None else _plain(-found.difference, -found.high, -found.low),
        "cost": _plain(spent.difference, spent.low, spent.high),
        "pays": None,
    }
    if found is None or not math.isfinite(found.difference):
        which = [s for s in ("before", "after") if document[f"{s}_s"] is None]
        return Answered(
            document, say("{name} is not drained {which}.", name=printable(name), which=" and ".join(which))
        )
    changed = ", ".join(_key(change.path) for change in pair.changes[:1])
    sooner, dearer = -found.difference, spent.difference
    document["pays"] = sooner > 0 and dearer <= 0
    cost = f"{spent.value(abs(dearer))} {month} {'more' if dearer > 0 else 'less'}" if dearer else "no more"
    verdict = "they pay" if document["pays"] else "that is what the time costs" if sooner > 0 else "they do not pay"
    sentence = say(
        "{name} is drained after {before_ms:ms}, with {changed} after {after_ms:ms}: {sooner} {order}, for {cost}; "
        "{verdict}.",
        name=printable(name), before_ms=1e3 * found.before, after_ms=1e3 * found.after, changed=changed or "the change",
        sooner=milliseconds(1e3 * abs(sooner)), order="sooner" if sooner > 0 else "later", cost=cost, verdict=verdict,
    )  # fmt: skip
    return Answered(document, sentence)


def _key(path: str) -> str:
    """Return the key that a path changes, in words, whosever it is and whatever in it: ``provisioned pollers``."""
    table, *keys = split_path(path)
    named = len(keys) > 1 and table not in ("account", "simulation", "billing", "output")
    return keys[named].replace("_", " ") if keys else table


def incident(pair: Pair) -> Answered:
    """Return whether what the second experiment leaves out makes it ``worse``, and ``by`` how much of what.

    ``worse`` is True where some harm is certainly greater with it and none smaller, False the other way round, None
    where harms disagree or chance may explain all of them.
    """
    known = {*pair.before.summary["functions"], *pair.before.config.source}  # what loads see, their sources see too
    harms = [d for d in pair.every if d.key[2] in HARM and d.key[1] in known and d.is_certain]
    harms.sort(key=lambda d: (d.key[0] != "source", -abs(d.difference)))
    more, less = [d for d in harms if d.difference < 0], [d for d in harms if d.difference > 0]
    worse = True if more and not less else False if less and not more else None
    spent = pair.cost
    document: dict[str, Any] = {
        "asks": "incident",
        "worse": worse,
        "by": [
            {
                "path": d.path,
                "with": d.before,
                "without": d.after,
                "difference": _plain(-d.difference, -d.high, -d.low),
            }
            for d in (*more, *less)
        ],
        "cost": _plain(-spent.difference, -spent.high, -spent.low),
    }
    told = "; ".join(_harm(d) for d in (more[:2] + less[:1]))
    opening = {True: "Yes, worse", False: "No, better", None: "Both" if harms else "Not to be told apart from chance"}
    months = "a month" if spent.key[2] == "cost.monthly" else "a run"
    dearer = -spent.difference
    told_cost = f"; it costs {spent.value(abs(dearer))} {months} {'more' if dearer > 0 else 'less'}"
    cost = told_cost if spent.is_certain else ""
    sentence = say("{opening}{told}{cost}.", opening=opening[worse], told=f": {told}" if told else "", cost=cost)
    return Answered(document, sentence)


def _harm(d: Difference) -> str:
    what = {"throttle_rate": "throttled", "answers_5xx_rate": "server errors"}.get(
        d.key[2], d.key[2].removesuffix("_rate").replace("_", " ")
    )
    points = significant(100 * abs(d.difference))
    ends = sorted((abs(d.low), abs(d.high)))
    between = f" ({significant(100 * ends[0])} to {significant(100 * ends[1])})" if math.isfinite(d.low) else ""
    way = "more" if d.difference < 0 else "fewer"
    kind = f"{printable(d.key[1])} {percent(d.before)} {what} instead of {percent(d.after)}"
    return f"{kind}, {points} points {way}{between}"


def _seconds(result: Any, name: str) -> Any:
    of = result.summary["sources"].get(name, {}).get("drained_s")
    return None if of is None or not math.isfinite(number(of)) else of


def _plain(mean: float, low: float, high: float) -> Any:
    if not math.isfinite(mean):
        return None
    return {"mean": mean, "ci": [low, high]} if math.isfinite(low) else mean
