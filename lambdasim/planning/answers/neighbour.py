"""``asks = "neighbour"``: whose load throttles another function, by leaving out each function's load in turn.

A share is the part of the victim's throttles that is gone without that load. Shares need not add up to one: two
neighbours that throttle only together have all of it each.
"""

from collections.abc import Mapping
from typing import Any

from lambdasim.config.schema import LoadConfig
from lambdasim.config.slo import observe
from lambdasim.metrics.inference.intervals import Interval
from lambdasim.planning.answers.case import Answered, Case, is_certain, words
from lambdasim.planning.differences import paired
from lambdasim.report.sentences import say
from lambdasim.report.words import count, percent, printable


def neighbour(case: Case) -> Answered:
    """Return ``of`` (who is throttled), ``who`` throttles it and its ``share``, and the ``shares`` of all suspects."""
    victim = case.function_of(case.subject)
    base = [_throttles(victim, one) for one in case.base]
    absent = _absences(case, victim)
    if not sum(base) or not absent:
        why = "is not throttled" if not sum(base) else "shares the account with no other load"
        nobody: dict[str, Any] = {
            "asks": "neighbour",
            "of": victim,
            "who": None,
            "share": None,
            "shares": {},
            "tied": [],
        }
        return Answered(nobody, say("{name} {why}, so it has no noisy neighbour.", name=printable(victim), why=why))
    measured = dict(zip(absent, case.simulate(list(absent.values())), strict=True))
    left = {name: [_throttles(victim, one) for one in of] for name, of in measured.items()}
    shares = {
        name: case.mean([1 - after / before for before, after in zip(base, of, strict=True) if before])
        for name, of in left.items()
    }
    ranked = sorted(shares, key=lambda name: -_share(shares[name]))
    who, *others = ranked
    apart = {
        name: paired([b - a for a, b in zip(left[who], left[name], strict=True)], case.confidence) for name in others
    }
    tied = [name for name in others if not is_certain(apart[name])]
    document = {
        "asks": "neighbour",
        "of": victim,
        "who": who if _share(shares[who]) > 0 else None,
        "share": case.plain(shares[who]),
        "shares": {name: case.plain(shares[name]) for name in ranked},
        "tied": tied,
    }
    return Answered(document, _sentence(case, document, shares, base, left[who]))


def _sentence(
    case: Case, document: Mapping[str, Any], shares: Mapping[str, Interval | None], base: list[int], left: list[int]
) -> Any:
    victim, (who, *others) = document["of"], list(document["shares"])
    if document["who"] is None:
        return say("None of the others throttles {name}: without any of them it has as many throttles.", name=victim)
    also = (
        f" (and {', '.join(map(printable, document['tied']))}, which cannot be told apart)" if document["tied"] else ""
    )
    rest = ", ".join(f"{printable(name)} {percent(_share(shares[name]))}" for name in others[:3])
    return say(
        "{who}{also} is the noisy neighbour: without it {name} has {share} fewer throttles ({after} instead of "
        "{before}){rest}.",
        who=printable(who), also=also, name=printable(victim), share=words(shares[who], percent),
        before=count(sum(base) / len(base)), after=count(sum(left) / len(left)),
        rest=f"; without the others: {rest}" if rest else "",
    )  # fmt: skip


def _share(seen: Interval | None) -> float:
    return seen.mean if seen is not None else 0.0


def _throttles(name: str, measured: Mapping[str, Any]) -> int:
    return round(observe(f"{name}.throttles", "count", measured) or 0)


def _absences(case: Case, victim: str) -> dict[str, dict[str, Any]]:
    """Return, for each other function that a load goes to, the changes that silence those loads."""
    found: dict[str, dict[str, Any]] = {}
    for index, load in enumerate(case.config.load):
        function = case.function_of(load.target)
        if function and function != victim and (silent := silence(index, load)):
            found.setdefault(function, {}).update(silent)
    return {name: changes for name, changes in found.items() if case.can_be(changes)}


def silence(index: int, load: LoadConfig) -> dict[str, Any]:
    """Return the changes that let a load send nothing; none where a file cannot say that (traces, virtual users)."""
    at = f"load.{index}"
    changes: dict[str, Any] = {}
    for key in ("rate", "start_rate", "peak", "spike_rate"):
        if getattr(load, key) and key in load.model_fields_set:
            changes[f"{at}.{key}"] = "0/s"
    if load.rates is not None:
        changes[f"{at}.rates"] = ["0/s"] * len(load.rates)
    changes |= {f"{at}.stages.{number}.target": "0/s" for number, _ in enumerate(load.stages or ())}
    return changes
