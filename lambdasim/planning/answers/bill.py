"""``asks = "bill"``: what the whole path costs, who charges how much of it, and what init and retries add.

What something adds is the difference to the same requests without it, in pairs.
"""

from collections.abc import Mapping
from typing import Any

from lambdasim.metrics.inference.intervals import Interval
from lambdasim.planning.answers.case import Answered, Case, Changes, words
from lambdasim.report.sentences import say
from lambdasim.report.words import money, percent, printable


def bill(case: Case) -> Answered:
    """Return ``monthly`` (or ``total`` where there is no month), ``path`` (by owner) and what ``adds`` how much."""
    monthly = all(one["cost"]["month"] is not None for one in case.base)
    key = "monthly" if monthly else "total"
    total = case.mean([float(one["account"]["cost"][key]) for one in case.base])
    shares = [_by_owner(one, monthly=monthly) for one in case.base]
    owners = list(dict.fromkeys(owner for one in shares for owner in one))
    path = {owner: case.mean([one.get(owner, 0.0) for one in shares]) for owner in owners}
    path = dict(sorted(path.items(), key=lambda pair: -_mean(pair[1])))
    without = {name: changes for name, changes in _left_out(case).items() if case.can_be(changes)}
    measured = dict(zip(without, case.simulate(list(without.values())), strict=True)) if without else {}
    metric = "account.cost.monthly" if monthly else "account.cost"
    adds = {name: _minus(case.difference(metric, "mean", of)) for name, of in measured.items()}
    document: dict[str, Any] = {
        "asks": "bill",
        key: case.plain(total),
        "path": [
            {"owner": owner, "usd": case.plain(seen), "share": _mean(seen) / _mean(total) if _mean(total) else 0.0}
            for owner, seen in path.items()
        ],
        "adds": {name: case.plain(seen) for name, seen in adds.items()},
    }
    unsure = {_owner(line) for line in case.base[0]["cost"][_lines(monthly)] if line["certainty"] == "uncertain"}
    parts = ", ".join(f"{printable(owner)} {'~' * (owner in unsure)}{money(_mean(seen))} "
                      f"({percent(_mean(seen) / _mean(total), 2)})"
                      for owner, seen in list(path.items())[:5]) if _mean(total) else "nothing"  # fmt: skip
    extra = ", ".join(f"{name} {words(seen, money)}" for name, seen in adds.items())
    sentence = say(
        "{when} of the whole path costs {total}: {parts}{extra}.",
        when="A month" if monthly else "The run", total="~" * bool(unsure) + words(total, money), parts=parts,
        extra=f"; of it, {extra}" if extra else "",
    )  # fmt: skip
    return Answered(document, sentence)


def _by_owner(measured: Mapping[str, Any], *, monthly: bool) -> dict[str, float]:
    """Return what each owner is charged; what a function charges is Lambda's, its logs apart."""
    found: dict[str, float] = {}
    for line in measured["cost"][_lines(monthly)]:
        found[_owner(line)] = found.get(_owner(line), 0.0) + float(line["usd"])
    return found


def _lines(monthly: bool) -> str:
    return "month" if monthly else "lines"


def _owner(line: Mapping[str, Any]) -> str:
    return "logs" if str(line["item"]).startswith("logs") else str(line["function"])


def _left_out(case: Case) -> dict[str, Changes]:
    """Return what a bill can be without: cold starts' init, and the retries of clients."""
    init: dict[str, Any] = {}
    for name in case.config.function:
        if name != "*":
            init |= {f"function.{name}.init": "constant(0s)", f"function.{name}.placement": "constant(0s)"}
    retries: dict[str, Any] = {}
    for name, source in case.config.source.items():
        client = source.caller()
        if client is not None and client.retries:
            retries[f"source.{name}.client.retries"] = 0
    for index, load in enumerate(case.config.load):
        if load.client is not None and load.client.retries:
            retries[f"load.{index}.client.retries"] = 0
    return {"init": init} | ({"retries": retries} if retries else {})


def _minus(seen: Interval | None) -> Interval | None:
    return None if seen is None else Interval(-seen.mean, -seen.high, -seen.low)


def _mean(seen: Interval | None) -> float:
    return seen.mean if seen is not None else 0.0
