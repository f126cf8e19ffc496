"""Answers that a search gives: the quota to ask for, how to split one, which values to choose; ties told as ties.

Two points whose costs cannot be told apart, or differ by less than :data:`MATERIAL`, are a tie: between them AWS's
advice decides.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdasim.config.points import told
from lambdasim.config.schema import ExperimentConfig
from lambdasim.planning.answers.case import Answered
from lambdasim.planning.columns import describe_number, metric_of
from lambdasim.report.sentences import say
from lambdasim.report.words import number, printable

MATERIAL: Final = 0.01
"""The share of a cost below which a difference is none: bills are not known better."""
MOST: Final = 3
"""So many ties are told."""

Tie = Mapping[str, Any]
"""``values`` of a point, the ``difference`` of a metric (``of``) to the chosen one's, ``advice`` that it breaks, and
whether it is ``unsure``, for fresh runs did not show that it meets every objective, and ``uncertain`` where prices
are."""


def is_tied(mean: float, low: float, high: float, cost: float) -> bool:
    """Return whether a difference of costs is none, by its interval or as a share of the cost."""
    return low <= 0 <= high or abs(mean) <= MATERIAL * abs(cost)


def quota(summary: Mapping[str, Any]) -> Answered:
    """Return ``at`` (what passes on fresh seeds), the ``range`` that holds the limit, and what they are ``of``."""
    document = {key: summary[of] for key, of in (("of", "over"), ("at", "passes"), ("range", "range"))}
    at = document["at"]
    if at is None:
        sentence = say("There is no {of} to ask for that is known to be enough.", of=document["of"])
    elif document["of"] == "account.concurrency":
        sentence = say("Request a concurrency quota of {at}.", at=f"{at:,}" if isinstance(at, int) else f"{at}")
    else:
        sentence = say("Ask for {of} = {at}.", of=printable(str(document["of"])), at=f"{at}")
    return Answered({"asks": "quota", **document}, sentence)


def choice(
    asks: str, config: ExperimentConfig, summary: Mapping[str, Any], ties: Sequence[Tie], broken: Sequence[Tie] = ()
) -> Answered:
    """Return the chosen ``values``, their ``cost_monthly``, ``ties``, and the ``advice`` of AWS's that they break."""
    best = summary.get("best")
    document: dict[str, Any] = {"asks": asks, "values": None, "cost_monthly": None, "ties": [], "advice": []}
    if best is None:
        return Answered(document, say("None of the values that were tried can be chosen."))
    document |= {
        "values": dict(best["values"]),
        "cost_monthly": best["cost_monthly"],
        "ties": [dict(tie) for tie in ties[:MOST]],
        "advice": list(broken),
    }
    sentence = say("Choose {values}.", values=told(best["values"]))
    for tie in ties[:MOST]:
        sentence += _tie(best["values"], tie, config)
    if broken:
        sentence += say(" It does not follow AWS: {advice}.", advice="; ".join(str(one["advice"]) for one in broken))
    return Answered(document, sentence)


def _tie(values: Mapping[str, Any], tie: Tie, config: ExperimentConfig) -> Any:
    """Say how a tied point differs from the chosen one."""
    unlike = {path: value for path, value in tie["values"].items() if values.get(path) != value}
    mean, metric = number(tie["difference"]), metric_of(tie["of"], config)
    amount = ("~" if tie.get("uncertain") else "") + describe_number(metric.kind, metric.statistic, abs(mean))
    beside = f"{amount} {'more' if mean > 0 else 'less'}" if mean else "the same"
    but = f", but {tie['advice'][0]['advice']}" if tie["advice"] else ""
    but = ", but fresh runs do not show that it meets every SLO" if tie.get("unsure") else but
    return say(" {which} is a tie ({of}: {beside}){but}.", which=told(unlike), of=metric.path, beside=beside, but=but)


def split(config: ExperimentConfig, summary: Mapping[str, Any], ties: Sequence[Tie]) -> Answered:
    """Return the same with what stays ``unreserved`` for all others."""
    found = choice("split", config, summary, ties)
    values = found.document["values"] or {}
    reserved = {name: f.reserved_concurrency or 0 for name, f in config.function.items()}
    for path, value in values.items():
        section, _, rest = path.partition(".")
        if section == "function" and rest.endswith(".reserved_concurrency"):
            reserved[rest.removesuffix(".reserved_concurrency")] = int(value)
    left = config.account.concurrency - sum(reserved.values())
    found.document["unreserved"] = left if values else None
    if not values:
        return found
    others = sum(1 for name in config.function if name != "*" and not reserved[name])
    sentence = found.sentence + say(" {left} stay unreserved for the other {others}.", left=f"{left:,}", others=others)
    return Answered(found.document, sentence)


def searched(
    config: ExperimentConfig, summary: Mapping[str, Any], ties: Sequence[Tie], broken: Sequence[Tie] = ()
) -> Answered | None:
    """Return the answer that a sweep or an optimization gives to its experiment; None where it asks for another."""
    asked = config.answer.asks if config.answer is not None else ""
    if asked == "split":
        return split(config, summary, ties)
    return choice(asked, config, summary, ties, broken) if asked == "choice" else None
