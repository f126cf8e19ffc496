"""``asks = "reason"``: every function that was throttled, with its reasons and the remedy of each."""

from typing import Any

from lambdasim.planning.answers.case import Answered, Case
from lambdasim.report.sentences import say
from lambdasim.report.verdict import attempts, remedies
from lambdasim.report.words import number, printable


def reason(case: Case) -> Answered:
    """Return ``functions``: of each that was throttled ``name``, ``rate``, ``throttles`` and its ``reasons``."""
    summary = case.summary
    found: list[dict[str, Any]] = []
    sentence = say("")
    throttled = [name for name, of in summary["functions"].items() if number(of["throttles"]) > 0]
    for name in sorted(throttled, key=lambda name: -number(summary["functions"][name]["throttles"])):
        of = summary["functions"][name]
        reasons = [
            {"reason": code, "throttles": of["throttles_by_reason"][code], "remedy": words.removeprefix(": ")}
            for code, words in remedies(name, summary, case.config)
        ]
        found.append({"name": name, "rate": of["throttle_rate"], "throttles": of["throttles"], "reasons": reasons})
        told = "; and ".join(f"{one['reason']}: {one['remedy']}" for one in reasons)
        sentence += say(
            "{gap}{name}: {rate:percent} of its {attempts} were throttled ({throttles:count}) by {told}.",
            gap=" " if sentence else "", name=printable(name), rate=of["throttle_rate"], throttles=of["throttles"],
            attempts=attempts(of), told=told,
        )  # fmt: skip
    used, limit = number(summary["account"]["concurrency"]["max"]), case.config.account.concurrency
    if not found:
        sentence = say("No function was throttled.")
    elif used < limit:
        sentence = say(
            "The account's concurrency is not what throttles: {used:count} of {limit:count} were used at most. ",
            used=summary["account"]["concurrency"]["max"], limit=limit,
        ) + sentence  # fmt: skip
    return Answered({"asks": "reason", "functions": found}, sentence)
