"""What was tried in the place of an experiment as it is, in words: *what to change*, and what is to be said of it."""

from collections.abc import Mapping
from typing import Any

from lambdasim.config.call import value_in_words
from lambdasim.report.verdict import currency
from lambdasim.report.words import money, number, percent, points, printable

Json = Mapping[str, Any]


def rows(summary: Json) -> list[tuple[str, ...]]:
    """Return what was tried in the place of the experiment as it is: the change, its effects, the cost of a month."""
    found: list[tuple[str, ...]] = []
    for one in summary.get("what_to_change", ()):
        values = printable(", ".join(f"{path} = {value_in_words(value)}" for path, value in one["set"].items()))
        effects = [f"{printable(s['path'])} from {' to '.join(s['told'])} ({_met(s['success'])})" for s in one["slo"]]
        effects += [f"{printable(w['path'])} rises by {points(w['difference'])}" for w in one["worse"]]
        levels = [(w["path"], percent(w["before"]), percent(w["after"])) for w in one.get("better", ())]
        effects += [f"{printable(path)} from {before} to {after}" for path, before, after in levels]
        found.append((values, "; ".join(effects) or "no objective to judge it by", _dearer(one, currency(summary))))
    return found


def sentences(summary: Json) -> list[str]:
    """Return what is to be said of all alternatives: that nothing cheaper passes, and what their costs are of."""
    told = (_nothing_cheaper(summary), _without_intervals(summary), _of_a_run(summary))
    return [sentence for sentence in told if sentence]


def _of_a_run(summary: Json) -> str:
    """Say why costs of alternatives to a run are those of a run although it has a month; searches say so themselves."""
    cost, tried = summary.get("cost"), summary.get("what_to_change", ())
    if not isinstance(cost, Mapping) or cost.get("monthly") is None or not any("cost" in one for one in tried):
        return ""
    return (
        "Costs of alternatives are those of a run: repeated without pause, their months would hold the run unlike "
        'often; billing.repeats, such as "12/h", compares months.'
    )


def _without_intervals(summary: Json) -> str:
    """Say so where each difference is that of one pair of runs."""
    tried = summary.get("what_to_change", ())
    if not tried or any(isinstance(one.get("cost_monthly", one.get("cost")), Mapping) for one in tried):
        return ""
    return "Each difference is of one pair of runs, without an interval: it may be chance. --replications 10 tells."


def _nothing_cheaper(summary: Json) -> str:
    """Return that nothing cheaper passes, or is known to, where everything is met and what was tried for less is not.

    What was tried of a capacity stands beside a value that fails, so it has nothing to say of that.
    """
    if summary.get("command") == "capacity":
        return ""
    tried = [one for one in summary.get("what_to_change", ()) if number(one.get("cost_monthly", one.get("cost"))) < 0]
    if summary["success"] is not True or not tried or any(one["success"] for one in tried):
        return ""
    shown = "is shown to meet" if any(one["success"] is None for one in tried) else "meets"
    return f"Nothing cheaper that was tried {shown} every objective."


def _met(success: bool | None) -> str:
    return "undecided" if success is None else "met" if success else "missed"


def _dearer(alternative: Json, unit: str) -> str:
    """Return how much more or less an alternative costs, with its interval where there is one."""
    month = "cost_monthly" in alternative
    difference = alternative["cost_monthly" if month else "cost"]
    mean = number(difference)
    if not mean:
        return "costs the same"
    between = ""
    if isinstance(difference, Mapping):
        ends = sorted(abs(end) for end in difference["ci"])
        certain = difference["ci"][0] * difference["ci"][1] > 0
        told = [money(end, unit) for end in ends]
        between = f" ({told[0]} to {told[1]})" if certain else " (may be chance)"
        between = "" if told == [money(abs(mean), unit)] * 2 else between
    mark = "~" if alternative.get("uncertain") else ""
    return f"{mark}{money(abs(mean), unit)}{between} {'more' if mean > 0 else 'less'} a {'month' if month else 'run'}"
